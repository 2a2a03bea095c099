package block

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
)

// The files of a block.
const (
	spansFile  = "spans.parquet"
	eventsFile = "events.parquet"
	linksFile  = "links.parquet"
	tracesFile = "traces.parquet"
	filterFile = "traces.filter"
	// MetaFile is written last: a block that has it is complete.
	MetaFile = "block.json"
)

// Keys of a file's metadata.
const (
	metaFormat  = "everspan.format"
	metaColumns = "everspan.columns"
)

// MaxAttributeColumns is how many attribute keys of a file have a column of
// their own, the most frequent ones. The others go to the map column: a column
// costs some hundred bytes of footer in every read, whatever it holds.
const MaxAttributeColumns = 512

// Meta describes a block; the manifest holds one for each.
type Meta struct {
	ID      string    `json:"id"`
	Format  int       `json:"format"`
	Created time.Time `json:"created"`
	Spans   int       `json:"spans"`
	Traces  int       `json:"traces"`
	Events  int       `json:"events"`
	Links   int       `json:"links"`
	// Duplicates is how many spans were left out because the block holds the
	// same span already.
	Duplicates int   `json:"duplicates"`
	MinStart   int64 `json:"minStart"` // ns since the Unix epoch
	MaxEnd     int64 `json:"maxEnd"`
	// Files holds what is needed to open each file, by name.
	Files map[string]File `json:"files"`
}

// File is how to open one file of a block and know that it is whole.
type File struct {
	Bytes int64 `json:"bytes"`
	// Index is the offset of what every read of the file needs: in a Parquet
	// file page indexes and footer, which Parquet itself does not checksum.
	Index int64 `json:"index"`
	// Sum is the xxhash64 of the bytes from Index to the end.
	Sum uint64 `json:"sum,string"`
}

// Bytes is the size of all files together.
func (m Meta) Bytes() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

// Key is the bucket key of one of the block's files.
func (m Meta) Key(file string) string { return "blocks/" + m.ID + "/" + file }

// Files lists the names of a block's files.
func Files() []string {
	return []string{spansFile, eventsFile, linksFile, tracesFile, filterFile, MetaFile}
}

// attributeColumn maps a column of a file to the attribute that it holds.
type attributeColumn struct {
	Column string `json:"column"`
	Scope  string `json:"scope"` // span, resource, instrumentation, event or link
	Key    string `json:"key"`
	Type   string `json:"type"`
}

// Write stores the spans of b as a block of the given id. Rows of a trace are
// adjacent, traces stand in the order of their first start, and a span that
// occurs twice (see span.Key) is written once. b is only read. Nothing refers
// to the block until a manifest names it.
func Write(ctx context.Context, bkt bucket.Bucket, id string, created time.Time, b *span.Batch) (Meta, error) {
	w := newTable(b)
	meta := Meta{
		ID: id, Format: Format, Created: created.UTC(),
		Spans: len(w.order), Traces: len(w.traces), Duplicates: b.Len() - len(w.order),
		Events: len(w.events), Links: len(w.links),
		MinStart: math.MaxInt64, MaxEnd: math.MinInt64, Files: make(map[string]File),
	}
	for _, t := range w.traces {
		meta.MinStart = min(meta.MinStart, t.start)
		meta.MaxEnd = max(meta.MaxEnd, t.end)
	}
	files := []struct {
		name  string
		write func(io.Writer) (File, error)
	}{
		{spansFile, w.writeSpans},
		{eventsFile, w.writeEvents},
		{linksFile, w.writeLinks},
		{tracesFile, w.writeTraces},
		{filterFile, w.writeFilter},
	}
	for _, f := range files {
		file, err := create(ctx, bkt, meta.Key(f.name), f.write)
		if err != nil {
			return Meta{}, fmt.Errorf("write block %s: %s: %w", id, f.name, err)
		}
		meta.Files[f.name] = file
	}
	// The manifest has the same facts; with this file a block also stands alone.
	text, err := json.MarshalIndent(meta, "", "  ")
	if err != nil {
		return Meta{}, fmt.Errorf("write block %s: %w", id, err)
	}
	if _, err := bkt.Create(ctx, meta.Key(MetaFile), bytes.NewReader(append(text, '\n'))); err != nil {
		return Meta{}, fmt.Errorf("write block %s: %s: %w", id, MetaFile, err)
	}
	return meta, nil
}

// create streams what write writes into a new object.
func create(ctx context.Context, bkt bucket.Bucket, key string, write func(io.Writer) (File, error)) (File, error) {
	r, w := io.Pipe()
	var file File
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffered := bufio.NewWriterSize(w, 256<<10)
		var err error
		if file, err = write(buffered); err == nil {
			err = buffered.Flush()
		}
		w.CloseWithError(err)
	}()
	n, err := bkt.Create(ctx, key, r)
	r.CloseWithError(cmp.Or(err, io.ErrClosedPipe)) // the writer ends even when Create gave up early
	<-done
	if err == nil && n != file.Bytes {
		err = fmt.Errorf("%d bytes stored of %d", n, file.Bytes)
	}
	return file, err
}

// trace is a row of the table of traces.
type trace struct {
	id         span.TraceID
	first      int // row of spans.parquet
	spans      int
	events     [2]int // rows of events.parquet
	links      [2]int
	start, end int64
	root       uint32 // row of the batch
	errors     int
	services   int
}

// table is a batch with an order: what goes to which row of which file.
type table struct {
	b        *span.Batch
	order    []uint32 // by row of spans.parquet: the row of the batch
	place    []uint32 // by row of the batch: the row of spans.parquet + 1, or 0
	events   []uint32 // by row of events.parquet: the row of b.Events
	links    []uint32
	traces   []trace // in the order of their rows
	services []string
	scratch  []uint32
}

