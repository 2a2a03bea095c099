package engine

import (
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// fieldRows returns the rows of in for which a comparison of two fields holds. Where
// both have dictionaries, two values are compared once and not for each span.
func fieldRows(w *window, e *traceql.Binary, in *rowset.Set) (*rowset.Set, error) {
	l, err := readCodes(w, e.L, in)
	if err != nil {
		return nil, err
	}
	defer free(l)
	r, err := readCodes(w, e.R, in)
	if err != nil {
		return nil, err
	}
	defer free(r)
	holds := func(i int) bool { return compareValues(e.Op, l.at(i), r.at(i)) }
	if x, ok := l.(*keys); ok {
		if y, ok := r.(*keys); ok {
			known, compare := newPairs(x.n, y.n), holds
			holds = func(i int) bool { return known.holds(x.codes[i], y.codes[i], func() bool { return compare(i) }) }
		}
	}
	out := w.none()
	i := 0
	for row := range in.All() {
		if holds(i) {
			out.Add(row)
		}
		i++
	}
	return out, nil
}

// pairs remembers of pairs of codes whether something holds.
type pairs struct {
	width uint64
	table []uint8         // by pair, if there are few: 0 is unknown, 1 false, 2 true
	more  map[uint64]bool // otherwise
	last  uint64          // the pair that was asked for last, of more
	was   bool
}

// fewPairs is how many pairs have a place of their own in a table.
const fewPairs = 1 << 16

func newPairs(left, right int) *pairs {
	p := &pairs{width: uint64(right), last: ^uint64(0)}
	if uint64(left)*uint64(right) <= fewPairs {
		p.table = make([]uint8, left*right)
	} else {
		p.more = make(map[uint64]bool)
	}
	return p
}

// holds returns what compare says of a pair, which is asked once.
func (p *pairs) holds(left, right uint32, compare func() bool) bool {
	key := uint64(left)*p.width + uint64(right)
	if p.table != nil {
		if p.table[key] == 0 {
			p.table[key] = 1
			if compare() {
				p.table[key] = 2
			}
		}
		return p.table[key] == 2
	}
	if key == p.last {
		return p.was
	}
	was, ok := p.more[key]
	if !ok {
		was = compare()
		p.more[key] = was
	}
	p.last, p.was = key, was
	return was
}
