package terminal

import (
	"strconv"
	"strings"

	"github.com/everspan/everspan/internal/advise"
)

// row appends a node's line, and what has to be said under it.
func (d *drawing) row(i int) {
	n := &d.wf.Nodes[i]
	d.treeColumn(n)
	d.line = append(d.line, ' ')
	cells := string(d.bar.draw(n, d.waited[i], d.path.of(i)))
	length := advise.FormatDuration(n.Duration)
	notes := d.rowNotes(i)
	d.paintBar(d.styles[n.Service], cells)
	d.line = append(d.line, ' ')
	d.line = pad(d.line, width(length), d.duration)
	d.line = append(d.line, length...)

	under := false
	if len(notes) > 0 {
		d.line = append(d.line, ' ', ' ')
		if under = notesWidth(notes) > d.notes; under {
			d.line = d.paint.append(d.line, notes[0].style, mark(notes[0].text))
		} else {
			d.appendNotes(notes, d.notes)
		}
	}
	d.endLine()
	if under {
		d.line = pad(d.line, 0, d.indent(n)+2)
		d.appendNotes(notes, d.width-d.indent(n)-2)
		d.endLine()
	}
	if gaps := d.gaps.of(i); len(gaps) > 0 {
		d.line = pad(d.line, 0, d.indent(n)+2)
		d.line = d.paint.append(d.line, faint, cutEnd(gapNote(gaps, d.zero()), d.width-d.indent(n)-2))
		d.endLine()
	}
}

// zero is the offset of the request's start.
func (d *drawing) zero() int64 {
	if root := d.wf.Root.Node; root >= 0 {
		return d.wf.Nodes[root].StartOffset
	}
	return 0
}

// treeColumn appends the indented service and name.
func (d *drawing) treeColumn(n *advise.Node) {
	indent := d.indent(n)
	if int(n.Depth) > d.levels {
		d.line = pad(d.line, 0, 2*d.levels)
		d.line = d.paint.append(d.line, faint, "⋯"+strconv.Itoa(int(n.Depth)))
		d.line = append(d.line, ' ')
	} else {
		d.line = pad(d.line, 0, indent)
	}
	room := d.tree - indent
	service, name := d.label(n.Service), d.label(n.Name)
	used := 0
	if d.service > 0 {
		s := service
		if most := min(d.service, room/2); s.width > most {
			s.text = fit(s.text, most)
			s.width = width(s.text)
		}
		d.line = d.paint.append(d.line, d.styles[n.Service], s.text)
		// Where there is little room the names don't stand under each other.
		used = min(max(d.service, s.width), max(s.width, room-name.width-1)) + 1
		d.line = pad(d.line, s.width, used)
	}
	style := ""
	if isError(n) {
		style = red
	}
	if used+name.width > room {
		name.text = fit(name.text, room-used)
		name.width = width(name.text)
	}
	d.line = d.paint.append(d.line, style, name.text)
	d.line = pad(d.line, used+name.width, room)
}

// paintBar appends the cells of a bar: the path in the service's colour, the
// rest of it fainter.
func (d *drawing) paintBar(style, cells string) {
	if !d.paint.on {
		d.line = append(d.line, cells...)
		return
	}
	light := func(r rune) bool { return r == '░' || r == '▒' || r == ' ' }
	for len(cells) > 0 {
		end := strings.IndexFunc(cells, func(r rune) bool { return !light(r) })
		if end < 0 {
			end = len(cells)
		}
		d.line = d.paint.append(d.line, faint, cells[:end])
		cells = cells[end:]
		if end = strings.IndexFunc(cells, light); end < 0 {
			end = len(cells)
		}
		d.line = d.paint.append(d.line, style, cells[:end])
		cells = cells[end:]
	}
}

const between = " · "

func notesWidth(notes []note) int {
	w := 0
	for i, n := range notes {
		if i > 0 {
			w += width(between)
		}
		w += width(n.text)
	}
	return w
}

func (d *drawing) appendNotes(notes []note, room int) {
	for i, n := range notes {
		if i > 0 && room > 3 {
			d.line = append(d.line, between...)
			room -= 3
		}
		text := cutEnd(n.text, max(room, 0))
		d.line = d.paint.append(d.line, n.style, text)
		room -= width(text)
	}
}

// mark is what stands beside a row whose notes are under it.
func mark(text string) string {
	for _, m := range []string{"◀", "✗"} {
		if strings.HasPrefix(text, m) {
			return m
		}
	}
	return "⚑"
}

// leftOut appends a line for the run of nodes from node from on that are not
// shown, and returns the node after it.
func (d *drawing) leftOut(from int) int {
	to, errors := from, 0
	depth := d.wf.Nodes[from].Depth
	for ; to < len(d.wf.Nodes) && !d.shown[to]; to++ {
		depth = min(depth, d.wf.Nodes[to].Depth)
		if isError(&d.wf.Nodes[to]) {
			errors++
		}
	}
	text := "… " + grouped(to-from) + " more "
	if to-from == 1 {
		text += "span"
	} else {
		text += "spans"
	}
	if errors > 0 {
		text += ", " + grouped(errors) + " of them " + strings.TrimPrefix(plural(errors, "error"), grouped(errors)+" ")
	}
	if !d.saidLeft {
		text += "; --all shows them"
		d.saidLeft = true
	}
	indent := 2 * min(int(depth), d.levels)
	d.line = pad(d.line, 0, indent)
	d.line = d.paint.append(d.line, faint, cutEnd(text, d.width-indent))
	d.endLine()
	return to
}

// endLine ends a line, without blanks at its end.
func (d *drawing) endLine() {
	for len(d.line) > 0 && d.line[len(d.line)-1] == ' ' {
		d.line = d.line[:len(d.line)-1]
	}
	d.line = append(d.line, '\n')
}
