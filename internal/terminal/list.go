package terminal

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

// TraceRow is a trace in a list.
type TraceRow struct {
	TraceID  string
	Start    time.Time
	Duration time.Duration
	Service  string // of the root
	Name     string // of the root
	Spans    int
	Errors   int // spans with status error
}

// List writes a line a trace, or two where less than 90 columns are to be had;
// less than 60 have no room for the start and the number of spans. Trace ids are
// never cut, so that they can be copied. Errors are those of w.
func List(w io.Writer, rows []TraceRow, o Options) error {
	out := bufio.NewWriter(w)
	if len(rows) == 0 {
		out.WriteString("no traces\n")
		return out.Flush()
	}
	l := newList(o)
	for i := range rows {
		l.measure(&rows[i])
	}
	for _, r := range rows {
		out.Write(l.row(r))
	}
	return out.Flush()
}

// list is the state of one list; duration, spans and errors are the widths of
// columns.
type list struct {
	width                   int
	paint                   painter
	duration, spans, errors int
	line                    []byte
}

func newList(o Options) *list { return &list{width: o.width(), paint: painter{o.Color}} }

// measure makes the columns wide enough for a row.
func (l *list) measure(r *TraceRow) {
	l.duration = max(l.duration, width(advise.FormatDuration(int64(r.Duration))))
	l.spans = max(l.spans, width(plural(r.Spans, "span")))
	l.errors = max(l.errors, width(errorCount(*r)))
}

func errorCount(r TraceRow) string {
	if r.Errors == 0 {
		return ""
	}
	return "✗ " + grouped(r.Errors)
}

func (l *list) row(r TraceRow) []byte {
	duration, spans, errors := advise.FormatDuration(int64(r.Duration)), plural(r.Spans, "span"), errorCount(r)
	start := r.Start.UTC().Format("2006-01-02 15:04:05.000")
	l.line = l.paint.append(l.line[:0], "", clean(r.TraceID))
	if l.width < 90 {
		l.line = append(l.line, "\n  "...)
		start = start[len("2006-01-02 "):]
	} else {
		l.line = append(l.line, "  "...)
	}
	used := 2
	if l.width >= 90 {
		used += width(clean(r.TraceID))
	}
	if l.width >= 60 {
		l.line = l.paint.append(l.line, faint, start)
		l.line = append(l.line, "  "...)
		used += width(start) + 2
	}
	l.line = pad(l.line, width(duration), l.duration)
	l.line = l.paint.append(l.line, bold, duration)
	l.line = append(l.line, "  "...)
	used += l.duration + 2
	if l.width >= 60 {
		l.line = pad(l.line, width(spans), l.spans)
		l.line = append(l.line, spans...)
		l.line = append(l.line, "  "...)
		used += l.spans + 2
	}
	if l.errors > 0 {
		l.line = l.paint.append(l.line, red, errors)
		l.line = pad(l.line, width(errors), l.errors+2)
		used += l.errors + 2
	}
	l.line = append(l.line, fit(title(r.Name, r.Service), l.width-used)...)
	return append([]byte(strings.TrimRight(string(l.line), " ")), '\n')
}
