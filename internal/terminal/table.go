package terminal

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// table is text in columns. The first column is to the left, all others are to
// the right except those said to be left.
type table struct {
	heads []string
	left  []int // columns to the left, beside the first
	drop  []int // columns that go where there is no room, the first of these first
	cut   int   // the first column is cut to so many columns of text; 0: it is not
	rows  [][]string
}

func (t *table) add(cells ...string) {
	if t.cut > 0 {
		cells[0] = fit(cells[0], t.cut)
	}
	t.rows = append(t.rows, cells)
}

// append appends the table in lines of at most columns columns.
func (t *table) append(dst []byte, p painter, columns int) []byte {
	widths := make([]int, len(t.heads))
	for _, row := range append(t.rows, t.heads) {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	total := -2
	for _, w := range widths {
		total += w + 2
	}
	gone := make([]bool, len(t.heads))
	for _, i := range t.drop {
		if total > columns {
			gone[i] = true
			total -= widths[i] + 2
		}
	}
	line := func(row []string, style string) {
		var out []byte
		for i, cell := range row {
			switch {
			case gone[i]:
				continue
			case i == 0:
				out = pad(append(out, cell...), width(cell), widths[i])
			case slices.Contains(t.left, i):
				out = pad(append(append(out, "  "...), cell...), width(cell), widths[i])
			default:
				out = append(pad(append(out, "  "...), width(cell), widths[i]), cell...)
			}
		}
		dst = p.append(dst, style, cutEnd(strings.TrimRight(string(out), " "), columns))
		dst = append(dst, '\n')
	}
	line(t.heads, faint)
	for _, row := range t.rows {
		line(row, "")
	}
	return dst
}

// appendWrapped appends a text in as many lines as it needs.
func appendWrapped(dst []byte, p painter, style, text string, columns int) []byte {
	for line := range strings.SplitSeq(ansi.Wrap(text, columns, ""), "\n") {
		dst = append(p.append(dst, style, strings.TrimRight(line, " ")), '\n')
	}
	return dst
}

// share draws a part of a whole as a bar of at most columns columns.
func share(part, whole int64, columns int) string {
	if part <= 0 || whole <= 0 {
		return ""
	}
	eighths := int(float64(min(part, whole)) / float64(whole) * float64(8*columns))
	eighths = max(eighths, 1)
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string(leftBlocks[rest])
	}
	return bar
}
