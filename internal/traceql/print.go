package traceql

import (
	"strconv"
	"strings"
)

// printer writes nodes as text that parses to the same tree, with no more
// brackets than that takes.
type printer struct{ strings.Builder }

func text(n Node) string {
	var p printer
	p.node(n)
	return p.String()
}

func (q *Query) String() string          { return text(q) }
func (h *Hint) String() string           { return text(h) }
func (n *Pipeline) String() string       { return text(n) }
func (n *Filter) String() string         { return text(n) }
func (n *Combine) String() string        { return text(n) }
func (n *SpansetStage) String() string   { return text(n) }
func (n *ScalarFilter) String() string   { return text(n) }
func (n *GroupBy) String() string        { return text(n) }
func (n *Coalesce) String() string       { return text(n) }
func (n *Select) String() string         { return text(n) }
func (n *Aggregate) String() string      { return text(n) }
func (n *ScalarBinary) String() string   { return text(n) }
func (n *ScalarPipeline) String() string { return text(n) }
func (n *Attribute) String() string      { return text(n) }
func (n *Intrinsic) String() string      { return text(n) }
func (s *Static) String() string         { return text(s) }
func (n *Unary) String() string          { return text(n) }
func (n *Binary) String() string         { return text(n) }
func (n *Metrics) String() string        { return text(n) }
func (n *MetricsStage) String() string   { return text(n) }
func (n *MetricsBinary) String() string  { return text(n) }

func (p *printer) node(n Node) {
	switch n := n.(type) {
	case *Query:
		p.query(n)
	case *Hint:
		p.WriteString(n.Name + "=")
		p.static(&n.Value)
	case *Pipeline:
		p.pipeline(n)
	case SpansetExpr:
		p.spansets(n, 0)
	case Stage:
		p.stage(n)
	case FieldExpr:
		p.field(n, 0)
	case ScalarExpr:
		p.scalar(n, 0)
	case MetricsExpr:
		p.metrics(n, 0)
	}
}

func (p *printer) query(q *Query) {
	if q.Pipeline != nil {
		p.pipeline(q.Pipeline)
	} else {
		p.metrics(q.Metrics, 0)
	}
	for i := range q.Hints {
		p.comma(i, " with(")
		p.node(&q.Hints[i])
	}
	if len(q.Hints) > 0 {
		p.WriteByte(')')
	}
}

// comma writes what stands before item i of a list.
func (p *printer) comma(i int, first string) {
	if i == 0 {
		p.WriteString(first)
	} else {
		p.WriteString(", ")
	}
}

// binary writes l op r, in brackets if it has to bind tighter than it does.
func (p *printer) binary(op string, prec, least int, l, r func(least int)) {
	left, right := prec, prec+1
	if prec == precPow {
		left, right = right, left
	}
	if prec < least {
		p.WriteByte('(')
		defer p.WriteByte(')')
	}
	l(left)
	p.WriteString(" " + op + " ")
	r(right)
}

func (p *printer) pipeline(pl *Pipeline) {
	p.spansets(pl.From, 0)
	for _, s := range pl.Stages {
		p.WriteString(" | ")
		p.stage(s)
	}
}

func (p *printer) spansets(e SpansetExpr, least int) {
	switch e := e.(type) {
	case *Filter:
		if e.Expr == nil {
			p.WriteString("{ }")
			return
		}
		p.WriteString("{ ")
		p.field(e.Expr, 0)
		p.WriteString(" }")
	case *Pipeline:
		p.WriteByte('(')
		p.pipeline(e)
		p.WriteByte(')')
	case *Combine:
		p.binary(e.Op.String(), e.Op.precedence(), least,
			func(least int) { p.spansets(e.L, least) }, func(least int) { p.spansets(e.R, least) })
	}
}

func (o SpansetOp) precedence() int {
	switch o {
	case SpansetAnd:
		return precAnd
	case SpansetOr:
		return precOr
	}
	return precCompare
}

func (p *printer) stage(s Stage) {
	switch s := s.(type) {
	case *SpansetStage:
		p.spansets(s.Expr, 0)
	case *ScalarFilter:
		p.binary(s.Op.String(), precCompare, 0,
			func(int) { p.scalar(s.L, precAdd) }, func(int) { p.scalar(s.R, precAdd) })
	case *GroupBy:
		p.list("by(", s.By)
	case *Select:
		p.list("select(", s.Fields)
	case *Coalesce:
		p.WriteString("coalesce()")
	}
}

func (p *printer) list(open string, es []FieldExpr) {
	for i, e := range es {
		p.comma(i, open)
		p.field(e, 0)
	}
	p.WriteByte(')')
}

func (p *printer) scalar(e ScalarExpr, least int) {
	switch e := e.(type) {
	case *Static:
		p.static(e)
	case *Aggregate:
		p.WriteString(e.Op.String() + "(")
		if e.Arg != nil {
			p.field(e.Arg, 0)
		}
		p.WriteByte(')')
	case *ScalarPipeline:
		p.WriteByte('(')
		p.pipeline(e.Pipeline)
		p.WriteString(" | ")
		p.scalar(e.Value, 0)
		p.WriteByte(')')
	case *ScalarBinary:
		p.binary(e.Op.String(), e.Op.precedence(), least,
			func(least int) { p.scalar(e.L, least) }, func(least int) { p.scalar(e.R, least) })
	}
}

func (p *printer) metrics(e MetricsExpr, least int) {
	switch e := e.(type) {
	case *Static:
		p.static(e)
	case *MetricsBinary:
		p.binary(e.Op.String(), e.Op.precedence(), least,
			func(least int) { p.metrics(e.L, least) }, func(least int) { p.metrics(e.R, least) })
	case *Metrics:
		p.bracketed(least, func() { p.function(e) })
	case *MetricsStage:
		p.bracketed(least, func() {
			p.metrics(e.X, 0)
			if e.Op == Threshold {
				p.WriteString(" " + e.Cmp.String() + " " + formatFloat(e.Value))
			} else {
				p.WriteString(" | " + e.Op.String() + "(" + strconv.Itoa(e.N) + ")")
			}
		})
	}
}

// bracketed puts brackets around an operand.
func (p *printer) bracketed(least int, write func()) {
	if least == 0 {
		write()
		return
	}
	p.WriteByte('(')
	write()
	p.WriteByte(')')
}

func (p *printer) function(m *Metrics) {
	p.pipeline(m.Pipeline)
	p.WriteString(" | " + m.Op.String() + "(")
	if m.Arg != nil {
		p.field(m.Arg, 0)
	}
	for _, q := range m.Quantiles {
		p.WriteString(", " + formatFloat(q))
	}
	if m.Selection != nil {
		p.spansets(m.Selection, 0)
		if m.TopN != DefaultTopN || m.Start != 0 || m.End != 0 {
			p.WriteString(", " + strconv.Itoa(m.TopN))
		}
		if m.Start != 0 || m.End != 0 {
			p.WriteString(", " + strconv.FormatInt(m.Start, 10) + ", " + strconv.FormatInt(m.End, 10))
		}
	}
	p.WriteByte(')')
	if len(m.By) > 0 {
		p.list(" by(", m.By)
	}
}
