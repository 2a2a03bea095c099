package engine

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// blockSource is the spans of a block.
type blockSource struct {
	ctx    context.Context
	r      *block.Reader
	spans  *block.Table
	whole  bool             // traces are looked at as a whole
	rows   *block.TraceRows // if so, once they are loaded
	bytes  *atomic.Int64
	events func() (*block.Table, error)
	links  func() (*block.Table, error)
	tops   func() (*block.Table, error) // the table of traces
}

// openBlock opens a block for a query, which looks at whole traces or span by span.
func openBlock(ctx context.Context, r *block.Reader, bytes *atomic.Int64, whole bool) (*blockSource, error) {
	spans, err := r.Spans(ctx, bytes)
	if err != nil {
		return nil, err
	}
	once := func(open func(context.Context, *atomic.Int64) (*block.Table, error)) func() (*block.Table, error) {
		return sync.OnceValues(func() (*block.Table, error) { return open(ctx, bytes) })
	}
	return &blockSource{ctx, r, spans, whole, nil, bytes, once(r.Events), once(r.Links), once(r.TraceTable)}, nil
}

// load reads where the traces stand.
func (s *blockSource) load() (err error) {
	s.rows, err = s.r.TraceRows(s.ctx)
	return err
}

// windowRowsMax is about how many rows of a block are looked at together: their sets
// fit into a processor's cache, and several processors have work.
var windowRowsMax uint32 = 1 << 18

// windows divides the block into windows, of whole traces if those are looked at.
func (s *blockSource) windows(src *scan) ([]*window, error) {
	var all []*window
	if !s.whole {
		n := s.spans.Rows()
		for from := uint32(0); from < n; from += windowRowsMax {
			all = append(all, &window{src: src, from: from, to: min(from+windowRowsMax, n)})
		}
		return all, nil
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	first := s.rows.First
	for i := 0; i < s.rows.Len(); {
		end := lowerBound(first, first[i]+windowRowsMax)
		end = min(max(end, i+1), s.rows.Len())
		all = append(all, &window{src: src, from: first[i], to: first[end], traces: &traces{first[i : end+1], i}})
		i = end
	}
	return all, nil
}

// everything is one window of all rows.
func (s *blockSource) everything(src *scan) *window {
	return &window{src: src, from: 0, to: s.spans.Rows()}
}

func (s *blockSource) attribute(scope traceql.Scope, name string) (layer, error) {
	switch scope {
	case traceql.ScopeResource, traceql.ScopeInstrumentation:
		return s.setAttribute(scope, name)
	case traceql.ScopeEvent, traceql.ScopeLink:
		t, err := s.children(scope)
		if err != nil {
			return nil, err
		}
		inner, err := attributeColumns(t, scope, name)
		if err != nil || len(inner) == 0 {
			return nil, err
		}
		return layer{&childColumn{t, inner}}, nil
	}
	return attributeColumns(s.spans, scope, name)
}

func (s *blockSource) children(scope traceql.Scope) (*block.Table, error) {
	if scope == traceql.ScopeLink {
		return s.links()
	}
	return s.events()
}

// scopeNames are the prefixes of columns.
var scopeNames = map[traceql.Scope]string{
	traceql.ScopeSpan: "span", traceql.ScopeResource: "resource", traceql.ScopeInstrumentation: "instrumentation",
	traceql.ScopeEvent: "event", traceql.ScopeLink: "link",
}

func attributeColumns(t *block.Table, scope traceql.Scope, name string) (layer, error) {
	columns, err := t.Attribute(scopeNames[scope], name)
	if err != nil {
		return nil, err
	}
	var all layer
	for _, c := range columns {
		all = append(all, newBlockColumn(c, plainValue))
	}
	if t.HasRest() {
		all = append(all, &restColumn{t, scopeNames[scope], name})
	}
	return all, nil
}

func (s *blockSource) setAttribute(scope traceql.Scope, name string) (layer, error) {
	load, ref := s.r.Resources, "resource"
	if scope == traceql.ScopeInstrumentation {
		load, ref = s.r.Scopes, "scope"
	}
	sets, err := load(s.ctx)
	if err != nil {
		return nil, err
	}
	vals := setValues(&sets.Attrs, sets.Len(), name)
	for _, v := range vals {
		if v.there {
			c, err := s.setColumn(scopeNames[scope]+"."+name, ref, vals)
			return layer{c}, err
		}
	}
	return nil, nil
}

func (s *blockSource) setColumn(name, ref string, vals []values) (*setColumn, error) {
	c, err := s.spans.Column(ref)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, fmt.Errorf("block %s has no column %s", s.r.Meta.ID, ref)
	}
	return &setColumn{name, &blockReference{c: c}, vals}, nil
}

