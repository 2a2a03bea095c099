package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/terminal"
)

// traceRow is a trace of an answer as a line of a list.
func traceRow(t *api.TraceSummary) (terminal.TraceRow, error) {
	start, err := strconv.ParseInt(t.StartUnixNano, 10, 64)
	if err != nil {
		return terminal.TraceRow{}, fmt.Errorf("start of trace %s: %w", t.TraceID, err)
	}
	return terminal.TraceRow{
		TraceID: t.TraceID, Start: time.Unix(0, start), Duration: time.Duration(t.DurationNano),
		Service: t.Service, Name: t.Name, Spans: t.SpanCount, Errors: t.ErrorCount,
	}, nil
}

// foundRow is a trace of an answer with what was found in it.
func foundRow(t *api.FoundTrace) (row terminal.FoundRow, err error) {
	if row.TraceRow, err = traceRow(&t.TraceSummary); err != nil {
		return row, err
	}
	for _, set := range t.SpanSets {
		to := terminal.SpansetRow{Matched: set.Matched, Common: append(pairs(set.Group), pairs(set.Scalars)...)}
		for _, s := range set.Spans {
			start, err := strconv.ParseInt(s.StartUnixNano, 10, 64)
			if err != nil {
				return row, fmt.Errorf("start of span %s: %w", s.SpanID, err)
			}
			to.Spans = append(to.Spans, terminal.SpanRow{
				ID: s.SpanID, Name: s.Name, Offset: time.Unix(0, start).Sub(row.Start), Duration: time.Duration(s.DurationNano), Attrs: pairs(s.Attributes),
			})
		}
		row.Sets = append(row.Sets, to)
	}
	return row, nil
}

func pairs(attrs []api.FoundAttr) []terminal.Pair {
	out := make([]terminal.Pair, len(attrs))
	for i, a := range attrs {
		out[i] = terminal.Pair{Name: a.Name, Value: a.Value}
	}
	return out
}

// chartOf is the series of an answer.
func chartOf(doc *api.QueryAnswer) (*terminal.Chart, error) {
	c := &terminal.Chart{Step: time.Duration(doc.Step), Unit: doc.Unit, Buckets: doc.BucketUnit}
	for _, text := range doc.Times {
		ns, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("time of a sample: %w", err)
		}
		c.Times = append(c.Times, time.Unix(0, ns))
	}
	for _, s := range doc.Series {
		one := terminal.ChartSeries{Labels: pairs(s.Labels)}
		for _, v := range s.Values {
			one.Values = append(one.Values, float64(v))
		}
		c.Series = append(c.Series, one)
	}
	return c, nil
}
