package block

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// Test is a question to the values of a column.
type Test struct {
	// Text decides on a text or bytes, and Num on a number, its bits as in
	// span.Value. Which of them is asked follows from the column.
	Text func(v []byte) bool
	Num  func(bits int64) bool
	// Literal is part of every text that matches; empty if nothing is known.
	Literal []byte
	// Words, if given, are the only texts that match.
	Words [][]byte
	// With Ranged, exactly the integers Lo to Hi match.
	Ranged bool
	Lo, Hi int64
}

// Matcher is a Test of a column: each value of the column's dictionary has been
// asked. It is safe for concurrent use.
type Matcher struct {
	c    *Column
	test Test
	hits []bool // by code
	n    int    // how many codes hit
	only int    // the code that hits, if there is one alone; -1 else
}

// Matcher prepares a test.
func (c *Column) Matcher(test Test) *Matcher {
	m := &Matcher{c: c, test: test, only: -1}
	if !c.v.coded {
		return m
	}
	m.hits = make([]bool, c.v.dict.len())
	for i := range m.hits {
		switch {
		case len(test.Words) == 1:
			m.hits[i] = string(c.v.dict.text(uint32(i))) == string(test.Words[0])
		case c.v.shape.isText():
			m.hits[i] = test.Text(c.v.dict.text(uint32(i)))
		default:
			m.hits[i] = test.Num(c.v.dict.nums[i])
		}
		if m.hits[i] {
			m.n++
			m.only = i
		}
	}
	if m.n != 1 {
		m.only = -1
	}
	return m
}

// Never reports whether it is known that no row matches.
func (m *Matcher) Never() bool { return m.c.v.coded && m.n == 0 }

// Hits is how many values of the column's dictionary match, -1 where there is none.
func (m *Matcher) Hits() int {
	if !m.c.v.coded {
		return -1
	}
	return m.n
}

// Pages is how many of the column's pages have to be read to match all rows, as far as its
// filter can tell, and how many there are.
func (m *Matcher) Pages() (some, all int, err error) {
	index, err := m.c.t.f.pageIndex(m.c.t.ctx, m.c.c)
	if err != nil {
		return 0, 0, err
	}
	skip, err := m.skip()
	if err != nil || skip == nil {
		return index.pages(), index.pages(), err
	}
	for p := range index.pages() {
		if !skip(p) {
			some++
		}
	}
	return some, index.pages(), nil
}

// Match adds to out the rows of in whose value matches. Pages without a row of in are
// not read.
func (m *Matcher) Match(in, out *rowset.Set) error {
	if m.Never() {
		return nil
	}
	s := scratchPool.Get().(*matchScratch)
	defer scratchPool.Put(s)
	s.m = m
	if m.test.Ranged && !m.c.v.coded {
		return m.ranged(s, in, out)
	}
	skip, err := m.skip()
	if err != nil {
		return err
	}
	return m.c.pages(in, skip, func(p *page) error { return s.page(p, in, out) })
}

// skip returns what says of a page whether none of its values can match.
func (m *Matcher) skip() (func(p int) bool, error) {
	if words := m.words(); len(words) > 0 && m.c.t.r != nil {
		f, err := m.c.t.r.valueFilter(m.c.t.ctx, m.c.c.name)
		if err != nil && !errors.Is(err, ErrCorrupt) { // a damaged filter costs speed, not answers
			return nil, err
		}
		if f != nil {
			hashes := make([]uint64, len(words))
			for i, w := range words {
				hashes[i] = xxhash.Sum64(w) | 1
			}
			return func(p int) bool {
				for _, h := range hashes {
					if f.mayHave(p, h) {
						return false
					}
				}
				return true
			}, nil
		}
	}
	return nil, nil
}

// ranged is Match for a range of integers. Pages of which the bounds say that all of
// their values match, or none, are not read.
func (m *Matcher) ranged(s *matchScratch, in, out *rowset.Set) error {
	c := m.c
	b, err := c.t.f.numberBounds(c.t.ctx, c.c)
	if err != nil {
		return err
	}
	index, err := c.t.f.pageIndex(c.t.ctx, c.c)
	if err != nil {
		return err
	}
	skip := func(p int) bool {
		switch {
		case b == nil || p >= len(b.lo):
			return false
		case b.hi[p] < m.test.Lo || b.lo[p] > m.test.Hi:
			return true
		}
		return !c.c.optional && b.lo[p] >= m.test.Lo && b.hi[p] <= m.test.Hi
	}
	if b != nil && !c.c.optional {
		for p := index.pageOf(int(in.From())); p < min(index.pages(), len(b.lo)) && index.rows[p] < in.To(); p++ {
			if b.lo[p] >= m.test.Lo && b.hi[p] <= m.test.Hi {
				out.OrRange(in, index.rows[p], index.rows[p+1])
			}
		}
	}
	return c.pages(in, skip, func(p *page) error { return s.page(p, in, out) })
}

