package traceql

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// How tight operators bind, the same between values, spansets, numbers and series.
const (
	precOr = 1 + iota
	precAnd
	precCompare // and the structural operators
	precAdd
	precMul
	precPow // the only one from right to left
	precUnary
)

func (o Operator) precedence() int {
	switch o {
	case OpOr:
		return precOr
	case OpAnd:
		return precAnd
	case OpAdd, OpSub:
		return precAdd
	case OpMul, OpDiv, OpMod:
		return precMul
	case OpPow:
		return precPow
	case OpNot, OpNeg:
		return precUnary
	default:
		return precCompare
	}
}

// filter reads { expr }.
func (p *parser) filter() *Filter {
	pos := p.from()
	open := p.take()
	defer p.deeper()()
	f := &Filter{}
	if p.op() != "}" {
		if p.tok().kind == tokEnd {
			p.unclosed(open)
		}
		f.Expr = p.field(precOr)
	}
	if p.tok().kind == tokEnd {
		p.unclosed(open)
	}
	if !p.accept("}") {
		p.unexpected("an operator or }")
	}
	f.Pos = pos()
	return f
}

// unclosed fails at the end of the text, for a bracket that is open there.
func (p *parser) unclosed(open *token) {
	closing := map[string]string{"{": "}", "(": ")"}[open.text]
	line, column, _ := (&Error{Pos: open.Pos, text: p.text}).place()
	fail(p.tok().Pos, fmt.Sprintf("the %s of %d:%d is not closed", open.text, line, column), "a "+closing+" is missing")
}

// field reads an expression whose operators bind at least as tight as least.
func (p *parser) field(least int) FieldExpr {
	start := p.tok().From
	l := p.fieldPrefix()
	for {
		op, ok := operators[p.op()]
		prec := op.precedence()
		if !ok || prec < least {
			return l
		}
		p.take()
		var r FieldExpr
		if op == OpPow {
			done := p.deeper()
			r = p.field(prec)
			done()
		} else {
			r = p.field(prec + 1)
		}
		l = &Binary{Pos: p.since(start), Op: op, L: l, R: r}
	}
}

// fieldPrefix reads an operand with the operators before it.
func (p *parser) fieldPrefix() FieldExpr {
	pos := p.from()
	op := OpNot
	switch p.op() {
	case "(":
		open := p.take()
		defer p.deeper()()
		e := p.field(precOr)
		if p.tok().kind == tokEnd {
			p.unclosed(open)
		}
		if !p.accept(")") {
			p.unexpected("an operator or )")
		}
		return e
	case "-":
		if p.signed() {
			return p.number()
		}
		op = OpNeg
		fallthrough
	case "!":
		p.take()
		defer p.deeper()()
		x := p.fieldPrefix()
		return &Unary{Pos: pos(), Op: op, X: x}
	}
	switch t := p.tok(); t.kind {
	case tokField:
		p.take()
		return t.field
	case tokString, tokNumber:
		return p.static()
	case tokWord:
		return p.fieldWord()
	}
	p.unexpected("an attribute, an intrinsic or a value")
	return nil
}

// fieldWord reads an intrinsic without a scope or a constant.
func (p *parser) fieldWord() FieldExpr {
	t := p.tok()
	if f, ok := shortFields[t.text]; ok {
		p.take()
		return &Intrinsic{Pos: t.Pos, Field: f}
	}
	if _, ok := constants[t.text]; ok {
		return p.static()
	}
	if mistakes[strings.ToLower(t.text)] != "" {
		p.unexpected("")
	}
	msg := fmt.Sprintf("unknown name %q", t.text)
	if p.peek(1).text == "(" {
		fail(t.Pos, msg, "functions stand behind a |, not within a filter")
	}
	hint := didYouMean(t.text, maps.Keys(fieldNames), maps.Keys(constants))
	if hint == "" {
		hint = fmt.Sprintf("did you mean span.%s or .%[1]s?", t.text)
		if p.at > 0 {
			if op, ok := operators[p.tokens[p.at-1].text]; ok && op.precedence() == precCompare {
				hint = fmt.Sprintf("did you mean the string %s?", strconv.Quote(t.text))
			}
		}
	}
	fail(t.Pos, msg, hint)
	return nil
}

// fields reads expressions with commas between them, up to a ).
func (p *parser) fields(of string) []FieldExpr {
	p.expect("(", of)
	var list []FieldExpr
	for {
		list = append(list, p.field(precOr))
		if !p.accept(",") {
			p.expect(")", "the arguments of "+of)
			return list
		}
	}
}
