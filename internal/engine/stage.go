package engine

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/everspan/everspan/internal/traceql"
)

// stage applies topk, bottomk or a comparison to series, sample by sample.
func stage(e *traceql.MetricsStage, in []Series) []Series {
	for i := range in {
		in[i].Values = slices.Clone(in[i].Values)
	}
	switch e.Op {
	case traceql.TopK, traceql.BottomK:
		best(in, e.N, e.Op == traceql.TopK)
	case traceql.Threshold:
		for i := range in {
			for k, v := range in[i].Values {
				if !compareFloats(e.Cmp, v, e.Value) {
					in[i].Values[k] = math.NaN()
				}
			}
		}
	}
	return slices.DeleteFunc(in, empty)
}

// best leaves the n greatest, or least, of all series at each time; of equals the first by
// its labels.
func best(all []Series, n int, greatest bool) {
	if len(all) == 0 {
		return
	}
	order, texts := make([]int, 0, len(all)), make([]string, len(all))
	for i := range all {
		texts[i] = labelText(all[i].Labels)
	}
	for k := range all[0].Values {
		order = order[:0]
		for i := range all {
			if !math.IsNaN(all[i].Values[k]) {
				order = append(order, i)
			}
		}
		slices.SortFunc(order, func(a, b int) int {
			c := cmp.Compare(all[a].Values[k], all[b].Values[k])
			if greatest {
				c = -c
			}
			return cmp.Or(c, cmp.Compare(texts[a], texts[b]))
		})
		for _, i := range order[min(n, len(order)):] {
			all[i].Values[k] = math.NaN()
		}
	}
}

func compareFloats(op traceql.Operator, x, y float64) bool {
	switch op {
	case traceql.OpEqual:
		return x == y
	case traceql.OpNotEqual:
		return x != y && !math.IsNaN(x)
	case traceql.OpLess:
		return x < y
	case traceql.OpLessEqual:
		return x <= y
	case traceql.OpGreater:
		return x > y
	case traceql.OpGreaterEqual:
		return x >= y
	}
	return false
}

// binary computes with series of equal labels, or with a number.
func (m *measuring) binary(e *traceql.MetricsBinary) ([]Series, error) {
	l, err := m.expr(e.L)
	if err != nil {
		return l, err
	}
	r, err := m.expr(e.R)
	if err != nil {
		return nil, err
	}
	_, numberL := e.L.(*traceql.Static)
	_, numberR := e.R.(*traceql.Static)
	at := make(map[string]*Series)
	for i := range r {
		at[labelText(r[i].Labels)] = &r[i]
	}
	var out []Series
	join := func(labels []Attr, x, y *Series, examples []example) {
		s := Series{Labels: labels, Values: make([]float64, m.steps.n), examples: examples}
		some := false
		for k := range s.Values {
			v := computeFloat(e.Op, x.Values[k], y.Values[k])
			if math.IsInf(v, 0) {
				v = math.NaN() // divided by zero
			}
			s.Values[k] = v
			some = some || !math.IsNaN(v)
		}
		if some {
			out = append(out, s)
		}
	}
	switch {
	case numberL && len(l) == 1:
		for i := range r {
			join(r[i].Labels, &l[0], &r[i], r[i].examples)
		}
	case numberR && len(r) == 1:
		for i := range l {
			join(l[i].Labels, &l[i], &r[0], l[i].examples)
		}
	default:
		for i := range l {
			if other := at[labelText(l[i].Labels)]; other != nil {
				join(l[i].Labels, &l[i], other, l[i].examples)
			}
		}
	}
	return out, nil
}

func labelText(labels []Attr) string {
	var b strings.Builder
	for _, a := range labels {
		b.WriteString(a.Name + "=" + a.Value.String() + ";")
	}
	return b.String()
}
