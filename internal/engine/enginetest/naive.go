// Package enginetest says what a query means, as plainly as it can be said: it
// evaluates a query over the spans of one trace, span by span, without any thought
// of speed. Engines are tested against it.
package enginetest

import (
	"cmp"
	"slices"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// Spanset is some spans of a trace that a query found together.
type Spanset struct {
	Rows []int32 // of the batch, ascending; never empty
	// Group is what the spans have in common: the value of each expression of the
	// by(…) stages, one text each as TraceQL writes it; nil without one.
	Group []string
}

// Search returns the spansets that a pipeline yields for the spans of b, which are all
// of one trace; none if it does not match.
func Search(p *traceql.Pipeline, b *span.Batch) []Spanset {
	t := newTrace(b)
	return t.pipeline(p, t.all())
}

// pipeline runs all stages on some spans of the trace.
func (t *trace) pipeline(p *traceql.Pipeline, rows []int32) []Spanset {
	var sets []Spanset
	if found := t.spanset(p.From, rows); len(found) > 0 {
		sets = []Spanset{{Rows: found}}
	}
	for _, stage := range p.Stages {
		var next []Spanset
		switch s := stage.(type) {
		case *traceql.SpansetStage:
			for _, set := range sets {
				set.Rows = t.spanset(s.Expr, set.Rows)
				next = append(next, set)
			}
		case *traceql.ScalarFilter:
			for _, set := range sets {
				if compare(s.Op, t.scalar(s.L, set.Rows), t.scalar(s.R, set.Rows)) {
					next = append(next, set)
				}
			}
		case *traceql.GroupBy:
			for _, set := range sets {
				next = append(next, t.groupBy(s, set)...)
			}
		case *traceql.Coalesce:
			next = []Spanset{{Rows: union(sets)}}
		case *traceql.Select: // changes what is shown, not what is found
			next = sets
		}
		sets = slices.DeleteFunc(next, func(s Spanset) bool { return len(s.Rows) == 0 })
	}
	return sets
}

// spanset evaluates an expression on some spans of the trace.
func (t *trace) spanset(e traceql.SpansetExpr, rows []int32) []int32 {
	switch e := e.(type) {
	case *traceql.Filter:
		return t.filter(e, rows)
	case *traceql.Pipeline:
		return union(t.pipeline(e, rows))
	case *traceql.Combine:
		return t.combine(e.Op, t.spanset(e.L, rows), t.spanset(e.R, rows))
	}
	panic("enginetest: unknown spanset expression")
}

func (t *trace) filter(f *traceql.Filter, rows []int32) []int32 {
	if f.Expr == nil {
		return slices.Clone(rows)
	}
	var found []int32
	for _, row := range rows {
		if truth(t.field(f.Expr, row)) {
			found = append(found, row)
		}
	}
	return found
}

// groupBy splits a spanset; groups are in the order of their text.
func (t *trace) groupBy(g *traceql.GroupBy, set Spanset) []Spanset {
	var groups []Spanset
	for _, row := range set.Rows {
		key := slices.Clone(set.Group)
		for _, e := range g.By {
			key = append(key, t.field(e, row).text())
		}
		i := slices.IndexFunc(groups, func(s Spanset) bool { return slices.Equal(s.Group, key) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, Spanset{Group: key})
		}
		groups[i].Rows = append(groups[i].Rows, row)
	}
	slices.SortFunc(groups, func(x, y Spanset) int { return slices.Compare(x.Group, y.Group) })
	return groups
}

// scalar is the value of an expression for some spans of the trace.
func (t *trace) scalar(e traceql.ScalarExpr, rows []int32) values {
	switch e := e.(type) {
	case *traceql.Static:
		return one(*e)
	case *traceql.Aggregate:
		return t.aggregate(e, rows)
	case *traceql.ScalarBinary:
		return arithmetic(e.Op, t.scalar(e.L, rows), t.scalar(e.R, rows))
	case *traceql.ScalarPipeline:
		return t.scalar(e.Value, union(t.pipeline(e.Pipeline, t.all())))
	}
	panic("enginetest: unknown scalar expression")
}

// aggregate leaves out what is not a number. Of no numbers, there is only a count.
func (t *trace) aggregate(a *traceql.Aggregate, rows []int32) values {
	if a.Op == traceql.Count {
		return one(traceql.Static{Type: traceql.Int, Num: int64(len(rows))})
	}
	var all []traceql.Static
	for _, row := range rows {
		for _, v := range t.field(a.Arg, row).list {
			if numeric(v) {
				all = append(all, v)
			}
		}
	}
	if len(all) == 0 {
		return values{}
	}
	switch a.Op {
	case traceql.Min:
		return one(slices.MinFunc(all, order))
	case traceql.Max:
		return one(slices.MaxFunc(all, order))
	}
	sum := 0.0
	for _, v := range all {
		sum += float(v)
	}
	if a.Op == traceql.Avg {
		sum /= float64(len(all))
	}
	if traceql.TypeOf(a.Arg) == traceql.Duration {
		return one(traceql.Static{Type: traceql.Duration, Num: int64(sum)})
	}
	return one(traceql.Static{Type: traceql.Float, Flt: sum})
}

// union returns the rows of all sets, ascending and each once.
func union(sets []Spanset) []int32 {
	var rows []int32
	for _, s := range sets {
		rows = append(rows, s.Rows...)
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

func order(x, y traceql.Static) int {
	if x.Type == traceql.Float || y.Type == traceql.Float {
		return cmp.Compare(float(x), float(y))
	}
	return cmp.Compare(x.Num, y.Num)
}
