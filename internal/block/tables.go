package block

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/span"
)

// number writes a required column of numbers.
func number[T ~int64 | ~uint32 | ~uint8 | ~int](f *fileWriter, name string, s shape, rows []uint32, values []T) {
	f.column(column{name: name, shape: s, rows: rows, num: func(e uint32) int64 { return int64(values[e]) }})
}

// coded writes a required column of text with a dictionary.
func coded(f *fileWriter, name string, rows, codes []uint32, d *span.Dict) {
	f.column(column{name: name, shape: shapeText, rows: rows, code: func(e uint32) uint32 { return codes[e] }, dict: d})
}

// plainText writes a required column of text without codes: few values a file.
func plainText(f *fileWriter, name string, rows []uint32, value func(e uint32) string) {
	var d span.Dict
	codes := make(map[uint32]uint32)
	for _, r := range rows {
		if _, ok := codes[r-1]; !ok {
			codes[r-1] = d.Text([]byte(value(r - 1)))
		}
	}
	f.column(column{name: name, shape: shapeText, rows: rows, code: func(e uint32) uint32 { return codes[e] }, dict: &d})
}

func (t *table) writeSpans(out io.Writer) (File, error) {
	b := t.b
	f := newFileWriter(out, len(t.order), pageRows)
	rows := t.all(t.order)
	f.column(column{name: "trace_id", shape: shapeTraceID, rows: rows, fixed: func(e uint32) []byte { return b.Traces.Bytes(b.Trace[e]) }})
	f.column(column{name: "span_id", shape: shapeSpanID, rows: rows, fixed: func(e uint32) []byte { return b.ID[e][:] }})
	rows, nulls := t.some(t.order, func(e uint32) bool { return b.Parent[e].IsZero() })
	f.column(column{name: "parent_span_id", shape: shapeSpanID, rows: rows, nulls: nulls, fixed: func(e uint32) []byte { return b.Parent[e][:] }})
	rows = t.all(t.order)
	number(f, "start", shapeTime, rows, b.Start)
	number(f, "duration", shapeInt64, rows, b.Duration)
	coded(f, "name", rows, b.Name, &b.Names)
	enumeration(f, "kind", rows, b.Kind)
	enumeration(f, "status", rows, b.Status)
	coded(f, "status_message", rows, b.Message, &b.Messages)
	coded(f, "trace_state", rows, b.State, &b.States)
	number(f, "flags", shapeInt64, rows, b.Flags)
	number(f, "resource", shapeInt32, rows, b.Resource)
	number(f, "scope", shapeInt32, rows, b.Scope)
	plainText(f, "resource_schema_url", t.via(b.Resource), func(e uint32) string { return b.Resources.Schema[e] })
	number(f, "resource_dropped_attributes", shapeInt32, t.via(b.Resource), b.Resources.Dropped)
	rows = t.via(b.Scope)
	plainText(f, "instrumentation_name", rows, func(e uint32) string { return b.Scopes.Name[e] })
	plainText(f, "instrumentation_version", rows, func(e uint32) string { return b.Scopes.Version[e] })
	plainText(f, "instrumentation_schema_url", rows, func(e uint32) string { return b.Scopes.Schema[e] })
	number(f, "instrumentation_dropped_attributes", shapeInt32, rows, b.Scopes.Dropped)
	t.counts(f, "dropped_attributes", t.order, &b.DroppedAttrs)
	t.counts(f, "dropped_events", t.order, &b.DroppedEvents)
	t.counts(f, "dropped_links", t.order, &b.DroppedLinks)

	resources, scopes := indirect(t.order, b.Resource), indirect(t.order, b.Scope)
	return t.attributes(f, []attributeSource{
		{"span", &b.Attrs, t.order},
		{"resource", &b.Resources.Attrs, resources},
		{"instrumentation", &b.Scopes.Attrs, scopes},
	})
}

// enumeration writes kinds and statuses as their names.
func enumeration[T interface {
	~uint8
	String() string
}](f *fileWriter, name string, rows []uint32, values []T) {
	var d span.Dict
	var codes [256]uint32
	for i := range codes {
		codes[i] = d.Code([]byte(T(i).String()))
	}
	f.column(column{name: name, shape: shapeText, rows: rows, code: func(e uint32) uint32 { return codes[values[e]] }, dict: &d})
}

// counts writes a sparse column of counts; null means zero.
func (t *table) counts(f *fileWriter, name string, order []uint32, c *span.Column) {
	rows, nulls := t.some(order, func(e uint32) bool { return c.Count(e) == 0 })
	f.column(column{name: name, shape: shapeInt32, rows: rows, nulls: nulls, num: func(e uint32) int64 { return int64(c.Count(e)) }})
}

