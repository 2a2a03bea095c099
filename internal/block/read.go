package block

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"
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
