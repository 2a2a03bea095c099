package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/terminal"
)

type queryCmd struct {
	serverFlag
	Query   []string       `arg:"" help:"TraceQL: what selects traces, or a function that makes series of them."`
	Since   period         `default:"1h" placeholder:"TIME" help:"How far to look back, like 15m, 1h or 7d (${default})."`
	From    string         `placeholder:"TIME" help:"When to begin, like 2026-11-23T08:15:00Z or -3h; instead of --since."`
	To      string         `placeholder:"TIME" help:"When to end (now)."`
	Limit   int            `default:"20" placeholder:"N" help:"At most so many traces (${default})."`
	Spans   int            `default:"3" placeholder:"N" help:"At most so many spans of each spanset (${default})."`
	After   string         `placeholder:"PLACE" help:"Go on where a page ended."`
	Step    *time.Duration `placeholder:"TIME" help:"Distance of the samples of a metrics query, like 1m; 0 makes one of the whole time."`
	Explain bool           `help:"Say how the query was run and what it read."`
	JSON    bool           `help:"As JSON."`
	Width   int            `placeholder:"COLUMNS" help:"Columns to draw in; the terminal's by default, 120 when piped."`
}

// Help is printed below the flags.
func (c *queryCmd) Help() string {
	return `A query is best put into single quotes. docs/traceql.md has the language.

Examples:
  everspan query '{ status = error }'
  everspan query '{ resource.service.name = "checkout" && duration > 2s }' --since 15m
  everspan query '{ resource.service.name = "gateway" } >> { status = error }' --limit 5
  everspan query '{ name = "POST /pay" } | select(span.user.id, span.http.route)'
  everspan query '{ } | rate() by(resource.service.name)' --since 3h --step 5m
  everspan query '{ } | quantile_over_time(duration, .5, .99)'
  everspan query '{ } | count_over_time() by(name)' --step 0
  everspan query '{ span.user.id = "u-17" }' --since 7d --explain`
}

// Run asks and prints.
func (c *queryCmd) Run(ctx context.Context) error {
	v := url.Values{"q": {strings.Join(c.Query, " ")}, "limit": {strconv.Itoa(c.Limit)}, "spans": {strconv.Itoa(c.Spans)}}
	if err := setTimes(v, time.Duration(c.Since), c.From, c.To); err != nil {
		return err
	}
	if c.After != "" {
		v.Set("after", c.After)
	}
	if c.Step != nil {
		v.Set("step", c.Step.String())
	}
	if c.Explain {
		v.Set("explain", "true")
	}
	doc, raw, err := c.ask(ctx, v)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err := os.Stdout.Write(raw)
		return err
	}
	for _, why := range doc.Partial {
		fmt.Fprintf(os.Stderr, "partial: %s\n", why)
	}
	width, color := terminalOf(os.Stdout)
	if c.Width > 0 {
		width = c.Width
	}
	if err := c.print(doc, terminal.Options{Width: width, Color: color}); err != nil {
		return err
	}
	if c.Explain {
		explain(doc)
	}
	if doc.Next != "" {
		fmt.Fprintf(os.Stderr, "There are more: --after %s\n", doc.Next)
	}
	return nil
}

// ask sends a query to the server.
func (s serverFlag) ask(ctx context.Context, v url.Values) (*api.QueryAnswer, []byte, error) {
	doc := new(api.QueryAnswer)
	raw, err := s.get(ctx, "/api/v1/query?"+v.Encode(), doc)
	return doc, raw, err
}

func (c *queryCmd) print(doc *api.QueryAnswer, o terminal.Options) error {
	switch {
	case doc.Series != nil:
		chart, err := chartOf(doc)
		if err != nil {
			return err
		}
		return terminal.DrawChart(os.Stdout, chart, o)
	case len(doc.Traces) == 0:
		fmt.Fprintln(os.Stderr, "No trace of this time matches. Widen --since, or loosen the query.")
		return nil
	}
	rows := make([]terminal.FoundRow, len(doc.Traces))
	for i := range doc.Traces {
		var err error
		if rows[i], err = foundRow(&doc.Traces[i]); err != nil {
			return err
		}
	}
	return terminal.Found(os.Stdout, rows, o)
}

// explain prints the plan, and what the query cost.
func explain(doc *api.QueryAnswer) {
	s := doc.Scanned
	fmt.Println()
	if doc.Plan != "" {
		fmt.Println(strings.TrimRight(doc.Plan, "\n"))
	}
	fmt.Printf("%s: read %d of %d blocks, %d pruned; %d traces and %d spans looked at, %.1f MiB of columns\n",
		time.Duration(s.Elapsed).Round(10*time.Microsecond), s.Done, s.Blocks, s.Pruned, s.Traces, s.Spans, float64(s.Bytes)/(1<<20))
}
