package engine

import (
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// traceNumber is the duration of the trace of a span.
type traceNumber struct {
	name string
	src  *blockSource
}

func (c *traceNumber) match(w *window, p *Predicate, in, out *rowset.Set) error {
	if c.never(p) {
		return nil
	}
	rows := c.src.rows
	addTraces(w, in, out, func(i int) bool { return p.Integer(rows.End[i] - rows.Start[i]) })
	return nil
}

// addTraces adds the rows of in whose trace, by its number in the source, is wanted.
func addTraces(w *window, in, out *rowset.Set, wanted func(i int) bool) {
	hits := w.none()
	for i := range w.traces.len() {
		if wanted(w.traces.base + i) {
			hits.AddRange(w.traces.first[i], w.traces.first[i+1])
		}
	}
	hits.And(in)
	out.Or(hits)
}

func (c *traceNumber) present(_ *window, in, out *rowset.Set) error {
	out.Or(in)
	return nil
}

func (c *traceNumber) read(w *window, in *rowset.Set) (vector, error) {
	out := &numbers{typ: traceql.Duration}
	for row := range in.All() {
		i := c.src.rows.Of(row)
		out.nums = append(out.nums, c.src.rows.End[i]-c.src.rows.Start[i])
	}
	return out, nil
}

func (c *traceNumber) never(p *Predicate) bool { return !comparesWith(traceql.Duration, p) }
func (c *traceNumber) cost() int64             { return 8 * int64(c.src.r.Meta.Traces) }
func (c *traceNumber) label() string           { return "traces.duration" }

// traceText is a text of the trace of a span.
func (s *blockSource) traceText(name string, as meaning) (column, error) {
	t, err := s.tops()
	if err != nil {
		return nil, err
	}
	c, err := t.Column(name)
	if err != nil || c == nil {
		return layer(nil), err
	}
	return &traceText{newBlockColumn(c, as), s, t.Rows()}, nil
}

type traceText struct {
	of  *blockColumn
	src *blockSource
	n   uint32
}

func (c *traceText) match(w *window, p *Predicate, in, out *rowset.Set) error {
	if c.of.never(p) {
		return nil
	}
	hits := rowset.New(0, c.n)
	if err := c.of.match(w, p, rowset.Full(0, c.n), hits); err != nil {
		return err
	}
	addTraces(w, in, out, func(i int) bool { return hits.Has(c.src.rows.Row[i]) })
	return nil
}

func (c *traceText) present(_ *window, in, out *rowset.Set) error {
	out.Or(in)
	return nil
}

func (c *traceText) read(w *window, in *rowset.Set) (vector, error) {
	wanted := rowset.New(0, c.n)
	for row := range in.All() {
		wanted.Add(c.src.rows.Row[c.src.rows.Of(row)])
	}
	v, err := c.of.read(w, wanted)
	if err != nil {
		return nil, err
	}
	entry := entries(wanted)
	out := make(list, 0, in.Count())
	for row := range in.All() {
		out = append(out, v.at(entry(c.src.rows.Row[c.src.rows.Of(row)])))
	}
	return out, nil
}

func (c *traceText) never(p *Predicate) bool { return c.of.never(p) }
func (c *traceText) cost() int64             { return c.of.cost() }
func (c *traceText) label() string           { return "traces." + c.of.label() }
