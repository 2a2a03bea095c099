package block

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/everspan/everspan/internal/span"
)

// layer lays out the rows of a merged block.
type layer struct {
	m                  *merger
	starts, ids, kinds []*cursor // by input
	distances, parents []*cursor
	family             family
	events, links      []*cursor // their column span_row
	runs               []run     // of the trace
	rows               []place
	pairs              []pair
	seen               map[string]bool
	index              runIndex // of the trace's runs
}

// place is a row of an input, with its start.
type place struct {
	start      int64
	input, row uint32
}

// pair is an event or link of an input and the span that it belongs to.
type pair struct{ owner, input, row uint32 }

func newLayer(m *merger) (*layer, error) {
	l := &layer{m: m, seen: make(map[string]bool)}
	for _, in := range m.inputs {
		for _, c := range []struct {
			f     *fileReader
			name  string
			shape shape
			to    *[]*cursor
		}{
			{in.rows, "start", shapeTime, &l.starts}, {in.rows, "span_id", shapeSpanID, &l.ids}, {in.rows, "kind", shapeText, &l.kinds},
			{in.rows, "parent_distance", shapeInt32, &l.distances}, {in.rows, "parent_span_id", shapeSpanID, &l.parents},
			{in.events, "span_row", shapeInt64, &l.events}, {in.links, "span_row", shapeInt64, &l.links},
		} {
			opened, err := c.f.cursor(m.ctx, &m.pool, c.name, c.shape)
			if err != nil {
				return nil, err
			}
			*c.to = append(*c.to, opened)
		}
	}
	return l, nil
}

// close gives the pages of all cursors back.
func (l *layer) close() {
	for _, column := range [][]*cursor{l.starts, l.ids, l.kinds, l.distances, l.parents, l.events, l.links} {
		for _, c := range column {
			c.close()
		}
	}
}

// trace lays the rows of a trace, of which the first part knows what all parts
// know together.
func (l *layer) trace(parts []part) error {
	m := l.m
	t := parts[0].trace
	t.spans[0], t.events[0], t.links[0] = m.rows, len(m.events.owners), len(m.links.owners)
	l.runs = l.runs[:0]
	if len(parts) == 1 {
		at := parts[0].spans
		l.runs = append(l.runs, run{parts[0].input, uint32(at[0]), uint32(at[1] - at[0])})
		m.rows += at[1] - at[0]
		if err := l.keepParents(parts[0].input, at); err != nil {
			return err
		}
	} else {
		if err := l.interleave(parts); err != nil {
			return err
		}
		var err error
		if t.repeated, err = l.findParents(); err != nil {
			return err
		}
	}
	for _, r := range l.runs {
		m.runs = extend(m.runs, r)
	}
	if err := l.children(&m.events, l.events, parts, t.spans[0], func(p *part) [2]int { return p.events }); err != nil {
		return err
	}
	if err := l.children(&m.links, l.links, parts, t.spans[0], func(p *part) [2]int { return p.links }); err != nil {
		return err
	}
	t.spans[1], t.events[1], t.links[1] = m.rows, len(m.events.owners), len(m.links.owners)
	m.traces = append(m.traces, t)
	return nil
}

// keepParents takes over the parents of rows that stay together.
func (l *layer) keepParents(input uint32, at [2]int) error {
	m := l.m
	for row := at[0]; row < at[1]; {
		p, err := l.distances[input].page(m.ctx, row)
		if err != nil {
			return err
		}
		for end := min(at[1], p.end); row < end; row++ {
			if p.has(row - p.first) {
				m.parents = append(m.parents, int32(p.num(row-p.first)))
				continue
			}
			id, err := l.parents[input].id(m.ctx, row)
			if err != nil {
				return err
			}
			if !id.IsZero() {
				m.foreign[uint32(len(m.parents))] = id
			}
			m.parents = append(m.parents, noParent)
		}
	}
	return nil
}

