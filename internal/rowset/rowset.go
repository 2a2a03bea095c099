// Package rowset has sets of rows, as bits over a window of consecutive rows. It is
// what predicates on columns take and give.
package rowset

import (
	"iter"
	"math/bits"
	"slices"
)

// Set is some of the rows [From, To) of a window. Sets that are combined have the
// same window.
type Set struct {
	from, to uint32
	words    []uint64
}

// New returns an empty set over the rows [from, to).
func New(from, to uint32) *Set {
	return &Set{from, to, make([]uint64, (to-from+63)/64)}
}

// Full returns a set of all rows [from, to).
func Full(from, to uint32) *Set {
	s := New(from, to)
	s.AddRange(from, to)
	return s
}

// From is the window's first row.
func (s *Set) From() uint32 { return s.from }

// To is the end of the window: the row behind its last.
func (s *Set) To() uint32 { return s.to }

// Like returns an empty set with the same window.
func (s *Set) Like() *Set { return New(s.from, s.to) }

// Clone returns a copy.
func (s *Set) Clone() *Set {
	return &Set{s.from, s.to, append([]uint64(nil), s.words...)}
}

// Add puts a row of the window into the set.
func (s *Set) Add(row uint32) {
	i := row - s.from
	s.words[i/64] |= 1 << (i % 64)
}

// Remove takes a row of the window out of the set.
func (s *Set) Remove(row uint32) {
	i := row - s.from
	s.words[i/64] &^= 1 << (i % 64)
}

// Has reports whether a row is in the set; rows outside the window are not.
func (s *Set) Has(row uint32) bool {
	i := row - s.from
	return row >= s.from && row < s.to && s.words[i/64]>>(i%64)&1 == 1
}

// clip returns the part of [from, to) within the window, as bits.
func (s *Set) clip(from, to uint32) (lo, hi uint32) {
	lo, hi = max(from, s.from), min(to, s.to)
	if lo >= hi {
		return 0, 0
	}
	return lo - s.from, hi - s.from
}

// masks returns the words that bits [lo, hi) lie in, and the masks of the first and the
// last of them.
func masks(lo, hi uint32) (a, b uint32, first, last uint64) {
	a, b = lo/64, (hi-1)/64
	first, last = ^uint64(0)<<(lo%64), ^uint64(0)>>(63-(hi-1)%64)
	if a == b {
		first &= last
		last = first
	}
	return a, b, first, last
}

// AddRange puts the rows [from, to) into the set, as far as they are in the window.
func (s *Set) AddRange(from, to uint32) {
	lo, hi := s.clip(from, to)
	if lo == hi {
		return
	}
	a, b, first, last := masks(lo, hi)
	s.words[a] |= first
	for i := a + 1; i < b; i++ {
		s.words[i] = ^uint64(0)
	}
	s.words[b] |= last
}

// RemoveRange takes the rows [from, to) out of the set.
func (s *Set) RemoveRange(from, to uint32) {
	lo, hi := s.clip(from, to)
	if lo == hi {
		return
	}
	a, b, first, last := masks(lo, hi)
	s.words[a] &^= first
	for i := a + 1; i < b; i++ {
		s.words[i] = 0
	}
	s.words[b] &^= last
}

// Any reports whether one of the rows [from, to) is in the set.
func (s *Set) Any(from, to uint32) bool {
	lo, hi := s.clip(from, to)
	if lo == hi {
		return false
	}
	a, b, first, last := masks(lo, hi)
	if s.words[a]&first != 0 || s.words[b]&last != 0 {
		return true
	}
	for i := a + 1; i < b; i++ {
		if s.words[i] != 0 {
			return true
		}
	}
	return false
}

// CountIn counts the rows of [from, to) that are in the set.
func (s *Set) CountIn(from, to uint32) int {
	lo, hi := s.clip(from, to)
	if lo == hi {
		return 0
	}
	a, b, first, last := masks(lo, hi)
	n := bits.OnesCount64(s.words[a] & first)
	for i := a + 1; i < b; i++ {
		n += bits.OnesCount64(s.words[i])
	}
	if b > a {
		n += bits.OnesCount64(s.words[b] & last)
	}
	return n
}

// Count is the number of rows in the set.
func (s *Set) Count() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// Empty reports whether no row is in the set.
func (s *Set) Empty() bool {
	for _, w := range s.words {
		if w != 0 {
			return false
		}
	}
	return true
}

// And leaves the rows that are in o as well.
func (s *Set) And(o *Set) {
	for i, w := range o.words {
		s.words[i] &= w
	}
}

// AndNot leaves the rows that are not in o.
func (s *Set) AndNot(o *Set) {
	for i, w := range o.words {
		s.words[i] &^= w
	}
}

// Or adds the rows of o.
func (s *Set) Or(o *Set) {
	for i, w := range o.words {
		s.words[i] |= w
	}
}

// OrRange adds those of the rows [from, to) that are in o.
func (s *Set) OrRange(o *Set, from, to uint32) {
	lo, hi := s.clip(from, to)
	if lo == hi {
		return
	}
	a, b, first, last := masks(lo, hi)
	s.words[a] |= o.words[a] & first
	for i := a + 1; i < b; i++ {
		s.words[i] |= o.words[i]
	}
	if b > a {
		s.words[b] |= o.words[b] & last
	}
}

// Next returns the first row of the set at or behind row, or false.
func (s *Set) Next(row uint32) (uint32, bool) {
	if row < s.from {
		row = s.from
	}
	if row >= s.to {
		return 0, false
	}
	i := row - s.from
	w := s.words[i/64] >> (i % 64) << (i % 64)
	for k := i / 64; ; w = s.words[k] {
		if w != 0 {
			return s.from + 64*k + uint32(bits.TrailingZeros64(w)), true
		}
		if k++; int(k) == len(s.words) {
			return 0, false
		}
	}
}

// All yields the rows in ascending order.
func (s *Set) All() iter.Seq[uint32] { return s.In(s.from, s.to) }

// In yields the rows of [from, to) that are in the set, in ascending order.
func (s *Set) In(from, to uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		lo, hi := s.clip(from, to)
		if lo == hi {
			return
		}
		a, b, first, last := masks(lo, hi)
		for k := a; k <= b; k++ {
			w := s.words[k]
			if k == a {
				w &= first
			}
			if k == b {
				w &= last
			}
			for ; w != 0; w &= w - 1 {
				if !yield(s.from + 64*k + uint32(bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// Rows appends all rows to dst, in ascending order.
func (s *Set) Rows(dst []uint32) []uint32 {
	dst = slices.Grow(dst, s.Count())
	for k, w := range s.words {
		for ; w != 0; w &= w - 1 {
			dst = append(dst, s.from+64*uint32(k)+uint32(bits.TrailingZeros64(w)))
		}
	}
	return dst
}
