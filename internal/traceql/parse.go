package traceql

import (
	"fmt"
	"strconv"
	"strings"
)

// What a query may be at most.
const (
	MaxLength = 64 << 10 // bytes of text
	MaxDepth  = 128      // brackets and prefix operators within each other
)

// Parse reads a query and checks its types. An error is an *Error. The empty text is
// { }, every span.
//
// The tree has these normal forms: a - before a number belongs to the Static; a
// Pipeline whose From is a Pipeline has stages; what starts with a number, like
// ({…} | count()) > 2, is { } with a ScalarFilter behind it.
func Parse(text string) (q *Query, err error) {
	p := &parser{text: text}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			e.text = text
			q, err = nil, e
		}
	}()
	if len(text) > MaxLength {
		fail(Pos{}, fmt.Sprintf("the query has %d bytes; at most %d are read", len(text), MaxLength), "")
	}
	p.tokens = lex(text)
	p.end = token{Pos: Pos{len(text), len(text)}}
	q = p.query()
	check(q)
	return q, nil
}

// parser goes over the tokens. It leaves by fail when something is wrong.
type parser struct {
	text   string
	tokens []token
	end    token // what follows the tokens
	at     int
	depth  int
}

// fail ends parsing and checking: Parse recovers it.
func fail(at Pos, msg, hint string) {
	panic(&Error{Pos: at, Msg: msg, Hint: hint})
}

// tok returns the token that is next, peek the one n behind it.
func (p *parser) tok() *token { return p.peek(0) }

func (p *parser) peek(n int) *token {
	if p.at+n < len(p.tokens) {
		return &p.tokens[p.at+n]
	}
	return &p.end
}

// op returns the operator or bracket that is next; empty if something else is.
func (p *parser) op() string {
	if t := p.tok(); t.kind == tokOp {
		return t.text
	}
	return ""
}

// word returns the word that is next; empty if something else is.
func (p *parser) word() string {
	if t := p.tok(); t.kind == tokWord {
		return t.text
	}
	return ""
}

