package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/terminal"
)

type traceCmd struct {
	serverFlag
	ID    []string `arg:"" help:"Trace id; or any text that has one in it: a traceparent, an address, a line of a log."`
	JSON  bool     `help:"As JSON."`
	All   bool     `help:"Show every span of a large trace."`
	Width int      `placeholder:"COLUMNS" help:"Columns to draw in; the terminal's by default, 120 when piped."`
}

// Help is printed below the flags.
func (c *traceCmd) Help() string {
	return `Examples:
  everspan trace 4bf92f3577b34da6a3ce929d0e0e4736
  everspan trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
  everspan trace 4bf92f3577b34da6a3ce929d0e0e4736 --json | jq .verdict`
}

// Run draws the waterfall.
func (c *traceCmd) Run(ctx context.Context) error {
	text := strings.Join(c.ID, " ")
	id, ok := findTraceID(text)
	if !ok {
		return &hinted{fmt.Errorf("no trace id in %.80q", text), "A trace id has 1 to 32 hexadecimal digits. `everspan traces` lists the newest."}
	}
	var doc advise.Waterfall
	raw, err := c.get(ctx, "/api/v1/traces/"+id+"/waterfall", &doc)
	if err != nil {
		var status *statusError
		if errors.As(err, &status) && status.status == http.StatusNotFound {
			status.hint += ".\n`everspan traces` lists the newest."
		}
		return err
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
	if err := terminal.Draw(out, &doc, o); err != nil {
		return err
	}
	return out.Flush()
}
