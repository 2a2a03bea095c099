package block

import (
	"errors"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/rowset"
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
