package engine

import (
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// combine joins what two sides found in the traces of a window.
func combine(w *window, op traceql.SpansetOp, l, r *rowset.Set) (*rowset.Set, error) {
	if op == traceql.SpansetOr {
		l.Or(r)
		return l, nil
	}
	relation, form, structural := op.Relation()
	// What stands in a trace without a span of the other side has no part.
	needL := !structural || form != traceql.Not
	for i := range w.traces.len() {
		from, to := w.traces.first[i], w.traces.first[i+1]
		hasL, hasR := l.Any(from, to), r.Any(from, to)
		if !hasR || needL && !hasL {
			l.RemoveRange(from, to)
			r.RemoveRange(from, to)
		}
	}
	if !structural {
		l.Or(r)
		return l, nil
	}
	if r.Empty() || l.Empty() && form != traceql.Not {
		return w.none(), nil
	}
	t, err := w.tree()
	if err != nil {
		return nil, err
	}
	found, err := t.related(w, relation, l, r)
	if err != nil {
		return nil, err
	}
	switch form {
	case traceql.Not:
		r.AndNot(found)
		return r, nil
	case traceql.Union:
		back, err := t.related(w, reversed(relation), r, l)
		if err != nil {
			return nil, err
		}
		found.Or(back)
	}
	return found, nil
}

// reversed is the relation seen from the other side.
func reversed(op traceql.SpansetOp) traceql.SpansetOp {
	switch op {
	case traceql.Child:
		return traceql.Parent
	case traceql.Parent:
		return traceql.Child
	case traceql.Descendant:
		return traceql.Ancestor
	case traceql.Ancestor:
		return traceql.Descendant
	}
	return op
}

// related returns the rows of r that have the relation l op r to a row of l.
func (f *forest) related(w *window, op traceql.SpansetOp, l, r *rowset.Set) (*rowset.Set, error) {
	out := w.none()
	switch op {
	case traceql.Child:
		for row := range r.All() {
			if p, ok := f.up(row); ok && l.Has(p) {
				out.Add(row)
			}
		}
	case traceql.Parent:
		for row := range l.All() {
			if p, ok := f.up(row); ok && r.Has(p) {
				out.Add(p)
			}
		}
	case traceql.Descendant:
		f.descendants(w, l, r, out)
	case traceql.Ancestor:
		seen := w.none()
		for row := range l.All() {
			for p, ok := f.up(row); ok && !seen.Has(p); p, ok = f.up(p) {
				seen.Add(p)
			}
		}
		seen.And(r)
		return seen, nil
	case traceql.Sibling:
		return out, f.siblings(w, l, r, out)
	}
	return out, nil
}

// descendants adds the rows of r that have an ancestor in l. What a walk up has found
// out is noted on its way, so that no edge is walked twice.
func (f *forest) descendants(w *window, l, r, out *rowset.Set) {
	yes, no := w.none(), w.none()
	var path []uint32
	for row := range r.All() {
		path = path[:0]
		below := false
		at := row
		for {
			if yes.Has(at) {
				below = true
				break
			}
			if no.Has(at) {
				break
			}
			path = append(path, at)
			p, ok := f.up(at)
			if !ok {
				break
			}
			if l.Has(p) {
				below = true
				break
			}
			at = p
		}
		note := no
		if below {
			note = yes
			out.Add(row)
		}
		for _, p := range path {
			note.Add(p)
		}
	}
}

// siblings adds the rows of r that have another row of l with the same parent, which
// may be missing.
func (f *forest) siblings(w *window, l, r, out *rowset.Set) error {
	orphans, err := f.orphans(w)
	if err != nil {
		return err
	}
	// The parent's row, or the number of a missing one within its trace.
	type parent struct {
		trace int
		at    int64
	}
	trace := 0
	of := func(row uint32) (parent, bool) {
		if p := f.parent[row-f.base]; p >= 0 {
			return parent{0, int64(p)}, true
		}
		if orphans[row-f.base] == 0 {
			return parent{}, false
		}
		for w.traces.first[trace+1] <= row {
			trace++
		}
		return parent{trace + 1, int64(orphans[row-f.base])}, true
	}
	n := make(map[parent]int)
	for row := range l.All() {
		if p, ok := of(row); ok {
			n[p]++
		}
	}
	trace = 0
	for row := range r.All() {
		if p, ok := of(row); ok && (n[p] > 1 || n[p] == 1 && !l.Has(row)) {
			out.Add(row)
		}
	}
	return nil
}

// orphans says whose missing children the spans are.
func (f *forest) orphans(w *window) ([]uint32, error) {
	if f.orphan == nil {
		b, ok := w.src.source.(*blockSource)
		if !ok {
			return make([]uint32, len(f.parent)), nil
		}
		o, err := b.orphans(w)
		if err != nil {
			return nil, err
		}
		f.orphan = o
	}
	return f.orphan, nil
}