// findParents looks the parents of a trace's rows up, which lay in several
// inputs before, and reports whether several have the same id.
func (l *layer) findParents() (repeated bool, err error) {
	m := l.m
	n := 0
	for _, r := range l.runs {
		n += int(r.count)
	}
	l.family.reset(n)
	for _, r := range l.runs {
		for row := range r.count {
			id, err := l.ids[r.input].id(m.ctx, int(r.first+row))
			if err != nil {
				return false, err
			}
			repeated = !l.family.add(id) || repeated
		}
	}
	at := 0
	for _, r := range l.runs {
		for row := int(r.first); row < int(r.first+r.count); row++ {
			parent, err := l.parent(r.input, row)
			if err != nil {
				return false, err
			}
			distance := int32(noParent)
			if !parent.IsZero() {
				if place, ok := l.family.find(parent); ok {
					distance = int32(at - place)
				} else {
					m.foreign[uint32(len(m.parents))] = parent
				}
			}
			m.parents = append(m.parents, distance)
			at++
		}
	}
	return repeated, nil
}

// parent returns the id of the parent of an input's row, zero when it has none.
func (l *layer) parent(input uint32, row int) (id span.ID, err error) {
	from := l.parents[input]
	p, err := l.distances[input].page(l.m.ctx, row)
	if err != nil {
		return id, err
	}
	if p.has(row - p.first) {
		from, row = l.ids[input], row-int(p.num(row-p.first))
		if row < 0 || row >= from.f.rows {
			return id, from.f.corrupt(0, fmt.Errorf("a parent in row %d", row))
		}
	}
	return from.id(l.m.ctx, row)
}

// interleave lays the rows of several parts by start, without those that came
// twice.
func (l *layer) interleave(parts []part) error {
	m := l.m
	l.rows = l.rows[:0]
	for i := range parts {
		p := &parts[i]
		for row := p.spans[0]; row < p.spans[1]; row++ {
			start, err := l.starts[p.input].num(m.ctx, row)
			if err != nil {
				return err
			}
			l.rows = append(l.rows, place{start, p.input, uint32(row)})
		}
	}
	slices.SortStableFunc(l.rows, func(x, y place) int { return cmp.Compare(x.start, y.start) })
	// Spans of one trace that start in the same nanosecond may be the same span.
	for from, to := 0, 0; from < len(l.rows); from = to {
		for to = from + 1; to < len(l.rows) && l.rows[to].start == l.rows[from].start; to++ {
		}
		clear(l.seen)
		for _, p := range l.rows[from:to] {
			if to-from > 1 {
				if again, err := l.again(p); err != nil {
					return err
				} else if again {
					continue
				}
			}
			m.rows++
			l.runs = extend(l.runs, run{p.input, p.row, 1})
		}
	}
	return nil
}

// again reports whether a span was seen among those that start with it, and
// remembers it. See span.Key.
func (l *layer) again(p place) (bool, error) {
	id, err := l.ids[p.input].bytes(l.m.ctx, int(p.row))
	if err != nil {
		return false, err
	}
	kind, err := l.kinds[p.input].bytes(l.m.ctx, int(p.row))
	if err != nil {
		return false, err
	}
	key := string(id) + string(kind)
	if l.seen[key] {
		return true, nil
	}
	l.seen[key] = true
	return false, nil
}

// children lays the events or links of a trace whose spans are in l.runs, from row
// first on.
func (l *layer) children(to *children, owners []*cursor, parts []part, first int, of func(*part) [2]int) error {
	l.pairs, l.index = l.pairs[:0], l.index[:0]
	for i := range parts {
		p := &parts[i]
		at := of(p)
		for row := at[0]; row < at[1]; row++ {
			owner, err := owners[p.input].num(l.m.ctx, row)
			if err != nil {
				return err
			}
			if len(l.index) == 0 {
				l.index = l.index.of(l.runs)
			}
			if at, ok := l.index.find(p.input, owner); ok {
				l.pairs = append(l.pairs, pair{uint32(first + at), p.input, uint32(row)})
			}
		}
	}
	if len(parts) > 1 {
		slices.SortStableFunc(l.pairs, func(x, y pair) int { return cmp.Compare(x.owner, y.owner) })
	}
	for _, p := range l.pairs {
		to.owners = append(to.owners, p.owner)
		to.runs = extend(to.runs, run{p.input, p.row, 1})
	}
	return nil
}
