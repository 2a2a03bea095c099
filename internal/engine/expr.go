package engine

import (
	"fmt"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// constant is a vector of one value everywhere.
type constant struct{ v values }

func (c constant) at(int) values              { return c.v }
func (c constant) number(int) (float64, bool) { return c.v.number() }

// eval returns the value of an expression for the rows of a set, in order. Columns are
// read whole, and what is left is computed row by row.
func eval(w *window, e traceql.FieldExpr, in *rowset.Set) (vector, error) {
	switch e := e.(type) {
	case *traceql.Static:
		if e.Type == traceql.Nil {
			return constant{}, nil
		}
		return constant{single(*e)}, nil
	case *traceql.Attribute, *traceql.Intrinsic:
		c, err := w.src.field(e)
		if err != nil {
			return nil, err
		}
		return c.read(w, in)
	case *traceql.Unary:
		x, err := eval(w, e.X, in)
		if err != nil {
			return nil, err
		}
		return compute1(e.Op, x, in.Count()), nil
	case *traceql.Binary:
		if e.Op == traceql.OpMatch || e.Op == traceql.OpNotMatch {
			return evalMatch(w, e, in)
		}
		l, err := eval(w, e.L, in)
		if err != nil {
			return nil, err
		}
		r, err := eval(w, e.R, in)
		if err != nil {
			return nil, err
		}
		return compute2(e, l, r, in.Count()), nil
	}
	return nil, fmt.Errorf("engine: unknown expression %T", e)
}

func compute1(op traceql.Operator, x vector, n int) list {
	out := make(list, n)
	zero := single(traceql.Static{Type: traceql.Int})
	for i := range out {
		if op == traceql.OpNot {
			out[i] = single(boolean(!x.at(i).true()))
		} else {
			out[i] = compute(traceql.OpSub, zero, x.at(i))
		}
	}
	return out
}

func compute2(e *traceql.Binary, l, r vector, n int) list {
	out := make(list, n)
	isNil := func(e traceql.FieldExpr) bool {
		s, ok := e.(*traceql.Static)
		return ok && s.Type == traceql.Nil
	}
	for i := range out {
		x, y := l.at(i), r.at(i)
		switch {
		case e.Op == traceql.OpAnd:
			out[i] = single(boolean(x.true() && y.true()))
		case e.Op == traceql.OpOr:
			out[i] = single(boolean(x.true() || y.true()))
		case e.Op.Arithmetic():
			out[i] = compute(e.Op, x, y)
		case isNil(e.L) || isNil(e.R):
			out[i] = single(boolean((x.there == y.there) == (e.Op == traceql.OpEqual)))
		default:
			out[i] = single(boolean(compareValues(e.Op, x, y)))
		}
	}
	return out
}

// evalMatch evaluates =~ and !~, whose right side is a constant.
func evalMatch(w *window, e *traceql.Binary, in *rowset.Set) (vector, error) {
	s, ok := e.R.(*traceql.Static)
	if !ok {
		return nil, fmt.Errorf("%s takes a string, not %s", e.Op, e.R)
	}
	p, err := NewPredicate(e.Op, *s)
	if err != nil {
		return nil, err
	}
	l, err := eval(w, e.L, in)
	if err != nil {
		return nil, err
	}
	out := make(list, in.Count())
	for i := range out {
		out[i] = single(boolean(p.matches(l.at(i))))
	}
	return out, nil
}
