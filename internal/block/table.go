package block

import (
	"cmp"
	"slices"

	"github.com/everspan/everspan/internal/span"
)

// trace is a row of the table of traces.
type trace struct {
	id         span.TraceID
	spans      [2]int // rows of spans.parquet
	events     [2]int // rows of events.parquet
	links      [2]int
	start, end int64
	errors     int
	services   int
	repeated   bool // several spans have the same id
	// Of the root, or of the earliest span where the root is elsewhere.
	rootStart  int64
	rootParent span.ID // zero for a real root
	rootName   uint32  // code of names
	rootOf     uint32  // code of services
}

// table is a batch with an order: what goes to which row of which file.
type table struct {
	b        *span.Batch
	order    []uint32 // by row of spans.parquet: the row of the batch
	place    []uint32 // by row of the batch: the row of spans.parquet + 1, or 0
	events   []uint32 // by row of events.parquet: the row of b.Events
	links    []uint32
	traces   []trace   // in the order of their rows
	services span.Dict // names of services, in the order of their first resource
	service  []uint32  // by resource: code of services
	parents  []int32   // by row of spans.parquet: how many rows before it its parent is, or noParent
	foreign  map[uint32]span.ID
	family   family
	filters  filterWriter
}

func newTable(b *span.Batch) *table {
	t := &table{b: b, place: make([]uint32, b.Len()), foreign: make(map[uint32]span.ID)}
	for _, name := range b.Services() {
		t.service = append(t.service, t.services.Code([]byte(name)))
	}
	groups := groupByTrace(b)
	keys := make([]shapeKey, len(groups))
	names, services := ranks(&b.Names), ranks(&t.services)
	order := span.Seq(len(groups))
	for i, g := range groups {
		root := t.root(g)
		keys[i] = shapeKey{services[t.service[b.Resource[root]]], names[b.Name[root]], b.Start[g[0]]}
	}
	slices.SortStableFunc(order, func(x, y uint32) int { return keys[x].compare(keys[y]) })
	t.order = make([]uint32, 0, b.Len())
	for _, i := range order {
		t.add(groups[i])
	}
	return t
}

// shapeKey is what traces are ordered by: those that begin with the same
// operation stand together, because their spans are alike, and among them the
// earlier comes first. ADR 0004 has what that saves.
type shapeKey struct {
	service, name uint32 // ranks of the root's
	start         int64
}

func (k shapeKey) compare(o shapeKey) int {
	return cmp.Or(cmp.Compare(k.service, o.service), cmp.Compare(k.name, o.name), cmp.Compare(k.start, o.start))
}

// ranks returns, by code, where each value stands among the sorted ones.
func ranks(d *span.Dict) []uint32 {
	order := span.Seq(d.Len())
	slices.SortFunc(order, func(x, y uint32) int { return slices.Compare(d.Bytes(x), d.Bytes(y)) })
	ranks := make([]uint32, len(order))
	for i, code := range order {
		ranks[code] = uint32(i)
	}
	return ranks
}

// groupByTrace lists the rows of each trace, by start.
func groupByTrace(b *span.Batch) [][]uint32 {
	groups := make([][]uint32, b.Traces.Len())
	counts := make([]uint32, b.Traces.Len())
	for _, code := range b.Trace {
		counts[code]++
	}
	all := make([]uint32, b.Len())
	at := 0
	for code, n := range counts {
		groups[code] = all[at : at : at+int(n)]
		at += int(n)
	}
	for row, code := range b.Trace {
		groups[code] = append(groups[code], uint32(row))
	}
	groups = slices.DeleteFunc(groups, func(g []uint32) bool { return len(g) == 0 })
	for _, g := range groups {
		slices.SortStableFunc(g, func(x, y uint32) int { return cmp.Compare(b.Start[x], b.Start[y]) })
	}
	return groups
}

// root returns the first span without a parent, or else the first.
func (t *table) root(rows []uint32) uint32 {
	for _, row := range rows {
		if t.b.Parent[row].IsZero() {
			return row
		}
	}
	return rows[0]
}

// add appends a trace's rows, which are sorted by start.
func (t *table) add(rows []uint32) {
	b := t.b
	repeated := false
	t.family.reset(len(rows))
	for _, row := range rows {
		if !t.family.add(b.ID[row]) {
			// An id occurs twice: maybe the whole span does.
			rows = b.Unique(rows)
			t.family.reset(len(rows))
			for _, row := range rows {
				repeated = !t.family.add(b.ID[row]) || repeated
			}
			break
		}
	}
	root := t.root(rows)
	tr := trace{
		id: b.TraceID(rows[0]), repeated: repeated, start: b.Start[rows[0]], end: b.End(rows[0]),
		spans: [2]int{len(t.order), len(t.order) + len(rows)}, events: [2]int{len(t.events), 0}, links: [2]int{len(t.links), 0},
		rootStart: b.Start[root], rootParent: b.Parent[root], rootName: b.Name[root], rootOf: t.service[b.Resource[root]],
	}
	var seen distinct
	for i, row := range rows {
		distance := int32(noParent)
		if parent := b.Parent[row]; !parent.IsZero() {
			if at, ok := t.family.find(parent); ok {
				distance = int32(i - at)
			} else {
				t.foreign[uint32(len(t.order))] = parent
			}
		}
		t.parents = append(t.parents, distance)
		t.place[row] = uint32(len(t.order)) + 1
		t.order = append(t.order, row)
		tr.end = max(tr.end, b.End(row))
		if b.Status[row] == span.StatusError {
			tr.errors++
		}
		seen.add(t.service[b.Resource[row]])
	}
	if len(b.Events.Span) > 0 || len(b.Links.Span) > 0 {
		for _, row := range rows {
			for from, to := b.EventsOf(row); from < to; from++ {
				t.events = append(t.events, uint32(from))
			}
			for from, to := b.LinksOf(row); from < to; from++ {
				t.links = append(t.links, uint32(from))
			}
		}
	}
	tr.events[1], tr.links[1] = len(t.events), len(t.links)
	tr.services = seen.n
	t.traces = append(t.traces, tr)
}

// distinct counts different codes, most of which are small.
type distinct struct {
	bits [4]uint64
	more map[uint32]struct{}
	n    int
}

func (d *distinct) add(code uint32) {
	if code < 256 {
		if bit := uint64(1) << (code % 64); d.bits[code/64]&bit == 0 {
			d.bits[code/64] |= bit
			d.n++
		}
		return
	}
	if _, ok := d.more[code]; !ok {
		if d.more == nil {
			d.more = make(map[uint32]struct{})
		}
		d.more[code] = struct{}{}
		d.n++
	}
}
