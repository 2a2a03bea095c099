package engine

import (
	"cmp"
	"fmt"

	"github.com/everspan/everspan/internal/traceql"
)

// scalarFilter keeps the spansets for which a comparison holds, and notes the values
// of the aggregates in it.
func (p *program) scalarFilter(w *window, sets []spanset, s *traceql.ScalarFilter) ([]spanset, error) {
	l, err := p.scalar(w, s.L, sets)
	if err != nil {
		return nil, err
	}
	r, err := p.scalar(w, s.R, sets)
	if err != nil {
		return nil, err
	}
	var out []spanset
	for i, set := range sets {
		if !compareValues(s.Op, l[i], r[i]) {
			continue
		}
		for _, side := range []struct {
			e traceql.ScalarExpr
			v values
		}{{s.L, l[i]}, {s.R, r[i]}} {
			if _, ok := side.e.(*traceql.Static); !ok && len(side.v.list) == 1 {
				set.scalars = append(set.scalars, Attr{side.e.String(), side.v.list[0]})
			}
		}
		out = append(out, set)
	}
	return out, nil
}

// scalar returns the value of an expression for every spanset.
func (p *program) scalar(w *window, e traceql.ScalarExpr, sets []spanset) ([]values, error) {
	out := make([]values, len(sets))
	switch e := e.(type) {
	case *traceql.Static:
		for i := range out {
			out[i] = single(*e)
		}
		return out, nil
	case *traceql.Aggregate:
		return out, aggregate(w, e, sets, out)
	case *traceql.ScalarBinary:
		l, err := p.scalar(w, e.L, sets)
		if err != nil {
			return nil, err
		}
		r, err := p.scalar(w, e.R, sets)
		if err != nil {
			return nil, err
		}
		for i := range out {
			out[i] = compute(e.Op, l[i], r[i])
		}
		return out, nil
	case *traceql.ScalarPipeline:
		return out, p.scalarPipeline(w, e, sets, out)
	}
	return nil, fmt.Errorf("engine: unknown scalar expression %T", e)
}

// scalarPipeline is the value that a pipeline of its own has for the traces of the
// spansets.
func (p *program) scalarPipeline(w *window, e *traceql.ScalarPipeline, sets []spanset, out []values) error {
	rows := w.none()
	for _, s := range sets {
		rows.AddRange(w.traces.first[s.trace], w.traces.first[s.trace+1])
	}
	found, err := p.run(w, e.Pipeline, rows, nil)
	if err != nil {
		return err
	}
	at := make(map[int]int) // of a trace in all
	var all []spanset
	for _, s := range sets {
		if _, ok := at[s.trace]; !ok {
			at[s.trace] = len(all)
			all = append(all, spanset{trace: s.trace})
		}
	}
	for _, s := range coalesce(found) {
		all[at[s.trace]].rows = s.rows
	}
	v, err := p.scalar(w, e.Value, all)
	if err != nil {
		return err
	}
	for i, s := range sets {
		out[i] = v[at[s.trace]]
	}
	return nil
}

// aggregate computes an aggregate of every spanset. What is not a number is left
// out; of no numbers there is only a count.
func aggregate(w *window, a *traceql.Aggregate, sets []spanset, out []values) error {
	if a.Op == traceql.Count {
		for i, s := range sets {
			out[i] = integerValue(int64(len(s.rows)))
		}
		return nil
	}
	rows := rowsOf(w, sets)
	v, err := eval(w, a.Arg, rows)
	if err != nil {
		return err
	}
	entry := entries(rows)
	typ := traceql.TypeOf(a.Arg)
	for i, s := range sets {
		out[i] = aggregateOf(a.Op, typ, s.rows, func(row uint32) values { return v.at(entry(row)) })
	}
	return nil
}

func aggregateOf(op traceql.AggregateOp, typ traceql.Type, rows []uint32, at func(row uint32) values) values {
	var least, most traceql.Static
	n, sum := 0, 0.0
	for _, row := range rows {
		for _, v := range at(row).list {
			if !isNumber(v.Type) {
				continue
			}
			if n == 0 || compareNumbers(&v, &least) < 0 {
				least = v
			}
			if n == 0 || compareNumbers(&v, &most) > 0 {
				most = v
			}
			n++
			sum += toFloat(&v)
		}
	}
	switch {
	case n == 0:
		return values{}
	case op == traceql.Min:
		return single(least)
	case op == traceql.Max:
		return single(most)
	case op == traceql.Avg:
		sum /= float64(n)
	}
	if typ == traceql.Duration {
		return durationValue(int64(sum))
	}
	return single(traceql.Static{Type: traceql.Float, Flt: sum})
}

func compareNumbers(x, y *traceql.Static) int {
	if x.Type == traceql.Float || y.Type == traceql.Float {
		return cmp.Compare(toFloat(x), toFloat(y))
	}
	return cmp.Compare(x.Num, y.Num)
}
