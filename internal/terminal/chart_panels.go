package terminal

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// panels draws each series as bars.
func (c *Chart) panels(p painter, columns int) (out []byte) {
	shown, left := c.most()
	g := c.grid(shown, columns)
	rows := 2
	switch {
	case len(shown) == 1:
		rows = 8
	case len(shown) <= 2:
		rows = 5
	case len(shown) <= 4:
		rows = 3
	}
	for i, s := range shown {
		note := "last " + c.format(s.last()) + "  max " + c.format(s.highest())
		name := fit(s.name(), max(columns-width(note)-2, columns/3))
		out = p.append(out, serviceStyles[i%len(serviceStyles)], name)
		out = p.append(out, faint, cutEnd("  "+note, columns-width(name)))
		out = append(out, '\n')
		for row, cells := range g.bars(s, rows) {
			label, tick := "", "│"
			switch {
			case row == 0:
				label, tick = g.top, "┤"
			case row == rows-1:
				label, tick = g.bottom, "┼"
			}
			line := append(pad(nil, width(label), g.labels), label...)
			out = append(append(out, line...), tick...)
			out = p.append(out, serviceStyles[i%len(serviceStyles)], strings.TrimRight(cells, " "))
			out = append(out, '\n')
		}
	}
	out = append(out, g.axis()...)
	if left > 0 {
		out = appendWrapped(out, p, faint, fmt.Sprintf("… and %s more series, of smaller values; --json has all", grouped(left)), columns)
	}
	return out
}

// grid is where values are drawn: the columns of a chart and what its axes say.
type grid struct {
	c           *Chart
	labels      int // columns left of the axis
	plot        int // columns right of it
	each        int // columns of a sample; 0: several samples share a column
	base, peak  float64
	top, bottom string
}

func (c *Chart) grid(shown []*ChartSeries, columns int) *grid {
	g := &grid{c: c}
	for _, s := range shown {
		for _, v := range s.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				g.base, g.peak = min(g.base, v), max(g.peak, v)
			}
		}
	}
	g.top, g.bottom = c.format(g.peak), c.format(g.base)
	g.layout(max(width(g.top), width(g.bottom)), columns)
	return g
}

// layout gives the columns to axis and plot.
func (g *grid) layout(labels, columns int) {
	g.labels = labels
	g.plot = max(columns-labels-1, 8)
	if n := len(g.c.Times); n <= g.plot {
		g.each = g.plot / n
		g.plot = g.each * n
	}
}

// samples are those that a column shows: [from, to).
func (g *grid) samples(column int) (from, to int) {
	if g.each > 0 {
		return column / g.each, column/g.each + 1
	}
	n := len(g.c.Times)
	return column * n / g.plot, max((column+1)*n/g.plot, column*n/g.plot+1)
}

// at is the largest value that a column shows; NaN if there is none.
func (g *grid) at(s *ChartSeries, column int) float64 {
	from, to := g.samples(column)
	v := math.NaN()
	for _, x := range s.Values[from:to] {
		if math.IsNaN(v) || x > v {
			v = x
		}
	}
	return v
}

var lowBlocks = [9]rune{' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'}

// bars draws a series in so many rows, the upper first. What is not there is a
// dot at the bottom.
func (g *grid) bars(s *ChartSeries, rows int) []string {
	cells := make([][]rune, rows)
	for column := range g.plot {
		v := g.at(s, column)
		eighths := 0
		switch height := g.peak - g.base; {
		case math.IsNaN(v) || math.IsInf(v, -1):
		case math.IsInf(v, 1):
			eighths = 8 * rows
		case height > 0 && v > g.base:
			eighths = max(1, int(math.Round((v-g.base)/height*float64(8*rows))))
		}
		for row := range rows {
			cell := lowBlocks[min(max(eighths-8*(rows-1-row), 0), 8)]
			if math.IsNaN(v) && row == rows-1 {
				cell = '·'
			}
			cells[row] = append(cells[row], cell)
		}
	}
	lines := make([]string, rows)
	for i := range cells {
		lines[i] = string(cells[i])
	}
	return lines
}

// axis is the line of times: a mark every so often, and its time below.
func (g *grid) axis() []byte {
	marks, times := []rune(strings.Repeat("─", g.plot)), ""
	layout := axisLayout(g.c.Times[len(g.c.Times)-1].Sub(g.c.Times[0]))
	const distance = 16
	for column := 0; column+len(layout) <= g.plot; {
		from, _ := g.samples(column)
		marks[column] = '┬'
		times += strings.Repeat(" ", column-len(times)) + g.c.Times[from].UTC().Format(layout)
		next := column + max(distance, len(layout)+2)
		if g.each > 0 { // a mark stands where a sample begins
			next = (next + g.each - 1) / g.each * g.each
		}
		column = next
	}
	left := strings.Repeat(" ", g.labels)
	return []byte(left + "└" + string(marks) + "\n" + strings.TrimRight(left+" "+times, " ") + "\n")
}

func axisLayout(took time.Duration) string {
	switch {
	case took <= 15*time.Minute:
		return "15:04:05"
	case took <= 24*time.Hour:
		return "15:04"
	}
	return "01-02 15:04"
}
