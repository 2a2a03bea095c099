package engine

import (
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// claimer is a column of which some entries are there and yet mean nothing: an empty
// value. They keep columns behind them from being asked all the same.
type claimer interface {
	claims(w *window, in, out *rowset.Set) error
}

// each calls do for the columns of a layer with the rows that each has to decide.
func (l layer) each(w *window, in *rowset.Set, do func(c column, in *rowset.Set) error) error {
	for i, c := range l {
		if err := do(c, in); err != nil {
			return err
		}
		if i == len(l)-1 {
			break
		}
		has := w.none()
		claims := c.present
		if cl, ok := c.(claimer); ok {
			claims = cl.claims
		}
		if err := claims(w, in, has); err != nil {
			return err
		}
		if !has.Empty() {
			in = in.Clone()
			in.AndNot(has)
		}
	}
	return nil
}

func (l layer) match(w *window, p *Predicate, in, out *rowset.Set) error {
	return l.each(w, in, func(c column, in *rowset.Set) error { return c.match(w, p, in, out) })
}

func (l layer) present(w *window, in, out *rowset.Set) error {
	return l.each(w, in, func(c column, in *rowset.Set) error { return c.present(w, in, out) })
}

func (l layer) read(w *window, in *rowset.Set) (vector, error) {
	if len(l) == 1 {
		return l[0].read(w, in)
	}
	rows := in.Rows(nil)
	out := make(list, len(rows))
	err := l.each(w, in, func(c column, some *rowset.Set) error {
		v, err := c.read(w, some)
		if err != nil {
			return err
		}
		k := 0
		for i, row := range rows {
			if !some.Has(row) {
				continue
			}
			if got := v.at(k); got.there {
				out[i] = got
			}
			k++
		}
		return nil
	})
	return out, err
}

func (l layer) never(p *Predicate) bool {
	for _, c := range l {
		if !c.never(p) {
			return false
		}
	}
	return true
}

func (l layer) cost() (n int64) {
	for _, c := range l {
		n += c.cost()
	}
	return n
}

func (l layer) label() string {
	text := ""
	for i, c := range l {
		if i > 0 {
			text += ", "
		}
		text += c.label()
	}
	return text
}

// fallback is an attribute without a scope: the span's, or else the resource's.
type fallback struct {
	span, resource layer
}

func (f *fallback) lacking(w *window, in *rowset.Set) (*rowset.Set, error) {
	has := w.none()
	if err := f.span.present(w, in, has); err != nil {
		return nil, err
	}
	rest := in.Clone()
	rest.AndNot(has)
	return rest, nil
}

func (f *fallback) match(w *window, p *Predicate, in, out *rowset.Set) error {
	if err := f.span.match(w, p, in, out); err != nil || f.resource.never(p) {
		return err
	}
	rest, err := f.lacking(w, in)
	if err != nil {
		return err
	}
	return f.resource.match(w, p, rest, out)
}

func (f *fallback) present(w *window, in, out *rowset.Set) error {
	if err := f.span.present(w, in, out); err != nil {
		return err
	}
	rest, err := f.lacking(w, in)
	if err != nil {
		return err
	}
	return f.resource.present(w, rest, out)
}

func (f *fallback) read(w *window, in *rowset.Set) (vector, error) {
	rest, err := f.lacking(w, in)
	if err != nil {
		return nil, err
	}
	if rest.Empty() {
		return f.span.read(w, in)
	}
	mine, err := f.span.read(w, in)
	if err != nil {
		return nil, err
	}
	other, err := f.resource.read(w, rest)
	if err != nil {
		return nil, err
	}
	rows := in.Rows(nil)
	out := make(list, len(rows))
	k := 0
	for i, row := range rows {
		if rest.Has(row) {
			out[i] = other.at(k)
			k++
		} else {
			out[i] = mine.at(i)
		}
	}
	return out, nil
}

func (f *fallback) never(p *Predicate) bool { return f.span.never(p) && f.resource.never(p) }
func (f *fallback) cost() int64             { return f.span.cost() + f.resource.cost() }
func (f *fallback) label() string {
	switch {
	case len(f.span) == 0:
		return f.resource.label()
	case len(f.resource) == 0:
		return f.span.label()
	}
	return f.span.label() + ", else " + f.resource.label()
}

// fieldOf returns the values of an attribute or intrinsic.
func fieldOf(src source, e traceql.FieldExpr) (column, error) {
	switch e := e.(type) {
	case *traceql.Attribute:
		if e.Parent {
			inner := *e
			inner.Parent = false
			c, err := fieldOf(src, &inner)
			return &parentColumn{c}, err
		}
		if e.Scope != traceql.ScopeAny {
			return src.attribute(e.Scope, e.Name)
		}
		mine, err := src.attribute(traceql.ScopeSpan, e.Name)
		if err != nil {
			return nil, err
		}
		other, err := src.attribute(traceql.ScopeResource, e.Name)
		if len(mine) == 0 {
			return other, err
		}
		return &fallback{mine, other}, err
	case *traceql.Intrinsic:
		if e.Parent {
			c, err := src.intrinsic(e.Field)
			return &parentColumn{c}, err
		}
		return src.intrinsic(e.Field)
	}
	return nil, nil
}
