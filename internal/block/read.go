package block

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// Reader reads a block. It opens a file when it first needs it and keeps the
// parsed footers; it is safe for concurrent use.
type Reader struct {
	Meta Meta
	bkt  bucket.Bucket

	mu     sync.Mutex
	files  map[string]*fileReader
	filter *filter
}

// NewReader returns a reader of a published block. It reads nothing yet.
func NewReader(bkt bucket.Bucket, meta Meta) *Reader {
	return &Reader{Meta: meta, bkt: bkt, files: make(map[string]*fileReader)}
}

func (r *Reader) file(ctx context.Context, name string) (*fileReader, error) {
	r.mu.Lock()
	f := r.files[name]
	r.mu.Unlock()
	if f != nil {
		return f, nil
	}
	// Two callers may both open the file; either result serves.
	f, err := openFile(ctx, r.bkt, r.Meta.Key(name), r.Meta.Files[name])
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.files[name] = f
	r.mu.Unlock()
	return f, nil
}

// mayHave asks the filter whether a trace may be here.
func (r *Reader) mayHave(ctx context.Context, id span.TraceID) (bool, error) {
	r.mu.Lock()
	f := r.filter
	r.mu.Unlock()
	if f == nil {
		raw, err := bucket.ReadAll(ctx, r.bkt, r.Meta.Key(filterFile), maxFooter)
		if err != nil {
			return false, fmt.Errorf("read trace filter: %w", err)
		}
		got, err := readFilter(raw)
		if err != nil {
			return false, fmt.Errorf("%w: %s: %w", ErrCorrupt, r.Meta.Key(filterFile), err)
		}
		f = &got
		r.mu.Lock()
		r.filter = f
		r.mu.Unlock()
	}
	return f.has(id), nil
}

// rowRange says which rows of which file belong to a trace.
type rowRange struct{ spans, events, links [2]int }

var errNotHere = errors.New("trace is not in this block")

// Trace appends the spans of a trace to b and reports how many there were.
// Errors that wrap [ErrCorrupt] mean that the block is damaged at the place
// they name.
func (r *Reader) Trace(ctx context.Context, id span.TraceID, b *span.Batch) (int, error) {
	// A damaged filter costs speed, not answers.
	if ok, err := r.mayHave(ctx, id); err == nil && !ok {
		return 0, nil
	}
	at, err := r.find(ctx, id)
	if errors.Is(err, errNotHere) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	rows := b.Len()
	if err := r.appendRows(ctx, at, b); err != nil {
		b.Truncate(rows)
		return 0, err
	}
	return b.Len() - rows, nil
}

// find looks a trace up in the table of traces, which is sorted by id.
func (r *Reader) find(ctx context.Context, id span.TraceID) (rowRange, error) {
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return rowRange{}, err
	}
	from, to, err := f.pageWith(ctx, "trace_id", id[:])
	if err != nil {
		return rowRange{}, err
	}
	ids, err := f.column(ctx, "trace_id", shapeTraceID, from, to)
	if err != nil {
		return rowRange{}, err
	}
	i, ok := sort.Find(to-from, func(i int) int { return bytes.Compare(id[:], ids.text(i)) })
	if !ok {
		return rowRange{}, errNotHere
	}
	row := from + i
	var n [6]int
	for i, name := range []string{"first_span", "spans", "first_event", "events", "first_link", "links"} {
		v, err := f.column(ctx, name, shapeInt64, row, row+1)
		if err != nil {
			return rowRange{}, err
		}
		n[i] = int(v.num(0))
		if n[i] < 0 || n[i] > 1<<31 {
			return rowRange{}, f.corrupt(0, fmt.Errorf("row %d: %s is %d", row, name, n[i]))
		}
	}
	return rowRange{[2]int{n[0], n[0] + n[1]}, [2]int{n[2], n[2] + n[3]}, [2]int{n[4], n[4] + n[5]}}, nil
}

// pageWith finds, in an ascending column, the rows of the page that would hold
// the value; an empty range when none does.
func (f *fileReader) pageWith(ctx context.Context, name string, v []byte) (from, to int, err error) {
	c, ok := f.columns[name]
	if !ok {
		return 0, 0, nil
	}
	pages, err := f.pageIndex(ctx, c)
	if err != nil {
		return 0, 0, err
	}
	if c.ColumnIndexLength <= 0 || c.ColumnIndexOffset < 0 || c.ColumnIndexOffset > f.size-int64(c.ColumnIndexLength) {
		return 0, 0, f.corrupt(c.ColumnIndexOffset, "no column index")
	}
	raw, err := f.read(ctx, c.ColumnIndexOffset, int(c.ColumnIndexLength))
	if err != nil {
		return 0, 0, err
	}
	var index format.ColumnIndex
	if _, err := unmarshal(raw, &index); err != nil {
		return 0, 0, f.corrupt(c.ColumnIndexOffset, fmt.Errorf("column index: %w", err))
	}
	n := len(pages)
	if len(index.MaxValues) != n || len(index.MinValues) != n {
		return 0, 0, f.corrupt(c.ColumnIndexOffset, "the indexes do not agree")
	}
	i := sort.Search(n, func(i int) bool { return bytes.Compare(index.MaxValues[i], v) >= 0 })
	if i == n || bytes.Compare(index.MinValues[i], v) > 0 {
		return 0, 0, nil
	}
	from, to = int(pages[i].FirstRowIndex), f.rows
	if i+1 < n {
		to = int(pages[i+1].FirstRowIndex)
	}
	return from, to, nil
}

