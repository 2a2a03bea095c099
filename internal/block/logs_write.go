package block

import (
	"cmp"
	"context"
	"io"
	"slices"
	"time"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// WriteLogs stores log records, which were received since the given time, as a block of
// the given id. Those without a trace come first, by time; then those of each trace, by
// time, traces by their first record. l is only read. Nothing refers to the block until a
// manifest names it.
func WriteLogs(ctx context.Context, bkt bucket.Bucket, id string, since, created time.Time, l *span.Logs) (Meta, error) {
	t := newLogTable(l)
	meta := Meta{
		ID: id, Kind: Logs, Format: Format, Created: created.UTC(), ReceivedFrom: since.UTC(), ReceivedTo: created.UTC(),
		Logs: l.Len(), Traces: len(t.traces), Resources: l.Resources.Len(), Scopes: l.Scopes.Len(),
		MinStart: slices.Min(l.Time), MaxEnd: slices.Max(l.Time),
	}
	return writeLogBlock(ctx, bkt, meta, t.write, t.traces, &l.Resources, &l.Scopes)
}

// writeLogBlock writes the files of a block of logs.
func writeLogBlock(ctx context.Context, bkt bucket.Bucket, meta Meta, logs func(io.Writer) (File, error), traces []trace, resources, scopes *span.Sets) (Meta, error) {
	return writeFiles(ctx, bkt, meta, []blockFile{
		{logsFile, logs},
		{tracesFile, func(out io.Writer) (File, error) { return writeLogTraces(out, traces) }},
		{resourcesFile, func(out io.Writer) (File, error) { return writeSets(out, resources, "resource") }},
		{scopesFile, func(out io.Writer) (File, error) { return writeSets(out, scopes, "instrumentation") }},
		{filterFile, func(out io.Writer) (File, error) { return writeFilter(out, traces) }},
	})
}

// logTable is records with an order: what goes to which row.
type logTable struct {
	l      *span.Logs
	order  []uint32 // by row of logs.parquet: the row of l
	traces []trace  // in the order of their rows
}

func newLogTable(l *span.Logs) *logTable {
	t := &logTable{l: l, order: span.Seq(l.Len())}
	first := make([]int64, l.Traces.Len()) // by trace: when its first record is
	seen := make([]bool, len(first))
	for row, code := range l.Trace {
		if !seen[code] || l.Time[row] < first[code] {
			first[code], seen[code] = l.Time[row], true
		}
	}
	none, hasNone := l.Traces.Find(span.TraceID{})
	untraced := func(row uint32) bool { return hasNone && l.Trace[row] == none }
	slices.SortStableFunc(t.order, func(x, y uint32) int {
		a, b := l.Trace[x], l.Trace[y]
		switch ux, uy := untraced(x), untraced(y); {
		case ux != uy && ux:
			return -1
		case ux != uy:
			return 1
		case ux || a == b:
			return cmp.Compare(l.Time[x], l.Time[y])
		}
		return cmp.Or(cmp.Compare(first[a], first[b]), cmp.Compare(a, b))
	})
	for at, row := range t.order {
		if untraced(row) {
			continue
		}
		if at == 0 || l.Trace[t.order[at-1]] != l.Trace[row] {
			t.traces = append(t.traces, trace{id: l.TraceID(row), start: l.Time[row], spans: [2]int{at, at}})
		}
		t.traces[len(t.traces)-1].spans[1]++
	}
	return t
}

// write writes logs.parquet.
func (t *logTable) write(out io.Writer) (File, error) {
	l := t.l
	f := newFileWriter(out, len(t.order), format.Snappy)
	noTrace := func(e uint32) bool { return l.TraceID(e) == span.TraceID{} }
	fixed(f, "trace_id", shapeTraceID, t.order, func(e uint32) []byte { return l.Traces.Bytes(l.Trace[e]) }, noTrace)
	fixed(f, "span_id", shapeSpanID, t.order, func(e uint32) []byte { return l.ID[e][:] }, func(e uint32) bool { return l.ID[e].IsZero() })
	number(f, "time", shapeTime, t.order, l.Time)
	f.column(column{name: "observed_after", shape: shapeInt64, optional: true}, func(v *vector, from, to int) (int, error) {
		for _, e := range t.order[from:to] {
			v.present = append(v.present, present(l.Observed[e] != 0))
			if l.Observed[e] != 0 {
				v.nums = append(v.nums, l.Observed[e]-l.Time[e])
			}
		}
		return to - from, nil
	})
	smallNumber(f, "severity_number", shapeInt64, t.order, widen(l.Severity))
	text(f, "severity_text", t.order, l.Level, &l.Levels)
	text(f, "body", t.order, l.Body, &l.Bodies)
	coded(f, "body_type", shapeText, t.order, l.BodyType, enumeration(span.JSON))
	text(f, "event_name", t.order, l.Event, &l.Events)
	smallNumber(f, "flags", shapeInt64, t.order, l.Flags)
	reference(f, "resource", t.order, l.Resource, l.Resources.Len())
	reference(f, "scope", t.order, l.Scope, l.Scopes.Len())
	counts(f, "dropped_attributes", t.order, &l.DroppedAttrs)
	plainText(f, "instrumentation_name", indirect(t.order, l.Scope), l.Scopes.Name)
	plainText(f, "instrumentation_version", indirect(t.order, l.Scope), l.Scopes.Version)
	return attributes(f, []attributeSource{
		{scope: "log", attrs: &l.Attrs, order: t.order},
		{scope: "resource", attrs: &l.Resources.Attrs, order: t.order, via: l.Resource},
		{scope: "instrumentation", attrs: &l.Scopes.Attrs, order: t.order, via: l.Scope},
	})
}

func widen(severities []span.Severity) []uint32 {
	out := make([]uint32, len(severities))
	for i, s := range severities {
		out[i] = uint32(s)
	}
	return out
}

// writeLogTraces writes the table of traces of a block of logs, by id.
func writeLogTraces(out io.Writer, traces []trace) (File, error) {
	order := byID(traces)
	f := newFileWriter(out, len(order), format.Zstd)
	num := numbersOf(f, traces, order)
	fixed(f, "trace_id", shapeTraceID, order, func(e uint32) []byte { return traces[e].id[:] }, nil)
	num("first_log", shapeInt64, func(t *trace) int64 { return int64(t.spans[0]) })
	num("logs", shapeInt64, func(t *trace) int64 { return int64(t.spans[1] - t.spans[0]) })
	num("start", shapeTime, func(t *trace) int64 { return t.start })
	return f.finish(nil)
}
