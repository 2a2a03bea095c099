package engine

import (
	"cmp"
	"math"
	"slices"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// finish makes series of what was gathered.
func (l *leaf) finish() []Series {
	var out []Series
	for _, s := range l.groups {
		out = append(out, l.values(s)...)
	}
	sortSeries(out)
	return slices.DeleteFunc(out, empty)
}

// empty reports whether a series has no value at any time.
func empty(s Series) bool {
	return !slices.ContainsFunc(s.Values, func(v float64) bool { return !math.IsNaN(v) })
}

func sortSeries(all []Series) {
	slices.SortFunc(all, func(a, b Series) int {
		return slices.CompareFunc(a.Labels, b.Labels, func(x, y Attr) int {
			return cmp.Or(cmp.Compare(x.Name, y.Name), compareStatics(&x.Value, &y.Value))
		})
	})
}

// values are the series that a group makes: one, or one for each quantile or bucket.
func (l *leaf) values(s *series) []Series {
	c := s.cells
	one := Series{Labels: s.labels, examples: c.example}
	switch l.e.Op {
	case traceql.Rate:
		one.Values = make([]float64, len(c.count))
		for i, n := range c.count {
			one.Values[i] = n / (float64(l.steps.step) / 1e9)
		}
	case traceql.CountOverTime:
		one.Values = slices.Clone(c.count)
	case traceql.MinOverTime:
		one.Values = slices.Clone(c.min)
	case traceql.MaxOverTime:
		one.Values = slices.Clone(c.max)
	case traceql.SumOverTime:
		one.Values = slices.Clone(c.sum)
	case traceql.AvgOverTime:
		one.Values = make([]float64, len(c.count))
		for i, n := range c.count {
			one.Values[i] = c.sum[i] / n // of none: not a number
		}
	case traceql.QuantileOverTime:
		return l.quantiles(s)
	case traceql.HistogramOverTime:
		return l.buckets(s)
	}
	return []Series{one}
}

func labelled(labels []Attr, name string, v float64) []Attr {
	return append(slices.Clone(labels), Attr{name, traceql.Static{Type: traceql.Float, Flt: v}})
}

func (l *leaf) quantiles(s *series) []Series {
	var out []Series
	for i, q := range l.e.Quantiles {
		one := Series{Labels: labelled(s.labels, "p", q), Values: make([]float64, l.steps.n)}
		if i == 0 {
			one.examples = s.cells.example
		}
		for k, h := range s.cells.hist {
			one.Values[k] = math.NaN()
			if h != nil {
				one.Values[k] = h.quantile(q)
			}
		}
		out = append(out, one)
	}
	return out
}

func (l *leaf) buckets(s *series) []Series {
	at := make(map[float64]int)
	var out []Series
	for k, h := range s.cells.hist {
		if h == nil {
			continue
		}
		h.powers(func(bound float64, n uint32) {
			i, ok := at[bound]
			if !ok {
				i = len(out)
				at[bound] = i
				out = append(out, Series{Labels: labelled(s.labels, "__bucket", bound), Values: make([]float64, l.steps.n)})
			}
			out[i].Values[k] = float64(n)
		})
	}
	if len(out) > 0 {
		out[0].examples = s.cells.example
	}
	return out
}

// exemplars chooses some of the spans that were noted and reads what is returned of them.
func (m *measuring) exemplars(all []Series) error {
	type place struct {
		series int
		example
	}
	var places []place
	for i := range all {
		for _, e := range all[i].examples {
			if e.w != nil {
				places = append(places, place{i, e})
			}
		}
	}
	if most := m.Exemplars; len(places) > most {
		some := make([]place, 0, most)
		for i := range most {
			some = append(some, places[i*len(places)/most])
		}
		places = some
	}
	for _, p := range places {
		rows := p.w.none()
		rows.Add(p.row)
		spans, err := showSpans(p.w, rows, []traceql.FieldExpr{&traceql.Intrinsic{Field: traceql.TraceID}})
		if err != nil {
			if src, ok := p.w.src.source.(*blockSource); ok {
				err = m.failed(src.r, err)
			}
			if err != nil {
				return err
			}
			continue
		}
		e := Exemplar{SpanID: spans[0].ID, Time: spans[0].Start, Value: p.value}
		if math.IsNaN(e.Value) {
			e.Value = float64(spans[0].Duration) / 1e9
		}
		for _, a := range spans[0].Attrs {
			if e.TraceID, err = span.ParseTraceID(a.Value.Str); err != nil {
				return err
			}
		}
		all[p.series].Exemplars = append(all[p.series].Exemplars, e)
	}
	return nil
}
