package span

import (
	"cmp"
	"math"
	"slices"
)

// place is a node before it has its place: what siblings are sorted by.
type place struct {
	start, duration int64
	at              int32 // a number of parents
}

func (x place) compare(y place) int {
	return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(y.duration, x.duration), cmp.Compare(x.at, y.at))
}

// times returns start and duration of all spans and placeholders.
func (p *parents) times() []place {
	n := p.b.Len()
	all := make([]place, len(p.of))
	for i := range all {
		if i < n {
			all[i] = place{p.b.Start[i], clampDuration(p.b.Start[i], p.b.Duration[i]), int32(i)}
		} else {
			all[i] = place{math.MaxInt64, 0, int32(i)}
		}
	}
	// A placeholder's duration is its end until all its children are in.
	for i := n; i < len(all); i++ {
		all[i].duration = math.MinInt64
	}
	for i, parent := range p.of[:n] {
		if parent >= int32(n) {
			hull := &all[parent]
			hull.start = min(hull.start, all[i].start)
			hull.duration = max(hull.duration, all[i].start+all[i].duration)
		}
	}
	for i := n; i < len(all); i++ {
		hull := &all[i]
		length := hull.duration - hull.start
		if length < 0 { // from far before 1970 to far after it
			length = math.MaxInt64
		}
		hull.duration = clampDuration(hull.start, length)
	}
	return all
}

// layout puts all nodes in drawing order.
func (p *parents) layout(all []place) []Node {
	// Families back to back: the children of i are family[from[i+1]:from[i+2]],
	// the tops come first.
	from := make([]int32, len(all)+2)
	for _, parent := range p.of {
		from[parent+2]++
	}
	for i := 1; i < len(from); i++ {
		from[i] += from[i-1]
	}
	family := make([]place, len(all))
	fill := slices.Clone(from)
	for i, parent := range p.of {
		family[fill[parent+1]] = all[i]
		fill[parent+1]++
	}
	for i := range len(from) - 1 {
		siblings := family[from[i]:from[i+1]]
		if !slices.IsSortedFunc(siblings, place.compare) {
			slices.SortFunc(siblings, place.compare)
		}
	}

	nodes := make([]Node, 0, len(all))
	node := fill // reused: the node of each number that is placed
	// The stack holds positions in family, the next node to draw on top.
	stack := make([]int32, 0, 64)
	push := func(i int32) {
		for k := from[i+1] - 1; k >= from[i]; k-- {
			stack = append(stack, k)
		}
	}
	push(0)
	for len(stack) > 0 {
		at := family[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		n := Node{Start: at.start, Duration: at.duration, Row: at.at, Parent: -1, Flags: p.flags[at.at]}
		n.Children = from[at.at+2] - from[at.at+1]
		if parent := p.of[at.at]; parent >= 0 {
			n.Parent = node[parent]
			n.Depth = nodes[n.Parent].Depth + 1
		}
		if k := int(at.at) - p.b.Len(); k >= 0 {
			n.Row, n.ID = -1, p.missing[k]
		} else {
			n.ID = p.b.ID[at.at]
		}
		node[at.at] = int32(len(nodes))
		nodes = append(nodes, n)
		push(at.at + 1)
	}

	for i := len(nodes) - 1; i >= 0; i-- {
		n := &nodes[i]
		n.Next = max(n.Next, int32(i)+1)
		if n.Parent >= 0 {
			parent := &nodes[n.Parent]
			parent.Next = max(parent.Next, n.Next)
		}
	}
	return nodes
}
