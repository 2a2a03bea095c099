package block

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// Table is one file of a block as columns, for one query.
type Table struct {
	ctx   context.Context
	f     *fileReader
	bytes *atomic.Int64 // what the query has read
	r     *Reader       // of spans, whose columns may have filters; nil for others
}

// Spans opens the table of spans for a query, which ctx ends. What is read of
// columns is added to bytes.
func (r *Reader) Spans(ctx context.Context, bytes *atomic.Int64) (*Table, error) {
	t, err := r.table(ctx, spansFile, bytes)
	if err == nil {
		t.r = r
	}
	return t, err
}

// Events opens the table of events, see [Reader.Spans].
func (r *Reader) Events(ctx context.Context, bytes *atomic.Int64) (*Table, error) {
	return r.table(ctx, eventsFile, bytes)
}

// Links opens the table of links, see [Reader.Spans].
func (r *Reader) Links(ctx context.Context, bytes *atomic.Int64) (*Table, error) {
	return r.table(ctx, linksFile, bytes)
}

// Logs opens the table of log records of a block of logs, see [Reader.Spans].
func (r *Reader) Logs(ctx context.Context, bytes *atomic.Int64) (*Table, error) {
	return r.table(ctx, logsFile, bytes)
}

// TraceTable opens the table of traces, by trace id, see [Reader.Spans].
func (r *Reader) TraceTable(ctx context.Context, bytes *atomic.Int64) (*Table, error) {
	return r.table(ctx, tracesFile, bytes)
}

func (r *Reader) table(ctx context.Context, file string, bytes *atomic.Int64) (*Table, error) {
	f, err := r.file(ctx, file)
	if err != nil {
		return nil, err
	}
	return &Table{ctx: ctx, f: f, bytes: bytes}, nil
}

// Rows is the number of rows.
func (t *Table) Rows() uint32 { return uint32(t.f.rows) }

// shapes are those of the columns that are no attributes. Ids are found by name
// because a file's schema has only their width.
var shapes = map[string]shape{
	"trace_id": shapeTraceID, "span_id": shapeSpanID, "parent_distance": shapeInt32, "parent_span_id": shapeSpanID,
	"start": shapeTime, "duration": shapeInt64, "name": shapeText, "kind": shapeText, "status": shapeText,
	"status_message": shapeText, "trace_state": shapeText, "resource": shapeInt32, "scope": shapeInt32,
	"span_row": shapeInt64, "time": shapeTime, "linked_trace_id": shapeTraceID, "linked_span_id": shapeSpanID,
	"root_name": shapeText, "root_service": shapeText,
	"observed_after": shapeInt64, "severity_number": shapeInt64, "severity_text": shapeText, "body": shapeText, "body_type": shapeText,
	"event_name": shapeText, "flags": shapeInt64, "dropped_attributes": shapeInt32,
}

// Column is a column of a table. It is safe for concurrent use.
type Column struct {
	Name string
	Type span.Type // ids and times: as they are stored, bytes and Int
	t    *Table
	c    *columnChunk
	v    *values // shape and dictionary
}

// Column returns one of the columns that are no attributes; nil if no row has a
// value.
func (t *Table) Column(name string) (*Column, error) {
	s, ok := shapes[name]
	if !ok {
		return nil, fmt.Errorf("block: no column is called %s", name)
	}
	return t.column(name, s)
}

func (t *Table) column(name string, s shape) (*Column, error) {
	v, err := t.f.start(t.ctx, name, s)
	if err != nil || v.absent {
		return nil, err
	}
	return &Column{name, typeOf(s), t, t.f.columns[name], v}, nil
}

