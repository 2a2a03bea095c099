package engine

import (
	"fmt"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// spanFields are the columns of what a span has itself.
var spanFields = map[traceql.Field]struct {
	column string
	as     meaning
}{
	traceql.SpanDuration:      {"duration", meaning{typ: traceql.Duration}},
	traceql.SpanStart:         {"start", meaning{typ: traceql.Int}},
	traceql.SpanName:          {"name", meaning{typ: traceql.String}},
	traceql.SpanStatusMessage: {"status_message", meaning{typ: traceql.String}},
	traceql.SpanKind:          {"kind", meaning{typ: traceql.Kind, text: func(v []byte) int64 { return int64(span.ParseKind(string(v))) }}},
	traceql.SpanStatus:        {"status", meaning{typ: traceql.Status, text: func(v []byte) int64 { return int64(span.ParseStatus(string(v))) }}},
	traceql.SpanID:            {"span_id", meaning{typ: traceql.String, hex: true}},
}

func (s *blockSource) intrinsic(f traceql.Field) (column, error) {
	if field, ok := spanFields[f]; ok {
		c, err := s.spans.Column(field.column)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, fmt.Errorf("block %s has no column %s", s.r.Meta.ID, field.column)
		}
		return newBlockColumn(c, field.as), nil
	}
	if c := treeColumn(f); c != nil {
		return c, nil
	}
	if f == traceql.TraceID && !s.whole {
		c, err := s.spans.Column("trace_id")
		if err != nil || c == nil {
			return layer(nil), err
		}
		return newBlockColumn(c, meaning{typ: traceql.String, hex: true}), nil
	}
	switch f {
	case traceql.SpanParentID:
		return s.parentID()
	case traceql.ScopeName, traceql.ScopeVersion:
		sets, err := s.r.Scopes(s.ctx)
		if err != nil {
			return nil, err
		}
		texts := sets.Name
		if f == traceql.ScopeVersion {
			texts = sets.Version
		}
		return s.setColumn(f.String(), "scope", textValues(texts))
	case traceql.EventName:
		return s.child(traceql.ScopeEvent, "name", meaning{typ: traceql.String})
	case traceql.EventTimeSinceStart:
		return s.sinceStart()
	case traceql.LinkTraceID:
		return s.child(traceql.ScopeLink, "linked_trace_id", meaning{typ: traceql.String, hex: true})
	case traceql.LinkSpanID:
		return s.child(traceql.ScopeLink, "linked_span_id", meaning{typ: traceql.String, hex: true})
	case traceql.TraceDuration:
		return &traceNumber{f.String(), s}, nil
	case traceql.TraceRootName:
		return s.traceText("root_name", meaning{typ: traceql.String})
	case traceql.TraceRootService:
		return s.traceText("root_service", meaning{typ: traceql.String})
	case traceql.TraceID:
		return s.traceText("trace_id", meaning{typ: traceql.String, hex: true})
	}
	return nil, fmt.Errorf("engine: unknown field %s", f)
}

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
	opposite := p.opposite()
	if opposite == nil {
		f.spansOf(hits, out)
		return nil
	}
	some, against := w.none(), w.none()
	f.spansOf(hits, some)
	misses := inner.none()
	if err := c.of.match(inner, opposite, f.rows, misses); err != nil {
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

// listColumn is a column that is computed for many rows at once.
type listColumn struct {
	name  string
	bytes int64
	get   func(w *window, in *rowset.Set) (list, error)
	has   func(in, out *rowset.Set) error // present, where that takes less; may be nil
}

func (c *listColumn) match(w *window, p *Predicate, in, out *rowset.Set) error {
	return c.where(w, in, out, p.matches)
}

func (c *listColumn) present(w *window, in, out *rowset.Set) error {
	if c.has != nil {
		return c.has(in, out)
	}
	return c.where(w, in, out, func(v values) bool { return v.there })
}

func (c *listColumn) where(w *window, in, out *rowset.Set, is func(values) bool) error {
	v, err := c.get(w, in)
	if err != nil {
		return err
	}
	i := 0
	for row := range in.All() {
		if is(v[i]) {
			out.Add(row)
		}
		i++
	}
	return nil
}

func (c *listColumn) read(w *window, in *rowset.Set) (vector, error) { return c.get(w, in) }
func (c *listColumn) never(*Predicate) bool                          { return false }
func (c *listColumn) cost() int64                                    { return c.bytes }
func (c *listColumn) label() string                                  { return c.name }

// parentID is the id of a span's parent: that of the parent's row, or as it came where the
// parent is not in the block.
func (s *blockSource) parentID() (column, error) {
	ids, err := s.spans.Column("span_id")
	if err != nil {
		return nil, err
	}
	foreign, err := s.spans.Column("parent_span_id")
	if err != nil {
		return nil, err
	}
	distances, err := s.spans.Column("parent_distance")
	if err != nil {
		return nil, err
	}
	c := &listColumn{name: "parent_distance, span_id, parent_span_id", bytes: ids.Cost()}
	c.has = func(in, out *rowset.Set) error {
		for _, c := range []*block.Column{distances, foreign} {
			if c != nil {
				if err := c.Present(in, out); err != nil {
					return err
				}
			}
		}
		return nil
	}
	c.get = func(w *window, in *rowset.Set) (list, error) {
		out := make(list, in.Count())
		as := spanFields[traceql.SpanID].as
		if distances != nil {
			v, err := distances.Read(in)
			if err != nil {
				return nil, err
			}
			at := make([]int64, v.Len()) // the parent's row
			least, most, i := int64(s.spans.Rows()), int64(-1), 0
			for row := range in.All() {
				at[i] = -1
				if v.Has(i) {
					if at[i] = int64(row) - v.Num(i); at[i] < 0 || at[i] >= int64(s.spans.Rows()) {
						return nil, fmt.Errorf("%w: row %d has a parent outside the block", block.ErrCorrupt, row)
					}
					least, most = min(least, at[i]), max(most, at[i])
				}
				i++
			}
			parents := rowset.New(uint32(min(least, most+1)), uint32(most+1))
			for _, row := range at {
				if row >= 0 {
					parents.Add(uint32(row))
				}
			}
			found, err := ids.Read(parents)
			if err != nil {
				return nil, err
			}
			entry := entries(parents)
			for i, row := range at {
				if row >= 0 {
					out[i] = (&blockVector{found, as}).at(entry(uint32(row)))
				}
			}
		}
		if foreign == nil {
			return out, nil
		}
		v, err := foreign.Read(in)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if v.Has(i) {
				out[i] = (&blockVector{v, as}).at(i)
			}
		}
		return out, nil
	}
	return c, nil
}

