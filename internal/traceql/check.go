package traceql

import (
	"fmt"
	"regexp"
	"strings"
)

// check fails at what has the wrong type, and at what is no regular expression.
func check(q *Query) {
	if q.Pipeline != nil {
		checkPipeline(q.Pipeline)
		return
	}
	checkMetrics(q.Metrics)
}

func checkMetrics(e MetricsExpr) {
	switch e := e.(type) {
	case *MetricsBinary:
		checkMetrics(e.L)
		checkMetrics(e.R)
	case *MetricsStage:
		checkMetrics(e.X)
	case *Metrics:
		checkPipeline(e.Pipeline)
		if e.Arg != nil {
			checkNumber(e.Op.String(), e.Arg)
		}
		if e.Selection != nil {
			checkFilter(e.Selection)
		}
		checkGroups(e.By)
	}
}

func checkPipeline(pl *Pipeline) {
	checkSpansets(pl.From)
	for _, s := range pl.Stages {
		switch s := s.(type) {
		case *SpansetStage:
			checkSpansets(s.Expr)
		case *ScalarFilter:
			checkScalar(s.L) // numbers and durations compare
			checkScalar(s.R)
		case *GroupBy:
			checkGroups(s.By)
		case *Select:
			for _, f := range s.Fields {
				switch f.(type) {
				case *Attribute, *Intrinsic:
				default:
					fail(f.Position(), "select takes attributes and intrinsics", "")
				}
			}
		}
	}
}

func checkSpansets(e SpansetExpr) {
	switch e := e.(type) {
	case *Filter:
		checkFilter(e)
	case *Combine:
		checkSpansets(e.L)
		checkSpansets(e.R)
	case *Pipeline:
		checkPipeline(e)
	}
}

func checkFilter(f *Filter) {
	if f.Expr == nil {
		return
	}
	if t := known(f.Expr, checkField(f.Expr)); t != Bool && t != Any {
		hint := ""
		switch f.Expr.(type) {
		case *Intrinsic:
			hint = fmt.Sprintf("compare it, like %s != nil", f.Expr)
		case *Binary:
			hint = "a comparison is missing"
		}
		fail(f.Expr.Position(), "a filter is a condition, not "+t.article(), hint)
	}
}

func checkGroups(by []FieldExpr) {
	for _, e := range by {
		if checkField(e) == Nil {
			fail(e.Position(), "nil has no groups", "")
		}
	}
}

// checkNumber checks the argument of a function that takes numbers.
func checkNumber(function string, e FieldExpr) Type {
	t := checkField(e)
	if !t.Numeric() {
		fail(e.Position(), fmt.Sprintf("%s takes a number or a duration, not %s", function, t.article()), "")
	}
	return t
}

func checkScalar(e ScalarExpr) Type {
	switch e := e.(type) {
	case *Aggregate:
		if e.Op == Count {
			return Int
		}
		t := checkNumber(e.Op.String(), e.Arg)
		if e.Op == Avg && t == Int {
			return Float
		}
		return t
	case *Static:
		return e.Type
	case *ScalarBinary:
		l, r := checkScalar(e.L), checkScalar(e.R)
		return checkArithmetic(e.Pos, e.Op, l, r)
	case *ScalarPipeline:
		checkPipeline(e.Pipeline)
		return checkScalar(e.Value)
	}
	return Any
}

// checkField returns the type of an expression, as TypeOf does, after checking it.
func checkField(e FieldExpr) Type {
	switch e := e.(type) {
	case *Unary:
		t := checkField(e.X)
		if e.Op == OpNeg {
			if !t.Numeric() {
				fail(e.Pos, "- takes a number, not "+t.article(), "")
			}
			return t
		}
		if t = known(e.X, t); t != Bool && t != Any {
			fail(e.Pos, "! takes a condition, not "+t.article(), "")
		}
		return Bool
	case *Binary:
		l, r := checkField(e.L), checkField(e.R)
		if e.Op.Arithmetic() {
			return checkArithmetic(e.Pos, e.Op, l, r)
		}
		l, r = known(e.L, l), known(e.R, r)
		switch {
		case e.Op.Comparison():
			checkComparison(e, l, r)
		case e.Op == OpMatch || e.Op == OpNotMatch:
			checkMatch(e, l)
		default:
			checkCondition(e.Op, e.L, l)
			checkCondition(e.Op, e.R, r)
		}
		return Bool
	}
	return TypeOf(e)
}

// known is the type t of e as far as conditions and comparisons go: arithmetic with an
// attribute is a number.
func known(e FieldExpr, t Type) Type {
	if _, ok := e.(*Attribute); !ok && t == Any {
		return Float
	}
	return t
}

func checkArithmetic(at Pos, op Operator, l, r Type) Type {
	t, ok := arithmetic(op, l, r)
	if !ok {
		hint := ""
		if l.Numeric() && r.Numeric() && l != r {
			hint = "durations have a unit, like 1s"
		}
		fail(at, fmt.Sprintf("%s does not stand between %s and %s", op, l.article(), r.article()), hint)
	}
	return t
}

func checkCondition(op Operator, e FieldExpr, t Type) {
	if t != Bool && t != Any {
		fail(e.Position(), fmt.Sprintf("%s takes conditions, not %s", op, t.article()), "")
	}
}

func checkComparison(e *Binary, l, r Type) {
	if comparable(e.Op, l, r) {
		return
	}
	hint := ""
	if s, ok := e.R.(*Static); ok {
		hint = unquote(s, l)
	}
	if s, ok := e.L.(*Static); ok && hint == "" {
		hint = unquote(s, r)
	}
	b, chain := e.L.(*Binary)
	u, not := e.L.(*Unary)
	switch {
	case chain && b.Op.Comparison():
		hint = "join two comparisons with &&"
	case not && u.Op == OpNot:
		hint = "! binds tighter than " + e.Op.String() + ", so put the comparison in brackets"
	case l == Status && r.Numeric() || r == Status && l.Numeric():
		hint = "a status is ok, error or unset; for HTTP see span.http.response.status_code"
	}
	if l == Nil || r == Nil {
		fail(e.Pos, fmt.Sprintf("%s does not compare with nil, only = and != do", e.Op), hint)
	}
	if (l == r || l == Any || r == Any) && !(ordered(l) && ordered(r)) {
		if !ordered(r) {
			l = r
		}
		fail(e.Pos, l.article()+" has no order, only = and != compare it", hint)
	}
	fail(e.Pos, fmt.Sprintf("%s and %s cannot be compared", l.article(), r.article()), hint)
}

func checkMatch(e *Binary, l Type) {
	s, ok := e.R.(*Static)
	if !ok || s.Type != String {
		fail(e.R.Position(), fmt.Sprintf("%s takes a regular expression in quotes", e.Op), "")
	}
	if l != String && l != Any {
		fail(e.L.Position(), fmt.Sprintf("%s matches strings, not %s", e.Op, l.article()), "")
	}
	if _, err := regexp.Compile(s.Str); err != nil {
		why := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		fail(s.Pos, "not a regular expression: "+why, "")
	}
}