// maxWords is how many texts are looked up in the filters of pages.
const maxWords = 16

// words are the texts that match, if those are known and few.
func (m *Matcher) words() [][]byte {
	if m.c.v.shape != shapeText {
		return nil
	}
	if !m.c.v.coded {
		if len(m.test.Words) > maxWords {
			return nil
		}
		return m.test.Words
	}
	if m.n > maxWords || m.c.v.dict.len() <= maxUnfiltered {
		return nil
	}
	var words [][]byte
	for code, hit := range m.hits {
		if hit {
			words = append(words, m.c.v.dict.text(uint32(code)))
		}
	}
	return words
}

// matchScratch is what matching a page needs.
type matchScratch struct {
	m       *Matcher
	v       values
	present []uint8
	rows    []uint32 // of values that match, counted from the page's first value
}

var scratchPool = sync.Pool{New: func() any { return new(matchScratch) }}

func (s *matchScratch) page(p *page, in, out *rowset.Set) error {
	c := s.m.c
	n := int(p.n)
	if p.h.kind != format.DataPage || int(p.h.values) != n {
		return fmt.Errorf("a page of %d values where %d rows are due", p.h.values, n)
	}
	body, count := p.body, n
	s.present = s.present[:0]
	if c.c.optional {
		lv, rest, err := levels(body)
		if err != nil {
			return err
		}
		body = rest
		if s.present, _, _, count, err = decodeLevels(s.present, lv, n, 0, n); err != nil {
			return err
		}
	}
	s.rows = s.rows[:0]
	var err error
	if c.v.coded && p.h.encoding == format.RLEDictionary {
		err = s.codes(body, count)
	} else {
		err = s.plain(p, body, count)
	}
	if err != nil || len(s.rows) == 0 {
		return err
	}
	if count == n {
		for _, r := range s.rows {
			if row := p.first + r; in.Has(row) {
				out.Add(row)
			}
		}
		return nil
	}
	// Values become rows: those without one are skipped.
	row, value := 0, uint32(0)
	for _, want := range s.rows {
		for ; ; row++ {
			if s.present[row] == 1 {
				if value == want {
					break
				}
				value++
			}
		}
		if r := p.first + uint32(row); in.Has(r) {
			out.Add(r)
		}
	}
	return nil
}

// codes finds the matching ones of n codes.
func (s *matchScratch) codes(body []byte, n int) error {
	if n == 0 {
		return nil
	}
	if len(body) == 0 {
		return errShort
	}
	hits := s.m.hits
	width := int(body[0])
	r := runs{body[1:], width, n}
	for at := 0; at < n; {
		k, v, packed, err := r.next()
		if err != nil {
			return err
		}
		switch {
		case packed == nil:
			if int(v) >= len(hits) {
				return fmt.Errorf("code %d of a dictionary of %d", v, len(hits))
			}
			if hits[v] {
				for i := range k {
					s.rows = append(s.rows, uint32(at+i))
				}
			}
		case s.m.only >= 0 && width == 8:
			s.find8(packed[:k], at, byte(s.m.only))
		case width == 8 && len(hits) == 256:
			for i, code := range packed[:k] {
				if hits[code] {
					s.rows = append(s.rows, uint32(at+i))
				}
			}
		case s.m.only >= 0 && width == 16:
			s.find16(packed[:2*k], at, uint16(s.m.only))
		default:
			s.v.codes = unpack(s.v.codes[:0], packed, width, 0, k)
			for i, code := range s.v.codes {
				if int(code) >= len(hits) {
					return fmt.Errorf("code %d of a dictionary of %d", code, len(hits))
				}
				if hits[code] {
					s.rows = append(s.rows, uint32(at+i))
				}
			}
		}
		at += k
	}
	return nil
}

func (s *matchScratch) find8(packed []byte, at int, code byte) {
	for i := 0; ; i++ {
		k := bytes.IndexByte(packed[i:], code)
		if k < 0 {
			return
		}
		i += k
		s.rows = append(s.rows, uint32(at+i))
	}
}

