package span

import (
	"cmp"
	"slices"
)

// parents finds each span's parent. Spans go by row; placeholder k is number
// rows+k.
type parents struct {
	b       *Batch
	of      []int32 // -1 for a top
	flags   []NodeFlags
	missing []ID
	groups  map[ID]*sharedID
	service []int32 // by resource; equal for equal names
}

// sharedID is a set of spans that have the same id.
type sharedID struct {
	rows      []int32 // by start, then by row
	byService map[int32]int32
}

func newParents(b *Batch) *parents {
	n := b.Len()
	p := &parents{b: b, of: make([]int32, n), flags: make([]NodeFlags, n), groups: map[ID]*sharedID{}}
	first := p.index()
	for _, g := range p.groups {
		p.settle(g)
	}
	for row, parent := range b.Parent {
		switch {
		case p.flags[row]&Shared != 0: // settled already
			continue
		case parent.IsZero():
			p.of[row] = -1
			continue
		case parent == b.ID[row]:
			p.flags[row] |= SelfParent
			p.of[row] = -1
			continue
		}
		at, ok := first[parent]
		if !ok {
			at = int32(n + len(p.missing))
			p.missing = append(p.missing, parent)
			first[parent] = at
		}
		p.of[row] = at
		if len(p.groups) == 0 {
			continue
		}
		if g := p.groups[parent]; g != nil {
			p.of[row] = g.rows[0]
			if own, ok := g.byService[p.service[b.Resource[row]]]; ok {
				p.of[row] = own
			}
		}
	}
	p.of = append(p.of, slices.Repeat([]int32{-1}, len(p.missing))...)
	p.flags = append(p.flags, slices.Repeat([]NodeFlags{Missing}, len(p.missing))...)
	return p
}

// index finds the first row of each id and groups the rows that share one.
func (p *parents) index() map[ID]int32 {
	first := make(map[ID]int32, p.b.Len())
	for row, id := range p.b.ID {
		if id.IsZero() {
			continue
		}
		at, ok := first[id]
		if !ok {
			first[id] = int32(row)
			continue
		}
		g := p.groups[id]
		if g == nil {
			g = &sharedID{rows: []int32{at}}
			p.groups[id] = g
		}
		g.rows = append(g.rows, int32(row))
	}
	return first
}

// settle decides what the spans of one id are to each other.
func (p *parents) settle(g *sharedID) {
	b := p.b
	if p.service == nil {
		codes := map[string]int32{}
		for _, name := range b.Services() {
			if _, ok := codes[name]; !ok {
				codes[name] = int32(len(codes))
			}
			p.service = append(p.service, codes[name])
		}
	}
	slices.SortFunc(g.rows, func(x, y int32) int {
		return cmp.Or(cmp.Compare(b.Start[x], b.Start[y]), cmp.Compare(x, y))
	})
	client, server := p.firstOf(g, KindClient), p.firstOf(g, KindServer)
	pair := client >= 0 && server >= 0
	g.byService = make(map[int32]int32)
	if pair {
		p.of[server] = client
		p.flags[server] |= Shared
		g.byService[p.service[b.Resource[server]]] = server
	}
	for _, row := range g.rows {
		if !pair || row != client && row != server {
			p.flags[row] |= Duplicate
		}
		service := p.service[b.Resource[row]]
		if _, ok := g.byService[service]; !ok {
			g.byService[service] = row
		}
	}
}

func (p *parents) firstOf(g *sharedID, kind Kind) int32 {
	for _, row := range g.rows {
		if p.b.Kind[row] == kind {
			return row
		}
	}
	return -1
}

// cutCycles makes a top of the span of each cycle that starts first.
func (p *parents) cutCycles() {
	walk := make([]int32, len(p.of)) // the walk that came by, +1; 0 for none
	for i := range p.of {
		this := int32(i) + 1
		at := int32(i)
		for at >= 0 && walk[at] == 0 {
			walk[at] = this
			at = p.of[at]
		}
		if at < 0 || walk[at] != this {
			continue // it ended at a top, or where an earlier walk has been
		}
		cut := at
		for next := p.of[at]; next != at; next = p.of[next] {
			if cmp.Or(cmp.Compare(p.b.Start[next], p.b.Start[cut]), cmp.Compare(next, cut)) < 0 {
				cut = next
			}
		}
		p.flags[cut] |= Cycle
		p.of[cut] = -1
	}
}
