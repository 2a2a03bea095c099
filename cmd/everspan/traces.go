package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/terminal"
	"github.com/everspan/everspan/internal/traceql"
)

type tracesCmd struct {
	serverFlag
	Service     string        `help:"Only traces with a span of this service."`
	Name        string        `help:"Only traces with a span of this name."`
	MinDuration time.Duration `placeholder:"TIME" help:"Only traces that took at least this long, like 500ms."`
	Errors      bool          `help:"Only traces with an error."`
	Since       time.Duration `default:"1h" placeholder:"TIME" help:"Only traces of this time (${default})."`
	Limit       int           `default:"20" placeholder:"N" help:"At most so many (${default})."`
	JSON        bool          `help:"As JSON."`
}

// Help is printed below the flags.
func (c *tracesCmd) Help() string {
	return `What the flags can't say, everspan query can.

Examples:
  everspan traces
  everspan traces --service checkout --errors --since 15m
  everspan traces --min-duration 2s --limit 5`
}

// traceList is what --json prints.
type traceList struct {
	Traces []api.TraceSummary `json:"traces"` // newest first
	// Partial says why traces may be missing; it is absent when none are.
	Partial []string `json:"partial,omitempty"`
}

// Run lists traces.
func (c *tracesCmd) Run(ctx context.Context) error {
	doc, _, err := c.ask(ctx, url.Values{
		"q": {c.pipeline().String()}, "since": {c.Since.String()}, "limit": {strconv.Itoa(c.Limit)}, "spans": {"1"},
	})
	if err != nil {
		return err
	}
	if c.JSON {
		list := traceList{Traces: []api.TraceSummary{}, Partial: doc.Partial}
		for i := range doc.Traces {
			list.Traces = append(list.Traces, doc.Traces[i].TraceSummary)
		}
		return json.NewEncoder(os.Stdout).Encode(list)
	}
	for _, why := range doc.Partial {
		fmt.Fprintf(os.Stderr, "partial: %s\n", why)
	}
	if len(doc.Traces) == 0 {
		fmt.Fprintf(os.Stderr, "No trace in the last %s fits. Widen --since, or loosen the filters.\n", terminal.Plain(c.Since))
		return nil
	}
	var rows []terminal.TraceRow
	for i := range doc.Traces {
		row, err := traceRow(&doc.Traces[i].TraceSummary)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	width, color := terminalOf(os.Stdout)
	return terminal.List(os.Stdout, rows, terminal.Options{Width: width, Color: color})
}

// pipeline is the flags as a query. Each condition may be met by another span of the
// trace.
func (c *tracesCmd) pipeline() *traceql.Pipeline {
	var from traceql.SpansetExpr
	add := func(field traceql.FieldExpr, op traceql.Operator, want traceql.Static) {
		f := &traceql.Filter{Expr: &traceql.Binary{Op: op, L: field, R: &want}}
		if from == nil {
			from = f
		} else {
			from = &traceql.Combine{Op: traceql.SpansetAnd, L: from, R: f}
		}
	}
	if c.Service != "" {
		add(&traceql.Attribute{Scope: traceql.ScopeResource, Name: "service.name"}, traceql.OpEqual, traceql.Static{Type: traceql.String, Str: c.Service})
	}
	if c.Name != "" {
		add(&traceql.Intrinsic{Field: traceql.SpanName}, traceql.OpEqual, traceql.Static{Type: traceql.String, Str: c.Name})
	}
	if c.Errors {
		add(&traceql.Intrinsic{Field: traceql.SpanStatus}, traceql.OpEqual, traceql.Static{Type: traceql.Status, Num: 2})
	}
	if c.MinDuration > 0 {
		add(&traceql.Intrinsic{Field: traceql.TraceDuration}, traceql.OpGreaterEqual, traceql.Static{Type: traceql.Duration, Num: int64(c.MinDuration)})
	}
	if from == nil {
		from = &traceql.Filter{}
	}
	return &traceql.Pipeline{From: from}
}
