package engine

import (
	"fmt"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// parentID is the id of a span's parent: that of the parent's row, or as it came where the
// parent is not in the block.
func (s *blockSource) parentID() (column, error) {
	ids, err := s.spans.Column("span_id")
	if err != nil {
		return nil, err
	}
	foreign, err := s.spans.Column("parent_span_id")
	if err != nil {
		return nil, err
	}
	distances, err := s.spans.Column("parent_distance")
	if err != nil {
		return nil, err
	}
	c := &listColumn{name: "parent_distance, span_id, parent_span_id", bytes: ids.Cost()}
	c.has = func(in, out *rowset.Set) error {
		for _, c := range []*block.Column{distances, foreign} {
			if c != nil {
				if err := c.Present(in, out); err != nil {
					return err
				}
			}
		}
		return nil
	}
	c.get = func(w *window, in *rowset.Set) (list, error) {
		out := make(list, in.Count())
		as := spanFields[traceql.SpanID].as
		if distances != nil {
			v, err := distances.Read(in)
			if err != nil {
				return nil, err
			}
			at := make([]int64, v.Len()) // the parent's row
			least, most, i := int64(s.spans.Rows()), int64(-1), 0
			for row := range in.All() {
				at[i] = -1
				if v.Has(i) {
					if at[i] = int64(row) - v.Num(i); at[i] < 0 || at[i] >= int64(s.spans.Rows()) {
						return nil, fmt.Errorf("%w: row %d has a parent outside the block", block.ErrCorrupt, row)
					}
					least, most = min(least, at[i]), max(most, at[i])
				}
				i++
			}
			parents := rowset.New(uint32(min(least, most+1)), uint32(most+1))
			for _, row := range at {
				if row >= 0 {
					parents.Add(uint32(row))
				}
			}
			found, err := ids.Read(parents)
			if err != nil {
				return nil, err
			}
			entry := entries(parents)
			for i, row := range at {
				if row >= 0 {
					out[i] = (&blockVector{found, as}).at(entry(uint32(row)))
				}
			}
		}
		if foreign == nil {
			return out, nil
		}
		v, err := foreign.Read(in)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if v.Has(i) {
				out[i] = (&blockVector{v, as}).at(i)
			}
		}
		return out, nil
	}
	return c, nil
}

// forest reads the parents of a window's spans.
func (s *blockSource) forest(w *window) (*forest, error) {
	parent, err := s.parents(w)
	if err != nil {
		return nil, err
	}
	f := &forest{base: w.from, parent: parent}
	f.duration = func() ([]int64, []int64, error) { return s.times(w) }
	s.findOdd(w, f)
	return f, nil
}

// parents reads where the parents of a window's spans stand, counted from the window's
// first row; -1 for none.
func (s *blockSource) parents(w *window) ([]int32, error) {
	parent := make([]int32, w.to-w.from)
	c, err := s.spans.Column("parent_distance")
	if err != nil {
		return nil, err
	}
	if c == nil {
		for i := range parent {
			parent[i] = -1
		}
		return parent, nil
	}
	v, err := c.Read(w.all())
	if err != nil {
		return nil, err
	}
	defer v.Free()
	for i := range parent {
		parent[i] = -1
		if !v.Has(i) {
			continue
		}
		switch at := int64(i) - v.Num(i); {
		case at == int64(i):
			// A span that names itself is a top.
		case at < 0 || at >= int64(len(parent)):
			return nil, fmt.Errorf("%w: the parent of row %d is outside its trace", block.ErrCorrupt, int64(w.from)+int64(i))
		default:
			parent[i] = int32(at)
		}
	}
	return parent, nil
}

// statusErrors returns the rows of in whose status is error.
func statusErrors(w *window, in *rowset.Set) (*rowset.Set, error) {
	c, err := w.src.field(&traceql.Intrinsic{Field: traceql.SpanStatus})
	if err != nil {
		return nil, err
	}
	out := w.none()
	p := &Predicate{op: traceql.OpEqual, want: traceql.Static{Type: traceql.Status, Num: int64(span.StatusError)}}
	return out, c.match(w, p, in, out)
}

// times reads start and duration of a window's spans.
func (s *blockSource) times(w *window) (start, duration []int64, err error) {
	for name, to := range map[string]*[]int64{"start": &start, "duration": &duration} {
		c, err := s.spans.Column(name)
		if err != nil {
			return nil, nil, err
		}
		v, err := c.Read(w.all())
		if err != nil {
			return nil, nil, err
		}
		nums := make([]int64, v.Len())
		for i := range nums {
			nums[i] = v.Num(i)
		}
		*to = nums
	}
	return start, duration, nil
}

// findOdd notes the traces whose spans share ids or form cycles.
func (s *blockSource) findOdd(w *window, f *forest) {
	f.odd = make(map[int]bool)
	for i := range w.traces.len() {
		if f.cyclic(w.traces.first[i]-w.from, w.traces.first[i+1]-w.from) || s.rows.Repeated[w.traces.base+i] {
			f.odd[i] = true
		}
	}
}

// cyclic reports whether the parents of a trace's rows, counted from base, form a cycle.
// Its edges are cut then, so that walks end.
func (f *forest) cyclic(from, to uint32) bool {
	forward := false
	for row := from; row < to; row++ {
		forward = forward || f.parent[row] > int32(row)
	}
	if !forward {
		return false // every parent stands before its children
	}
	state := make([]uint32, to-from) // the walk that came by
	for row := from; row < to; row++ {
		at := int32(row)
		for at >= 0 && state[at-int32(from)] == 0 {
			state[at-int32(from)] = row - from + 1
			at = f.parent[at]
		}
		if at >= 0 && state[at-int32(from)] == row-from+1 {
			for i := from; i < to; i++ {
				f.parent[i] = -1
			}
			return true
		}
	}
	return false
}

// orphans tells the spans of a window apart by the parent that is missing.
func (s *blockSource) orphans(w *window) ([]uint32, error) {
	out := make([]uint32, w.to-w.from)
	c, err := s.spans.Column("parent_span_id")
	if err != nil || c == nil {
		return out, err
	}
	away := w.none()
	if err := c.Present(w.all(), away); err != nil || away.Empty() {
		return out, err
	}
	v, err := c.Read(away)
	if err != nil {
		return nil, err
	}
	number := make(map[string]uint32)
	i := 0
	for row := range away.All() {
		id := string(v.Bytes(i))
		if number[id] == 0 {
			number[id] = uint32(len(number) + 1)
		}
		out[row-w.from] = number[id]
		i++
	}
	return out, nil
}
