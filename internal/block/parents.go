package block

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"

	"github.com/everspan/everspan/internal/span"
)

// A span's parent is nearly always in the same trace and so in the same block,
// a few rows away: parent_distance says how many, which costs an eighth of what
// the eight random bytes of an id do. Only where the parent is not in the block,
// parent_span_id has its id.

// noParent stands for a null distance.
const noParent = -1 << 31

// family finds the spans of one trace by their id.
type family struct {
	slots []uint32 // place + 1; the length is a power of two
	ids   []span.ID
	shift int
}

// mix is random for each process, so that nobody can aim at one slot.
var mix = rand.Uint64() | 1

// reset makes room for n spans.
func (f *family) reset(n int) {
	size := 16
	for size < 2*n {
		size *= 2
	}
	if cap(f.slots) < size {
		f.slots = make([]uint32, size)
	}
	f.slots = f.slots[:size]
	clear(f.slots)
	f.ids = f.ids[:0]
	f.shift = 64 - bits.TrailingZeros(uint(size))
}

func (f *family) slot(id span.ID) int {
	return int(binary.LittleEndian.Uint64(id[:]) * mix >> f.shift)
}

// add appends the next span, and reports whether its id is new. Of several with
// one id, the first is found.
func (f *family) add(id span.ID) bool {
	f.ids = append(f.ids, id)
	for slot := f.slot(id); ; slot = (slot + 1) & (len(f.slots) - 1) {
		switch at := f.slots[slot]; {
		case at == 0:
			f.slots[slot] = uint32(len(f.ids))
			return true
		case f.ids[at-1] == id:
			return false
		}
	}
}

// find returns the place of a span, counted from the trace's first.
func (f *family) find(id span.ID) (int, bool) {
	for slot := f.slot(id); ; slot = (slot + 1) & (len(f.slots) - 1) {
		at := f.slots[slot]
		if at == 0 {
			return 0, false
		}
		if f.ids[at-1] == id {
			return int(at - 1), true
		}
	}
}

// writeParents writes both columns; row p has the distance distances[p], or none
// and the id that foreign has for it, or neither.
func writeParents(f *fileWriter, distances []int32, foreign map[uint32]span.ID) {
	d := newNumbers(4)
	for _, v := range distances {
		if v != noParent {
			d.code(int64(v))
		}
	}
	c := column{name: "parent_distance", shape: shapeInt32, optional: true}
	if d.Len() <= maxNumbers {
		c.dict = d
	}
	f.column(c, func(v *vector, from, to int) (int, error) {
		for _, n := range distances[from:to] {
			v.present = append(v.present, present(n != noParent))
			switch {
			case n == noParent:
			case c.dict == nil:
				v.nums = append(v.nums, int64(n))
			default:
				v.codes = append(v.codes, d.code(int64(n)))
			}
		}
		return to - from, nil
	})
	f.column(column{name: "parent_span_id", shape: shapeSpanID, optional: true}, func(v *vector, from, to int) (int, error) {
		for row := from; row < to; row++ {
			var id span.ID
			if distances[row] == noParent {
				id = foreign[uint32(row)]
			}
			v.present = append(v.present, present(!id.IsZero()))
			if !id.IsZero() {
				v.fixed = append(v.fixed, id[:]...)
			}
		}
		return to - from, nil
	})
}