// find16 compares four codes at a time: their difference has a zero where one
// is equal, which the usual trick of borrowing from the bit above finds.
func (s *matchScratch) find16(packed []byte, at int, code uint16) {
	const ones, tops = 0x0001000100010001, 0x8000800080008000
	all := uint64(code) * ones
	i := 0
	for ; i+8 <= len(packed); i += 8 {
		d := binary.LittleEndian.Uint64(packed[i:]) ^ all
		if (d-ones)&^d&tops == 0 {
			continue
		}
		for k := range 4 {
			if uint16(d>>(16*k)) == 0 {
				s.rows = append(s.rows, uint32(at+i/2+k))
			}
		}
	}
	for ; i < len(packed); i += 2 {
		if binary.LittleEndian.Uint16(packed[i:]) == code {
			s.rows = append(s.rows, uint32(at+i/2))
		}
	}
}

// plain finds the matching ones of n values without a dictionary.
func (s *matchScratch) plain(p *page, body []byte, n int) error {
	c, t := s.m.c, &s.m.test
	v := &s.v
	v.vector.reset()
	v.shape, v.dict, v.coded = c.v.shape, c.v.dict, c.v.coded
	text := v.shape.isText()
	if text && len(t.Literal) > 0 && p.h.encoding == format.DeltaLengthByteArray && !bytes.Contains(body, t.Literal) {
		return nil // not in all texts of the page together
	}
	if err := v.decode(c.c, p.h.encoding, body, n, 0, n); err != nil {
		return err
	}
	switch {
	case text && len(t.Literal) > 0:
		s.literal(t)
	case text:
		start := uint32(0)
		for i, end := range v.ends {
			if t.Text(v.text[start:end:end]) {
				s.rows = append(s.rows, uint32(i))
			}
			start = end
		}
	case v.shape.width() > 0:
		w := v.shape.width()
		for i := range n {
			if t.Text(v.fixed[i*w : (i+1)*w]) {
				s.rows = append(s.rows, uint32(i))
			}
		}
	case t.Ranged:
		width := uint64(t.Hi) - uint64(t.Lo)
		for i, x := range v.nums {
			if uint64(x)-uint64(t.Lo) <= width {
				s.rows = append(s.rows, uint32(i))
			}
		}
	default:
		for i, x := range v.nums {
			if t.Num(x) {
				s.rows = append(s.rows, uint32(i))
			}
		}
	}
	return nil
}

// literal asks only the texts that have the literal within them, which are found in
// all of them together.
func (s *matchScratch) literal(t *Test) {
	v := &s.v
	i, start := 0, uint32(0) // a text, and where it begins
	for at := 0; ; {
		k := bytes.Index(v.text[at:], t.Literal)
		if k < 0 {
			return
		}
		at += k
		for int(v.ends[i]) <= at {
			start = v.ends[i]
			i++
		}
		end := v.ends[i]
		if at+len(t.Literal) > int(end) {
			at++ // it reaches into the next text
			continue
		}
		if t.Text(v.text[start:end:end]) {
			s.rows = append(s.rows, uint32(i))
		}
		at = int(end)
	}
}

// numberBounds are the least and greatest number of each page.
type numberBounds struct{ lo, hi []int64 }

func (b *numberBounds) held() int { return 16 * len(b.lo) }

// numberBounds returns the bounds of a column of 64-bit integers; nil if it has none.
func (f *fileReader) numberBounds(ctx context.Context, c *columnChunk) (*numberBounds, error) {
	if c.bounds[1] == 0 || c.typ != format.Int64 {
		return nil, nil
	}
	return lookup(f.cache, f.key, c.bounds[0], func() (*numberBounds, error) {
		raw, err := f.read(ctx, c.bounds[0], int(c.bounds[1]))
		if err != nil {
			return nil, err
		}
		var index format.ColumnIndex
		if _, err := unmarshal(raw, &index); err != nil {
			return nil, f.corrupt(c.bounds[0], fmt.Errorf("column index: %w", err))
		}
		b := new(numberBounds)
		for p := range index.MinValues {
			// A page of nulls alone has no values: nothing is in it.
			lo, hi := int64(1), int64(0)
			if p < len(index.NullPages) && p < len(index.MaxValues) && !index.NullPages[p] {
				if len(index.MinValues[p]) != 8 || len(index.MaxValues[p]) != 8 {
					return nil, f.corrupt(c.bounds[0], "column index: bounds are not numbers")
				}
				lo, hi = int64(binary.LittleEndian.Uint64(index.MinValues[p])), int64(binary.LittleEndian.Uint64(index.MaxValues[p]))
			}
			b.lo, b.hi = append(b.lo, lo), append(b.hi, hi)
		}
		return b, nil
	})
}