// rowReader reads the same rows of several columns and keeps the first error.
type rowReader struct {
	ctx      context.Context
	f        *fileReader
	from, to int
	err      error
}

func (r *rowReader) column(name string, s shape) *values {
	if r.err == nil {
		var v *values
		if v, r.err = r.f.column(r.ctx, name, s, r.from, r.to); r.err == nil {
			return v
		}
	}
	return &values{shape: s, at: make([]uint32, max(0, r.to-r.from))}
}

// rows checks a range against the file before anything is allocated for it.
func (r *Reader) rows(ctx context.Context, name string, at [2]int) (*rowReader, error) {
	f, err := r.file(ctx, name)
	if err != nil {
		return nil, err
	}
	if at[0] < 0 || at[0] > at[1] || at[1] > f.rows {
		return nil, f.corrupt(0, fmt.Errorf("rows %d to %d of %d", at[0], at[1], f.rows))
	}
	return &rowReader{ctx: ctx, f: f, from: at[0], to: at[1]}, nil
}

// appendRows materialises the rows of a trace.
func (r *Reader) appendRows(ctx context.Context, at rowRange, b *span.Batch) error {
	in, err := r.rows(ctx, spansFile, at.spans)
	if err != nil {
		return err
	}
	attrs := in.attributes()
	sets := newSetReader(in, attrs, b)
	n := in.to - in.from
	traces, ids, parents := in.column("trace_id", shapeTraceID), in.column("span_id", shapeSpanID), in.column("parent_span_id", shapeSpanID)
	starts, durations := in.column("start", shapeTime), in.column("duration", shapeInt64)
	names, kinds, statuses := in.column("name", shapeText), in.column("kind", shapeText), in.column("status", shapeText)
	messages, states, flags := in.column("status_message", shapeText), in.column("trace_state", shapeText), in.column("flags", shapeInt64)
	droppedA, droppedE, droppedL := in.column("dropped_attributes", shapeInt32), in.column("dropped_events", shapeInt32), in.column("dropped_links", shapeInt32)
	if in.err != nil {
		return in.err
	}
	base := uint32(b.Len())
	for i := range n {
		if len(traces.text(i)) != 16 || len(ids.text(i)) != 8 {
			return in.f.corrupt(0, fmt.Errorf("row %d has no id", in.from+i))
		}
		row := b.Begin(sets.resource(i), sets.scope(i))
		copy(b.ID[row][:], ids.text(i))
		copy(b.Parent[row][:], parents.text(i))
		b.Start[row], b.Duration[row] = int64(starts.num(i)), int64(durations.num(i))
		b.Name[row] = b.Names.Code(names.text(i))
		b.Kind[row], b.Status[row] = span.ParseKind(string(kinds.text(i))), span.ParseStatus(string(statuses.text(i)))
		b.Message[row] = b.Messages.Code(messages.text(i))
		b.State[row] = b.States.Code(states.text(i))
		b.Flags[row] = uint32(flags.num(i))
		b.SetDropped(row, uint32(droppedA.num(i)), uint32(droppedE.num(i)), uint32(droppedL.num(i)))
		b.Commit(row, span.TraceID(traces.text(i)))
	}
	attrs.appendTo("span", &b.Attrs, base)
	if err := r.appendEvents(ctx, at, b, base); err != nil {
		return err
	}
	return r.appendLinks(ctx, at, b, base)
}

func (r *Reader) appendEvents(ctx context.Context, at rowRange, b *span.Batch, base uint32) error {
	in, err := r.rows(ctx, eventsFile, at.events)
	if err != nil || in.from == in.to {
		return err
	}
	attrs := in.attributes()
	spans, times := in.column("span_row", shapeInt64), in.column("time", shapeTime)
	names, dropped := in.column("name", shapeText), in.column("dropped_attributes", shapeInt32)
	if in.err != nil {
		return in.err
	}
	first := uint32(len(b.Events.Span))
	for i := range in.to - in.from {
		row := int64(spans.num(i)) - int64(at.spans[0])
		if row < 0 || row >= int64(at.spans[1]-at.spans[0]) {
			return in.f.corrupt(0, fmt.Errorf("event %d belongs to another trace", in.from+i))
		}
		b.AddEvent(base+uint32(row), int64(times.num(i)), names.text(i), uint32(dropped.num(i)))
	}
	attrs.appendTo("event", &b.Events.Attrs, first)
	return nil
}

