package terminal

import (
	"math"

	"github.com/everspan/everspan/internal/advise"
)

// maxStretch is how many times longer than the request the picture may be. A
// consumer an hour later, or a clock that is years off, would leave nothing of
// the request; such spans are shown as arrows instead.
const maxStretch = 1000

// scale maps times to columns.
type scale struct {
	from, length int64 // ns: offset and length of the time that is drawn
	columns      int
}

func newScale(wf *advise.Waterfall, columns int) scale {
	s := scale{0, wf.Duration, columns}
	if root := wf.Root; root.Node >= 0 && root.Duration > 0 && wf.Duration/maxStretch > root.Duration {
		s.from, s.length = wf.Nodes[root.Node].StartOffset, root.Duration
	}
	return s
}

// eighth returns the position of an offset in eighths of a column, which may be
// outside the picture.
func (s scale) eighth(offset int64) float64 {
	if s.length == 0 {
		return 0
	}
	return (float64(offset) - float64(s.from)) / float64(s.length) * float64(8*s.columns)
}

// bar draws one row at a time. A column counts how many of its eighths the span
// covers (all), how many while the request waited for the span or for something
// below it (waited), and how many while it waited for the span itself (own).
type bar struct {
	scale
	all, waited, own []uint8
	cells            []rune
}

func newBar(s scale) *bar {
	counts := make([]uint8, 3*s.columns)
	return &bar{s, counts[:s.columns], counts[s.columns : 2*s.columns], counts[2*s.columns:], make([]rune, s.columns)}
}

// cover adds a stretch of time to a row of counts, at least an eighth of a
// column if it is in the picture.
func (b *bar) cover(counts []uint8, start, duration int64) {
	most := float64(8 * b.columns)
	from, to := b.eighth(start), b.eighth(start)+float64(duration)/float64(max(b.length, 1))*most
	if to < 0 || from > most {
		return
	}
	first := int(min(max(from, 0), most-1))
	last := int(math.Ceil(min(to, most))) // exclusive
	last = max(last, first+1)
	for at := first; at < last; {
		cell := at / 8
		next := min(last, 8*cell+8)
		counts[cell] = uint8(min(8, int(counts[cell])+next-at))
		at = next
	}
}

var leftBlocks = [9]rune{' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'}

// draw returns the cells of a row: █ and its parts where the request waited for
// the span itself, ▒ where it waited for something below the span, ░ elsewhere.
// They are valid until the next call.
func (b *bar) draw(n *advise.Node, waited advise.Stretch, own []advise.Stretch) []rune {
	clear(b.all)
	clear(b.waited)
	clear(b.own)
	for i := range b.cells {
		b.cells[i] = ' '
	}
	from, to := b.eighth(n.StartOffset), b.eighth(n.StartOffset)+float64(n.Duration)/float64(max(b.length, 1))*float64(8*b.columns)
	switch most := float64(8 * b.columns); {
	case to < 0:
		b.cells[0] = '◂'
		return b.cells
	case from > most:
		b.cells[b.columns-1] = '▸'
		return b.cells
	case n.Duration == 0:
		b.cells[min(int(from/8), b.columns-1)] = '│'
		return b.cells
	}
	b.cover(b.all, n.StartOffset, n.Duration)
	if waited.Duration > 0 {
		b.cover(b.waited, waited.Start, waited.Duration)
	}
	for _, s := range own {
		b.cover(b.own, s.Start, s.Duration)
	}
	first := min(int(max(from, 0)/8), b.columns-1)
	for i := first; i < b.columns && b.all[i] > 0; i++ {
		b.cells[i] = b.cell(i, i == first && from-float64(8*i) >= 4)
	}
	return b.cells
}

// cell chooses the character of a column; late tells that the bar begins in the
// column's right half, for which there is only one character.
func (b *bar) cell(i int, late bool) rune {
	all, own := b.all[i], b.own[i]
	switch {
	case own >= all && late:
		return '▐'
	case own >= all && i+1 < b.columns && b.all[i+1] > 0:
		return '█' // the bar goes on, so there must be no hole
	case own >= all:
		return leftBlocks[own]
	case own >= 4:
		return '█'
	case b.waited[i] > 0:
		return '▒'
	default:
		return '░'
	}
}
