package block

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
)

// Reader reads a block. What it parses is kept in a cache that readers share; it
// is safe for concurrent use and costs nothing while it is not used.
type Reader struct {
	Meta  Meta
	bkt   bucket.Bucket
	cache *Cache
}

// NewReader returns a reader of a published block. It reads nothing yet.
func NewReader(bkt bucket.Bucket, cache *Cache, meta Meta) *Reader {
	return &Reader{Meta: meta, bkt: bkt, cache: cache}
}

// file opens one of the block's files.
func (r *Reader) file(ctx context.Context, name string) (*fileReader, error) {
	key := r.Meta.Key(name)
	return lookup(r.cache, key, -1, func() (*fileReader, error) {
		return openFile(ctx, r.bkt, r.cache, key, r.Meta.Files[name])
	})
}

// rows starts to read rows of one of the block's files.
func (r *Reader) rows(ctx context.Context, name string, at [2]int) (*rowReader, error) {
	f, err := r.file(ctx, name)
	if err != nil {
		return nil, err
	}
	return f.rowsOf(ctx, at)
}

// rowRange says which rows of which file belong to a trace.
type rowRange struct{ spans, events, links [2]int }

var errNotHere = errors.New("trace is not in this block")

// MayHave asks the filter whether a trace may be in the block. A damaged filter
// costs speed, not answers.
func (r *Reader) MayHave(ctx context.Context, id span.TraceID) bool {
	ok, err := r.mayHave(ctx, id)
	return ok || err != nil
}

// Part says which parts of spans are read. What every span has is read in any case,
// and so are its resource and scope.
type Part struct {
	Attribute     func(key string) bool // of the span
	Events, Links bool
}

// Whole is all that there is.
var Whole = Part{Attribute: func(string) bool { return true }, Events: true, Links: true}

// Trace appends the spans of a trace to b and reports how many there were.
// Errors that wrap [ErrCorrupt] mean that the block is damaged at the place
// they name.
func (r *Reader) Trace(ctx context.Context, id span.TraceID, b *span.Batch) (int, error) {
	return r.TracePart(ctx, id, Whole, b)
}

// TracePart is Trace for some of what the spans have.
func (r *Reader) TracePart(ctx context.Context, id span.TraceID, part Part, b *span.Batch) (int, error) {
	at, err := r.find(ctx, id)
	if errors.Is(err, errNotHere) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	rows := b.Len()
	if err := r.appendTraces(ctx, []Place{{TraceID: id, at: at}}, at, part, b); err != nil {
		b.Truncate(rows)
		return 0, err
	}
	return b.Len() - rows, nil
}

// find looks a trace up in the table of traces, which is sorted by id.
func (r *Reader) find(ctx context.Context, id span.TraceID) (rowRange, error) {
	in, err := r.traceRow(ctx, id)
	if err != nil {
		return rowRange{}, err
	}
	rows := newRangeReader(in)
	if err := in.read(); err != nil {
		return rowRange{}, err
	}
	return rows.at(0)
}

// traceRow starts to read the row of a trace in the table of traces.
func (r *Reader) traceRow(ctx context.Context, id span.TraceID) (*rowReader, error) {
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return nil, err
	}
	at, err := f.pageWith(ctx, "trace_id", id[:])
	if err != nil {
		return nil, err
	}
	in, err := f.rowsOf(ctx, at)
	if err != nil {
		return nil, err
	}
	ids := in.column("trace_id", shapeTraceID)
	if err := in.read(); err != nil {
		return nil, err
	}
	i, ok := sort.Find(in.len(), func(i int) int { return bytes.Compare(id[:], ids.bytes(i)) })
	if !ok {
		return nil, errNotHere
	}
	return f.rowsOf(ctx, [2]int{at[0] + i, at[0] + i + 1})
}

// rangeReader reads which rows of the other files belong to traces.
type rangeReader struct {
	in                                                     *rowReader
	firstSpan, spans, firstEvent, events, firstLink, links *values
}

func newRangeReader(in *rowReader) *rangeReader {
	return &rangeReader{
		in,
		in.column("first_span", shapeInt64), in.column("spans", shapeInt64),
		in.column("first_event", shapeInt64), in.column("events", shapeInt64),
		in.column("first_link", shapeInt64), in.column("links", shapeInt64),
	}
}

func (r *rangeReader) at(row int) (rowRange, error) {
	var out rowRange
	for i, part := range []struct {
		to       *[2]int
		first, n *values
	}{{&out.spans, r.firstSpan, r.spans}, {&out.events, r.firstEvent, r.events}, {&out.links, r.firstLink, r.links}} {
		first, n := part.first.num(row), part.n.num(row)
		if first < 0 || n < 0 || first > 1<<31 || n > 1<<31 || i == 0 && n == 0 {
			return out, r.in.f.corrupt(0, fmt.Errorf("row %d: %d rows from %d", r.in.from+row, n, first))
		}
		*part.to = [2]int{int(first), int(first + n)}
	}
	return out, nil
}

// bounds are the least and greatest value of each page of a column of ids.
type bounds struct{ lo, hi [][]byte }

func (b *bounds) held() int { return 80 * len(b.lo) }

// pageWith finds, in an ascending column, the rows of the page that would hold
// the value; an empty range when none does.
func (f *fileReader) pageWith(ctx context.Context, name string, v []byte) (rows [2]int, err error) {
	c := f.columns[name]
	if c == nil {
		return rows, nil
	}
	pages, err := f.pageIndex(ctx, c)
	if err != nil {
		return rows, err
	}
	if c.bounds[1] == 0 {
		return rows, f.corrupt(c.bounds[0], "no column index")
	}
	b, err := lookup(f.cache, f.key, c.bounds[0], func() (*bounds, error) {
		index, err := f.columnIndex(ctx, c)
		if err != nil {
			return nil, err
		}
		if len(index.MaxValues) != pages.pages() || len(index.MinValues) != pages.pages() {
			return nil, f.corrupt(c.bounds[0], "the indexes do not agree")
		}
		return &bounds{index.MinValues, index.MaxValues}, nil
	})
	if err != nil {
		return rows, err
	}
	i := sort.Search(len(b.hi), func(i int) bool { return bytes.Compare(b.hi[i], v) >= 0 })
	if i == len(b.hi) || bytes.Compare(b.lo[i], v) > 0 {
		return rows, nil
	}
	return [2]int{int(pages.rows[i]), int(pages.rows[i+1])}, nil
}
