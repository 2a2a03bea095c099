package block

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go/format"
)

// rowReader reads the same rows of several columns. Columns are named first and
// read together, so that neighbouring pages are fetched at once.
type rowReader struct {
	ctx      context.Context
	f        *fileReader
	from, to int
	wanted   []wanted
	err      error
}

type wanted struct {
	chunk *columnChunk
	index *pageIndex
	v     *values
}

// rowsOf checks a range against the file before anything is allocated for it.
func (f *fileReader) rowsOf(ctx context.Context, at [2]int) (*rowReader, error) {
	if at[0] < 0 || at[0] > at[1] || at[1] > f.rows {
		return nil, f.corrupt(0, fmt.Errorf("rows %d to %d of %d", at[0], at[1], f.rows))
	}
	return &rowReader{ctx: ctx, f: f, from: at[0], to: at[1]}, nil
}

func (r *rowReader) len() int { return r.to - r.from }

// column asks for a column; its values are there after read. One that the file
// does not have reads as nulls.
func (r *rowReader) column(name string, s shape) *values {
	v, err := r.f.start(r.ctx, name, s)
	if err != nil && r.err == nil {
		r.err = err
	}
	if v == nil {
		return &values{shape: s, absent: true}
	}
	if !v.absent {
		r.wanted = append(r.wanted, wanted{chunk: r.f.columns[name], v: v})
	}
	return v
}

// start returns the values of a column before any row is read.
func (f *fileReader) start(ctx context.Context, name string, s shape) (*values, error) {
	v := &values{shape: s}
	c := f.columns[name]
	if c == nil {
		v.absent = true
		return v, nil
	}
	if c.typ != s.physical() {
		return nil, f.corrupt(c.start, fmt.Errorf("column %q is %v, not %v", name, c.typ, s.physical()))
	}
	if c.dictionary {
		v.coded = true
		var err error
		if v.dict, err = f.dictionary(ctx, c, s); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// maxGap is how many bytes that nobody wants are read along rather than making
// another request, and maxRead how much is read at once for that reason.
const (
	maxGap  = 32 << 10
	maxRead = 4 << 20
)

// piece is a page on its way.
type piece struct {
	page     int
	from, to int64 // in the file
	stored   []byte
}

// buffers are what pages are read and unpacked into on their way to values.
type buffers struct{ stored, body []byte }

var bufferPool = sync.Pool{New: func() any { return new(buffers) }}

// readWorkers is how many columns are decoded at the same time.
const readWorkers = 4

// read fetches and decodes what was asked for.
func (r *rowReader) read() error {
	if r.err != nil || r.from == r.to || len(r.wanted) == 0 {
		return r.err
	}
	pieces := make([][]piece, len(r.wanted)) // of each column, in order
	var all []*piece
	for i := range r.wanted {
		w := &r.wanted[i]
		var err error
		if w.index, err = r.f.pageIndex(r.ctx, w.chunk); err != nil {
			return err
		}
		for p := w.index.pageOf(r.from); p < w.index.pages() && int(w.index.rows[p]) < r.to; p++ {
			pieces[i] = append(pieces[i], piece{page: p, from: w.index.offsets[p], to: w.index.offsets[p+1]})
		}
		for k := range pieces[i] {
			all = append(all, &pieces[i][k])
		}
	}
	b := bufferPool.Get().(*buffers)
	defer bufferPool.Put(b)
	if err := r.f.fetch(r.ctx, all, b); err != nil {
		return err
	}
	workers := min(readWorkers, runtime.GOMAXPROCS(0), 1+len(all)/8)
	if workers == 1 {
		return r.decode(pieces, 0, 1, &b.body)
	}
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			own := bufferPool.Get().(*buffers)
			defer bufferPool.Put(own)
			errs[k] = r.decode(pieces, k, workers, &own.body)
		})
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// decode decodes every so many'th column.
func (r *rowReader) decode(pieces [][]piece, first, step int, body *[]byte) error {
	for i := first; i < len(r.wanted); i += step {
		w := r.wanted[i]
		for _, p := range pieces[i] {
			first, n := int(w.index.rows[p.page]), int(w.index.rows[p.page+1]-w.index.rows[p.page])
			h, page, err := r.f.open(w.chunk, p.from, p.stored, *body)
			if err != nil {
				return err
			}
			if w.chunk.codec != format.Uncompressed {
				*body = page
			}
			if err := w.v.add(w.chunk, &h, page, n, max(r.from-first, 0), min(r.to-first, n)); err != nil {
				return r.f.corrupt(p.from, fmt.Errorf("column %q: %w", w.chunk.path, err))
			}
		}
	}
	return nil
}

// fetch reads the pieces, neighbours together.
func (f *fileReader) fetch(ctx context.Context, pieces []*piece, b *buffers) error {
	slices.SortFunc(pieces, func(x, y *piece) int { return cmp.Compare(x.from, y.from) })
	type span struct {
		from, to int64
		pieces   []*piece
	}
	var spans []span
	size := int64(0)
	for len(pieces) > 0 {
		s, n := span{from: pieces[0].from, to: pieces[0].to}, 1
		for n < len(pieces) && pieces[n].from-s.to <= maxGap && pieces[n].to-s.from <= maxRead {
			s.to = pieces[n].to
			n++
		}
		s.pieces, pieces = pieces[:n], pieces[n:]
		size += s.to - s.from
		spans = append(spans, s)
	}
	b.stored = slices.Grow(b.stored[:0], int(size))[:size]
	at := int64(0)
	for _, s := range spans {
		buf := b.stored[at : at+s.to-s.from]
		at += s.to - s.from
		if err := f.readInto(ctx, buf, s.from); err != nil {
			return err
		}
		for _, p := range s.pieces {
			p.stored = buf[p.from-s.from : p.to-s.from : p.to-s.from]
		}
	}
	return nil
}
