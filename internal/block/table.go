package block

import (
	"cmp"
	"slices"

	"github.com/everspan/everspan/internal/span"
)

// trace is a row of the table of traces.
type trace struct {
	id         span.TraceID
	first      int // row of spans.parquet
	spans      int
	events     [2]int // rows of events.parquet
	links      [2]int
	start, end int64
	root       uint32 // row of the batch
	errors     int
	services   int
}

// table is a batch with an order: what goes to which row of which file.
type table struct {
	b        *span.Batch
	order    []uint32 // by row of spans.parquet: the row of the batch
	place    []uint32 // by row of the batch: the row of spans.parquet + 1, or 0
	events   []uint32 // by row of events.parquet: the row of b.Events
	links    []uint32
	traces   []trace // in the order of their rows
	services []string
	scratch  []uint32
}

func newTable(b *span.Batch) *table {
	t := &table{b: b, services: b.Services(), place: make([]uint32, b.Len())}

	// Group by trace; within a trace and among traces by start.
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
	slices.SortStableFunc(groups, func(x, y []uint32) int { return cmp.Compare(b.Start[x[0]], b.Start[y[0]]) })

	for _, g := range groups {
		t.add(b.Unique(g))
	}
	return t
}

// add appends a trace's rows, which are sorted by start.
func (t *table) add(rows []uint32) {
	b := t.b
	tr := trace{
		id: b.TraceID(rows[0]), first: len(t.order), spans: len(rows), root: rows[0],
		start: b.Start[rows[0]], end: b.End(rows[0]),
		events: [2]int{len(t.events), 0}, links: [2]int{len(t.links), 0},
	}
	rooted := b.Parent[rows[0]].IsZero()
	services := make(map[string]struct{}, 8)
	for _, row := range rows {
		t.place[row] = uint32(len(t.order)) + 1
		t.order = append(t.order, row)
		tr.end = max(tr.end, b.End(row))
		if b.Status[row] == span.StatusError {
			tr.errors++
		}
		if !rooted && b.Parent[row].IsZero() {
			tr.root, rooted = row, true
		}
		services[t.services[b.Resource[row]]] = struct{}{}
		for from, to := b.EventsOf(row); from < to; from++ {
			t.events = append(t.events, uint32(from))
		}
		for from, to := b.LinksOf(row); from < to; from++ {
			t.links = append(t.links, uint32(from))
		}
	}
	tr.events[1], tr.links[1] = len(t.events), len(t.links)
	tr.services = len(services)
	t.traces = append(t.traces, tr)
}

// all fills the scratch rows: row p takes entry from[p].
func (t *table) all(from []uint32) []uint32 {
	t.scratch = t.scratch[:0]
	for _, e := range from {
		t.scratch = append(t.scratch, e+1)
	}
	return t.scratch
}

// some is all for optional columns: entry from[p] is null where null says so.
func (t *table) some(from []uint32, null func(e uint32) bool) ([]uint32, int) {
	t.scratch = t.scratch[:0]
	nulls := 0
	for _, e := range from {
		if null(e) {
			t.scratch = append(t.scratch, 0)
			nulls++
		} else {
			t.scratch = append(t.scratch, e+1)
		}
	}
	return t.scratch, nulls
}

// via fills the scratch rows with the entry that each span refers to.
func (t *table) via(ref []uint32) []uint32 {
	t.scratch = t.scratch[:0]
	for _, row := range t.order {
		t.scratch = append(t.scratch, ref[row]+1)
	}
	return t.scratch
}

func indirect(order, ref []uint32) []uint32 {
	to := make([]uint32, len(order))
	for p, row := range order {
		to[p] = ref[row]
	}
	return to
}