func (r *Reader) appendLinks(ctx context.Context, at rowRange, b *span.Batch, base uint32) error {
	in, err := r.rows(ctx, linksFile, at.links)
	if err != nil || in.from == in.to {
		return err
	}
	attrs := in.attributes()
	spans, traces, ids := in.column("span_row", shapeInt64), in.column("linked_trace_id", shapeTraceID), in.column("linked_span_id", shapeSpanID)
	states, flags, dropped := in.column("trace_state", shapeText), in.column("flags", shapeInt64), in.column("dropped_attributes", shapeInt32)
	if in.err != nil {
		return in.err
	}
	first := uint32(len(b.Links.Span))
	for i := range in.to - in.from {
		row := int64(spans.num(i)) - int64(at.spans[0])
		if row < 0 || row >= int64(at.spans[1]-at.spans[0]) || len(traces.text(i)) != 16 || len(ids.text(i)) != 8 {
			return in.f.corrupt(0, fmt.Errorf("link %d belongs to another trace", in.from+i))
		}
		b.AddLink(base+uint32(row), span.TraceID(traces.text(i)), span.ID(ids.text(i)), states.text(i), uint32(flags.num(i)), uint32(dropped.num(i)))
	}
	attrs.appendTo("link", &b.Links.Attrs, first)
	return nil
}

// attributeReader holds the attribute columns of a range of rows.
type attributeReader struct {
	columns []attributeColumn
	values  []*values
	rest    []restValue
	n       int
}

type restValue struct {
	row        int
	scope, key string
	value      span.Value
}

func (r *rowReader) attributes() *attributeReader {
	a := &attributeReader{n: r.to - r.from}
	for _, c := range r.f.attrs {
		t, ok := span.ParseType(c.Type)
		if !ok {
			r.err = errors.Join(r.err, r.f.corrupt(0, fmt.Errorf("column %q has the unknown type %q", c.Column, c.Type)))
			continue
		}
		a.columns = append(a.columns, c)
		a.values = append(a.values, r.column(c.Column, shapeOf(t)))
	}
	if r.err == nil {
		a.rest, r.err = r.f.rest(r.ctx, r.from, r.to)
	}
	return a
}

// appendTo appends the attributes of one scope; row i of the range becomes row
// base+i.
func (a *attributeReader) appendTo(scope string, to *span.Attrs, base uint32) {
	for i, c := range a.columns {
		if c.Scope != scope {
			continue
		}
		key, v := []byte(c.Key), a.values[i]
		for row := range a.n {
			if v.at[row] == 0 {
				continue
			}
			to.Begin(base + uint32(row))
			if v.shape.isText() {
				to.Text(key, typeOf(v.shape), v.text(row))
			} else {
				to.Num(key, typeOf(v.shape), v.num(row))
			}
		}
	}
	for _, r := range a.rest {
		if r.scope == scope {
			to.Begin(base + uint32(r.row))
			to.SetRest([]byte(r.key), r.value)
		}
	}
	to.Sort()
}

// row yields the attributes of one row of a scope.
func (a *attributeReader) row(scope string, row int, to *span.Attrs) {
	for i, c := range a.columns {
		if v := a.values[i]; c.Scope == scope && v.at[row] != 0 {
			if v.shape.isText() {
				to.Text([]byte(c.Key), typeOf(v.shape), v.text(row))
			} else {
				to.Num([]byte(c.Key), typeOf(v.shape), v.num(row))
			}
		}
	}
	for _, r := range a.rest {
		if r.scope == scope && r.row == row {
			to.Set([]byte(r.key), r.value)
		}
	}
}

// rest reads rows [from, to) of the map column.
func (f *fileReader) rest(ctx context.Context, from, to int) ([]restValue, error) {
	keys, err := f.leaf(ctx, "key", shapeText, from, to)
	if err != nil {
		return nil, err
	}
	vals, err := f.leaf(ctx, "value", shapeJSON, from, to)
	if err != nil {
		return nil, err
	}
	if len(keys) != len(vals) {
		return nil, f.corrupt(0, fmt.Errorf("%d keys and %d values in the map", len(keys), len(vals)))
	}
	out := make([]restValue, 0, len(keys))
	for i, k := range keys {
		if k.row != vals[i].row {
			return nil, f.corrupt(0, fmt.Errorf("keys and values of the map differ in row %d", from+k.row))
		}
		scope, key, ok := strings.Cut(k.text, ".")
		if !ok {
			return nil, f.corrupt(0, fmt.Errorf("key %q of the map has no scope", k.text))
		}
		out = append(out, restValue{k.row, scope, key, span.ParseText(vals[i].text)})
	}
	return out, nil
}

