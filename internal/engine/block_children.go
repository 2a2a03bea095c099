package engine

import (
	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// child is a column of the table of events or links.
func (s *blockSource) child(scope traceql.Scope, name string, as meaning) (column, error) {
	t, err := s.children(scope)
	if err != nil {
		return nil, err
	}
	c, err := t.Column(name)
	if err != nil || c == nil {
		return layer(nil), err
	}
	return &childColumn{t, layer{newBlockColumn(c, as)}}, nil
}

// childColumn is what the events or the links of a span have, together.
type childColumn struct {
	t  *block.Table
	of layer // of the table's rows
}

// family is some rows of a table of events or links, and the span of each.
type family struct {
	rows  *rowset.Set // those whose span is of interest
	spans []uint32    // of each of them
}

// family finds the events or links of some spans.
func (c *childColumn) family(in *rowset.Set) (*family, error) {
	ref, err := c.t.Column("span_row")
	if err != nil || ref == nil {
		return &family{rows: rowset.New(0, 0)}, err
	}
	from, to, err := ref.Within(int64(in.From()), int64(in.To()))
	if err != nil {
		return nil, err
	}
	v, err := ref.Read(rowset.Full(from, to))
	if err != nil {
		return nil, err
	}
	f := &family{rows: rowset.New(from, to)}
	for i := range v.Len() {
		if row := v.Num(i); row >= 0 && row < 1<<32 && in.Has(uint32(row)) {
			f.rows.Add(from + uint32(i))
			f.spans = append(f.spans, uint32(row))
		}
	}
	return f, nil
}

// spansOf adds the spans of some of the family's rows.
func (f *family) spansOf(rows, out *rowset.Set) {
	i := 0
	for row := range f.rows.All() {
		if rows.Has(row) {
			out.Add(f.spans[i])
		}
		i++
	}
}

// match asks each event. What must hold for all values must also hold for none of them
// the other way round.
func (c *childColumn) match(w *window, p *Predicate, in, out *rowset.Set) error {
	f, err := c.family(in)
	if err != nil || f.rows.Empty() {
		return err
	}
	inner := &window{src: w.src, from: f.rows.From(), to: f.rows.To()}
	hits := inner.none()
	if err := c.of.match(inner, p, f.rows, hits); err != nil {
		return err
	}
	if p.opposite == nil {
		f.spansOf(hits, out)
		return nil
	}
	some, against := w.none(), w.none()
	f.spansOf(hits, some)
	misses := inner.none()
	if err := c.of.match(inner, p.opposite, f.rows, misses); err != nil {
		return err
	}
	f.spansOf(misses, against)
	some.AndNot(against)
	out.Or(some)
	return nil
}

func (c *childColumn) present(w *window, in, out *rowset.Set) error {
	f, err := c.family(in)
	if err != nil || f.rows.Empty() {
		return err
	}
	inner := &window{src: w.src, from: f.rows.From(), to: f.rows.To()}
	has := inner.none()
	if err := c.of.present(inner, f.rows, has); err != nil {
		return err
	}
	f.spansOf(has, out)
	return nil
}

func (c *childColumn) read(w *window, in *rowset.Set) (vector, error) {
	out := make(list, in.Count())
	f, err := c.family(in)
	if err != nil || f.rows.Empty() {
		return out, err
	}
	v, err := c.of.read(&window{src: w.src, from: f.rows.From(), to: f.rows.To()}, f.rows)
	if err != nil {
		return nil, err
	}
	entry := entries(in)
	at, last := 0, int64(-1)
	for i, row := range f.spans {
		if int64(row) != last {
			at, last = entry(row), int64(row)
		}
		got := v.at(i)
		out[at].there = out[at].there || got.there
		out[at].list = append(out[at].list, got.list...)
	}
	return out, nil
}

func (c *childColumn) never(p *Predicate) bool {
	return c.of.never(p) // what never matches in one does not in all
}

func (c *childColumn) cost() int64   { return c.of.cost() }
func (c *childColumn) label() string { return c.of.label() }

// sinceStart is how long after the start of its span each event was.
func (s *blockSource) sinceStart() (column, error) {
	t, err := s.events()
	if err != nil {
		return nil, err
	}
	times, err := t.Column("time")
	if err != nil || times == nil {
		return layer(nil), err
	}
	starts, err := s.spans.Column("start")
	if err != nil {
		return nil, err
	}
	events := &childColumn{t, layer{newBlockColumn(times, meaning{typ: traceql.Int})}}
	return &listColumn{name: "event:timeSinceStart", bytes: events.cost(), get: func(w *window, in *rowset.Set) (list, error) {
		has := w.none()
		if err := events.present(w, in, has); err != nil || has.Empty() {
			return make(list, in.Count()), err
		}
		v, err := events.read(w, in)
		if err != nil {
			return nil, err
		}
		start, err := starts.Read(has)
		if err != nil {
			return nil, err
		}
		out := v.(list)
		entry, k := entries(in), 0
		for row := range has.All() {
			got := &out[entry(row)]
			for j := range got.list {
				got.list[j] = traceql.Static{Type: traceql.Duration, Num: got.list[j].Num - start.Num(k)}
			}
			k++
		}
		return out, nil
	}}, nil
}
