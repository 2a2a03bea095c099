package enginetest

import (
	"encoding/base64"
	"encoding/json"
	"iter"
	"math"
	"strings"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// values is what an expression has for a span: nothing, one value, or several
// where the attribute is an array or where several events or links have it.
type values struct {
	there bool // something was sent, be it an empty array
	list  []traceql.Static
}

func one(v traceql.Static) values { return values{there: true, list: []traceql.Static{v}} }

func boolean(b bool) values {
	v := traceql.Static{Type: traceql.Bool}
	if b {
		v.Num = 1
	}
	return one(v)
}

func text(s string) values { return one(traceql.Static{Type: traceql.String, Str: s}) }

func integer(n int64) values { return one(traceql.Static{Type: traceql.Int, Num: n}) }

func duration(n int64) values { return one(traceql.Static{Type: traceql.Duration, Num: n}) }

// text writes the values as TraceQL would, for groups.
func (v values) text() string {
	if len(v.list) == 0 {
		return "nil"
	}
	texts := make([]string, len(v.list))
	for i := range v.list {
		texts[i] = v.list[i].String()
	}
	return strings.Join(texts, ", ")
}

// truth reports whether one of the values is true.
func truth(v values) bool {
	for _, x := range v.list {
		if x.Type == traceql.Bool && x.Num != 0 {
			return true
		}
	}
	return false
}

// field is the value of an expression for a span.
func (t *trace) field(e traceql.FieldExpr, row int32) values {
	switch e := e.(type) {
	case *traceql.Static:
		if e.Type == traceql.Nil {
			return values{}
		}
		return one(*e)
	case *traceql.Attribute:
		if e.Parent {
			if row = t.parent(row); row < 0 {
				return values{}
			}
		}
		return t.attribute(e, uint32(row))
	case *traceql.Intrinsic:
		if e.Parent {
			if row = t.parent(row); row < 0 {
				return values{}
			}
		}
		return t.intrinsic(e.Field, row)
	case *traceql.Unary:
		x := t.field(e.X, row)
		if e.Op == traceql.OpNot {
			return boolean(!truth(x))
		}
		return arithmetic(traceql.OpSub, integer(0), x)
	case *traceql.Binary:
		return t.binary(e, row)
	}
	panic("enginetest: unknown expression")
}

func (t *trace) binary(e *traceql.Binary, row int32) values {
	l, r := t.field(e.L, row), t.field(e.R, row)
	switch {
	case e.Op == traceql.OpAnd:
		return boolean(truth(l) && truth(r))
	case e.Op == traceql.OpOr:
		return boolean(truth(l) || truth(r))
	case e.Op.Arithmetic():
		return arithmetic(e.Op, l, r)
	case isNil(e.L) || isNil(e.R):
		return boolean((l.there == r.there) == (e.Op == traceql.OpEqual))
	}
	return boolean(compare(e.Op, l, r))
}

func isNil(e traceql.FieldExpr) bool {
	s, ok := e.(*traceql.Static)
	return ok && s.Type == traceql.Nil
}

// attribute looks an attribute up. Without a scope it is the span's, or else the
// resource's.
func (t *trace) attribute(a *traceql.Attribute, row uint32) values {
	b := t.b
	switch a.Scope {
	case traceql.ScopeAny:
		if v := get(&b.Attrs, row, a.Name); v.there {
			return v
		}
		return get(&b.Resources.Attrs, b.Resource[row], a.Name)
	case traceql.ScopeSpan:
		return get(&b.Attrs, row, a.Name)
	case traceql.ScopeResource:
		return get(&b.Resources.Attrs, b.Resource[row], a.Name)
	case traceql.ScopeInstrumentation:
		return get(&b.Scopes.Attrs, b.Scope[row], a.Name)
	}
	from, to := b.EventsOf(row)
	attrs := &b.Events.Attrs
	if a.Scope == traceql.ScopeLink {
		from, to = b.LinksOf(row)
		attrs = &b.Links.Attrs
	}
	return each(from, to, func(i int) values { return get(attrs, uint32(i), a.Name) })
}

// each gathers the values of some events or links.
func each(from, to int, of func(i int) values) (all values) {
	for i := from; i < to; i++ {
		v := of(i)
		all.there = all.there || v.there
		all.list = append(all.list, v.list...)
	}
	return all
}

func get(a *span.Attrs, row uint32, name string) values {
	v, ok := a.Get(row, name)
	if !ok {
		return values{}
	}
	switch v.Type {
	case span.String:
		return text(v.Str)
	case span.Int:
		return integer(int64(v.Num))
	case span.Double:
		return one(traceql.Static{Type: traceql.Float, Flt: math.Float64frombits(v.Num)})
	case span.Bool:
		return boolean(v.Num != 0)
	case span.Bytes:
		return text(base64.StdEncoding.EncodeToString([]byte(v.Str)))
	}
	return fromJSON(v.Str)
}

// fromJSON is the value of an attribute that is an array, a list of keys and values, or
// empty. A list is its text; an array is the values in it.
func fromJSON(s string) values {
	var array []json.RawMessage
	switch {
	case s == "null":
		return values{}
	case json.Unmarshal([]byte(s), &array) != nil:
		return text(s)
	}
	all := values{there: true}
	for _, e := range array {
		switch v := span.ParseText(string(e)); v.Type {
		case span.JSON:
			all.list = append(all.list, text(v.Str).list...)
		default:
			var a span.Attrs
			a.Begin(0)
			a.Set([]byte("x"), v)
			all.list = append(all.list, get(&a, 0, "x").list...)
		}
	}
	return all
}

// intrinsic is the value of a field that every span has. Empty text is nil where it
// means that there is none.
func (t *trace) intrinsic(f traceql.Field, row int32) values {
	b, r := t.b, uint32(row)
	node := t.node[row]
	switch f {
	case traceql.SpanDuration:
		return duration(b.Duration[row])
	case traceql.SpanName:
		return text(b.Names.String(b.Name[row]))
	case traceql.SpanKind:
		return one(traceql.Static{Type: traceql.Kind, Num: int64(b.Kind[row])})
	case traceql.SpanStatus:
		return one(traceql.Static{Type: traceql.Status, Num: int64(b.Status[row])})
	case traceql.SpanStatusMessage:
		return text(b.Messages.String(b.Message[row]))
	case traceql.SpanID:
		return text(b.ID[row].String())
	case traceql.SpanParentID:
		if b.Parent[row].IsZero() {
			return values{}
		}
		return text(b.Parent[row].String())
	case traceql.SpanChildCount:
		return integer(int64(t.tree.Nodes[node].Children))
	case traceql.SpanStart:
		return integer(b.Start[row])
	case traceql.TraceDuration:
		return duration(t.end - t.start)
	case traceql.TraceRootName:
		return text(t.rootName)
	case traceql.TraceRootService:
		return text(t.rootOf)
	case traceql.TraceID:
		return text(b.TraceID(r).String())
	case traceql.EventName, traceql.EventTimeSinceStart:
		from, to := b.EventsOf(r)
		return each(from, to, func(i int) values {
			if f == traceql.EventName {
				return text(b.Events.Names.String(b.Events.Name[i]))
			}
			return duration(b.Events.Time[i] - b.Start[row])
		})
	case traceql.LinkTraceID, traceql.LinkSpanID:
		from, to := b.LinksOf(r)
		return each(from, to, func(i int) values {
			if f == traceql.LinkTraceID {
				return text(b.Links.TraceID[i].String())
			}
			return text(b.Links.ID[i].String())
		})
	case traceql.ScopeName:
		return text(b.Scopes.Name[b.Scope[row]])
	case traceql.ScopeVersion:
		return text(b.Scopes.Version[b.Scope[row]])
	case traceql.NestedSetLeft:
		return integer(t.left[node])
	case traceql.NestedSetRight:
		return integer(t.right[node])
	case traceql.NestedSetParent:
		if p := t.parent(row); p >= 0 {
			return integer(t.left[t.node[p]])
		}
		return integer(-1)
	}
	panic("enginetest: unknown field")
}

// pairs yields all pairs of values that can be compared.
func pairs(l, r values) iter.Seq2[traceql.Static, traceql.Static] {
	return func(yield func(x, y traceql.Static) bool) {
		for _, x := range l.list {
			for _, y := range r.list {
				if (x.Type == y.Type || numeric(x) && numeric(y)) && !yield(x, y) {
					return
				}
			}
		}
	}
}
