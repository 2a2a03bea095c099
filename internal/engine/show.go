package engine

import (
	"cmp"
	"slices"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// shown lists the fields whose values are returned with a span: what a query names, but
// for what every span is returned with.
func shown(p *traceql.Pipeline) []traceql.FieldExpr {
	var out []traceql.FieldExpr
	seen := make(map[string]bool)
	traceql.Walk(p, func(n traceql.Node) bool {
		var e traceql.FieldExpr
		switch n := n.(type) {
		case *traceql.Attribute:
			e = n
		case *traceql.Intrinsic:
			switch n.Field {
			case traceql.SpanName, traceql.SpanDuration, traceql.SpanID, traceql.SpanStart, traceql.TraceID, traceql.TraceDuration,
				traceql.TraceRootName, traceql.TraceRootService:
				if !n.Parent {
					return true
				}
			}
			e = n
		default:
			return true
		}
		if name := e.String(); !seen[name] {
			seen[name] = true
			out = append(out, e)
		}
		return true
	})
	return out
}

// show reads what is returned of some spansets of a window, at most so many spans of
// each.
func show(w *window, sets []spanset, fields []traceql.FieldExpr, most int) ([]Spanset, error) {
	out := make([]Spanset, len(sets))
	rows := w.none()
	for i, s := range sets {
		out[i] = Spanset{Matched: len(s.rows), Group: s.group, Scalars: s.scalars}
		if most >= 0 {
			s.rows = s.rows[:min(len(s.rows), most)]
		}
		sets[i].rows = s.rows
		for _, row := range s.rows {
			rows.Add(row)
		}
	}
	spans, err := showSpans(w, rows, fields)
	if err != nil {
		return nil, err
	}
	entry := entries(rows)
	for i, s := range sets {
		for _, row := range s.rows {
			out[i].Spans = append(out[i].Spans, spans[entry(row)])
		}
		slices.SortStableFunc(out[i].Spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	}
	return out, nil
}

// showSpans reads what is returned of spans.
func showSpans(w *window, rows *rowset.Set, fields []traceql.FieldExpr) ([]Span, error) {
	out := make([]Span, rows.Count())
	for _, f := range []struct {
		field traceql.Field
		put   func(s *Span, v *traceql.Static)
	}{
		{traceql.SpanID, func(s *Span, v *traceql.Static) { s.ID, _ = span.ParseID(v.Str) }},
		{traceql.SpanName, func(s *Span, v *traceql.Static) { s.Name = v.Str }},
		{traceql.SpanStart, func(s *Span, v *traceql.Static) { s.Start = v.Num }},
		{traceql.SpanDuration, func(s *Span, v *traceql.Static) { s.Duration = v.Num }},
	} {
		v, err := eval(w, &traceql.Intrinsic{Field: f.field}, rows)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if got := v.at(i); len(got.list) == 1 {
				f.put(&out[i], &got.list[0])
			}
		}
	}
	for _, e := range fields {
		v, err := eval(w, e, rows)
		if err != nil {
			return nil, err
		}
		name := e.String()
		for i := range out {
			for _, one := range v.at(i).list {
				out[i].Attrs = append(out[i].Attrs, Attr{name, one})
			}
		}
	}
	return out, nil
}

// countServices counts the spans of some traces of a window by service.
func countServices(w *window, some []int) ([][]ServiceCount, error) {
	rows := w.none()
	for _, trace := range some {
		rows.AddRange(w.traces.first[trace], w.traces.first[trace+1])
	}
	k, err := readKeys(w, &traceql.Attribute{Scope: traceql.ScopeResource, Name: "service.name"}, rows)
	if err != nil {
		return nil, err
	}
	failed, err := statusErrors(w, rows)
	if err != nil {
		return nil, err
	}
	entry := entries(rows)
	out := make([][]ServiceCount, len(some))
	for i, trace := range some {
		counts := make(map[string]*ServiceCount)
		for row := w.traces.first[trace]; row < w.traces.first[trace+1]; row++ {
			name := ""
			if v := k.val(k.codes[entry(row)]); len(v.list) == 1 {
				name = v.list[0].Str
			}
			c := counts[name]
			if c == nil {
				c = &ServiceCount{Service: name}
				counts[name] = c
			}
			c.Spans++
			c.Errors += errorOf(failed.Has(row))
		}
		for _, c := range counts {
			out[i] = append(out[i], *c)
		}
		slices.SortFunc(out[i], func(a, b ServiceCount) int { return cmp.Compare(a.Service, b.Service) })
	}
	return out, nil
}
