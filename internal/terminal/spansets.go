package terminal

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

// FoundRow is a trace that a query found, and what it found in it.
type FoundRow struct {
	TraceRow
	Sets []SpansetRow
}

// SpansetRow is spans that were found together: Matched of them, of which some are
// given. Common is what they have in common, and numbers that the query compared.
type SpansetRow struct {
	Matched int
	Common  []Pair
	Spans   []SpanRow
}

// SpanRow is a span that was found, with the values of what the query names.
type SpanRow struct {
	ID       string
	Name     string
	Offset   time.Duration // since the trace began
	Duration time.Duration
	Attrs    []Pair
}

// Pair is a name and its value.
type Pair struct{ Name, Value string }

// Found writes traces as List does, and below each the spans that were found in it.
// Errors are those of w.
func Found(w io.Writer, rows []FoundRow, o Options) error {
	out := bufio.NewWriter(w)
	l := newList(o)
	f := found{list: l}
	for i := range rows {
		l.measure(&rows[i].TraceRow)
		for k := range rows[i].Sets {
			f.measure(&rows[i].Sets[k])
		}
	}
	f.names = min(f.names, l.width*2/5)
	for i := range rows {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.Write(l.row(rows[i].TraceRow))
		for k := range rows[i].Sets {
			out.Write(f.set(&rows[i].Sets[k]))
		}
	}
	return out.Flush()
}

// found is the state of a list with spans; offsets, durations and names are the
// widths of columns.
type found struct {
	*list
	offsets, durations, names int
}

func offset(s *SpanRow) string {
	if s.Offset < 0 {
		return advise.FormatDuration(int64(s.Offset))
	}
	return "+" + advise.FormatDuration(int64(s.Offset))
}

func (f *found) measure(set *SpansetRow) {
	for i := range set.Spans {
		s := &set.Spans[i]
		f.offsets = max(f.offsets, width(offset(s)))
		f.durations = max(f.durations, width(advise.FormatDuration(int64(s.Duration))))
		f.names = max(f.names, width(clean(s.Name)))
	}
}

// set writes a spanset: what its spans have in common, if anything, and a line each.
func (f *found) set(set *SpansetRow) []byte {
	var out []byte
	if len(set.Common) > 0 {
		line := "  " + pairs(set.Common) + " · " + plural(set.Matched, "span")
		out = append(f.paint.append(out, bold, cutEnd(line, f.width)), '\n')
	}
	for i := range set.Spans {
		s := &set.Spans[i]
		start, took, name := offset(s), advise.FormatDuration(int64(s.Duration)), fit(clean(s.Name), f.names)
		line := pad([]byte("    "), width(start), f.offsets)
		line = append(append(line, start...), "  "...)
		line = append(append(pad(line, width(took), f.durations), took...), "  "...)
		line = pad(append(line, name...), width(name), f.names)
		line = append(line, "  "...)
		line = append(line, pairs(s.Attrs)...)
		out = append(append(out, cutEnd(strings.TrimRight(string(line), " "), f.width)...), '\n')
	}
	if more := set.Matched - len(set.Spans); more > 0 {
		out = append(f.paint.append(out, faint, "    … "+plural(more, "more span")), '\n')
	}
	return out
}

// pairs writes names and values; several values of one name are joined by commas.
func pairs(all []Pair) string {
	var out strings.Builder
	for i, p := range all {
		if i > 0 && all[i-1].Name == p.Name {
			out.WriteString("," + clean(p.Value))
			continue
		}
		if i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(clean(p.Name) + "=" + clean(p.Value))
	}
	return out.String()
}