// blockReference is the column that says which set each span of a block refers to.
type blockReference struct{ c *block.Column }

func (r *blockReference) rows(_ *window, hit []bool, in, out *rowset.Set) error {
	m := r.c.Matcher(block.Test{Num: func(n int64) bool { return n >= 0 && n < int64(len(hit)) && hit[n] }})
	return m.Match(in, out)
}

func (r *blockReference) read(_ *window, in *rowset.Set) ([]uint32, error) {
	v, err := r.c.Read(in)
	if err != nil {
		return nil, err
	}
	if codes, dict := v.Codes(), r.c.Distinct(); codes != nil && dict > 0 {
		identity := true
		for i := range dict {
			identity = identity && r.c.DictNum(uint32(i)) == int64(i)
		}
		if identity {
			return codes, nil
		}
	}
	out := make([]uint32, v.Len())
	for i := range out {
		out[i] = uint32(v.Num(i))
	}
	return out, nil
}

func (r *blockReference) cost() int64 { return r.c.Cost() }

// blockColumn is a column of a block's file.
type blockColumn struct {
	c  *block.Column
	as meaning

	mu       sync.Mutex
	matchers map[*Predicate]*block.Matcher
}

// meaning says how what a column stores is a value of the language.
type meaning struct {
	typ  traceql.Type         // Any: by the column's own type
	text func(v []byte) int64 // enumerations: the number of a name
	hex  bool                 // ids
}

// isText reports whether a column of the type stores bytes.
func isText(t span.Type) bool { return t == span.String || t == span.Bytes || t == span.JSON }

// ofText is the value of stored bytes.
func (m meaning) ofText(t span.Type, v []byte) values {
	switch {
	case m.text != nil:
		return single(traceql.Static{Type: m.typ, Num: m.text(v)})
	case m.hex:
		return textValue(hex.EncodeToString(v))
	}
	return attributeValue(span.Value{Type: t, Str: string(v)})
}

// ofNumber is the value of a stored number.
func (m meaning) ofNumber(t span.Type, n int64) values {
	if m.typ != traceql.Any {
		return single(traceql.Static{Type: m.typ, Num: n})
	}
	return attributeValue(span.Value{Type: t, Num: uint64(n)})
}

var plainValue = meaning{typ: traceql.Any}

func newBlockColumn(c *block.Column, as meaning) *blockColumn {
	return &blockColumn{c: c, as: as, matchers: make(map[*Predicate]*block.Matcher)}
}

func (c *blockColumn) matcher(p *Predicate) *block.Matcher {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.matchers[p]
	if m == nil {
		m = c.c.Matcher(c.test(p))
		c.matchers[p] = m
	}
	return m
}

func (c *blockColumn) test(p *Predicate) block.Test {
	switch {
	case c.as.text != nil:
		return block.Test{Text: func(v []byte) bool { return p.Integer(c.as.text(v)) }}
	case c.as.hex:
		buf := new(sync.Pool)
		return block.Test{Text: func(v []byte) bool {
			b, _ := buf.Get().(*[32]byte)
			if b == nil {
				b = new([32]byte)
			}
			defer buf.Put(b)
			return p.text(b[:hex.Encode(b[:], v)])
		}}
	}
	t := block.Test{
		Text: func(v []byte) bool { return p.Text(c.c.Type, v) },
		Num:  func(n int64) bool { return p.Number(c.c.Type, uint64(n)) },
	}
	switch c.c.Type {
	case span.String:
		t.Literal, t.Words = p.literal(), p.words()
	case span.Int:
		t.Lo, t.Hi, t.Ranged = p.interval()
	}
	return t
}