// take returns the token that is next, and goes on behind it.
func (p *parser) take() *token {
	t := p.tok()
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

// accept goes on behind an operator or bracket if it is next.
func (p *parser) accept(op string) bool {
	if p.op() != op {
		return false
	}
	p.at++
	return true
}

func (p *parser) expect(op, after string) {
	if !p.accept(op) {
		p.unexpected(fmt.Sprintf("%s after %s", op, after))
	}
}

// from starts a Pos at the next token; the result ends it behind the last one taken.
func (p *parser) from() func() Pos {
	start := p.tok().From
	return func() Pos { return p.since(start) }
}

func (p *parser) since(start int) Pos {
	if p.at == 0 {
		return Pos{start, start}
	}
	return Pos{start, max(start, p.tokens[p.at-1].To)}
}

// deeper counts one more level of brackets; its result has to be called at the end.
func (p *parser) deeper() func() {
	if p.depth++; p.depth > MaxDepth {
		fail(p.tok().Pos, fmt.Sprintf("the query is nested more than %d deep", MaxDepth), "")
	}
	return func() { p.depth-- }
}

// unexpected fails at the next token.
func (p *parser) unexpected(want string) {
	t := p.tok()
	msg := fmt.Sprintf("unexpected %q, expected %s", strings.Trim(t.text, "\"`"), want)
	hint := ""
	switch right := mistakes[strings.ToLower(t.text)]; {
	case t.kind == tokError:
		panic(t.err)
	case t.kind == tokEnd:
		msg = "the query ends too early, expected " + want
	case right != "":
		msg, hint = fmt.Sprintf("unknown operator %q", t.text), "did you mean "+right+"?"
	}
	fail(t.Pos, msg, hint)
}

// query reads a whole query.
func (p *parser) query() *Query {
	pos := p.from()
	q := &Query{}
	if p.tok().kind == tokEnd {
		q.Pos = pos()
		q.Pipeline = &Pipeline{Pos: q.Pos, From: &Filter{Pos: q.Pos}}
		return q
	}
	switch v := p.pipe().(type) {
	case SpansetExpr:
		q.Pipeline = asPipeline(v)
	case *Aggregate, *ScalarPipeline, *ScalarBinary:
		fail(v.Position(), "a number is not a result", "compare it, like "+p.show(v)+" > 2")
	case MetricsExpr:
		if _, ok := v.(*Static); ok {
			fail(v.Position(), "a number is not a query", "")
		}
		q.Metrics = v
	}
	want := "| or an operator"
	if p.word() == "with" {
		q.Hints, want = p.hints(), "the end of the query"
	}
	switch t := p.tok(); {
	case t.kind == tokEnd:
	case p.op() == "}" || p.op() == ")":
		fail(t.Pos, "nothing is open that "+t.text+" could close", "")
	case stageWords[p.word()] && q.Hints == nil:
		fail(t.Pos, fmt.Sprintf("unexpected %q", t.text), "is a | missing?")
	default:
		p.unexpected(want)
	}
	q.Pos = pos()
	return q
}

// show is a node as written, or … if that is long.
func (p *parser) show(n Node) string {
	if s := p.text[n.Position().From:n.Position().To]; len(s) <= 40 {
		return s
	}
	return "…"
}

// hints reads with(name=value, …).
func (p *parser) hints() []Hint {
	p.take()
	p.expect("(", "with")
	var hints []Hint
	for {
		pos := p.from()
		h := Hint{Name: p.word()}
		if h.Name == "" {
			p.unexpected("the name of a hint")
		}
		p.take()
		p.expect("=", "the name of a hint")
		h.Value = *p.static()
		h.Pos = pos()
		hints = append(hints, h)
		if !p.accept(",") {
			p.expect(")", "the hints")
			return hints
		}
	}
}

// static reads a constant.
func (p *parser) static() *Static {
	t := p.tok()
	switch {
	case t.kind == tokString:
		p.take()
		return &Static{Pos: t.Pos, Type: String, Str: t.str}
	case t.kind == tokNumber, p.signed():
		return p.number()
	case t.kind == tokWord:
		if c, ok := constants[t.text]; ok {
			p.take()
			c.Pos = t.Pos
			return &c
		}
	}
	p.unexpected("a constant")
	return nil
}

// signed reports whether a - and a number are next.
func (p *parser) signed() bool {
	return p.op() == "-" && p.peek(1).kind == tokNumber
}

// number reads a number or a duration, with or without a sign.
func (p *parser) number() *Static {
	pos := p.from()
	sign := ""
	if p.accept("-") {
		sign = "-"
	}
	text := p.take().text
	s := &Static{Pos: pos()}
	if !parseNumber(sign+text, s) {
		msg, hint := fmt.Sprintf("%q is not a number", text), ""
		switch strings.Trim(text, "0123456789.") {
		case "":
			if strings.Count(text, ".") <= 1 {
				msg = "the number is too large"
			}
		default:
			msg, hint = fmt.Sprintf("%q is not a duration", text), "durations are like 1.5s, 10ms or 1h30m, with ns us ms s m h d w"
			if strings.Trim(text, "0123456789.nuµmshdw") == "" {
				msg, hint = fmt.Sprintf("%q is not a duration, or longer than 292 years", text), ""
			}
		}
		fail(s.Pos, msg, hint)
	}
	return s
}

// parseNumber sets type and value of s.
func parseNumber(text string, s *Static) (ok bool) {
	var err error
	if s.Num, err = strconv.ParseInt(text, 10, 64); err == nil {
		s.Type = Int
		return true
	}
	if strings.Trim(text, "-0123456789") == "" {
		return false // too large
	}
	if strings.Trim(text, "-+0123456789.eE") == "" {
		s.Flt, err = strconv.ParseFloat(text, 64)
		s.Type, s.Num = Float, 0
		return err == nil
	}
	s.Type = Duration
	s.Num, ok = parseDuration(text)
	return ok
}

// whole reads a whole number of at least least.
func (p *parser) whole(what string, least int64) int64 {
	if p.tok().kind != tokNumber && !p.signed() {
		p.unexpected(what)
	}
	s := p.number()
	if s.Type != Int || s.Num < least {
		fail(s.Pos, fmt.Sprintf("%s is a whole number of at least %d", what, least), "")
	}
	return s.Num
}
