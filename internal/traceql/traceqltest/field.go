package traceqltest

import (
	"regexp"

	"github.com/everspan/everspan/internal/traceql"
)

func (g *generator) filter(depth int) *traceql.Filter {
	if g.one(8) {
		return &traceql.Filter{}
	}
	return &traceql.Filter{Expr: g.condition(depth)}
}

// condition makes an expression that is true or false.
func (g *generator) condition(depth int) traceql.FieldExpr {
	if depth <= 0 {
		return g.comparison(0)
	}
	switch g.IntN(8) {
	case 0, 1:
		return &traceql.Binary{Op: traceql.OpAnd, L: g.condition(depth - 1), R: g.condition(depth - 1)}
	case 2:
		return &traceql.Binary{Op: traceql.OpOr, L: g.condition(depth - 1), R: g.condition(depth - 1)}
	case 3:
		return &traceql.Unary{Op: traceql.OpNot, X: g.condition(depth - 1)}
	case 4:
		if g.one(2) && len(g.scopes) > 0 {
			return g.attribute()
		}
		return g.comparison(depth - 1)
	default:
		return g.comparison(depth - 1)
	}
}

var orders = []traceql.Operator{
	traceql.OpEqual, traceql.OpNotEqual, traceql.OpLess, traceql.OpLessEqual, traceql.OpGreater, traceql.OpGreaterEqual,
}

func (g *generator) comparison(depth int) traceql.FieldExpr {
	equal, order := pick(g, orders[:2]), pick(g, orders)
	switch g.IntN(9) {
	case 0:
		return &traceql.Binary{Op: equal, L: g.leaf(), R: &traceql.Static{}}
	case 1:
		op := pick(g, []traceql.Operator{traceql.OpMatch, traceql.OpNotMatch})
		return &traceql.Binary{Op: op, L: g.text(), R: g.pattern()}
	case 2:
		return &traceql.Binary{Op: order, L: g.text(), R: g.static(traceql.String)}
	case 3:
		typ := pick(g, []traceql.Type{traceql.Status, traceql.Kind, traceql.Bool})
		return &traceql.Binary{Op: equal, L: g.typed(typ), R: g.static(typ)}
	case 4:
		if g.Arithmetic && depth > 0 {
			return &traceql.Binary{Op: equal, L: g.condition(depth - 1), R: g.condition(depth - 1)}
		}
		return &traceql.Binary{Op: order, L: g.text(), R: g.text()}
	case 5, 6:
		return &traceql.Binary{Op: order, L: g.typed(traceql.Duration), R: g.duration(depth)}
	default:
		return &traceql.Binary{Op: order, L: g.number(depth), R: g.number(depth)}
	}
}

// number makes an expression that is no duration.
func (g *generator) number(depth int) traceql.FieldExpr {
	if depth > 0 && g.Arithmetic && g.one(2) {
		switch op := traceql.OpAdd + traceql.Operator(g.IntN(5)); g.IntN(6) {
		case 0:
			return &traceql.Unary{Op: traceql.OpNeg, X: g.number(depth - 1)}
		case 1:
			return &traceql.Binary{Op: traceql.OpDiv, L: g.duration(depth - 1), R: g.duration(depth - 1)}
		default:
			return &traceql.Binary{Op: op, L: g.number(depth - 1), R: g.number(depth - 1)}
		}
	}
	if g.one(2) {
		return g.static(pick(g, []traceql.Type{traceql.Int, traceql.Float}))
	}
	return g.typed(traceql.Int)
}

func (g *generator) duration(depth int) traceql.FieldExpr {
	if depth > 0 && g.Arithmetic && g.one(2) {
		switch g.IntN(5) {
		case 0:
			return &traceql.Unary{Op: traceql.OpNeg, X: g.duration(depth - 1)}
		case 1:
			return &traceql.Binary{Op: traceql.OpMul, L: g.number(depth - 1), R: g.duration(depth - 1)}
		case 2:
			op := pick(g, []traceql.Operator{traceql.OpMul, traceql.OpDiv})
			return &traceql.Binary{Op: op, L: g.duration(depth - 1), R: g.number(depth - 1)}
		default:
			op := pick(g, []traceql.Operator{traceql.OpAdd, traceql.OpSub, traceql.OpMod})
			return &traceql.Binary{Op: op, L: g.duration(depth - 1), R: g.duration(depth - 1)}
		}
	}
	if g.one(2) {
		return g.static(traceql.Duration)
	}
	return g.typed(traceql.Duration)
}

func (g *generator) text() traceql.FieldExpr { return g.typed(traceql.String) }

// typed makes an intrinsic of a type or an attribute; if there are none, a constant.
func (g *generator) typed(t traceql.Type) traceql.FieldExpr {
	fields := g.byType[t]
	if len(fields) > 0 && (len(g.scopes) == 0 || g.one(2)) {
		return &traceql.Intrinsic{Field: pick(g, fields), Parent: g.Parents && g.one(6)}
	}
	if len(g.scopes) == 0 {
		return g.static(t)
	}
	return g.attribute()
}

// leaf makes an attribute or an intrinsic.
func (g *generator) leaf() traceql.FieldExpr {
	if len(g.Fields) > 0 && (len(g.scopes) == 0 || g.one(2)) {
		return &traceql.Intrinsic{Field: pick(g, g.Fields), Parent: g.Parents && g.one(6)}
	}
	if len(g.scopes) == 0 {
		return &traceql.Intrinsic{}
	}
	return g.attribute()
}

func (g *generator) attribute() *traceql.Attribute {
	scope := pick(g, g.scopes)
	return &traceql.Attribute{Scope: scope, Name: pick(g, g.Names[scope]), Parent: g.Parents && g.one(6)}
}

func (g *generator) static(t traceql.Type) *traceql.Static {
	s := &traceql.Static{Type: t}
	switch t {
	case traceql.String:
		s.Str = pick(g, g.Strings)
	case traceql.Int:
		s.Num = pick(g, g.Ints)
	case traceql.Float:
		s.Flt = pick(g, g.Floats)
	case traceql.Duration:
		s.Num = pick(g, g.Durations)
	case traceql.Bool:
		s.Num = g.Int64N(2)
	case traceql.Status:
		s.Num = g.Int64N(3)
	case traceql.Kind:
		s.Num = g.Int64N(6)
	}
	return s
}

func (g *generator) constant() *traceql.Static {
	return g.static(traceql.Type(g.IntN(int(traceql.Any))))
}

// pattern makes a regular expression that matches some of the strings.
func (g *generator) pattern() *traceql.Static {
	s := regexp.QuoteMeta(pick(g, g.Strings))
	switch g.IntN(4) {
	case 0:
		s += ".*"
	case 1:
		s += "|" + regexp.QuoteMeta(pick(g, g.Strings))
	case 2:
		s = ".*" + s + "?"
		if s == ".*?" {
			s = ".+"
		}
	}
	if _, err := regexp.Compile(s); err != nil {
		s = "(?i)x+"
	}
	return &traceql.Static{Type: traceql.String, Str: s}
}
