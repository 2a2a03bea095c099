package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// spanset is some spans of one trace of a window.
type spanset struct {
	trace   int // of the window; of a head, the code of the trace in the batch
	rows    []uint32
	group   []Attr
	key     string // the group as text, which tells groups apart
	scalars []Attr
}

// program is a pipeline bound to the columns of a source.
type program struct {
	src   *scan
	bound map[*traceql.Filter]condition
	alone bool // there is no other source
}

// bindPipeline binds all filters of a pipeline.
func bindPipeline(src *scan, p *traceql.Pipeline) (*program, error) {
	prog := &program{src: src, bound: make(map[*traceql.Filter]condition)}
	var err error
	traceql.Walk(p, func(n traceql.Node) bool {
		if f, ok := n.(*traceql.Filter); ok && err == nil {
			prog.bound[f], err = bind(src, f.Expr)
		}
		return err == nil
	})
	return prog, err
}

// spans evaluates a spanset expression on some rows. What a filter finds among all
// spans of a trace is noted in seen, if that is not nil.
func (p *program) spans(w *window, e traceql.SpansetExpr, in, seen *rowset.Set) (*rowset.Set, error) {
	switch e := e.(type) {
	case *traceql.Filter:
		found, err := p.bound[e].rows(w, in)
		if err == nil && seen != nil {
			if e.Expr == nil || local(e.Expr) {
				seen.Or(found)
			} else {
				seen.Or(in) // of a part of a trace this can't be told
			}
		}
		return found, err
	case *traceql.Pipeline:
		return p.found(w, e, in, seen)
	case *traceql.Combine:
		l, err := p.spans(w, e.L, in, seen)
		if err != nil {
			return nil, err
		}
		if l.Empty() && needsLeft(e.Op) && (seen == nil || p.alone && localFilter(e.L)) {
			return l, nil
		}
		r, err := p.spans(w, e.R, in, seen)
		if err != nil {
			return nil, err
		}
		return combine(w, e.Op, l.Clone(), r.Clone())
	}
	return nil, fmt.Errorf("engine: unknown spanset expression %T", e)
}

// localFilter reports whether e is a filter that looks at each span for itself.
func localFilter(e traceql.SpansetExpr) bool {
	f, ok := e.(*traceql.Filter)
	return ok && (f.Expr == nil || local(f.Expr))
}

// needsLeft reports whether the operator yields nothing when its left side has
// nothing.
func needsLeft(op traceql.SpansetOp) bool {
	if op == traceql.SpansetAnd {
		return true
	}
	_, form, ok := op.Relation()
	return ok && form != traceql.Not
}

func rowsOf(w *window, sets []spanset) *rowset.Set {
	out := w.none()
	for _, s := range sets {
		for _, row := range s.rows {
			out.Add(row)
		}
	}
	return out
}

// run runs a pipeline on some rows of a window.
func (p *program) run(w *window, pipe *traceql.Pipeline, in, seen *rowset.Set) ([]spanset, error) {
	rows, rest, err := p.first(w, pipe, in, seen)
	if err != nil || rows.Empty() {
		return nil, err
	}
	return p.stages(w, split(w, rows), rest)
}

// found is run for the rows alone.
func (p *program) found(w *window, pipe *traceql.Pipeline, in, seen *rowset.Set) (*rowset.Set, error) {
	rows, rest, err := p.first(w, pipe, in, seen)
	if err != nil || len(rest) == 0 {
		return rows, err
	}
	sets, err := p.stages(w, split(w, rows), rest)
	return rowsOf(w, sets), err
}

// first runs the part of a pipeline up to which there is one spanset a trace, so that they
// are one set of rows, and returns the stages that are left.
func (p *program) first(w *window, pipe *traceql.Pipeline, in, seen *rowset.Set) (*rowset.Set, []traceql.Stage, error) {
	rows, err := p.spans(w, pipe.From, in, seen)
	stages := pipe.Stages
	for ; err == nil && len(stages) > 0 && !rows.Empty(); stages = stages[1:] {
		switch s := stages[0].(type) {
		case *traceql.SpansetStage:
			rows, err = p.spans(w, s.Expr, rows, nil)
		case *traceql.Select, *traceql.Coalesce:
		default:
			return rows, stages, nil
		}
	}
	return rows, nil, err
}

// split makes a spanset of the rows of each trace.
func split(w *window, rows *rowset.Set) []spanset {
	var sets []spanset
	if w.traces == nil {
		return splitHead(w, rows)
	}
	row, ok := rows.Next(w.from)
	for i := 0; ok; {
		// The trace of the row: mostly one of the next.
		first := w.traces.first
		if first[i+1] <= row {
			if i++; first[i+1] <= row {
				i = lowerBound(first, row+1) - 1
			}
		}
		set := spanset{trace: i}
		for ; ok && row < first[i+1]; row, ok = rows.Next(row + 1) {
			set.rows = append(set.rows, row)
		}
		sets = append(sets, set)
	}
	return sets
}

