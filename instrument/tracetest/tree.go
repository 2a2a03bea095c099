package tracetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// node is a span in a tree, or a line of an expected one.
type node struct {
	line     string
	span     sdktrace.ReadOnlySpan
	children []*node
}

// Expect compares all spans so far with a tree of names, a line a span, with
// its children indented below it. The order of siblings does not matter; they
// may run at the same time. Behind a name stands what is special about a span:
//
//	name !              it failed
//	name (remote)       its parent is in another service
//	name (orphan)       its parent was started here and is not recorded
//	name (not ended)
//
// So a tree with one line at the left margin is one trace with a single root.
// It waits for spans that end a moment later, see [Wait].
func (r *Recorder) Expect(tree string) {
	r.t.Helper()
	want := print(parse(tree))
	var got string
	for deadline := time.Now().Add(Wait); ; time.Sleep(5 * time.Millisecond) {
		if got = r.Tree(); got == want {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	r.t.Errorf("spans:\n%s\nwant:\n%s\nwaterfall:\n%s", indent(got), indent(want), indent(r.Waterfall()))
}

// Tree prints all spans so far as [Recorder.Expect] wants them; siblings are
// sorted by name.
func (r *Recorder) Tree() string { return print(build(r.Spans())) }

// build makes trees of spans.
func build(spans []sdktrace.ReadOnlySpan) (roots []*node) {
	nodes := make(map[[24]byte]*node, len(spans))
	for _, s := range spans {
		nodes[key(s.SpanContext())] = &node{line: s.Name(), span: s}
	}
	for _, s := range spans {
		n := nodes[key(s.SpanContext())]
		if s.Status().Code == codes.Error {
			n.line += " !"
		}
		if s.EndTime().IsZero() {
			n.line += " (not ended)"
		}
		parent := nodes[key(s.Parent())]
		switch {
		case parent != nil:
			parent.children = append(parent.children, n)
			continue
		case s.Parent().IsRemote():
			n.line += " (remote)"
		case s.Parent().IsValid():
			n.line += " (orphan)"
		}
		roots = append(roots, n)
	}
	return roots
}

func key(sc trace.SpanContext) (k [24]byte) {
	id, span := sc.TraceID(), sc.SpanID()
	copy(k[:], id[:])
	copy(k[16:], span[:])
	return k
}

// parse reads an indented tree. Tabs count as one column, as blanks do; only
// deeper and less deep matter.
func parse(text string) (roots []*node) {
	type level struct {
		column int
		node   *node
	}
	var path []level
	for line := range strings.Lines(text) {
		name := strings.TrimSpace(line)
		if name == "" {
			continue
		}
		n := &node{line: name}
		column := len(line) - len(strings.TrimLeft(line, " \t"))
		for len(path) > 0 && path[len(path)-1].column >= column {
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			roots = append(roots, n)
		} else {
			parent := path[len(path)-1].node
			parent.children = append(parent.children, n)
		}
		path = append(path, level{column, n})
	}
	return roots
}

// print writes trees with sorted siblings.
func print(nodes []*node) string {
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = n.line + "\n" + indent(print(n.children))
	}
	slices.Sort(texts)
	return strings.Join(texts, "")
}

func indent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// Waterfall draws all spans so far: when each ran, how long, and what its
// error was.
func (r *Recorder) Waterfall() string {
	spans := r.Spans()
	if len(spans) == 0 {
		return "no spans\n"
	}
	first, last := spans[0].StartTime(), spans[0].StartTime()
	for _, s := range spans {
		if s.StartTime().Before(first) {
			first = s.StartTime()
		}
		if t := end(s); t.After(last) {
			last = t
		}
	}
	var rows [][3]string
	var walk func(nodes []*node, depth int)
	walk = func(nodes []*node, depth int) {
		slices.SortStableFunc(nodes, func(a, b *node) int { return a.span.StartTime().Compare(b.span.StartTime()) })
		for _, n := range nodes {
			text := duration(n.span)
			if st := n.span.Status(); st.Code == codes.Error {
				text += "  " + cmp.Or(st.Description, "error")
			}
			rows = append(rows, [3]string{strings.Repeat("  ", depth) + n.line, bar(n.span, first, last), text})
			walk(n.children, depth+1)
		}
	}
	walk(build(spans), 0)
	width := 0
	for _, row := range rows {
		width = max(width, len([]rune(row[0])))
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-*s  %s  %s\n", width, row[0], row[1], row[2])
	}
	return b.String()
}

func end(s sdktrace.ReadOnlySpan) time.Time {
	if s.EndTime().IsZero() {
		return s.StartTime()
	}
	return s.EndTime()
}

func duration(s sdktrace.ReadOnlySpan) string {
	if s.EndTime().IsZero() {
		return "not ended"
	}
	d := s.EndTime().Sub(s.StartTime())
	for unit := time.Duration(1); unit <= time.Hour; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.String()
}

const barWidth = 30

func bar(s sdktrace.ReadOnlySpan, first, last time.Time) string {
	whole := max(last.Sub(first), 1)
	from := int(barWidth * s.StartTime().Sub(first) / whole)
	to := int(barWidth * end(s).Sub(first) / whole)
	from = min(from, barWidth-1)
	to = min(max(to, from+1), barWidth)
	return strings.Repeat("·", from) + strings.Repeat("█", to-from) + strings.Repeat("·", barWidth-to)
}