func (t *table) writeEvents(out io.Writer) (File, error) {
	e := &t.b.Events
	f := newFileWriter(out, len(t.events), pageRows)
	rows := t.all(t.events)
	t.owner(f, rows, e.Span)
	number(f, "time", shapeTime, rows, e.Time)
	coded(f, "name", rows, e.Name, &e.Names)
	t.counts(f, "dropped_attributes", t.events, &e.Dropped)
	return t.attributes(f, []attributeSource{{"event", &e.Attrs, t.events}})
}

func (t *table) writeLinks(out io.Writer) (File, error) {
	l := &t.b.Links
	f := newFileWriter(out, len(t.links), pageRows)
	rows := t.all(t.links)
	t.owner(f, rows, l.Span)
	f.column(column{name: "linked_trace_id", shape: shapeTraceID, rows: rows, fixed: func(i uint32) []byte { return l.TraceID[i][:] }})
	f.column(column{name: "linked_span_id", shape: shapeSpanID, rows: rows, fixed: func(i uint32) []byte { return l.ID[i][:] }})
	coded(f, "trace_state", rows, l.State, &l.States)
	number(f, "flags", shapeInt64, rows, l.Flags)
	t.counts(f, "dropped_attributes", t.links, &l.Dropped)
	return t.attributes(f, []attributeSource{{"link", &l.Attrs, t.links}})
}

// owner writes the span that an event or link belongs to: its ids and its row of
// spans.parquet.
func (t *table) owner(f *fileWriter, rows, spans []uint32) {
	b := t.b
	f.column(column{name: "trace_id", shape: shapeTraceID, rows: rows, fixed: func(i uint32) []byte { return b.Traces.Bytes(b.Trace[spans[i]]) }})
	f.column(column{name: "span_id", shape: shapeSpanID, rows: rows, fixed: func(i uint32) []byte { return b.ID[spans[i]][:] }})
	f.column(column{name: "span_row", shape: shapeInt64, rows: rows, num: func(i uint32) int64 { return int64(t.place[spans[i]]) - 1 }})
}

func (t *table) writeTraces(out io.Writer) (File, error) {
	b := t.b
	order := make([]uint32, len(t.traces))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return slices.Compare(t.traces[x].id[:], t.traces[y].id[:]) })
	f := newFileWriter(out, len(order), traceRows)
	rows := t.all(order)
	num := func(name string, s shape, value func(*trace) int64) {
		f.column(column{name: name, shape: s, rows: rows, num: func(e uint32) int64 { return value(&t.traces[e]) }})
	}
	f.column(column{name: "trace_id", shape: shapeTraceID, rows: rows, fixed: func(e uint32) []byte { return t.traces[e].id[:] }})
	num("first_span", shapeInt64, func(t *trace) int64 { return int64(t.first) })
	num("spans", shapeInt64, func(t *trace) int64 { return int64(t.spans) })
	num("first_event", shapeInt64, func(t *trace) int64 { return int64(t.events[0]) })
	num("events", shapeInt64, func(t *trace) int64 { return int64(t.events[1] - t.events[0]) })
	num("first_link", shapeInt64, func(t *trace) int64 { return int64(t.links[0]) })
	num("links", shapeInt64, func(t *trace) int64 { return int64(t.links[1] - t.links[0]) })
	num("start", shapeTime, func(t *trace) int64 { return t.start })
	num("duration", shapeInt64, func(t *trace) int64 { return t.end - t.start })
	num("errors", shapeInt64, func(t *trace) int64 { return int64(t.errors) })
	num("services", shapeInt64, func(t *trace) int64 { return int64(t.services) })
	num("root_start", shapeTime, func(t *trace) int64 { return b.Start[t.root] })
	f.column(column{name: "root_name", shape: shapeText, rows: rows, dict: &b.Names, code: func(e uint32) uint32 { return b.Name[t.traces[e].root] }})
	plainText(f, "root_service", rows, func(e uint32) string { return t.services[b.Resource[t.traces[e].root]] })
	rootless, nulls := t.some(order, func(e uint32) bool { return b.Parent[t.traces[e].root].IsZero() })
	f.column(column{name: "root_parent_span_id", shape: shapeSpanID, rows: rootless, nulls: nulls, fixed: func(e uint32) []byte { return b.Parent[t.traces[e].root][:] }})
	return f.finish(nil)
}

func (t *table) writeFilter(out io.Writer) (File, error) {
	ids := make([]span.TraceID, len(t.traces))
	for i := range t.traces {
		ids[i] = t.traces[i].id
	}
	b := buildFilter(ids)
	_, err := out.Write(b)
	return File{Bytes: int64(len(b)), Sum: xxhash.Sum64(b)}, err
}

func columnsJSON(columns []attributeColumn) string {
	b, err := json.Marshal(columns)
	if err != nil {
		panic(err) // strings only
	}
	return string(b)
}