// Present adds to out the rows of in that have a value.
func (c *Column) Present(in, out *rowset.Set) error {
	if !c.c.optional {
		out.Or(in)
		return nil
	}
	var present []uint8
	return c.pages(in, nil, func(p *page) error {
		lv, _, err := levels(p.body)
		if err != nil {
			return err
		}
		if present, _, _, _, err = decodeLevels(present[:0], lv, int(p.n), 0, int(p.n)); err != nil {
			return err
		}
		for i, yes := range present {
			if row := p.first + uint32(i); yes == 1 && in.Has(row) {
				out.Add(row)
			}
		}
		return nil
	})
}

// Vector is what a column has for the rows of a set, entry by entry.
type Vector struct {
	v    values
	Type span.Type
}

var vectorPool = sync.Pool{New: func() any { return new(Vector) }}

// Free gives the vector's memory back for others. Nothing that it returned may be used
// any more. It need not be called.
func (v *Vector) Free() { vectorPool.Put(v) }

// Len is the number of entries.
func (v *Vector) Len() int { return v.v.rows }

// Has reports whether entry i is a value.
func (v *Vector) Has(i int) bool { return v.v.has(i) }

// Num returns a number, its bits as in span.Value, 0 where there is none.
func (v *Vector) Num(i int) int64 { return v.v.num(i) }

// Bytes returns a text or an id, which must not be changed; nil where there is none.
func (v *Vector) Bytes(i int) []byte { return v.v.bytes(i) }

// Coded reports whether entries are codes of the column's dictionary.
func (v *Vector) Coded() bool { return v.v.coded }

// Code returns the code of entry i, which must have a value.
func (v *Vector) Code(i int) uint32 { return v.v.codes[i] }

// Nums returns all entries of a column of integers without a dictionary in which every row
// has a value; nil for other columns.
func (v *Vector) Nums() []int64 {
	if v.v.coded || len(v.v.present) > 0 {
		return nil
	}
	return v.v.nums
}

// Codes returns all codes where every row has one; nil for other columns.
func (v *Vector) Codes() []uint32 {
	if !v.v.coded || len(v.v.present) > 0 {
		return nil
	}
	return v.v.codes
}

// Read returns the column's values for the rows of a set, in order.
func (c *Column) Read(in *rowset.Set) (*Vector, error) {
	out := vectorPool.Get().(*Vector)
	out.v.vector.reset()
	out.v.shape, out.v.dict, out.v.coded, out.Type = c.v.shape, c.v.dict, c.v.coded, c.Type
	out.v.grow(in.Count(), c.c.optional)
	var one values
	next := in.From()
	err := c.pages(in, nil, func(p *page) error {
		one.vector.reset()
		one.shape, one.dict, one.coded = c.v.shape, c.v.dict, c.v.coded
		to := out
		n := int(p.n)
		if want := in.CountIn(p.first, p.first+p.n); want == n {
			next = p.first + p.n
			return to.v.add(c.c, &p.h, p.body, n, 0, n)
		}
		one.dense = true // what nobody wants need not get its place
		if err := one.add(c.c, &p.h, p.body, n, 0, n); err != nil {
			return err
		}
		at, value := 0, 0 // a row, and its value if it has one
		for row := range in.In(max(next, p.first), p.first+p.n) {
			if len(one.present) == 0 {
				to.v.take(&one, true, int(row-p.first))
				continue
			}
			for ; at < int(row-p.first); at++ {
				value += int(one.present[at])
			}
			to.v.take(&one, one.present[at] == 1, value)
		}
		next = p.first + p.n
		return nil
	})
	return out, err
}

// take appends value i of other values of the same column, or that there is none.
func (v *values) take(o *values, has bool, i int) {
	if len(o.present) > 0 {
		v.present = append(v.present, present(has))
	}
	switch {
	case v.coded:
		code := uint32(0)
		if has {
			code = o.codes[i]
		}
		v.codes = append(v.codes, code)
	case v.shape.isText():
		if has {
			v.text = append(v.text, o.vector.bytes(i)...)
		}
		v.ends = append(v.ends, uint32(len(v.text)))
	case v.shape.width() > 0:
		w := v.shape.width()
		if has {
			v.fixed = append(v.fixed, o.fixed[i*w:(i+1)*w]...)
		} else {
			v.fixed = append(v.fixed, make([]byte, w)...)
		}
	default:
		num := int64(0)
		if has {
			num = o.nums[i]
		}
		v.nums = append(v.nums, num)
	}
	v.rows++
}
