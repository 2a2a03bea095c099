package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// condition is an expression that is true or false for a span, bound to the columns of
// a source.
type condition interface {
	// rows returns those of in for which it is true, in a set of its own.
	rows(w *window, in *rowset.Set) (*rowset.Set, error)
	// cost is about how many bytes are read to decide on all rows; below zero if
	// no row can match.
	cost() int64
	// explain writes what is done, in the order in which it is done.
	explain(p *plan)
}

const never = -1

// bind makes a condition of an expression; nil stands for true.
func bind(src *scan, e traceql.FieldExpr) (condition, error) {
	switch e := e.(type) {
	case nil:
		return always{}, nil
	case *traceql.Static:
		if e.Type == traceql.Bool && e.Num != 0 {
			return always{}, nil
		}
		return nothing{"never true"}, nil
	case *traceql.Attribute, *traceql.Intrinsic:
		return bindMatch(src, e, traceql.OpEqual, boolean(true))
	case *traceql.Unary:
		if e.Op == traceql.OpNot {
			x, err := bind(src, e.X)
			if err != nil {
				return nil, err
			}
			return &not{x}, nil
		}
	case *traceql.Binary:
		return bindBinary(src, e)
	}
	return &computed{e}, nil
}

func bindBinary(src *scan, e *traceql.Binary) (condition, error) {
	switch {
	case e.Op == traceql.OpAnd:
		all, err := bindAll(src, e, nil)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(all, func(a, b condition) int { return cmp.Compare(a.cost(), b.cost()) })
		return and(all), nil
	case e.Op == traceql.OpOr:
		l, err := bind(src, e.L)
		if err != nil {
			return nil, err
		}
		r, err := bind(src, e.R)
		if err != nil {
			return nil, err
		}
		return &or{l, r}, nil
	case e.Op.Arithmetic():
		return nothing{"a number is no condition"}, nil
	}
	if s, ok := e.R.(*traceql.Static); ok && isField(e.L) {
		return bindMatch(src, e.L, e.Op, *s)
	}
	if s, ok := e.L.(*traceql.Static); ok && isField(e.R) && e.Op != traceql.OpMatch && e.Op != traceql.OpNotMatch {
		return bindMatch(src, e.R, turned(e.Op), *s)
	}
	return &computed{e}, nil
}

// bindAll binds what && joins.
func bindAll(src *scan, e traceql.FieldExpr, all []condition) ([]condition, error) {
	if b, ok := e.(*traceql.Binary); ok && b.Op == traceql.OpAnd {
		all, err := bindAll(src, b.L, all)
		if err != nil {
			return nil, err
		}
		return bindAll(src, b.R, all)
	}
	c, err := bind(src, e)
	return append(all, c), err
}

func isField(e traceql.FieldExpr) bool {
	switch e.(type) {
	case *traceql.Attribute, *traceql.Intrinsic:
		return true
	}
	return false
}

// turned is the operator for operands that change sides.
func turned(op traceql.Operator) traceql.Operator {
	switch op {
	case traceql.OpLess:
		return traceql.OpGreater
	case traceql.OpLessEqual:
		return traceql.OpGreaterEqual
	case traceql.OpGreater:
		return traceql.OpLess
	case traceql.OpGreaterEqual:
		return traceql.OpLessEqual
	}
	return op
}

func bindMatch(src *scan, e traceql.FieldExpr, op traceql.Operator, want traceql.Static) (condition, error) {
	c, err := src.field(e)
	if err != nil {
		return nil, err
	}
	if want.Type == traceql.Nil {
		x := condition(&exists{c, e})
		if op == traceql.OpEqual {
			return &not{x}, nil
		}
		return x, nil
	}
	p, err := NewPredicate(op, want)
	if err != nil {
		return nil, err
	}
	if c.never(p) {
		return nothing{fmt.Sprintf("%s %s %s: no value matches", e, op, want.String())}, nil
	}
	return &match{c, p, e}, nil
}

type always struct{}

func (always) rows(_ *window, in *rowset.Set) (*rowset.Set, error) { return in.Clone(), nil }
func (always) cost() int64                                         { return 0 }

// nothing is a condition that is known to be false for all spans of a source.
type nothing struct{ why string }

func (nothing) rows(w *window, _ *rowset.Set) (*rowset.Set, error) { return w.none(), nil }
func (nothing) cost() int64                                        { return never }

type match struct {
	c column
	p *Predicate
	e traceql.FieldExpr
}

func (m *match) rows(w *window, in *rowset.Set) (*rowset.Set, error) {
	out := w.none()
	return out, m.c.match(w, m.p, in, out)
}

func (m *match) cost() int64 { return m.c.cost() }

type exists struct {
	c column
	e traceql.FieldExpr
}

func (x *exists) rows(w *window, in *rowset.Set) (*rowset.Set, error) {
	out := w.none()
	return out, x.c.present(w, in, out)
}

func (x *exists) cost() int64 { return x.c.cost() }

type not struct{ x condition }

func (n *not) rows(w *window, in *rowset.Set) (*rowset.Set, error) {
	some, err := n.x.rows(w, in)
	if err != nil {
		return nil, err
	}
	out := in.Clone()
	out.AndNot(some)
	return out, nil
}

func (n *not) cost() int64 { return max(n.x.cost(), 0) }

// and is conditions by rising cost: each looks only at the rows that are left.
type and []condition

func (a and) rows(w *window, in *rowset.Set) (*rowset.Set, error) {
	for _, c := range a {
		some, err := c.rows(w, in)
		if err != nil || some.Empty() {
			return some, err
		}
		in = some
	}
	return in, nil
}

func (a and) cost() int64 {
	var n int64
	for _, c := range a {
		k := c.cost()
		if k < 0 {
			return never
		}
		n += k
	}
	return n
}

type or struct{ l, r condition }

func (o *or) rows(w *window, in *rowset.Set) (*rowset.Set, error) {
	some, err := o.l.rows(w, in)
	if err != nil {
		return nil, err
	}
	rest := in.Clone()
	rest.AndNot(some)
	more, err := o.r.rows(w, rest)
	if err != nil {
		return nil, err
	}
	some.Or(more)
	return some, nil
}

func (o *or) cost() int64 {
	l, r := o.l.cost(), o.r.cost()
	if l < 0 && r < 0 {
		return never
	}
	return max(l, 0) + max(r, 0)
}

// computed is a condition that is worked out row by row.
type computed struct{ e traceql.FieldExpr }

func (c *computed) rows(w *window, in *rowset.Set) (*rowset.Set, error) {
	if b, ok := c.e.(*traceql.Binary); ok && isField(b.L) && isField(b.R) && b.Op != traceql.OpMatch && b.Op != traceql.OpNotMatch {
		return fieldRows(w, b, in)
	}
	v, err := eval(w, c.e, in)
	if err != nil {
		return nil, err
	}
	out := w.none()
	i := 0
	for row := range in.All() {
		if v.at(i).true() {
			out.Add(row)
		}
		i++
	}
	return out, nil
}

// cost puts what is worked out row by row behind all else.
func (c *computed) cost() int64 { return 1 << 40 }
