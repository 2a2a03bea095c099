package terminal

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

// LogLine is a log record, to be shown in a waterfall or in a list.
type LogLine struct {
	Time     time.Time
	TraceID  string // "" if it has none
	SpanID   string // "" if it has none
	Service  string
	Severity string // trace, debug, info, warn, error, fatal, with a number behind those in between; "" if it has none
	Body     string
	Attrs    []Pair
}

// text is the line without time and severity.
func (l *LogLine) text() string {
	var t strings.Builder
	t.WriteString(clean(strings.TrimSpace(l.Body)))
	for _, a := range l.Attrs {
		value := clean(a.Value)
		if value == "" || strings.ContainsAny(value, ` "=`) {
			value = fmt.Sprintf("%q", value)
		}
		fmt.Fprintf(&t, "  %s=%s", clean(a.Name), value)
	}
	return strings.TrimSpace(t.String())
}

// severityStyle is how a severity is painted: errors red, warnings bold, and what is less
// than info faint.
func severityStyle(severity string) string {
	switch strings.TrimRight(severity, "234") {
	case "error", "fatal":
		return red
	case "warn":
		return bold
	case "trace", "debug":
		return faint
	}
	return ""
}

// maxSpanLogs is how many log lines of one span are shown unless all are asked for.
const maxSpanLogs = 20

// spanLogs are the log lines of a waterfall by node.
type spanLogs struct {
	of   map[int][]LogLine
	lost []LogLine // of spans that are not in the trace, or of none
}

func newSpanLogs(wf *advise.Waterfall, lines []LogLine) spanLogs {
	l := spanLogs{of: make(map[int][]LogLine)}
	if len(lines) == 0 {
		return l
	}
	node := make(map[string]int, len(wf.Nodes))
	for i := range wf.Nodes {
		if _, twice := node[wf.Nodes[i].SpanID]; !twice {
			node[wf.Nodes[i].SpanID] = i
		}
	}
	for _, line := range lines {
		if i, ok := node[line.SpanID]; ok && line.SpanID != "" {
			l.of[i] = append(l.of[i], line)
		} else {
			l.lost = append(l.lost, line)
		}
	}
	for _, lines := range l.of {
		slices.SortStableFunc(lines, func(x, y LogLine) int { return x.Time.Compare(y.Time) })
	}
	return l
}

// logRows appends the log lines of a node, each at its moment.
func (d *drawing) logRows(i int) {
	lines := d.logs.of[i]
	indent := d.indent(&d.wf.Nodes[i]) + 2
	show := lines
	if !d.allLogs && len(lines) > maxSpanLogs {
		show = lines[:maxSpanLogs]
	}
	for k := range show {
		d.logRow(&show[k], indent)
	}
	if more := len(lines) - len(show); more > 0 {
		d.line = pad(d.line, 0, indent)
		d.line = d.paint.append(d.line, faint, cutEnd(fmt.Sprintf("… %s more: --all shows them", plural(more, "log line")), d.width-indent))
		d.endLine()
	}
}

// logRow appends a log line: its severity and its time in the column of names, and its
// text beside a mark at its moment, to the right of it if there is room, else to the left.
func (d *drawing) logRow(l *LogLine, indent int) {
	offset := l.Time.UnixNano() - d.start
	severity, at := cmp.Or(clean(l.Severity), "log"), momentText(offset-d.zero())
	room := d.tree - indent
	left := fit(severity, room)
	d.line = pad(d.line, 0, indent)
	d.line = d.paint.append(d.line, severityStyle(l.Severity), left)
	used := width(left)
	if rest := room - used; width(at) < rest {
		d.line = pad(d.line, used, room-width(at))
		d.line = d.paint.append(d.line, faint, at)
		used = room
	}
	d.line = pad(d.line, used, room)
	d.line = append(d.line, ' ')

	whole := d.width - d.tree - 1
	cell := int(math.Floor(d.bar.eighth(offset) / 8))
	mark := "◆"
	switch {
	case cell < 0:
		cell, mark = 0, "◂"
	case offset > d.bar.from+d.bar.length:
		cell, mark = d.bar.columns-1, "▸"
	default:
		cell = min(cell, d.bar.columns-1)
	}
	text := l.text()
	right, before := whole-cell-2, cell-1
	if right >= min(width(text), 24) || right >= before {
		d.line = pad(d.line, 0, cell)
		d.line = d.paint.append(d.line, severityStyle(l.Severity), mark)
		d.line = append(d.line, ' ')
		d.line = append(d.line, cutEnd(text, right)...)
	} else {
		text = cutEnd(text, before)
		d.line = pad(d.line, 0, before-width(text))
		d.line = append(d.line, text...)
		d.line = append(d.line, ' ')
		d.line = d.paint.append(d.line, severityStyle(l.Severity), mark)
	}
	d.endLine()
}

// momentText writes when something was, counted from the start of the request.
func momentText(offset int64) string {
	if offset < 0 {
		return "-" + advise.FormatDuration(-offset)
	}
	return "+" + advise.FormatDuration(offset)
}

// lostLogs appends the lines that belong to no span of the trace.
func (d *drawing) lostLogs() {
	if len(d.logs.lost) == 0 {
		return
	}
	d.endLine()
	d.line = d.paint.append(d.line, faint, cutEnd("log lines without a span of this trace", d.width))
	d.endLine()
	show := d.logs.lost
	if !d.allLogs && len(show) > maxSpanLogs {
		show = show[:maxSpanLogs]
	}
	for k := range show {
		d.logRow(&show[k], 0)
	}
	if more := len(d.logs.lost) - len(show); more > 0 {
		d.line = d.paint.append(d.line, faint, cutEnd(fmt.Sprintf("… %s more: --all shows them", plural(more, "log line")), d.width))
		d.endLine()
	}
}

// Logs writes log lines one below the other: time, severity, service, text, and the trace
// id, which is never cut, so that it can be copied. Errors are those of w.
func Logs(w io.Writer, lines []LogLine, o Options) error {
	out := bufio.NewWriter(w)
	if len(lines) == 0 {
		out.WriteString("no log lines\n")
		return out.Flush()
	}
	p, columns := painter{o.Color}, o.width()
	severity, service := 0, 0
	for i := range lines {
		severity = max(severity, width(clean(lines[i].Severity)))
		service = max(service, width(clean(lines[i].Service)))
	}
	service = min(service, columns/5)
	day := ""
	for i := range lines {
		l := &lines[i]
		if d := l.Time.UTC().Format("2006-01-02"); d != day {
			out.Write(append(p.append(nil, faint, d+" UTC"), '\n'))
			day = d
		}
		at := l.Time.UTC().Format("15:04:05.000000")
		line := p.append(nil, faint, at)
		line = append(line, ' ')
		name := clean(l.Severity)
		line = pad(p.append(line, severityStyle(l.Severity), name), width(name), severity+1)
		used := width(at) + 1 + severity + 1
		if service > 0 {
			name = fit(clean(l.Service), service)
			line = pad(append(line, name...), width(name), service+1)
			used += service + 1
		}
		id := clean(l.TraceID)
		text := l.text()
		if room := columns - used - width(id) - 2; id != "" && room >= min(width(text), 30) {
			text = cutEnd(text, room)
			line = pad(append(line, text...), width(text), room+2)
			line = p.append(line, faint, id)
		} else {
			line = append(line, cutEnd(text, columns-used)...)
			if id != "" {
				line = append(line, '\n')
				line = p.append(pad(line, 0, min(width(at)+1, columns-width(id))), faint, id)
			}
		}
		out.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return out.Flush()
}
