package traceql

import "fmt"

// join makes one node of two and the operator between them: the same sign stands for
// different operators between spansets, numbers and series.
func (p *parser) join(t *token, l, r Node, pos Pos) Node {
	if isMetrics(l) || isMetrics(r) {
		return p.joinMetrics(t, l, r, pos)
	}
	op, isOperator := operators[t.text]
	ln, lNumber := l.(ScalarExpr)
	rn, rNumber := r.(ScalarExpr)
	_, lCompared := l.(*ScalarFilter)
	_, rCompared := r.(*ScalarFilter)
	switch {
	case lNumber && rNumber && isOperator && op.Comparison():
		return &ScalarFilter{Pos: pos, Op: op, L: ln, R: rn}
	case lNumber && rNumber && isOperator && op.Arithmetic():
		return &ScalarBinary{Pos: pos, Op: op, L: ln, R: rn}
	case lNumber && rNumber:
		fail(t.Pos, fmt.Sprintf("%s does not stand between numbers", t.text), "")
	case lCompared && rNumber, lNumber && rCompared:
		fail(t.Pos, "a comparison is not a number", "join two comparisons with &&, or put a | between them")
	case lNumber || rNumber:
		hint := ""
		if rNumber && isOperator && op.Comparison() {
			hint = "did you mean | count() " + t.text + " " + p.show(r) + "?"
		}
		fail(t.Pos, fmt.Sprintf("%s stands between spans and a number", t.text), hint)
	}
	sop, ok := spansetOps[t.text]
	if !ok {
		fail(t.Pos, fmt.Sprintf("%s does not stand between spansets", t.text), "a number of each is like ({ … } | count())")
	}
	if sop != SpansetAnd && sop != SpansetOr && (lCompared || rCompared) {
		fail(t.Pos, fmt.Sprintf("%s stands between spansets and a comparison", t.text), "put the comparison in brackets")
	}
	return &Combine{Pos: pos, Op: sop, L: asSpansets(l), R: asSpansets(r)}
}

// asSpansets takes what is no number and no series.
func asSpansets(n Node) SpansetExpr {
	if f, ok := n.(*ScalarFilter); ok {
		return headless(f)
	}
	return n.(SpansetExpr)
}

// joinMetrics is join where one side is series.
func (p *parser) joinMetrics(t *token, l, r Node, pos Pos) MetricsExpr {
	op, ok := operators[t.text]
	switch {
	case ok && op.Comparison():
		x := p.asMetrics(l)
		if value, ok := r.(*Static); ok && isMetrics(x) {
			return &MetricsStage{Pos: pos, X: x, Op: Threshold, Cmp: op, Value: seconds(value)}
		}
		fail(t.Pos, "series are compared with a number on the right", "")
	case ok && op >= OpAdd && op <= OpDiv:
		return &MetricsBinary{Pos: pos, Op: op, L: p.asMetrics(l), R: p.asMetrics(r)}
	}
	fail(t.Pos, fmt.Sprintf("%s does not stand between series", t.text), "")
	return nil
}

// asMetrics takes series, a number, or numbers with operators between them.
func (p *parser) asMetrics(n Node) MetricsExpr {
	switch n := n.(type) {
	case *Static:
		if n.Type == Duration {
			return &Static{Pos: n.Pos, Type: Float, Flt: seconds(n)}
		}
		return n
	case *ScalarBinary:
		if n.Op > OpDiv {
			fail(n.Pos, fmt.Sprintf("%s does not stand between series", n.Op), "")
		}
		return &MetricsBinary{Pos: n.Pos, Op: n.Op, L: p.asMetrics(n.L), R: p.asMetrics(n.R)}
	case MetricsExpr:
		return n
	}
	fail(n.Position(), "not a metrics query", "add | rate() or another metrics function")
	return nil
}

// isMetrics reports whether n is series. A number alone is none.
func isMetrics(n Node) bool {
	_, number := n.(*Static)
	_, ok := n.(MetricsExpr)
	return ok && !number
}

// seconds is a number as samples have it: a duration in seconds.
func seconds(s *Static) float64 {
	switch s.Type {
	case Duration:
		return s.Duration().Seconds()
	case Int:
		return float64(s.Num)
	}
	return s.Flt
}