// splitHead is split for a head, whose traces do not stand together.
func splitHead(w *window, rows *rowset.Set) []spanset {
	b := w.src.source.(*batchSource).b
	at := make(map[uint32]int)
	var sets []spanset
	for row := range rows.All() {
		trace := b.Trace[row]
		i, ok := at[trace]
		if !ok {
			i = len(sets)
			at[trace] = i
			sets = append(sets, spanset{trace: int(trace)})
		}
		sets[i].rows = append(sets[i].rows, row)
	}
	return sets
}

// stages runs the stages of a pipeline that look at spansets one by one.
func (p *program) stages(w *window, sets []spanset, stages []traceql.Stage) (_ []spanset, err error) {
	for _, stage := range stages {
		switch s := stage.(type) {
		case *traceql.SpansetStage:
			sets, err = p.each(w, sets, s)
		case *traceql.ScalarFilter:
			sets, err = p.scalarFilter(w, sets, s)
		case *traceql.GroupBy:
			sets, err = groupBy(w, sets, s)
		case *traceql.Coalesce:
			sets = coalesce(sets)
		}
		if err != nil {
			return nil, err
		}
		sets = slices.DeleteFunc(sets, func(s spanset) bool { return len(s.rows) == 0 })
	}
	return sets, nil
}

// each runs a spanset expression on every spanset. A filter looks at each span for
// itself, so that all are asked at once.
func (p *program) each(w *window, sets []spanset, s *traceql.SpansetStage) ([]spanset, error) {
	if f, ok := s.Expr.(*traceql.Filter); ok {
		rows, err := p.spans(w, f, rowsOf(w, sets), nil)
		if err != nil {
			return nil, err
		}
		for i := range sets {
			sets[i].rows = slices.DeleteFunc(sets[i].rows, func(row uint32) bool { return !rows.Has(row) })
		}
		return sets, nil
	}
	for i := range sets {
		rows, err := p.spans(w, s.Expr, rowsOf(w, sets[i:i+1]), nil)
		if err != nil {
			return nil, err
		}
		sets[i].rows = rows.Rows(nil)
	}
	return sets, nil
}

// coalesce makes one spanset of those of a trace.
func coalesce(sets []spanset) []spanset {
	at := make(map[int]int)
	var out []spanset
	for _, s := range sets {
		i, ok := at[s.trace]
		if !ok {
			at[s.trace] = len(out)
			out = append(out, spanset{trace: s.trace, rows: s.rows})
			continue
		}
		rows := append(out[i].rows, s.rows...)
		slices.Sort(rows)
		out[i].rows = slices.Compact(rows)
	}
	return out
}

// groupBy splits spansets by the values of expressions. Groups of a trace are in the
// order of their text.
func groupBy(w *window, sets []spanset, g *traceql.GroupBy) ([]spanset, error) {
	rows := rowsOf(w, sets)
	vectors := make([]vector, len(g.By))
	for i, e := range g.By {
		var err error
		if vectors[i], err = eval(w, e, rows); err != nil {
			return nil, err
		}
	}
	entry := entries(rows)
	var out []spanset
	for _, s := range sets {
		groups := make(map[string]int)
		begin := len(out)
		for _, row := range s.rows {
			group, key := slices.Clip(s.group), s.key
			for i, e := range g.By {
				v := vectors[i].at(entry(row))
				key += v.text() + "\x00"
				group = append(group, attrsOf(e, v)...)
			}
			k, ok := groups[key]
			if !ok {
				k = len(out)
				groups[key] = k
				out = append(out, spanset{trace: s.trace, group: group, key: key})
			}
			out[k].rows = append(out[k].rows, row)
		}
		slices.SortFunc(out[begin:], func(a, b spanset) int { return compareKeys(a.key, b.key) })
	}
	return out, nil
}

func compareKeys(a, b string) int {
	return slices.Compare(strings.Split(a, "\x00"), strings.Split(b, "\x00"))
}

// attrsOf names the values of an expression; where there are none, that is said.
func attrsOf(e traceql.FieldExpr, v values) []Attr {
	if len(v.list) == 0 {
		return []Attr{{Name: e.String()}}
	}
	out := make([]Attr, len(v.list))
	for i, one := range v.list {
		out[i] = Attr{e.String(), one}
	}
	return out
}

// entries returns what finds the entry of a row in a vector that was read for rows.
func entries(rows *rowset.Set) func(row uint32) int {
	all := rows.Rows(nil)
	next := 0
	return func(row uint32) int {
		if next < len(all) && all[next] == row { // in order, as mostly
			next++
			return next - 1
		}
		i := lowerBound(all, row)
		next = i + 1
		return i
	}
}
