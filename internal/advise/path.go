package advise

import (
	"cmp"
	"slices"

	"github.com/everspan/everspan/internal/span"
)

// Segment is a stretch of time of one node, in ns since the Unix epoch.
type Segment struct {
	Node     int32
	From, To int64
}

// Nanos is the segment's length in ns.
func (s Segment) Nanos() int64 { return s.To - s.From }

// kind returns a node's kind; a placeholder has none.
func kind(t *span.Tree, node int32) span.Kind {
	if row := t.Nodes[node].Row; row >= 0 {
		return t.Spans.Kind[row]
	}
	return span.KindUnspecified
}

// holds reports whether a node makes its parent wait; see the package comment.
func holds(t *span.Tree, node int32) bool {
	n := &t.Nodes[node]
	parent := &t.Nodes[n.Parent]
	switch {
	case kind(t, node) == span.KindConsumer:
		return false
	case n.Flags&span.EndsAfterParent == 0:
		return true
	case kind(t, node) == span.KindServer && kind(t, n.Parent) == span.KindClient:
		return true
	}
	// Unsigned, because times may be as far apart as int64 allows.
	return uint64(n.End())-uint64(parent.End()) <= uint64(parent.Duration/100)
}

// walk is the state of the backward walk: a stack of windows.
type walk struct {
	t       *span.Tree
	windows []window
	waiting []int32 // children of the open windows that are still to be handled
	path    []Segment
}

// window is a span's window that is being handled.
type window struct {
	node     int32
	from, to int64 // to moves towards from
	base     int32 // of walk.waiting: the window's children are above it
}

// criticalPath returns the path of the main root in order of time.
func criticalPath(t *span.Tree) []Segment {
	if t.Main < 0 {
		return nil
	}
	w := walk{t: t}
	w.open(t.Main, t.Nodes[t.Main].Start, t.Nodes[t.Main].End())
	for len(w.windows) > 0 {
		w.step()
	}
	slices.Reverse(w.path)
	return w.path
}

// open starts a window, and queues the children that hold the node there, the
// one that ends last on top. Of children that end together the longest is first.
func (w *walk) open(node int32, from, to int64) {
	base := len(w.waiting)
	for c := range w.t.Children(node) {
		n := &w.t.Nodes[c]
		if n.Duration > 0 && n.Start < to && n.End() > from && holds(w.t, c) {
			w.waiting = append(w.waiting, c)
		}
	}
	slices.SortFunc(w.waiting[base:], func(x, y int32) int {
		a, b := &w.t.Nodes[x], &w.t.Nodes[y]
		return cmp.Or(cmp.Compare(min(a.End(), to), min(b.End(), to)), cmp.Compare(b.Start, a.Start), cmp.Compare(y, x))
	})
	w.windows = append(w.windows, window{node, from, to, int32(base)})
}

// step handles the next child of the innermost window, or closes it.
func (w *walk) step() {
	in := &w.windows[len(w.windows)-1]
	for len(w.waiting) > int(in.base) {
		c := w.waiting[len(w.waiting)-1]
		w.waiting = w.waiting[:len(w.waiting)-1]
		from, to := max(w.t.Nodes[c].Start, in.from), min(w.t.Nodes[c].End(), in.to)
		if from >= to {
			continue
		}
		w.own(in.node, to, in.to)
		in.to = from
		w.open(c, from, to)
		return
	}
	w.own(in.node, in.from, in.to)
	w.windows = w.windows[:len(w.windows)-1]
}

func (w *walk) own(node int32, from, to int64) {
	if from < to {
		w.path = append(w.path, Segment{node, from, to})
	}
}
