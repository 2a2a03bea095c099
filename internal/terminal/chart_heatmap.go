package terminal

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// bucket is a row of a histogram.
type bucket struct {
	upper float64
	s     *ChartSeries
}

// buckets are the series of a histogram, the largest values first; nil if the chart
// is not one histogram.
func (c *Chart) buckets() (all []bucket) {
	for i := range c.Series {
		s := &c.Series[i]
		if len(s.Labels) != 1 || s.Labels[0].Name != "__bucket" {
			return nil
		}
		upper, err := strconv.ParseFloat(s.Labels[0].Value, 64)
		if err != nil {
			return nil
		}
		all = append(all, bucket{upper, s})
	}
	slices.SortFunc(all, func(a, b bucket) int { return cmp.Compare(b.upper, a.upper) })
	return all
}

var shades = [...]rune{' ', '░', '▒', '▓', '█'}

// heatmap draws a row a bucket, the darker the more spans it has: by the square root, since
// the few that are slow matter more than how many are not.
func (c *Chart) heatmap(buckets []bucket, p painter, columns int) (out []byte) {
	g := &grid{c: c}
	labels := 0
	names := make([]string, len(buckets))
	for i, b := range buckets {
		names[i] = "≤ " + c.bucketName(b.upper)
		labels = max(labels, width(names[i]))
		g.peak = max(g.peak, b.s.largest())
	}
	g.layout(labels, columns)
	for i, b := range buckets {
		var cells strings.Builder
		for column := range g.plot {
			v, shade := g.at(b.s, column), 0
			if v > 0 && g.peak > 0 {
				shade = min(max(int(math.Ceil(math.Sqrt(v/g.peak)*4)), 1), 4)
			}
			cells.WriteRune(shades[shade])
		}
		out = append(append(pad(out, width(names[i]), labels), names[i]...), "│"...)
		out = append(p.append(out, serviceStyles[0], strings.TrimRight(cells.String(), " ")), '\n')
	}
	out = append(out, g.axis()...)
	return append(p.append(out, faint, cutEnd("█ "+c.format(g.peak)+" spans", columns)), '\n')
}
