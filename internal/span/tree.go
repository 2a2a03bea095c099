package span

import (
	"iter"
	"math"
)

// Tree is what the spans of one trace form. It never loses a span: whatever is
// wrong with the ids or the times is flagged and drawn.
//
//   - A node without parent is a top. The spans that name no parent are tops,
//     and so is one placeholder for each parent id that no span has: it gathers
//     the spans that name it.
//   - A span that names itself is a top. Of a cycle, the span that starts first
//     becomes a top.
//   - If several spans have one id, the first client and the first server among
//     them are the two halves of one call, as Zipkin's clients send it: the
//     server is the child of the client. All others are duplicates, and stand
//     side by side. A child of such an id belongs to the span of its own
//     service, of two halves to the server; if there is none, to the first.
//
// Links make no edges of the tree.
type Tree struct {
	// Nodes are in drawing order: depth first, siblings by start, then the longer
	// first, then by row. So a parent stands before its children.
	Nodes []Node
	// Main is the node of the request itself: of the spans that name no parent the
	// longest, else the longest top. It is -1 if there are no nodes.
	Main  int32
	Spans *Batch
}

// Node is a span in its tree, or the placeholder of a span that is missing.
type Node struct {
	ID       ID
	Start    int64 // ns since the Unix epoch
	Duration int64 // ns, not negative, and Start+Duration does not overflow
	Row      int32 // in Tree.Spans; -1 for a placeholder
	Parent   int32 // node; -1 for a top
	Depth    int32 // 0 for a top
	Children int32 // how many
	Next     int32 // the first node after the node's descendants
	Flags    NodeFlags
}

// End is the node's end in ns since the Unix epoch.
func (n *Node) End() int64 { return n.Start + n.Duration }

// NodeFlags says what is remarkable about a node.
type NodeFlags uint16

// The flags of a node.
const (
	// Missing marks a placeholder: spans name this parent, which was not
	// received. Its time is the hull of its children's.
	Missing NodeFlags = 1 << iota
	// Duplicate: another span of the trace has the same id.
	Duplicate
	// Shared: a server span that has its id from the client span above it.
	Shared
	// SelfParent: the span names itself as its parent.
	SelfParent
	// Cycle: the span's parent is one of its descendants, so the edge was cut.
	Cycle
	// StartsBeforeParent and EndsAfterParent: the times are kept as they came.
	StartsBeforeParent
	EndsAfterParent
	// NegativeDuration: the span came with an end before its start.
	NegativeDuration
	numFlags = iota
)

var flagNames = [numFlags]string{
	"missing", "duplicate", "shared", "selfParent", "cycle",
	"startsBeforeParent", "endsAfterParent", "negativeDuration",
}

// FlagNames are the names of all flags, that of the lowest bit first.
func FlagNames() []string { return flagNames[:] }

// Names yields the name of each flag that is set, in lower camel case.
func (f NodeFlags) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i, name := range flagNames {
			if f&(1<<i) != 0 && !yield(name) {
				return
			}
		}
	}
}

// NewTree builds the tree of all spans of b, which are those of one trace, in
// any order. The tree reads b, which must not change. Memory is about 150 bytes
// a span while it is built, and 48 afterwards.
func NewTree(b *Batch) *Tree {
	p := newParents(b)
	p.cutCycles()
	t := &Tree{Nodes: p.layout(p.times()), Main: -1, Spans: b}
	t.flagTimes()
	t.findMain()
	return t
}

// NewTreeOf is NewTree for the rows [from, to) of b, which are all spans of one trace. Rows in
// the tree are counted from from, and the tree's Spans have only what a tree needs.
func NewTreeOf(b *Batch, from, to uint32) *Tree {
	return NewTree(&Batch{
		Trace: b.Trace[from:to], ID: b.ID[from:to], Parent: b.Parent[from:to],
		Start: b.Start[from:to], Duration: b.Duration[from:to], Kind: b.Kind[from:to],
		Resource: b.Resource[from:to], Resources: b.Resources,
	})
}

// Tops yields the nodes without parent, in order.
func (t *Tree) Tops() iter.Seq[int32] { return t.siblings(0, int32(len(t.Nodes))) }

// Children yields a node's children, in order.
func (t *Tree) Children(node int32) iter.Seq[int32] {
	return t.siblings(node+1, t.Nodes[node].Next)
}

func (t *Tree) siblings(from, to int32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i := from; i < to; i = t.Nodes[i].Next {
			if !yield(i) {
				return
			}
		}
	}
}

func (t *Tree) flagTimes() {
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.Row >= 0 && t.Spans.Duration[n.Row] < 0 {
			n.Flags |= NegativeDuration
		}
		if n.Parent < 0 {
			continue
		}
		parent := &t.Nodes[n.Parent]
		if n.Start < parent.Start {
			n.Flags |= StartsBeforeParent
		}
		if n.End() > parent.End() {
			n.Flags |= EndsAfterParent
		}
	}
}

func (t *Tree) findMain() {
	best := func(i int32) (root bool, duration int64) {
		n := &t.Nodes[i]
		return n.Row >= 0 && t.Spans.Parent[n.Row].IsZero(), n.Duration
	}
	for i := range t.Tops() {
		if t.Main < 0 {
			t.Main = i
			continue
		}
		root, duration := best(i)
		mainRoot, mainDuration := best(t.Main)
		if root && !mainRoot || root == mainRoot && duration > mainDuration {
			t.Main = i
		}
	}
}

// clampDuration makes a duration that arrived, or that is the difference of two
// times that did, fit for [Node].
func clampDuration(start, duration int64) int64 {
	if duration < 0 {
		return 0
	}
	if start > 0 {
		return min(duration, math.MaxInt64-start)
	}
	return duration
}