type leafValue struct {
	row  int
	text string
}

func (f *fileReader) leaf(ctx context.Context, name string, s shape, from, to int) ([]leafValue, error) {
	c, ok := f.columns[restColumn+"/key_value/"+name]
	if !ok || from >= to {
		return nil, nil
	}
	var out []leafValue
	v := &values{shape: s}
	err := f.pages(ctx, c, from, to, func(p *page) error {
		n := int(p.head.NumValues)
		if n > 64*pageLimit {
			return fmt.Errorf("%d values in a page", n)
		}
		if none, err := allZero(p.levels, 2, n); err != nil || none && n == int(p.head.NumRows) {
			return err
		}
		repetition, err := decodeRuns(nil, p.repetition, 1, n, 0, n)
		if err != nil {
			return err
		}
		definition, err := decodeRuns(nil, p.levels, 2, n, 0, n)
		if err != nil {
			return err
		}
		// Which entries belong to rows of interest, and which values are theirs.
		row, value, first := p.first-1, 0, -1
		var rows []int
		for i := range n {
			if repetition[i] == 0 {
				row++
			}
			if definition[i] != 2 {
				continue
			}
			if row >= from && row < to {
				if first < 0 {
					first = value
				}
				rows = append(rows, row-from)
			}
			value++
		}
		if value != n-int(p.head.NumNulls) || row != p.first+int(p.head.NumRows)-1 {
			return fmt.Errorf("%d values in %d rows, the header says %d in %d", value, row-p.first+1, n-int(p.head.NumNulls), p.head.NumRows)
		}
		if len(rows) == 0 {
			return nil
		}
		next := v.count()
		if err := v.decode(ctx, p, value, first, first+len(rows)); err != nil {
			return err
		}
		for i, row := range rows {
			out = append(out, leafValue{row, string(v.entry(next + i))})
		}
		return nil
	})
	return out, err
}

// setReader rebuilds resources and scopes, whose attributes a file repeats in
// every row, from the first row that refers to each.
type setReader struct {
	b                 *span.Batch
	attrs             *attributeReader
	resources, scopes *values
	resourceRow       map[uint64]uint32
	scopeRow          map[uint64]uint32

	resourceSchema, resourceDropped                    *values
	scopeName, scopeVersion, scopeSchema, scopeDropped *values
}

func newSetReader(in *rowReader, attrs *attributeReader, b *span.Batch) *setReader {
	return &setReader{
		b: b, attrs: attrs,
		resources: in.column("resource", shapeInt32), scopes: in.column("scope", shapeInt32),
		resourceRow: make(map[uint64]uint32), scopeRow: make(map[uint64]uint32),
		resourceSchema: in.column("resource_schema_url", shapeText), resourceDropped: in.column("resource_dropped_attributes", shapeInt32),
		scopeName: in.column("instrumentation_name", shapeText), scopeVersion: in.column("instrumentation_version", shapeText),
		scopeSchema: in.column("instrumentation_schema_url", shapeText), scopeDropped: in.column("instrumentation_dropped_attributes", shapeInt32),
	}
}

func (s *setReader) resource(i int) uint32 {
	ref := s.resources.num(i)
	row, ok := s.resourceRow[ref]
	if !ok {
		row = s.b.Resources.InternSet(span.Set{
			Schema: string(s.resourceSchema.text(i)), Dropped: uint32(s.resourceDropped.num(i)),
		}, func(to *span.Attrs) { s.attrs.row("resource", i, to) })
		s.resourceRow[ref] = row
	}
	return row
}

func (s *setReader) scope(i int) uint32 {
	ref := s.scopes.num(i)
	row, ok := s.scopeRow[ref]
	if !ok {
		row = s.b.Scopes.InternSet(span.Set{
			Name: string(s.scopeName.text(i)), Version: string(s.scopeVersion.text(i)),
			Schema: string(s.scopeSchema.text(i)), Dropped: uint32(s.scopeDropped.num(i)),
		}, func(to *span.Attrs) { s.attrs.row("instrumentation", i, to) })
		s.scopeRow[ref] = row
	}
	return row
}

// Held is about how many bytes of memory the reader keeps between calls.
func (r *Reader) Held() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var n int64
	for _, f := range r.files {
		// A parsed footer is some three times its encoded size.
		f.mu.Lock()
		n += 4*int64(len(f.tail)) + f.held
		f.mu.Unlock()
	}
	if r.filter != nil && r.filter.fuse != nil {
		n += int64(len(r.filter.fuse.Fingerprints))
	}
	return n
}

// Release gives back what the reader keeps; it is read again when needed.
func (r *Reader) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.files)
	r.filter = nil
}