// Attribute returns the columns of an attribute, one for each type of its values, in
// the order of the types.
func (t *Table) Attribute(scope, key string) ([]*Column, error) {
	var all []*Column
	for typ := span.String; typ <= span.JSON; typ++ {
		for _, a := range t.f.attrs {
			if a.Scope != scope || a.Key != key || a.Type != typ.String() {
				continue
			}
			c, err := t.column(a.Column, shapeOf(typ))
			if err != nil {
				return nil, err
			}
			if c != nil {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// Attributes yields scope, key and type of every attribute column.
func (t *Table) Attributes(each func(scope, key string, typ span.Type)) {
	for _, a := range t.f.attrs {
		if typ, ok := span.ParseType(a.Type); ok {
			each(a.Scope, a.Key, typ)
		}
	}
}

// Cost is how many bytes a scan of the whole column reads.
func (c *Column) Cost() int64 { return c.c.end - c.c.start }

// Distinct is the number of values in the column's dictionary, 0 if it has none.
func (c *Column) Distinct() int {
	if !c.v.coded {
		return 0
	}
	return c.v.dict.len()
}

// DictText returns text code of the dictionary, which must not be changed.
func (c *Column) DictText(code uint32) []byte { return c.v.dict.text(code) }

// DictNum returns number code of the dictionary.
func (c *Column) DictNum(code uint32) int64 { return c.v.dict.nums[code] }

// page is a page of a column, unpacked.
type page struct {
	first, n uint32 // rows
	h        header
	body     []byte
	offset   int64
}

// pages calls each for the pages that have a row of in and that skip, if given,
// does not skip. Pages that lie together are read together.
func (c *Column) pages(in *rowset.Set, skip func(p int) bool, each func(p *page) error) error {
	index, err := c.t.f.pageIndex(c.t.ctx, c.c)
	if err != nil {
		return err
	}
	wanted := func(p int) bool {
		return in.Any(index.rows[p], index.rows[p+1]) && (skip == nil || !skip(p))
	}
	b := bufferPool.Get().(*buffers)
	defer bufferPool.Put(b)
	p, end := index.pageOf(int(in.From())), index.pages()
	for p < end && index.rows[p] < in.To() {
		if !wanted(p) {
			p++
			continue
		}
		from, last := p, p+1 // pages [from, last) are read
		for next := last; next < end && index.rows[next] < in.To(); next++ {
			if index.offsets[next]-index.offsets[last] > maxGap || index.offsets[next+1]-index.offsets[from] > maxRead/8 {
				break
			}
			if wanted(next) {
				last = next + 1
			}
		}
		begin := index.offsets[from]
		size := int(index.offsets[last] - begin)
		if cap(b.stored) < size {
			b.stored = make([]byte, size)
		}
		stored := b.stored[:size]
		if err := c.t.ctx.Err(); err != nil {
			return err
		}
		if err := c.t.f.readInto(c.t.ctx, stored, begin); err != nil {
			return err
		}
		c.t.bytes.Add(int64(size))
		for ; p < last; p++ {
			if !wanted(p) {
				continue
			}
			one := page{first: index.rows[p], n: index.rows[p+1] - index.rows[p], offset: index.offsets[p]}
			h, body, err := c.t.f.open(c.c, one.offset, stored[one.offset-begin:index.offsets[p+1]-begin], b.body)
			if err != nil {
				return err
			}
			if c.c.codec != format.Uncompressed {
				b.body = body
			}
			one.h, one.body = h, body
			if err := each(&one); err != nil {
				return c.t.f.corrupt(one.offset, fmt.Errorf("column %q: %w", c.c.path, err))
			}
		}
	}
	return nil
}

// HasRest reports whether rows of the table may have an attribute that has no column
// of its own.
func (t *Table) HasRest() bool {
	c := t.f.columns[restColumn+"/key_value/key"]
	return c != nil && c.nulls < c.values
}

// Rest yields the attributes of a scope that have no column, of the rows of a set, in
// ascending order. With a key given, only those of that name.
func (t *Table) Rest(in *rowset.Set, scope, key string, each func(row uint32, key string, v span.Value)) error {
	if !t.HasRest() {
		return nil
	}
	if key != "" {
		c := t.f.columns[restColumn+"/key_value/key"]
		v, err := t.f.start(t.ctx, c.path, shapeText)
		if err != nil {
			return err
		}
		if v.coded {
			if there := v.dict.has(scope + "." + key); !there {
				return nil
			}
		}
	}
	// Some rows at a time: entries are objects.
	const step = 1 << 14
	for from := in.From(); from < in.To(); from += step {
		to := min(from+step, in.To())
		if !in.Any(from, to) {
			continue
		}
		all, err := t.f.rest(t.ctx, int(from), int(to))
		if err != nil {
			return err
		}
		for _, r := range all {
			if row := from + uint32(r.row); r.scope == scope && (key == "" || r.key == key) && in.Has(row) {
				each(row, r.key, r.value)
			}
		}
	}
	return nil
}

// RestKeys yields the names of attributes that have no column, with their scope; some
// may be yielded more than once.
func (t *Table) RestKeys(each func(scope, key string)) error {
	if !t.HasRest() {
		return nil
	}
	c := t.f.columns[restColumn+"/key_value/key"]
	v, err := t.f.start(t.ctx, c.path, shapeText)
	if err != nil {
		return err
	}
	tell := func(name string) {
		if scope, key, ok := strings.Cut(name, "."); ok {
			each(scope, key)
		}
	}
	if v.coded {
		for i := range v.dict.len() {
			tell(string(v.dict.text(uint32(i))))
		}
		return nil
	}
	leaves, err := t.f.leaf(t.ctx, "key", shapeText, 0, t.f.rows)
	for _, l := range leaves {
		tell(l.text)
	}
	return err
}

// has reports whether a text is among those of the dictionary.
func (d *dictionary) has(text string) bool {
	for i := range d.ends {
		if string(d.text(uint32(i))) == text {
			return true
		}
	}
	return false
}

// Within returns rows that hold all those whose number is in [lo, hi), for a column
// of integers that ascends. It looks at the bounds of pages alone.
func (c *Column) Within(lo, hi int64) (from, to uint32, err error) {
	index, err := c.t.f.pageIndex(c.t.ctx, c.c)
	if err != nil {
		return 0, 0, err
	}
	b, err := c.t.f.numberBounds(c.t.ctx, c.c)
	if err != nil {
		return 0, 0, err
	}
	if b == nil || len(b.lo) != index.pages() { // a dictionary has no bounds
		return 0, uint32(c.t.f.rows), nil
	}
	first, last := 0, index.pages()
	for first < last && b.hi[first] < lo {
		first++
	}
	for last > first && b.lo[last-1] >= hi {
		last--
	}
	return index.rows[first], index.rows[last], nil
}