// forest reads the parents of a window's spans.
func (s *blockSource) forest(w *window) (*forest, error) {
	parent, err := s.parents(w)
	if err != nil {
		return nil, err
	}
	f := &forest{base: w.from, parent: parent}
	f.duration = func() ([]int64, []int64, error) { return s.times(w) }
	s.findOdd(w, f)
	return f, nil
}

// parents reads where the parents of a window's spans stand, counted from the window's
// first row; -1 for none.
func (s *blockSource) parents(w *window) ([]int32, error) {
	parent := make([]int32, w.to-w.from)
	c, err := s.spans.Column("parent_distance")
	if err != nil {
		return nil, err
	}
	if c == nil {
		for i := range parent {
			parent[i] = -1
		}
		return parent, nil
	}
	v, err := c.Read(w.all())
	if err != nil {
		return nil, err
	}
	defer v.Free()
	for i := range parent {
		parent[i] = -1
		if !v.Has(i) {
			continue
		}
		switch at := int64(i) - v.Num(i); {
		case at == int64(i):
			// A span that names itself is a top.
		case at < 0 || at >= int64(len(parent)):
			return nil, fmt.Errorf("%w: the parent of row %d is outside its trace", block.ErrCorrupt, int64(w.from)+int64(i))
		default:
			parent[i] = int32(at)
		}
	}
	return parent, nil
}

// statusErrors returns the rows of in whose status is error.
func statusErrors(w *window, in *rowset.Set) (*rowset.Set, error) {
	c, err := w.src.field(&traceql.Intrinsic{Field: traceql.SpanStatus})
	if err != nil {
		return nil, err
	}
	out := w.none()
	p := &Predicate{op: traceql.OpEqual, want: traceql.Static{Type: traceql.Status, Num: int64(span.StatusError)}}
	return out, c.match(w, p, in, out)
}

// times reads start and duration of a window's spans.
func (s *blockSource) times(w *window) (start, duration []int64, err error) {
	for name, to := range map[string]*[]int64{"start": &start, "duration": &duration} {
		c, err := s.spans.Column(name)
		if err != nil {
			return nil, nil, err
		}
		v, err := c.Read(w.all())
		if err != nil {
			return nil, nil, err
		}
		nums := make([]int64, v.Len())
		for i := range nums {
			nums[i] = v.Num(i)
		}
		*to = nums
	}
	return start, duration, nil
}

// findOdd notes the traces whose spans share ids or form cycles.
func (s *blockSource) findOdd(w *window, f *forest) {
	f.odd = make(map[int]bool)
	for i := range w.traces.len() {
		if f.cyclic(w.traces.first[i]-w.from, w.traces.first[i+1]-w.from) || s.rows.Repeated[w.traces.base+i] {
			f.odd[i] = true
		}
	}
}

// cyclic reports whether the parents of a trace's rows, counted from base, form a cycle.
// Its edges are cut then, so that walks end.
func (f *forest) cyclic(from, to uint32) bool {
	forward := false
	for row := from; row < to; row++ {
		forward = forward || f.parent[row] > int32(row)
	}
	if !forward {
		return false // every parent stands before its children
	}
	state := make([]uint32, to-from) // the walk that came by
	for row := from; row < to; row++ {
		at := int32(row)
		for at >= 0 && state[at-int32(from)] == 0 {
			state[at-int32(from)] = row - from + 1
			at = f.parent[at]
		}
		if at >= 0 && state[at-int32(from)] == row-from+1 {
			for i := from; i < to; i++ {
				f.parent[i] = -1
			}
			return true
		}
	}
	return false
}

// orphans tells the spans of a window apart by the parent that is missing.
func (s *blockSource) orphans(w *window) ([]uint32, error) {
	out := make([]uint32, w.to-w.from)
	c, err := s.spans.Column("parent_span_id")
	if err != nil || c == nil {
		return out, err
	}
	away := w.none()
	if err := c.Present(w.all(), away); err != nil || away.Empty() {
		return out, err
	}
	v, err := c.Read(away)
	if err != nil {
		return nil, err
	}
	number := make(map[string]uint32)
	i := 0
	for row := range away.All() {
		id := string(v.Bytes(i))
		if number[id] == 0 {
			number[id] = uint32(len(number) + 1)
		}
		out[row-w.from] = number[id]
		i++
	}
	return out, nil
}

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
