package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/terminal"
)

type traceCmd struct {
	serverFlag
	ID   []string `arg:"" help:"Trace id; or any text that has one in it: a traceparent, an address, a line of a log."`
	Logs bool     `help:"Show its log records, each at its moment."`
	JSON bool     `help:"As JSON; with --logs the log records."`
	All  bool     `help:"Show every span of a large trace, and every log record of a span."`
	HTML string   `name:"html" placeholder:"FILE" type:"path" help:"Write it as one HTML file that opens offline, with its log records and all attributes but those of --without."`
	// Without is for --html; the server says which names are none.
	Without []string `placeholder:"NAME" help:"With --html: an attribute to leave out, such as span.user.id, or .user.id wherever it is."`
	Width   int      `placeholder:"COLUMNS" help:"Columns to draw in; the terminal's by default, 120 when piped."`
}

// Help is printed below the flags.
func (c *traceCmd) Help() string {
	return `Examples:
  everspan trace 4bf92f3577b34da6a3ce929d0e0e4736
  everspan trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
  everspan trace 4bf92f3577b34da6a3ce929d0e0e4736 --logs
  everspan trace 4bf92f3577b34da6a3ce929d0e0e4736 --json | jq .verdict
  everspan trace 4bf92f3577b34da6a3ce929d0e0e4736 --html slow.html --without .user.id`
}

// Run draws the waterfall.
func (c *traceCmd) Run(ctx context.Context) error {
	text := strings.Join(c.ID, " ")
	id, ok := findTraceID(text)
	if !ok {
		return &hinted{fmt.Errorf("no trace id in %.80q", text), "A trace id has 1 to 32 hexadecimal digits. `everspan traces` lists the newest."}
	}
	if c.HTML != "" {
		return c.share(ctx, id)
	}
	if len(c.Without) > 0 {
		return errors.New("--without is for --html FILE")
	}
	var doc advise.Waterfall
	raw, err := c.get(ctx, "/api/v1/traces/"+id+"/waterfall", &doc)
	if err != nil {
		return whereTraces(err)
	}
	var logs api.LogAnswer
	if c.Logs {
		if raw, err = c.get(ctx, "/api/v1/traces/"+id+"/logs", &logs); err != nil {
			return err
		}
	}
	if c.JSON {
		_, err := os.Stdout.Write(raw)
		return err
	}
	width, color := terminalOf(os.Stdout)
	if c.Width > 0 {
		width = c.Width
	}
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	o := terminal.Options{Width: width, Color: color}
	if c.All {
		o.MaxRows = -1
	}
	if o.Logs, err = logLines(logs.Logs); err != nil {
		return err
	}
	if err := terminal.Draw(out, &doc, o); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if c.Logs {
		tellLogs(&logs)
	}
	return nil
}

// whereTraces adds to the error of an unknown trace where to find others.
func whereTraces(err error) error {
	var status *statusError
	if errors.As(err, &status) && status.status == http.StatusNotFound {
		status.hint += ".\n`everspan traces` lists the newest."
	}
	return err
}

// share writes the trace as a file that opens offline.
func (c *traceCmd) share(ctx context.Context, id string) error {
	raw, err := c.fetch(ctx, "/api/v1/traces/"+id+"/html?"+url.Values{"without": c.Without}.Encode())
	if err != nil {
		return whereTraces(err)
	}
	if err := os.WriteFile(c.HTML, raw, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %.1f MB, opens in any browser\n", c.HTML, float64(len(raw))/1e6)
	return nil
}

// tellLogs says what there is beside the log records that were drawn.
func tellLogs(a *api.LogAnswer) {
	for _, l := range a.Links {
		fmt.Printf("%s: %s\n", l.Name, l.URL)
	}
	for _, why := range a.Partial {
		fmt.Fprintf(os.Stderr, "partial: %s\n", why)
	}
	switch {
	case len(a.Logs) == 0:
		fmt.Fprintln(os.Stderr, "No log record of this trace is here. docs/instrument.md says how a service sends its log.")
	case a.Next != "":
		fmt.Fprintf(os.Stderr, "There are more log records than are shown here: everspan logs --oldest --trace %s --after %s\n", a.Logs[0].TraceID, a.Next)
	}
}
