package terminal

import (
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/everspan/everspan/internal/advise"
)

const timeLayout = "2006-01-02 15:04:05.000 MST"

// header appends what the trace is, and why it was slow or failed.
func (d *drawing) header() {
	wf := d.wf
	d.pair("", "trace "+clean(wf.TraceID), bold, title(wf.Root.Name, wf.Root.Service))
	if len(wf.Nodes) == 0 {
		d.wrap("", "no spans")
	} else {
		start := clean(wf.Start)
		if ns, err := strconv.ParseInt(wf.Start, 10, 64); err == nil {
			start = time.Unix(0, ns+d.zero()).UTC().Format(timeLayout)
		}
		d.pair("", start, "", d.facts())
	}
	for _, reason := range wf.Partial {
		d.wrap("", "partial: "+clean(reason))
	}
	d.endLine()
	said := len(d.line)
	if wf.Verdict != nil {
		d.wrap(bold, clean(wf.Verdict.Text))
	}
	if wf.FirstError != nil {
		d.wrap(red, clean(wf.FirstError.Text))
	}
	if odd := oddities(wf.Flags); odd != "" {
		d.wrap("", odd)
	}
	if len(d.line) > said {
		d.endLine()
	}
}

// legend appends what the bars mean.
func (d *drawing) legend() {
	if d.wf.Verdict == nil {
		return
	}
	d.endLine()
	logs := ""
	if len(d.logs.of)+len(d.logs.lost) > 0 {
		logs = "   ◆ a log line"
	}
	for _, text := range []string{"█ the request waited here   ▒ below here   ░ it did not wait" + logs, "█ waited here  ▒ below  ░ did not wait"} {
		if width(text) <= d.width {
			d.line = d.paint.append(d.line, faint, text)
			break
		}
	}
	d.endLine()
}

// title is a request's name and service.
func title(name, service string) string {
	if service == "" {
		return clean(name)
	}
	return clean(name) + " · " + clean(service)
}

func (d *drawing) facts() string {
	wf := d.wf
	facts := advise.FormatDuration(wf.Root.Duration)
	if all := advise.FormatDuration(wf.Duration); all != facts {
		facts += " (" + all + " in all)"
	}
	facts += " · " + plural(wf.SpanCount, "span") + " · " + plural(wf.ServiceCount, "service")
	if wf.ErrorCount > 0 {
		facts += " · " + plural(wf.ErrorCount, "error")
	}
	return facts
}

// oddities says in words what is wrong with the tree.
func oddities(f advise.FlagCounts) string {
	var parts []string
	if f.Roots > 1 {
		parts = append(parts, plural(f.Roots, "root"))
	}
	for _, c := range []struct {
		n    int
		noun string
	}{{f.MissingParents, "missing parent"}, {f.Duplicates, "duplicate id"}, {f.Cycles, "cycle"}, {f.NegativeDurations, "negative duration"}} {
		if c.n > 0 {
			parts = append(parts, plural(c.n, c.noun))
		}
	}
	if f.OutsideParent > 0 {
		parts = append(parts, plural(f.OutsideParent, "span")+" outside the parent's time")
	}
	return strings.Join(parts, between)
}

// pair appends two texts in one line, or in two if they don't fit.
func (d *drawing) pair(leftStyle, left, rightStyle, right string) {
	if width(left)+3+width(right) > d.width {
		d.wrap(leftStyle, left)
		d.wrap(rightStyle, right)
		return
	}
	d.line = d.paint.append(d.line, leftStyle, left)
	d.line = append(d.line, "   "...)
	d.line = d.paint.append(d.line, rightStyle, right)
	d.endLine()
}

// wrap appends a text in as many lines as it needs, but at most four.
func (d *drawing) wrap(style, text string) {
	if text == "" {
		return
	}
	text = cutEnd(text, 4*d.width)
	for line := range strings.SplitSeq(ansi.Wrap(text, d.width, ""), "\n") {
		d.line = d.paint.append(d.line, style, strings.TrimRight(line, " "))
		d.endLine()
	}
}