func newTable(b *span.Batch) *table {
	t := &table{b: b, services: b.Services(), place: make([]uint32, b.Len())}

	// Group by trace: rows of a trace in order of arrival, traces by start.
	groups := make([][]uint32, b.Traces.Len())
	counts := make([]uint32, b.Traces.Len())
	for _, code := range b.Trace {
		counts[code]++
	}
	all := make([]uint32, b.Len())
	at := 0
	for code, n := range counts {
		groups[code] = all[at : at : at+int(n)]
		at += int(n)
	}
	for row, code := range b.Trace {
		groups[code] = append(groups[code], uint32(row))
	}
	groups = slices.DeleteFunc(groups, func(g []uint32) bool { return len(g) == 0 })
	for _, g := range groups {
		slices.SortStableFunc(g, func(x, y uint32) int { return cmp.Compare(b.Start[x], b.Start[y]) })
	}
	slices.SortStableFunc(groups, func(x, y []uint32) int { return cmp.Compare(b.Start[x[0]], b.Start[y[0]]) })

	for _, g := range groups {
		t.add(b.Unique(g))
	}
	return t
}

// add appends a trace's rows, which are sorted by start.
func (t *table) add(rows []uint32) {
	b := t.b
	tr := trace{
		id: b.TraceID(rows[0]), first: len(t.order), spans: len(rows), root: rows[0],
		start: b.Start[rows[0]], end: b.End(rows[0]),
		events: [2]int{len(t.events), 0}, links: [2]int{len(t.links), 0},
	}
	rooted := b.Parent[rows[0]].IsZero()
	services := make(map[string]struct{}, 8)
	for _, row := range rows {
		t.place[row] = uint32(len(t.order)) + 1
		t.order = append(t.order, row)
		tr.end = max(tr.end, b.End(row))
		if b.Status[row] == span.StatusError {
			tr.errors++
		}
		if !rooted && b.Parent[row].IsZero() {
			tr.root, rooted = row, true
		}
		services[t.services[b.Resource[row]]] = struct{}{}
		for from, to := b.EventsOf(row); from < to; from++ {
			t.events = append(t.events, uint32(from))
		}
		for from, to := b.LinksOf(row); from < to; from++ {
			t.links = append(t.links, uint32(from))
		}
	}
	tr.events[1], tr.links[1] = len(t.events), len(t.links)
	tr.services = len(services)
	t.traces = append(t.traces, tr)
}

// all fills the scratch rows: row p takes entry from[p].
func (t *table) all(from []uint32) []uint32 {
	t.scratch = t.scratch[:0]
	for _, e := range from {
		t.scratch = append(t.scratch, e+1)
	}
	return t.scratch
}

// some is all for optional columns: entry from[p] is null where null says so.
func (t *table) some(from []uint32, null func(e uint32) bool) ([]uint32, int) {
	t.scratch = t.scratch[:0]
	nulls := 0
	for _, e := range from {
		if null(e) {
			t.scratch = append(t.scratch, 0)
			nulls++
		} else {
			t.scratch = append(t.scratch, e+1)
		}
	}
	return t.scratch, nulls
}

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

// via fills the scratch rows with the entry that each span refers to.
func (t *table) via(ref []uint32) []uint32 {
	t.scratch = t.scratch[:0]
	for _, row := range t.order {
		t.scratch = append(t.scratch, ref[row]+1)
	}
	return t.scratch
}

func indirect(order, ref []uint32) []uint32 {
	to := make([]uint32, len(order))
	for p, row := range order {
		to[p] = ref[row]
	}
	return to
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
	b, e := t.b, &t.b.Events
	f := newFileWriter(out, len(t.events), pageRows)
	rows := t.all(t.events)
	f.column(column{name: "trace_id", shape: shapeTraceID, rows: rows, fixed: func(i uint32) []byte { return b.Traces.Bytes(b.Trace[e.Span[i]]) }})
	f.column(column{name: "span_id", shape: shapeSpanID, rows: rows, fixed: func(i uint32) []byte { return b.ID[e.Span[i]][:] }})
	t.spanRow(f, rows, e.Span)
	number(f, "time", shapeTime, rows, e.Time)
	coded(f, "name", rows, e.Name, &e.Names)
	t.counts(f, "dropped_attributes", t.events, &e.Dropped)
	return t.attributes(f, []attributeSource{{"event", &e.Attrs, t.events}})
}

func (t *table) writeLinks(out io.Writer) (File, error) {
	b, l := t.b, &t.b.Links
	f := newFileWriter(out, len(t.links), pageRows)
	rows := t.all(t.links)
	f.column(column{name: "trace_id", shape: shapeTraceID, rows: rows, fixed: func(i uint32) []byte { return b.Traces.Bytes(b.Trace[l.Span[i]]) }})
	f.column(column{name: "span_id", shape: shapeSpanID, rows: rows, fixed: func(i uint32) []byte { return b.ID[l.Span[i]][:] }})
	t.spanRow(f, rows, l.Span)
	f.column(column{name: "linked_trace_id", shape: shapeTraceID, rows: rows, fixed: func(i uint32) []byte { return l.TraceID[i][:] }})
	f.column(column{name: "linked_span_id", shape: shapeSpanID, rows: rows, fixed: func(i uint32) []byte { return l.ID[i][:] }})
	coded(f, "trace_state", rows, l.State, &l.States)
	number(f, "flags", shapeInt64, rows, l.Flags)
	t.counts(f, "dropped_attributes", t.links, &l.Dropped)
	return t.attributes(f, []attributeSource{{"link", &l.Attrs, t.links}})
}

// spanRow writes which row of spans.parquet an event or link belongs to.
func (t *table) spanRow(f *fileWriter, rows, spans []uint32) {
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
