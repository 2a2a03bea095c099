package enginetest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// Series is the values of a metrics query by labels, each written as name=value with a
// semicolon behind it. A missing value is not a number.
type Series map[string][]float64

// Metrics evaluates a metrics query over traces, one batch each: sample i counts the spans that
// start in [from+i*step, from+(i+1)*step). Quantiles are exact: of the values in
// order, the first at which the share is reached.
func Metrics(e traceql.MetricsExpr, traces []*span.Batch, from, step int64, n int) Series {
	m := &metrics{traces, from, step, n}
	return m.expr(e)
}

type metrics struct {
	traces     []*span.Batch
	from, step int64
	n          int
}

func (m *metrics) expr(e traceql.MetricsExpr) Series {
	switch e := e.(type) {
	case *traceql.Metrics:
		return m.leaf(e)
	case *traceql.MetricsStage:
		return m.stage(e)
	case *traceql.MetricsBinary:
		return m.binary(e)
	case *traceql.Static:
		return Series{"": slices.Repeat([]float64{float(*e)}, m.n)}
	}
	panic("enginetest: unknown metrics expression")
}

// leaf gathers the values of each group and interval, and then applies the function.
func (m *metrics) leaf(e *traceql.Metrics) Series {
	gathered := make(map[string][][]float64)
	for _, b := range m.traces {
		t := newTrace(b)
		for _, row := range union(t.pipeline(e.Pipeline, t.all())) {
			at := b.Start[row] - m.from
			if at < 0 || at >= m.step*int64(m.n) {
				continue
			}
			var labels strings.Builder
			for _, by := range e.By {
				fmt.Fprintf(&labels, "%s=%s;", by, label(t.field(by, row)))
			}
			group := gathered[labels.String()]
			if group == nil {
				group = make([][]float64, m.n)
				gathered[labels.String()] = group
			}
			v := 1.0
			if e.Arg != nil {
				arg := t.field(e.Arg, row)
				if len(arg.list) != 1 || !numeric(arg.list[0]) || math.IsNaN(float(arg.list[0])) {
					continue
				}
				v = float(arg.list[0])
				if traceql.TypeOf(e.Arg) == traceql.Duration {
					v /= 1e9
				}
			}
			group[at/m.step] = append(group[at/m.step], v)
		}
	}
	out := make(Series)
	for labels, group := range gathered {
		for i, values := range group {
			m.apply(e, labels, i, values, out)
		}
	}
	return out
}

// label writes the value of a group; several are one text.
func label(v values) string {
	if len(v.list) > 1 {
		v = text(v.text())
	}
	return v.text()
}

func (s Series) set(labels string, n, i int, v, other float64) {
	if s[labels] == nil {
		s[labels] = slices.Repeat([]float64{other}, n)
	}
	s[labels][i] = v
}

// apply sets what the function makes of the values of an interval.
func (m *metrics) apply(e *traceql.Metrics, labels string, i int, values []float64, out Series) {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	count := float64(len(values))
	none := math.NaN()
	slices.Sort(values)
	switch e.Op {
	case traceql.Rate:
		out.set(labels, m.n, i, count/(float64(m.step)/1e9), 0)
		return
	case traceql.CountOverTime:
		out.set(labels, m.n, i, count, 0)
		return
	case traceql.HistogramOverTime:
		for _, v := range values {
			bound := 0.0
			if v > 0 {
				bound = math.Exp2(math.Floor(math.Log2(v)) + 1)
			}
			name := fmt.Sprintf("%s__bucket=%v;", labels, bound)
			n := 0.0
			if out[name] != nil {
				n = out[name][i]
			}
			out.set(name, m.n, i, n+1, 0)
		}
		return
	case traceql.QuantileOverTime:
		for _, q := range e.Quantiles {
			v := none
			if len(values) > 0 {
				v = values[min(max(int(math.Ceil(q*count))-1, 0), len(values)-1)]
			}
			out.set(fmt.Sprintf("%sp=%v;", labels, q), m.n, i, v, none)
		}
		return
	}
	v := none
	if len(values) > 0 {
		switch e.Op {
		case traceql.MinOverTime:
			v = values[0]
		case traceql.MaxOverTime:
			v = values[len(values)-1]
		case traceql.SumOverTime:
			v = sum
		case traceql.AvgOverTime:
			v = sum / count
		}
	}
	out.set(labels, m.n, i, v, none)
}

func (m *metrics) stage(e *traceql.MetricsStage) Series {
	in := m.expr(e.X)
	out := make(Series)
	for labels, values := range in {
		out[labels] = slices.Clone(values)
		for i, v := range values {
			if math.IsNaN(v) {
				continue
			}
			keep := false
			if e.Op == traceql.Threshold {
				x, y := traceql.Static{Type: traceql.Float, Flt: v}, traceql.Static{Type: traceql.Float, Flt: e.Value}
				keep = holds(e.Cmp, x, y)
			} else {
				better := 0 // the first by labels among equals
				for other, o := range in {
					if o[i] != v && (o[i] > v) == (e.Op == traceql.TopK) && !math.IsNaN(o[i]) || o[i] == v && other < labels {
						better++
					}
				}
				keep = better < e.N
			}
			if !keep {
				out[labels][i] = math.NaN()
			}
		}
	}
	return out
}

func (m *metrics) binary(e *traceql.MetricsBinary) Series {
	l, r := m.expr(e.L), m.expr(e.R)
	out := make(Series)
	_, numberL := e.L.(*traceql.Static)
	_, numberR := e.R.(*traceql.Static)
	for a, x := range l {
		for b, y := range r {
			if a != b && !numberL && !numberR {
				continue
			}
			name := a
			if numberL {
				name = b
			}
			for i := range m.n {
				v := floats(e.Op, x[i], y[i])
				if math.IsInf(v, 0) {
					v = math.NaN()
				}
				out.set(name, m.n, i, v, math.NaN())
			}
		}
	}
	return out
}
