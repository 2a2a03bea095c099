package advise

import "github.com/everspan/everspan/internal/span"

// Analysis is what is found out about one trace. Slices by node go with
// Tree.Nodes.
type Analysis struct {
	Tree     *span.Tree
	Self     []int64   // by node: ns that no child covers
	Critical []int64   // by node: ns of its own on the critical path
	Path     []Segment // of the main root, in order of time; its sum is the root's duration
	Gaps     []Segment // of at least 5 % of the request that no child covers, in nodes that have children
	Verdict  *Verdict  // nil if the main root has no duration
	Failure  *Failure  // nil if the main root did not fail

	services []string // by resource
}

// Analyze analyses a trace. It costs about as much as building the tree.
func Analyze(t *span.Tree) *Analysis {
	a := &Analysis{
		Tree:     t,
		Self:     selfTimes(t),
		Critical: make([]int64, len(t.Nodes)),
		Path:     criticalPath(t),
		services: t.Spans.Services(),
	}
	if t.Main < 0 {
		return a
	}
	a.Gaps = findGaps(t)
	for _, s := range a.Path {
		a.Critical[s.Node] += s.Nanos()
	}
	a.Verdict = a.judge()
	a.Failure = a.findFailure()
	return a
}

// missingName is what a placeholder is called.
const missingName = "missing parent"

func (a *Analysis) name(node int32) string {
	row := a.Tree.Nodes[node].Row
	if row < 0 {
		return missingName
	}
	return a.Tree.Spans.Names.String(a.Tree.Spans.Name[row])
}

func (a *Analysis) service(node int32) string {
	row := a.Tree.Nodes[node].Row
	if row < 0 {
		return ""
	}
	return a.services[a.Tree.Spans.Resource[row]]
}
