package advise

import (
	"math"
	"slices"
	"strconv"

	"github.com/everspan/everspan/internal/span"
)

// NewWaterfall builds the document of the trace whose spans b holds. It needs
// about 400 bytes a span.
func NewWaterfall(b *span.Batch) *Waterfall {
	a := Analyze(span.NewTree(b))
	t := a.Tree
	start, duration := extent(t.Nodes)
	w := &Waterfall{
		Start: strconv.FormatInt(start, 10), Duration: duration,
		SpanCount:    b.Len(),
		ServiceCount: a.countServices(),
		Root:         Root{Node: t.Main},
		Verdict:      a.Verdict,
		FirstError:   a.Failure,
		Gaps:         stretches(a.Gaps, start),
		CriticalPath: stretches(a.Path, start),
		Flags:        countFlags(t),
		Nodes:        a.nodes(start),
	}
	for _, status := range b.Status {
		if status == span.StatusError {
			w.ErrorCount++
		}
	}
	if t.Main >= 0 {
		w.TraceID = b.TraceID(0).String()
		w.Root = Root{t.Main, a.service(t.Main), a.name(t.Main), t.Nodes[t.Main].Duration}
	}
	return w
}

// extent returns the earliest start, and the time from there to the latest end.
func extent(nodes []span.Node) (start, duration int64) {
	if len(nodes) == 0 {
		return 0, 0
	}
	start, end := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range nodes {
		start, end = min(start, nodes[i].Start), max(end, nodes[i].End())
	}
	return start, since(end, start)
}

// since is end - start for an end that is not earlier, at most what int64 holds.
func since(end, start int64) int64 {
	if d := end - start; d >= 0 {
		return d
	}
	return math.MaxInt64
}

func stretches(segments []Segment, start int64) []Stretch {
	all := make([]Stretch, len(segments))
	for i, s := range segments {
		all[i] = Stretch{s.Node, since(s.From, start), s.Nanos()}
	}
	return all
}

func (a *Analysis) countServices() int {
	names := map[string]bool{}
	used := make([]bool, len(a.services))
	for _, resource := range a.Tree.Spans.Resource {
		used[resource] = true
	}
	for resource, name := range a.services {
		if used[resource] && name != "" {
			names[name] = true
		}
	}
	return len(names)
}

func countFlags(t *span.Tree) FlagCounts {
	var c FlagCounts
	count := func(to *int, yes bool) {
		if yes {
			*to++
		}
	}
	for i := range t.Nodes {
		flags := t.Nodes[i].Flags
		count(&c.Roots, t.Nodes[i].Parent < 0)
		count(&c.MissingParents, flags&span.Missing != 0)
		count(&c.Duplicates, flags&span.Duplicate != 0)
		count(&c.Cycles, flags&(span.Cycle|span.SelfParent) != 0)
		count(&c.OutsideParent, flags&(span.StartsBeforeParent|span.EndsAfterParent) != 0)
		count(&c.NegativeDurations, flags&span.NegativeDuration != 0)
	}
	return c
}

// nodes makes the rows. Text that repeats is made once.
func (a *Analysis) nodes(start int64) []Node {
	t, b := a.Tree, a.Tree.Spans
	names, messages := texts(&b.Names), texts(&b.Messages)
	flags := map[span.NodeFlags][]string{}
	all := make([]Node, len(t.Nodes))
	for i := range all {
		n := &t.Nodes[i]
		to := &all[i]
		*to = Node{
			Index: int32(i), Parent: n.Parent, Depth: n.Depth, Children: n.Children,
			SpanID:      n.ID.String(),
			StartOffset: since(n.Start, start), Duration: n.Duration,
			Self: a.Self[i], Critical: a.Critical[i],
			Missing: n.Row < 0,
		}
		if n.Flags != 0 {
			if flags[n.Flags] == nil {
				flags[n.Flags] = slices.Collect(n.Flags.Names())
			}
			to.Flags = flags[n.Flags]
		}
		if n.Row < 0 {
			to.Name, to.Kind, to.Status = missingName, span.KindUnspecified.String(), span.StatusUnset.String()
			continue
		}
		row := uint32(n.Row)
		to.Service, to.Name = a.services[b.Resource[row]], names[b.Name[row]]
		to.Kind, to.Status, to.StatusMessage = b.Kind[row].String(), b.Status[row].String(), messages[b.Message[row]]
		if b.Status[row] == span.StatusError {
			to.Error = a.reason(row)
		}
		if parent := b.Parent[row]; !parent.IsZero() {
			to.ParentSpanID = parent.String()
		}
		from, end := b.EventsOf(row)
		if to.Events = end - from; to.Events > 0 {
			if e, ok := exception(b, row); ok {
				to.Exception = &e
			}
		}
		for l, end := b.LinksOf(row); l < end; l++ {
			to.Links = append(to.Links, Link{b.Links.TraceID[l].String(), b.Links.ID[l].String()})
		}
	}
	return all
}

func texts(d *span.Dict) []string {
	all := make([]string, d.Len())
	for code := range all {
		all[code] = d.String(uint32(code))
	}
	return all
}
