package engine

import (
	"cmp"
	"slices"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// forest is the trees of the traces of a window. Entry i belongs to row base+i.
type forest struct {
	base   uint32
	parent []int32 // counted from base; -1 for none
	// orphan tells spans apart whose parent is missing: those with the same one have
	// the same number; 0 if there is none. Nil until it is asked for.
	orphan []uint32
	// odd has the traces of the window whose spans share ids or form cycles, which
	// only the drawn tree makes sense of. Nil if there are none.
	odd         map[int]bool
	children    []int32
	left, right []int32 // nested sets

	duration func() ([]int64, []int64, error) // start and duration, for nested sets
}

// drawnForest is the forest of traces that are in memory, as they are drawn.
func drawnForest(b *span.Batch, first []uint32) *forest {
	n := b.Len()
	f := &forest{parent: make([]int32, n), orphan: make([]uint32, n), children: make([]int32, n), left: make([]int32, n), right: make([]int32, n)}
	for i := range len(first) - 1 {
		f.draw(span.NewTreeOf(b, first[i], first[i+1]), int32(first[i]))
	}
	return f
}

// draw takes the tree of one trace, whose rows begin at at.
func (f *forest) draw(t *span.Tree, at int32) {
	count := int32(0)
	type open struct{ row, end int32 }
	var stack []open
	end := func(node int32) {
		for len(stack) > 0 && stack[len(stack)-1].end <= node {
			count++
			f.right[stack[len(stack)-1].row] = count
			stack = stack[:len(stack)-1]
		}
	}
	for i := range t.Nodes {
		node := &t.Nodes[i]
		end(int32(i))
		if node.Row < 0 {
			continue
		}
		row := at + node.Row
		count++
		f.left[row] = count
		stack = append(stack, open{row, node.Next})
		f.children[row] = node.Children
		f.parent[row] = -1
		if node.Parent >= 0 {
			if p := t.Nodes[node.Parent].Row; p >= 0 {
				f.parent[row] = at + p
			} else {
				f.orphan[row] = uint32(node.Parent) + 1
			}
		}
	}
	end(int32(len(t.Nodes)))
}

// up returns the row of a span's parent, or false.
func (f *forest) up(row uint32) (uint32, bool) {
	p := f.parent[row-f.base]
	return f.base + uint32(p), p >= 0
}

// count fills children.
func (f *forest) count() []int32 {
	if f.children == nil {
		f.children = make([]int32, len(f.parent))
		for _, p := range f.parent {
			if p >= 0 {
				f.children[p]++
			}
		}
	}
	return f.children
}

// nest fills left and right for the traces of a window, in the order in which they are drawn.
func (f *forest) nest(w *window) error {
	if f.left != nil {
		return nil
	}
	if _, err := f.orphans(w); err != nil {
		return err
	}
	start, duration, err := f.duration()
	if err != nil {
		return err
	}
	f.left, f.right = make([]int32, len(f.parent)), make([]int32, len(f.parent))
	order := func(a, b int32) int {
		return cmp.Or(cmp.Compare(start[a], start[b]), cmp.Compare(max(duration[b], 0), max(duration[a], 0)), cmp.Compare(a, b))
	}
	for i := range w.traces.len() {
		from, to := int32(w.traces.first[i]-f.base), int32(w.traces.first[i+1]-f.base)
		below := make(map[int32][]int32)
		var tops []int32
		for row := from; row < to; row++ {
			if p := f.parent[row]; p >= 0 {
				below[p] = append(below[p], row)
			} else {
				tops = append(tops, row)
			}
		}
		f.sortTops(tops, start, duration, order)
		type step struct {
			row  int32
			done bool
		}
		var stack []step
		push := func(rows []int32) {
			for k := len(rows) - 1; k >= 0; k-- {
				stack = append(stack, step{row: rows[k]})
			}
		}
		push(tops)
		count := int32(0)
		for len(stack) > 0 {
			at := &stack[len(stack)-1]
			count++
			if at.done {
				f.right[at.row] = count
				stack = stack[:len(stack)-1]
				continue
			}
			at.done = true
			f.left[at.row] = count
			rows := below[at.row]
			slices.SortFunc(rows, order)
			push(rows)
		}
	}
	return nil
}

// sortTops orders the spans without a parent as they are drawn: those whose parent is
// missing stand together, where their first one begins.
func (f *forest) sortTops(tops []int32, start, duration []int64, order func(a, b int32) int) {
	type hull struct {
		start, end int64
	}
	groups := make(map[uint32]*hull)
	for _, row := range tops {
		if g := f.orphan[row]; g != 0 {
			h := groups[g]
			if h == nil {
				h = &hull{start[row], start[row] + max(duration[row], 0)}
				groups[g] = h
			}
			h.start, h.end = min(h.start, start[row]), max(h.end, start[row]+max(duration[row], 0))
		}
	}
	place := func(row int32) (int64, int64, int64) {
		if h := groups[f.orphan[row]]; h != nil {
			return h.start, h.end - h.start, 1<<40 + int64(f.orphan[row])
		}
		return start[row], max(duration[row], 0), int64(row)
	}
	slices.SortFunc(tops, func(a, b int32) int {
		as, ad, ai := place(a)
		bs, bd, bi := place(b)
		if c := cmp.Or(cmp.Compare(as, bs), cmp.Compare(bd, ad), cmp.Compare(ai, bi)); c != 0 {
			return c
		}
		return order(a, b)
	})
}

// treeColumn is a field that follows from a span's place in its tree; nil for others.
func treeColumn(f traceql.Field) column {
	switch f {
	case traceql.SpanChildCount:
		return &rowColumn{f.String(), func(w *window, row uint32) (values, error) {
			t, err := w.tree()
			if err != nil {
				return values{}, err
			}
			return integerValue(int64(t.count()[row-t.base])), nil
		}}
	case traceql.NestedSetLeft, traceql.NestedSetRight, traceql.NestedSetParent:
		return &nestedColumn{rowColumn{f.String(), func(w *window, row uint32) (values, error) { return nested(w, f, row) }}, f}
	}
	return nil
}

func nested(w *window, f traceql.Field, row uint32) (values, error) {
	t, err := w.tree()
	if err != nil {
		return values{}, err
	}
	if f == traceql.NestedSetParent {
		p, ok := t.up(row)
		if !ok {
			return integerValue(-1), nil
		}
		row = p
	}
	if err := t.nest(w); err != nil {
		return values{}, err
	}
	if f == traceql.NestedSetRight {
		return integerValue(int64(t.right[row-t.base])), nil
	}
	return integerValue(int64(t.left[row-t.base])), nil
}

// nestedColumn is one of the nested sets' numbers.
type nestedColumn struct {
	rowColumn
	field traceql.Field
}

// match asks only whether a span has a parent where that decides, as nestedSetParent < 0
// does, which is how roots are asked for.
func (c *nestedColumn) match(w *window, p *Predicate, in, out *rowset.Set) error {
	if c.field != traceql.NestedSetParent || !isNumber(p.want.Type) || toFloat(&p.want) > 0 {
		return c.rowColumn.match(w, p, in, out)
	}
	t, err := w.tree()
	if err != nil {
		return err
	}
	root, below := p.Integer(-1), p.Integer(1)
	for row := range in.All() {
		if _, ok := t.up(row); ok && below || !ok && root {
			out.Add(row)
		}
	}
	return nil
}

// parentColumn is what the parent of a span has.
type parentColumn struct{ of column }

// parents returns the parents of the rows of in.
func (c *parentColumn) parents(w *window, in *rowset.Set) (*forest, *rowset.Set, error) {
	t, err := w.tree()
	if err != nil {
		return nil, nil, err
	}
	rows := w.none()
	for row := range in.All() {
		if p, ok := t.up(row); ok {
			rows.Add(p)
		}
	}
	return t, rows, nil
}

// where adds the rows of in whose parent find finds.
func (c *parentColumn) where(w *window, in, out *rowset.Set, find func(in, out *rowset.Set) error) error {
	t, rows, err := c.parents(w, in)
	if err != nil {
		return err
	}
	found := w.none()
	if err := find(rows, found); err != nil {
		return err
	}
	for row := range in.All() {
		if p, ok := t.up(row); ok && found.Has(p) {
			out.Add(row)
		}
	}
	return nil
}

func (c *parentColumn) match(w *window, p *Predicate, in, out *rowset.Set) error {
	return c.where(w, in, out, func(in, out *rowset.Set) error { return c.of.match(w, p, in, out) })
}

func (c *parentColumn) present(w *window, in, out *rowset.Set) error {
	return c.where(w, in, out, func(in, out *rowset.Set) error { return c.of.present(w, in, out) })
}

// read returns what the parents have: as codes, with one more for no parent, if it is coded.
func (c *parentColumn) read(w *window, in *rowset.Set) (vector, error) {
	entries, rows, err := c.entries(w, in)
	if err != nil {
		return nil, err
	}
	defer giveBack(entries)
	v, err := columnCodes(w, c.of, rows)
	if err != nil {
		return nil, err
	}
	k, ok := v.(*keys)
	if !ok {
		out := make(list, len(entries))
		for i, entry := range entries {
			if entry != 0 {
				out[i] = v.at(int(entry - 1))
			}
		}
		return out, nil
	}
	defer free(k)
	none, val := uint32(k.n), k.val
	out := &keys{codes: make([]uint32, len(entries)), n: k.n + 1, val: func(code uint32) values {
		if code == none {
			return values{}
		}
		return val(code)
	}}
	for i, entry := range entries {
		out.codes[i] = none
		if entry != 0 {
			out.codes[i] = k.codes[entry-1]
		}
	}
	return out, nil
}

// entries returns the parents of the rows of in, and for each of these which of the
// parents it has, from 1; 0 is none. The entries are from scratch.
func (c *parentColumn) entries(w *window, in *rowset.Set) ([]uint32, *rowset.Set, error) {
	t, rows, err := c.parents(w, in)
	if err != nil {
		return nil, nil, err
	}
	at := scratch(int(w.to - w.from)) // by row: its entry among the parents
	defer giveBack(at)
	n := uint32(0)
	for row := range rows.All() {
		n++
		at[row-w.from] = n
	}
	out := scratch(in.Count())
	i := 0
	for row := range in.All() {
		out[i] = 0
		if p, ok := t.up(row); ok {
			out[i] = at[p-w.from]
		}
		i++
	}
	return out, rows, nil
}

func (c *parentColumn) never(p *Predicate) bool { return c.of.never(p) }
func (c *parentColumn) cost() int64             { return c.of.cost() + 1<<20 }
func (c *parentColumn) label() string           { return "parent's " + c.of.label() }
