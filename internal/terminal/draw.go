package terminal

import (
	"bufio"
	"fmt"
	"io"

	"github.com/everspan/everspan/internal/advise"
)

// Draw writes a trace as a waterfall: what it is, why it was slow or failed, and
// a row a span with a bar to scale. A bar is solid (█) where the request waited
// for the span itself, which is the critical path; half (▒) where it waited for
// something below the span; light (░) where it did not wait. Log lines stand under their
// span, each at its moment. Lines are at most o.Width columns.
//
// Errors are those of w, and of a document whose nodes contradict each other.
func Draw(w io.Writer, wf *advise.Waterfall, o Options) error {
	if err := validate(wf); err != nil {
		return fmt.Errorf("draw waterfall: %w", err)
	}
	d := newDrawing(wf, o)
	out := bufio.NewWriterSize(w, 64<<10)
	d.header()
	if _, err := out.Write(d.line); err != nil {
		return err
	}
	for i := 0; i < len(wf.Nodes); {
		d.line = d.line[:0]
		if d.shown[i] {
			d.row(i)
			d.logRows(i)
			i++
		} else {
			i = d.leftOut(i)
		}
		if _, err := out.Write(d.line); err != nil {
			return err
		}
	}
	d.line = d.line[:0]
	d.lostLogs()
	d.legend()
	if _, err := out.Write(d.line); err != nil {
		return err
	}
	return out.Flush()
}

// validate checks the references of a document, which may come from elsewhere.
func validate(wf *advise.Waterfall) error {
	n := int32(len(wf.Nodes))
	for i := range wf.Nodes {
		node := &wf.Nodes[i]
		if node.Parent < -1 || node.Parent >= int32(i) || node.Duration < 0 || node.StartOffset < 0 {
			return fmt.Errorf("node %d: parent %d, %d ns from %d ns", i, node.Parent, node.Duration, node.StartOffset)
		}
		if depth := node.Depth; node.Parent < 0 && depth != 0 || node.Parent >= 0 && depth != wf.Nodes[node.Parent].Depth+1 {
			return fmt.Errorf("node %d: depth %d", i, depth)
		}
	}
	for _, all := range [][]advise.Stretch{wf.CriticalPath, wf.Gaps} {
		for _, s := range all {
			if s.Node < 0 || s.Node >= n || s.Duration < 0 {
				return fmt.Errorf("%d ns of node %d, which has %d nodes", s.Duration, s.Node, n)
			}
		}
	}
	switch {
	case wf.Root.Node < -1 || wf.Root.Node >= n:
		return fmt.Errorf("root %d of %d nodes", wf.Root.Node, n)
	case wf.Verdict != nil && (wf.Verdict.Node < 0 || wf.Verdict.Node >= n):
		return fmt.Errorf("bottleneck %d of %d nodes", wf.Verdict.Node, n)
	case wf.FirstError != nil && (wf.FirstError.Node < 0 || wf.FirstError.Node >= n):
		return fmt.Errorf("first error %d of %d nodes", wf.FirstError.Node, n)
	case wf.Duration < 0 || wf.Root.Duration < 0:
		return fmt.Errorf("a trace of %d ns, its root of %d ns", wf.Duration, wf.Root.Duration)
	}
	return nil
}
