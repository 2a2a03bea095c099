package block

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// cursor reads rows of one column in any order, most of the time forward from
// several places: it keeps the pages that were used last.
type cursor struct {
	f     *fileReader
	c     *columnChunk // nil: the file has no such column
	shape shape
	dict  *dictionary
	index *pageIndex
	at    *cursorPage // used last
	kept  []*cursorPage
	hand  int // in kept: the next to be replaced, unless it was used

	pool *pagePool
}

// keptPages is how many decoded pages a cursor holds, some 64 KiB each at most.
const keptPages = 32

// cursorPage is a page whose values are dense: rows are walked, not looked up.
type cursorPage struct {
	values
	first, end int // rows of the file
	used       bool

	at, rank int // row, counted from first, and how many before it have a value
}

// rankOf returns which value is that of a row, if it has one: how many rows before
// it have one.
func (p *cursorPage) rankOf(row int) int {
	if len(p.present) == 0 {
		return row
	}
	if row < p.at {
		p.at, p.rank = 0, 0
	}
	p.rank += bytes.Count(p.present[p.at:row], one)
	p.at = row
	return p.rank
}

var one = []byte{1}

// num returns a row's number, 0 for null.
func (p *cursorPage) num(row int) int64 {
	if !p.has(row) {
		return 0
	}
	i := p.rankOf(row)
	if p.coded {
		return p.dict.nums[p.codes[i]]
	}
	return p.nums[i]
}

// bytes returns a row's text or id, nil for null.
func (p *cursorPage) bytes(row int) []byte {
	if !p.has(row) {
		return nil
	}
	i := p.rankOf(row)
	switch w := p.shape.width(); {
	case p.coded:
		return p.dict.text(p.codes[i])
	case w > 0:
		return p.fixed[i*w : (i+1)*w : (i+1)*w]
	}
	return p.vector.bytes(i)
}

// pagePool hands the memory of pages from one column to the next.
type pagePool struct {
	free         []*cursorPage
	stored, body []byte // scratch
}

func (p *pagePool) take() *cursorPage {
	if n := len(p.free); n > 0 {
		page := p.free[n-1]
		p.free = p.free[:n-1]
		return page
	}
	return new(cursorPage)
}

// close gives the pages of a cursor back.
func (c *cursor) close() {
	c.pool.free = append(c.pool.free, c.kept...)
	c.kept, c.at = nil, nil
}

// cursor opens a column for reading by row.
func (f *fileReader) cursor(ctx context.Context, pool *pagePool, name string, s shape) (*cursor, error) {
	v, err := f.start(ctx, name, s)
	if err != nil {
		return nil, err
	}
	c := &cursor{f: f, c: f.columns[name], shape: s, dict: v.dict, pool: pool}
	if c.c != nil {
		c.index, err = f.pageIndex(ctx, c.c)
	}
	return c, err
}

// page returns the page that holds a row.
func (c *cursor) page(ctx context.Context, row int) (*cursorPage, error) {
	if p := c.at; p != nil && row >= p.first && row < p.end {
		return p, nil
	}
	for _, p := range c.kept {
		if row >= p.first && row < p.end {
			p.used = true
			c.at = p
			return p, nil
		}
	}
	var p *cursorPage
	if len(c.kept) < keptPages {
		p = c.pool.take()
		c.kept = append(c.kept, p)
	} else {
		for c.kept[c.hand].used {
			c.kept[c.hand].used = false
			c.hand = (c.hand + 1) % keptPages
		}
		p = c.kept[c.hand]
		c.hand = (c.hand + 1) % keptPages
	}
	if err := c.load(ctx, p, c.index.pageOf(row)); err != nil {
		p.first, p.end = 0, 0
		return nil, err
	}
	c.at = p
	return p, nil
}

func (c *cursor) load(ctx context.Context, p *cursorPage, page int) error {
	at := c.index.offsets[page]
	n := int(c.index.offsets[page+1] - at)
	c.pool.stored = slices.Grow(c.pool.stored[:0], n)[:n]
	if err := c.f.readInto(ctx, c.pool.stored, at); err != nil {
		return err
	}
	h, body, err := c.f.open(c.c, at, c.pool.stored, c.pool.body)
	if err != nil {
		return err
	}
	if c.c.codec != format.Uncompressed {
		c.pool.body = body
	}
	p.vector.reset()
	p.shape, p.dict, p.coded, p.dense, p.used = c.shape, c.dict, c.dict != nil, true, true
	p.at, p.rank = 0, 0
	p.first, p.end = int(c.index.rows[page]), int(c.index.rows[page+1])
	if err := p.add(c.c, &h, body, p.end-p.first, 0, p.end-p.first); err != nil {
		return c.f.corrupt(at, fmt.Errorf("column %q: %w", c.c.path, err))
	}
	return nil
}

// num returns the number of a row, 0 for null.
func (c *cursor) num(ctx context.Context, row int) (int64, error) {
	if c.c == nil {
		return 0, nil
	}
	p, err := c.page(ctx, row)
	if err != nil {
		return 0, err
	}
	return p.num(row - p.first), nil
}

// bytes returns the text or id of a row, nil for null; it is valid until the next
// call.
func (c *cursor) bytes(ctx context.Context, row int) ([]byte, error) {
	if c.c == nil {
		return nil, nil
	}
	p, err := c.page(ctx, row)
	if err != nil {
		return nil, err
	}
	return p.bytes(row - p.first), nil
}

// id returns the id of a row, zero for null.
func (c *cursor) id(ctx context.Context, row int) (id span.ID, err error) {
	b, err := c.bytes(ctx, row)
	copy(id[:], b)
	return id, err
}
