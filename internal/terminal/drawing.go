package terminal

import (
	"slices"
	"strconv"

	"github.com/everspan/everspan/internal/advise"
)

// drawing is the state of one waterfall.
type drawing struct {
	wf    *advise.Waterfall
	width int
	paint painter
	shown []bool // by node

	path, gaps byNode
	waited     []advise.Stretch // by node: while the request waited for it or below it
	labels     map[string]label
	styles     map[string]string // by service

	// Columns: tree, a blank, bar, a blank, duration, two blanks, notes.
	tree, service, duration, notes int
	levels                         int // that are indented; deeper ones say their depth
	bar                            *bar

	logs    spanLogs
	allLogs bool
	start   int64 // ns since the Unix epoch, from which offsets count

	line     []byte
	saidLeft bool // that --all shows what is left out
}

// label is a text that repeats, made harmless and measured.
type label struct {
	text  string
	width int
}

func newDrawing(wf *advise.Waterfall, o Options) *drawing {
	d := &drawing{
		wf: wf, width: o.width(), paint: painter{o.Color},
		shown:  chooseRows(wf, o.rows(len(wf.Nodes))),
		path:   groupByNode(wf.CriticalPath, len(wf.Nodes)),
		gaps:   groupByNode(wf.Gaps, len(wf.Nodes)),
		waited: waitedFor(wf),
		labels: map[string]label{}, styles: map[string]string{},
		logs: newSpanLogs(wf, o.Logs), allLogs: o.MaxRows < 0,
	}
	d.start, _ = strconv.ParseInt(wf.Start, 10, 64)
	d.measure()
	return d
}

// maxLevels is how deep the tree is drawn to scale.
const maxLevels = 16

// measure gives the columns their widths, from what is shown.
func (d *drawing) measure() {
	var depth int32
	service, duration, notes := 0, 0, 0
	// Notes stand beside the rows where that leaves room for bars, else under them.
	beside := 0
	if d.width >= 100 {
		beside = d.width * 3 / 10
	}
	for i := range d.wf.Nodes {
		n := &d.wf.Nodes[i]
		if d.styles[n.Service] == "" && n.Service != "" {
			d.styles[n.Service] = serviceStyles[len(d.styles)%len(serviceStyles)]
		}
		if !d.shown[i] {
			continue
		}
		depth = max(depth, n.Depth)
		service = max(service, d.label(n.Service).width)
		duration = max(duration, width(advise.FormatDuration(n.Duration)))
		if w := notesWidth(d.rowNotes(i)); w > 0 {
			notes = max(notes, 1) // a mark at least
			if w <= beside {
				notes = max(notes, w)
			}
		}
	}
	d.duration = duration
	most := d.width * 2 / 5
	if d.width < 70 {
		most = d.width / 2
	}
	d.levels = min(maxLevels, most/8) // half of the tree column is left for names
	d.service = min(service, most/3)
	for i := range d.wf.Nodes {
		if d.shown[i] {
			n := &d.wf.Nodes[i]
			d.tree = max(d.tree, d.indent(n)+d.service+1+d.label(n.Name).width)
		}
	}
	d.tree = min(d.tree, most)
	d.notes = notes
	used := d.tree + 2 + d.duration
	if d.notes > 0 {
		used += 2 + d.notes
	}
	d.bar = newBar(newScale(d.wf, max(4, d.width-used)))
}

func (d *drawing) label(s string) label {
	l, ok := d.labels[s]
	if !ok {
		l.text = clean(s)
		l.width = width(l.text)
		d.labels[s] = l
	}
	return l
}

// indent is how far a node's label is indented, with the depth number if the
// node is deeper than is drawn.
func (d *drawing) indent(n *advise.Node) int {
	if int(n.Depth) <= d.levels {
		return 2 * int(n.Depth)
	}
	return 2*d.levels + len("⋯") - 2 + len(strconv.Itoa(int(n.Depth))) + 1
}

// byNode holds the stretches of each node.
type byNode struct {
	from []int32
	all  []advise.Stretch
}

func groupByNode(stretches []advise.Stretch, nodes int) byNode {
	from := make([]int32, nodes+1)
	for _, s := range stretches {
		from[s.Node+1]++
	}
	for i := range nodes {
		from[i+1] += from[i]
	}
	at := slices.Clone(from)
	all := make([]advise.Stretch, len(stretches))
	for _, s := range stretches {
		all[at[s.Node]] = s
		at[s.Node]++
	}
	return byNode{from, all}
}

func (b byNode) of(node int) []advise.Stretch { return b.all[b.from[node]:b.from[node+1]] }

// waitedFor returns, by node, the hull of the path in the node and below it. It
// has no holes, because the request waits for a span in one stretch.
func waitedFor(wf *advise.Waterfall) []advise.Stretch {
	hull := make([]advise.Stretch, len(wf.Nodes))
	join := func(to *advise.Stretch, s advise.Stretch) {
		if s.Duration == 0 {
			return
		}
		if to.Duration == 0 {
			*to = s
			return
		}
		end := max(to.Start+to.Duration, s.Start+s.Duration)
		to.Start = min(to.Start, s.Start)
		to.Duration = end - to.Start
	}
	for _, s := range wf.CriticalPath {
		join(&hull[s.Node], s)
	}
	for i := len(hull) - 1; i >= 0; i-- {
		if parent := wf.Nodes[i].Parent; parent >= 0 {
			join(&hull[parent], hull[i])
		}
	}
	return hull
}
