package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/terminal"
)

type logsCmd struct {
	serverFlag
	Text      string   `arg:"" optional:"" help:"Only records with this text in their body or in an attribute, in whatever case."`
	Trace     string   `placeholder:"ID" help:"Only records of this trace; any text that has its id in it will do."`
	Span      string   `placeholder:"ID" help:"Only records of this span."`
	Service   string   `help:"Only records of this service."`
	Severity  string   `placeholder:"NAME" help:"Only records of at least this severity: trace, debug, info, warn, error, fatal."`
	Attribute []string `sep:"none" placeholder:"KEY=VALUE" help:"Only records with this attribute, their own or of their resource. May be given several times."`
	Since     *period  `placeholder:"TIME" help:"How far to look back, like 15m, 1h or 7d (1h; all the time for a trace or a span)."`
	From      string   `placeholder:"TIME" help:"When to begin, like 2026-11-23T08:15:00Z or -3h; instead of --since."`
	To        string   `placeholder:"TIME" help:"When to end (now)."`
	Limit     int      `default:"100" placeholder:"N" help:"At most so many (${default})."`
	Oldest    bool     `help:"The oldest first, instead of the newest."`
	After     string   `placeholder:"PLACE" help:"Go on where a page ended."`
	JSON      bool     `help:"As JSON."`
	Width     int      `placeholder:"COLUMNS" help:"Columns to draw in; the terminal's by default, 120 when piped."`
}

// Help is printed below the flags.
func (c *logsCmd) Help() string {
	return `The newest stand last, as in a log. The id at the end of a line is that of its trace: everspan trace ID shows it, with --logs with its log lines in it.

Examples:
  everspan logs
  everspan logs --service checkout --severity error --since 15m
  everspan logs "mailbox is full"
  everspan logs --trace 4bf92f3577b34da6a3ce929d0e0e4736
  everspan logs --attribute user.id=bob --json | jq -r '.logs[].traceId'`
}

// Run lists log records.
func (c *logsCmd) Run(ctx context.Context) error {
	v, err := c.parameters()
	if err != nil {
		return err
	}
	var doc api.LogAnswer
	raw, err := c.get(ctx, "/api/v1/logs?"+v.Encode(), &doc)
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
	if len(doc.Logs) == 0 {
		fmt.Fprintln(os.Stderr, "No log record of this time fits. Widen --since, or loosen the filters; docs/instrument.md says how a service sends its log.")
		return nil
	}
	lines, err := logLines(doc.Logs)
	if err != nil {
		return err
	}
	if !c.Oldest {
		slices.Reverse(lines)
	}
	width, color := terminalOf(os.Stdout)
	if c.Width > 0 {
		width = c.Width
	}
	if err := terminal.Logs(os.Stdout, lines, terminal.Options{Width: width, Color: color}); err != nil {
		return err
	}
	if doc.Next != "" {
		fmt.Fprintf(os.Stderr, "There are more: --after %s\n", doc.Next)
	}
	return nil
}

// parameters are the flags as the server knows them.
func (c *logsCmd) parameters() (url.Values, error) {
	v := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	if c.Trace != "" {
		id, ok := findTraceID(c.Trace)
		if !ok {
			return nil, &hinted{fmt.Errorf("no trace id in %.80q", c.Trace), "A trace id has 1 to 32 hexadecimal digits. `everspan traces` lists the newest."}
		}
		v.Set("trace", id)
	}
	for name, text := range map[string]string{"span": c.Span, "service": c.Service, "severity": c.Severity, "text": c.Text, "after": c.After} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for _, a := range c.Attribute {
		v.Add("attribute", a)
	}
	if c.Oldest {
		v.Set("order", "oldest")
	}
	since := period(time.Hour)
	if c.Since != nil {
		since = *c.Since
	}
	if err := setTimes(v, time.Duration(since), c.From, c.To); err != nil {
		return nil, err
	}
	if c.Since == nil && (c.Trace != "" || c.Span != "") { // which say more than a time does
		v.Del("since")
	}
	return v, nil
}

// setTimes puts the flags of time into parameters.
func setTimes(v url.Values, since time.Duration, from, to string) error {
	now := time.Now()
	for _, f := range []struct{ name, text string }{{"from", from}, {"to", to}} {
		if f.text == "" {
			continue
		}
		t, err := parseTime(f.text, now)
		if err != nil {
			return &hinted{fmt.Errorf("--%s %s: %w", f.name, f.text, err), timeHint}
		}
		v.Set(f.name, t.UTC().Format(time.RFC3339Nano))
	}
	if from == "" {
		if since <= 0 {
			return &hinted{errors.New("--since is nothing"), "A time is a number of days, like 7d, or like 15m."}
		}
		v.Set("since", since.String())
	}
	return nil
}

// logLines are records as lines.
func logLines(records []api.LogRecord) ([]terminal.LogLine, error) {
	lines := make([]terminal.LogLine, len(records))
	for i := range records {
		r := &records[i]
		ns, err := strconv.ParseInt(r.TimeUnixNano, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("time of a log record: %w", err)
		}
		severity := r.Severity
		if severity == "" {
			severity = r.SeverityText
		}
		lines[i] = terminal.LogLine{
			Time: time.Unix(0, ns), TraceID: r.TraceID, SpanID: r.SpanID, Service: r.Service, Severity: severity, Body: r.Body, Attrs: pairs(r.Attributes),
		}
	}
	return lines, nil
}
