package traceql

import (
	"fmt"
	"maps"
)

// stageWords start a stage, or a number within one.
var stageWords = func() map[string]bool {
	m := map[string]bool{"by": true, "coalesce": true, "select": true, "topk": true, "bottomk": true}
	for name := range aggregates {
		m[name] = true
	}
	for name := range metricsFuncs {
		m[name] = true
	}
	return m
}()

// pipe reads an expression and the stages behind it. Only its end shows what it
// is: a SpansetExpr, a ScalarExpr or a MetricsExpr.
func (p *parser) pipe() Node {
	start := p.tok().From
	v := p.expr(start, precOr)
	for p.accept("|") {
		switch x := v.(type) {
		case *ScalarFilter:
			v = p.stages(headless(x))
		case SpansetExpr:
			v = p.stages(&Pipeline{Pos: Pos{From: start}, From: x})
		case ScalarExpr:
			fail(x.Position(), "a number ends a pipeline", "compare it, like "+p.show(x)+" > 2")
		case MetricsExpr:
			v = p.secondStage(x, start)
		}
		v = p.rest(v, start, precOr)
	}
	if f, ok := v.(*ScalarFilter); ok {
		return headless(f)
	}
	return v
}

// stages reads what follows a |. It yields pl, or what pl ends in: a
// ScalarPipeline or a Metrics.
func (p *parser) stages(pl *Pipeline) Node {
	for {
		pos := p.from()
		word := p.word()
		if op, ok := metricsFuncs[word]; ok {
			return p.metrics(pl, op)
		}
		switch word {
		case "by":
			p.take()
			by := p.fields(word)
			pl.Stages = append(pl.Stages, &GroupBy{Pos: pos(), By: by})
		case "select":
			p.take()
			fields := p.fields(word)
			pl.Stages = append(pl.Stages, &Select{Pos: pos(), Fields: fields})
		case "coalesce":
			p.take()
			p.expect("(", word)
			p.expect(")", word+"(")
			pl.Stages = append(pl.Stages, &Coalesce{Pos: pos()})
		case "topk", "bottomk":
			fail(p.tok().Pos, word+" stands behind a metrics function", "like | rate() | "+word+"(10)")
		default:
			switch s := p.expr(p.tok().From, precOr).(type) {
			case *ScalarFilter:
				pl.Stages = append(pl.Stages, s)
			case SpansetExpr:
				pl.Stages = append(pl.Stages, &SpansetStage{Pos: pos(), Expr: s})
			case ScalarExpr:
				return &ScalarPipeline{Pos: p.since(pl.Pos.From), Pipeline: settled(pl), Value: s}
			case MetricsExpr:
				fail(pos(), "a metrics query is not a stage", "")
			}
		}
		pl.Pos = p.since(pl.Pos.From)
		if !p.accept("|") {
			return pl
		}
	}
}

// expr reads operands and the operators between them that bind at least as tight as least.
// It may yield a ScalarFilter as well as what pipe does.
func (p *parser) expr(start, least int) Node { return p.rest(p.operand(), start, least) }

// rest reads the operators behind l, which starts at start, and their operands.
func (p *parser) rest(l Node, start, least int) Node {
	for {
		op, ok := operators[p.op()]
		prec := op.precedence()
		if _, structural := spansetOps[p.op()]; !ok && structural {
			prec, ok = precCompare, true
		}
		if !ok || prec < least {
			return l
		}
		t := p.take()
		from := p.tok().From
		var r Node
		if op == OpPow {
			done := p.deeper()
			r = p.expr(from, prec)
			done()
		} else {
			r = p.expr(from, prec+1)
		}
		l = p.join(t, l, r, p.since(start))
	}
}

// operand reads a filter, a number, an aggregate or something in brackets.
func (p *parser) operand() Node {
	t := p.tok()
	switch {
	case p.op() == "{":
		return p.filter()
	case p.op() == "(":
		open := p.take()
		defer p.deeper()()
		v := p.pipe()
		if p.tok().kind == tokEnd {
			p.unclosed(open)
		}
		if !p.accept(")") {
			p.unexpected("an operator, | or )")
		}
		return v
	case t.kind == tokNumber, p.signed():
		return p.number()
	case t.kind == tokWord:
		if op, ok := aggregates[t.text]; ok {
			return p.aggregate(op)
		}
	}
	p.misplaced()
	return nil
}

// misplaced fails at what is not an operand.
func (p *parser) misplaced() {
	t := p.tok()
	_, short := shortFields[t.text]
	field := t.kind == tokField || t.kind == tokWord && short
	switch {
	case field && p.at > 0 && operators[p.tokens[p.at-1].text] > OpOr:
		fail(t.Pos, "spansets have no "+t.text+", only their spans do", "did you mean max("+t.text+")?")
	case field:
		fail(t.Pos, "conditions stand in braces", "did you mean { "+t.text+" … }?")
	case t.kind == tokWord && stageWords[t.text]:
		fail(t.Pos, t.text+" stands behind a |", "like { } | "+t.text+"(…)")
	case t.kind == tokWord && mistakes[t.text] == "":
		hint := didYouMean(t.text, maps.Keys(stageWords))
		if hint == "" && p.peek(1).text != "(" {
			hint = "conditions stand in braces, like { span." + t.text + " = 1 }"
		}
		fail(t.Pos, fmt.Sprintf("unknown function %q", t.text), hint)
	case p.op() == "-":
		fail(t.Pos, "a - stands before numbers only", "write 0 - …")
	}
	p.unexpected("a filter in { }, a function or a number")
}

// aggregate reads count() or a function of an expression.
func (p *parser) aggregate(op AggregateOp) *Aggregate {
	pos := p.from()
	word := p.take().text
	p.expect("(", word)
	a := &Aggregate{Op: op}
	if op != Count {
		if p.op() == ")" {
			fail(p.tok().Pos, word+" lacks an argument", "like "+word+"(duration)")
		}
		a.Arg = p.field(precOr)
	} else if p.op() != ")" && p.tok().kind != tokEnd {
		fail(p.tok().Pos, "count has no arguments", "")
	}
	p.expect(")", "the argument of "+word)
	a.Pos = pos()
	return a
}

// headless is a comparison that has no pipeline of its own before it: { } | f.
func headless(f *ScalarFilter) *Pipeline {
	return &Pipeline{Pos: f.Pos, From: &Filter{Pos: Pos{f.From, f.From}}, Stages: []Stage{f}}
}

// settled is pl without a level that adds nothing.
func settled(pl *Pipeline) *Pipeline {
	if len(pl.Stages) == 0 {
		return asPipeline(pl.From)
	}
	return pl
}

func asPipeline(e SpansetExpr) *Pipeline {
	if pl, ok := e.(*Pipeline); ok {
		return pl
	}
	return &Pipeline{Pos: e.Position(), From: e}
}