func (c *blockColumn) never(p *Predicate) bool {
	switch {
	case c.as.typ != traceql.Any:
		if !comparesWith(c.as.typ, p) && !(c.as.typ == traceql.String && p.want.Type == traceql.String) {
			return true
		}
	case !p.MayMatch(c.c.Type):
		return true
	}
	return c.matcher(p).Never()
}

func (c *blockColumn) match(_ *window, p *Predicate, in, out *rowset.Set) error {
	if c.never(p) {
		return nil
	}
	return c.matcher(p).Match(in, out)
}

func (c *blockColumn) claims(_ *window, in, out *rowset.Set) error { return c.c.Present(in, out) }

func (c *blockColumn) present(w *window, in, out *rowset.Set) error {
	if c.c.Type == span.JSON {
		return c.c.Matcher(block.Test{Text: func(v []byte) bool { return string(v) != "null" }}).Match(in, out)
	}
	return c.c.Present(in, out)
}

func (c *blockColumn) read(_ *window, in *rowset.Set) (vector, error) {
	v, err := c.c.Read(in)
	return &blockVector{v, c.as}, err
}

func (c *blockColumn) cost() int64   { return c.c.Cost() }
func (c *blockColumn) label() string { return c.c.Name }

// blockVector is values of a block's column.
type blockVector struct {
	v  *block.Vector
	as meaning
}

func (v *blockVector) at(i int) values {
	switch {
	case !v.v.Has(i):
		return values{}
	case isText(v.v.Type):
		return v.as.ofText(v.v.Type, v.v.Bytes(i))
	}
	return v.as.ofNumber(v.v.Type, v.v.Num(i))
}

func (v *blockVector) number(i int) (float64, bool) {
	switch {
	case v.as.typ == traceql.Duration || v.as.typ == traceql.Int:
		return float64(v.v.Num(i)), v.v.Has(i)
	case v.v.Type == span.Int && v.as.typ == traceql.Any:
		return float64(v.v.Num(i)), v.v.Has(i)
	}
	return v.at(i).number()
}

// restColumn is an attribute that has no column in a block.
type restColumn struct {
	t          *block.Table
	scope, key string
}

func (c *restColumn) each(in *rowset.Set, do func(row uint32, v values)) error {
	last := int64(-1)
	return c.t.Rest(in, c.scope, c.key, func(row uint32, _ string, v span.Value) {
		if int64(row) != last { // a key that came twice: the first counts
			do(row, attributeValue(v))
		}
		last = int64(row)
	})
}

func (c *restColumn) match(_ *window, p *Predicate, in, out *rowset.Set) error {
	return c.each(in, func(row uint32, v values) {
		if p.matches(v) {
			out.Add(row)
		}
	})
}

func (c *restColumn) claims(_ *window, in, out *rowset.Set) error {
	return c.each(in, func(row uint32, _ values) { out.Add(row) })
}

func (c *restColumn) present(_ *window, in, out *rowset.Set) error {
	return c.each(in, func(row uint32, v values) {
		if v.there {
			out.Add(row)
		}
	})
}

func (c *restColumn) read(_ *window, in *rowset.Set) (vector, error) {
	out := make(list, in.Count())
	entry := entries(in)
	err := c.each(in, func(row uint32, v values) { out[entry(row)] = v })
	return out, err
}

func (c *restColumn) never(*Predicate) bool { return false }
func (c *restColumn) cost() int64           { return 1 << 30 }
func (c *restColumn) label() string         { return "rest" }
