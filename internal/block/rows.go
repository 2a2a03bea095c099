package block

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	v     *values
}

// rows checks a range against the file before anything is allocated for it.
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
		r.wanted = append(r.wanted, wanted{r.f.columns[name], v})
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
	column   int // in wanted
	page     int
	from, to int64 // in the file
	stored   []byte
}

// read fetches and decodes what was asked for.
func (r *rowReader) read() error {
	if r.err != nil || r.from == r.to {
		return r.err
	}
	var pieces []piece
	indexes := make([]*pageIndex, len(r.wanted))
	for i, w := range r.wanted {
		index, err := r.f.pageIndex(r.ctx, w.chunk)
		if err != nil {
			return err
		}
		indexes[i] = index
		for p := index.pageOf(r.from); p < index.pages() && int(index.rows[p]) < r.to; p++ {
			pieces = append(pieces, piece{column: i, page: p, from: index.offsets[p], to: index.offsets[p+1]})
		}
	}
	if err := r.f.fetch(r.ctx, pieces); err != nil {
		return err
	}
	// Pages of a column are in order: they were listed so.
	var scratch []byte
	for _, p := range pieces {
		w, index := r.wanted[p.column], indexes[p.column]
		first, n := int(index.rows[p.page]), int(index.rows[p.page+1]-index.rows[p.page])
		h, body, err := r.f.open(w.chunk, p.from, p.stored, scratch)
		if err != nil {
			return err
		}
		if w.chunk.codec != format.Uncompressed {
			scratch = body
		}
		if err := w.v.add(w.chunk, &h, body, n, max(r.from-first, 0), min(r.to-first, n)); err != nil {
			return r.f.corrupt(p.from, fmt.Errorf("column %q: %w", w.chunk.path, err))
		}
	}
	return nil
}

// fetch reads the pieces, neighbours together.
func (f *fileReader) fetch(ctx context.Context, pieces []piece) error {
	order := make([]*piece, len(pieces))
	for i := range pieces {
		order[i] = &pieces[i]
	}
	slices.SortFunc(order, func(x, y *piece) int { return cmp.Compare(x.from, y.from) })
	for len(order) > 0 {
		start, end, n := order[0].from, order[0].to, 1
		for n < len(order) && order[n].from-end <= maxGap && order[n].to-start <= maxRead {
			end = order[n].to
			n++
		}
		buf, err := f.read(ctx, start, int(end-start))
		if err != nil {
			return err
		}
		for _, p := range order[:n] {
			p.stored = buf[p.from-start : p.to-start : p.to-start]
		}
		order = order[n:]
	}
	return nil
}
