package terminal

import (
	"cmp"
	"slices"

	"github.com/everspan/everspan/internal/advise"
)

// chooser picks the rows of a trace that has more spans than are shown.
type chooser struct {
	nodes []advise.Node
	keep  []bool
	most  int // rows
	kept  int
}

// chooseRows says which nodes are shown. If not all are: the root, bottleneck
// and first error, then what the request waited for longest, errors, and the
// first rows, all with their ancestors.
func chooseRows(wf *advise.Waterfall, most int) []bool {
	c := chooser{wf.Nodes, make([]bool, len(wf.Nodes)), most, 0}
	if most >= len(wf.Nodes) {
		for i := range c.keep {
			c.keep[i] = true
		}
		return c.keep
	}
	c.add(max(wf.Root.Node, 0))
	if wf.Verdict != nil {
		c.add(wf.Verdict.Node)
	}
	if wf.FirstError != nil {
		c.add(wf.FirstError.Node)
	}
	var path, errors []int32
	for i := range wf.Nodes {
		if wf.Nodes[i].Critical > 0 {
			path = append(path, int32(i))
		}
		if isError(&wf.Nodes[i]) {
			errors = append(errors, int32(i))
		}
	}
	slices.SortStableFunc(path, func(x, y int32) int {
		return cmp.Compare(wf.Nodes[y].Critical, wf.Nodes[x].Critical)
	})
	// Half of the rows for the path, a quarter for errors, and what is left for
	// the first ones.
	c.addUpTo(path, most/2)
	c.addUpTo(errors, most*3/4)
	for i := 0; i < len(c.nodes) && c.kept < most; i++ {
		c.add(int32(i))
	}
	return c.keep
}

func (c *chooser) addUpTo(nodes []int32, limit int) {
	for _, i := range nodes {
		if c.kept >= limit {
			return
		}
		c.add(i)
	}
}

// add keeps a node and its ancestors, but of a long chain only the nearest.
func (c *chooser) add(i int32) {
	for range max(1, c.most/4) {
		if i < 0 || c.keep[i] || c.kept == c.most {
			return
		}
		c.keep[i] = true
		c.kept++
		i = c.nodes[i].Parent
	}
}

func isError(n *advise.Node) bool { return n.Status == "error" }
