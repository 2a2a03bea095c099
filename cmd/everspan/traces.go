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

type tracesCmd struct {
	serverFlag
	Service     string        `help:"Only traces with a span of this service."`
	Name        string        `help:"Only traces with a span of this name."`
	MinDuration time.Duration `placeholder:"TIME" help:"Only traces that took at least this long, like 500ms."`
	Errors      bool          `help:"Only traces with an error."`
	Since       time.Duration `default:"1h" placeholder:"TIME" help:"Only traces that started within this time (${default})."`
	Limit       int           `default:"20" placeholder:"N" help:"At most so many (${default})."`
	JSON        bool          `help:"As JSON."`
}

// Help is printed below the flags.
func (c *tracesCmd) Help() string {
	return `Examples:
  everspan traces
  everspan traces --service checkout --errors --since 15m
  everspan traces --min-duration 2s --limit 5`
}

// Run lists traces.
func (c *tracesCmd) Run(ctx context.Context) error {
	q := url.Values{"since": {c.Since.String()}, "limit": {strconv.Itoa(c.Limit)}}
	if c.Service != "" {
		q.Set("service", c.Service)
	}
	if c.Name != "" {
		q.Set("name", c.Name)
	}
	if c.MinDuration != 0 {
		q.Set("minDuration", c.MinDuration.String())
	}
	if c.Errors {
		q.Set("errors", "true")
	}
	var list api.TraceList
	raw, err := c.get(ctx, "/api/v1/traces?"+q.Encode(), &list)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err := os.Stdout.Write(raw)
		return err
	}
	for _, why := range list.Partial {
		fmt.Fprintf(os.Stderr, "partial: %s\n", why)
	}
	if len(list.Traces) == 0 {
		fmt.Fprintf(os.Stderr, "No trace in the last %s fits. Widen --since, or loosen the filters.\n", plain(c.Since))
		return nil
	}
	var rows []terminal.TraceRow
	for _, t := range list.Traces {
		start, err := strconv.ParseInt(t.StartUnixNano, 10, 64)
		if err != nil {
			return fmt.Errorf("start of trace %s: %w", t.TraceID, err)
		}
		rows = append(rows, terminal.TraceRow{
			TraceID: t.TraceID, Start: time.Unix(0, start), Duration: time.Duration(t.DurationNano),
			Service: t.Service, Name: t.Name, Spans: t.SpanCount, Errors: t.ErrorCount,
		})
	}
	width, color := terminalOf(os.Stdout)
	return terminal.List(os.Stdout, rows, terminal.Options{Width: width, Color: color})
}

// plain writes a duration without the zeroes at its end: 1h, not 1h0m0s.
func plain(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}
