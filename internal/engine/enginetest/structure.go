package enginetest

import (
	"slices"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// trace is the spans of one trace and their tree, which is the one that is drawn:
// see span.Tree for what it makes of cycles, shared ids and missing parents.
type trace struct {
	b    *span.Batch
	tree *span.Tree
	node []int32 // by row

	left, right []int64 // by node: nested set numbers

	start, end       int64
	rootName, rootOf string
}

func newTrace(b *span.Batch) *trace {
	t := &trace{b: b, tree: span.NewTree(b), node: make([]int32, b.Len())}
	for i, n := range t.tree.Nodes {
		if n.Row >= 0 {
			t.node[n.Row] = int32(i)
		}
	}
	t.number()
	t.findRoot()
	return t
}

func (t *trace) all() []int32 {
	rows := make([]int32, t.b.Len())
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// number counts the ends of the spans in the order of drawing: a span's left when it
// begins, its right when all below it is counted. What is missing is not counted.
func (t *trace) number() {
	n := len(t.tree.Nodes)
	t.left, t.right = make([]int64, n), make([]int64, n)
	count := int64(0)
	var visit func(node int32)
	visit = func(node int32) {
		here := t.tree.Nodes[node].Row >= 0
		if here {
			count++
			t.left[node] = count
		}
		for child := range t.tree.Children(node) {
			visit(child)
		}
		if here {
			count++
			t.right[node] = count
		}
	}
	for top := range t.tree.Tops() {
		visit(top)
	}
}

// findRoot finds the span that names the trace: of those without a parent, or else of
// all, the one that starts first.
func (t *trace) findRoot() {
	b := t.b
	t.start, t.end = b.Start[0], b.End(0)
	root := 0
	for row := range b.Len() {
		t.start, t.end = min(t.start, b.Start[row]), max(t.end, b.End(uint32(row)))
		top, best := b.Parent[row].IsZero(), b.Parent[root].IsZero()
		if top && !best || top == best && b.Start[row] < b.Start[root] {
			root = row
		}
	}
	t.rootName, t.rootOf = b.Names.String(b.Name[root]), b.Service(b.Resource[root])
}

// parent returns the row of a span's parent; -1 if it has none or it is missing.
func (t *trace) parent(row int32) int32 {
	if at := t.tree.Nodes[t.node[row]].Parent; at >= 0 {
		return t.tree.Nodes[at].Row
	}
	return -1
}

// related reports whether l and r are in the relation that l op r asks for.
func (t *trace) related(op traceql.SpansetOp, l, r int32) bool {
	switch op {
	case traceql.Child:
		return t.parent(r) == l
	case traceql.Parent:
		return t.parent(l) == r
	case traceql.Descendant:
		for at := t.parent(r); at >= 0; at = t.parent(at) {
			if at == l {
				return true
			}
		}
		return false
	case traceql.Ancestor:
		return t.related(traceql.Descendant, r, l)
	case traceql.Sibling:
		// Spans whose parent is missing are siblings too, tops are not.
		x, y := t.tree.Nodes[t.node[l]].Parent, t.tree.Nodes[t.node[r]].Parent
		return l != r && x >= 0 && x == y
	}
	panic("enginetest: unknown relation")
}

// combine joins what two sides found. Rows are ascending.
func (t *trace) combine(op traceql.SpansetOp, l, r []int32) []int32 {
	both := union([]Spanset{{Rows: l}, {Rows: r}})
	relation, form, ok := op.Relation()
	switch {
	case op == traceql.SpansetOr:
		return both
	case op == traceql.SpansetAnd:
		if len(l) == 0 || len(r) == 0 {
			return nil
		}
		return both
	case !ok:
		panic("enginetest: unknown operator")
	}
	var found []int32
	for _, y := range r {
		partner := slices.ContainsFunc(l, func(x int32) bool { return t.related(relation, x, y) })
		if partner != (form == traceql.Not) {
			found = append(found, y)
		}
	}
	if form == traceql.Union {
		for _, x := range l {
			if slices.ContainsFunc(r, func(y int32) bool { return t.related(relation, x, y) }) {
				found = append(found, x)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
