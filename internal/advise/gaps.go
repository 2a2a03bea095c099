package advise

import (
	"iter"

	"github.com/everspan/everspan/internal/span"
)

// gapShare is the part of the request, one in gapShare, from which on a stretch
// that no child covers is worth a word: 5 %.
const gapShare = 20

// uncovered yields, in order, the stretches of a node that none of its children
// covers: all of it if it has none.
func uncovered(t *span.Tree, node int32) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		n := &t.Nodes[node]
		at := n.Start
		for c := range t.Children(node) {
			child := &t.Nodes[c]
			if child.Duration == 0 {
				continue // it covers nothing, so it does not cut a stretch in two either
			}
			if from := min(child.Start, n.End()); from > at && !yield(Segment{node, at, from}) {
				return
			}
			at = max(at, child.End())
		}
		if at < n.End() {
			yield(Segment{node, at, n.End()})
		}
	}
}

// selfTimes returns each node's time that no child covers, in ns.
func selfTimes(t *span.Tree) []int64 {
	self := make([]int64, len(t.Nodes))
	for i := range t.Nodes {
		if t.Nodes[i].Children == 0 {
			self[i] = t.Nodes[i].Duration
			continue
		}
		for s := range uncovered(t, int32(i)) {
			self[i] += s.Nanos()
		}
	}
	return self
}

// findGaps returns the long uncovered stretches of the nodes that have children.
func findGaps(t *span.Tree) []Segment {
	var gaps []Segment
	for i := range t.Nodes {
		if t.Nodes[i].Children == 0 {
			continue
		}
		for s := range uncovered(t, int32(i)) {
			if isGap(t, s) {
				gaps = append(gaps, s)
			}
		}
	}
	return gaps
}

func isGap(t *span.Tree, s Segment) bool {
	request := t.Nodes[t.Main].Duration
	return request > 0 && s.Nanos() >= request/gapShare
}

// longestUncovered returns the longest stretch of a node that no child covers.
func longestUncovered(t *span.Tree, node int32) Segment {
	longest := Segment{Node: node}
	for s := range uncovered(t, node) {
		if s.Nanos() > longest.Nanos() {
			longest = s
		}
	}
	return longest
}
