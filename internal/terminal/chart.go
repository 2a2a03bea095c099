package terminal

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Chart is series over time. Every series has a value for each time; NaN where there
// is none.
type Chart struct {
	Times []time.Time // ascending; each value is of the Step before it
	Step  time.Duration
	Unit  string // of the values: s for seconds, 1/s for spans a second, else plain numbers
	// Buckets is the unit of a histogram's buckets.
	Buckets string
	Series  []ChartSeries
}

// ChartSeries is a value over time and what it is of.
type ChartSeries struct {
	Labels []Pair
	Values []float64
}

// maxPanels is how many series are drawn: a screen of them.
const maxPanels = 12

// DrawChart draws series one below the other on one scale, or where each has a single
// value a table. Series of a histogram become rows of shades, those of compare() a table
// of what differs most. Lines are at most o.Width columns. Errors are those of w.
func DrawChart(w io.Writer, c *Chart, o Options) error {
	out := bufio.NewWriter(w)
	for i := range c.Series {
		if len(c.Series[i].Values) != len(c.Times) {
			return fmt.Errorf("draw chart: series %d has %d values for %d times", i, len(c.Series[i].Values), len(c.Times))
		}
	}
	p := painter{o.Color}
	contrasts, compared := c.contrasts()
	switch {
	case len(c.Series) == 0 || len(c.Times) == 0:
		out.WriteString("no series\n")
	case compared:
		out.Write(c.comparison(contrasts, p, o.width()))
	case len(c.Times) == 1:
		out.Write(c.values(p, o.width()))
	default:
		out.Write(p.append(nil, faint, cutEnd(c.header(), o.width())))
		out.WriteByte('\n')
		if buckets := c.buckets(); buckets != nil {
			out.Write(c.heatmap(buckets, p, o.width()))
			break
		}
		out.Write(c.panels(p, o.width()))
	}
	return out.Flush()
}

// header says the time and what the values are.
func (c *Chart) header() string {
	from, to := c.Times[0].Add(-c.Step), c.Times[len(c.Times)-1]
	text := timeRange(from, to, 0) + " UTC, every " + Plain(c.Step)
	switch c.Unit {
	case "1/s":
		return text + ", a second"
	case "s":
		return text + ", durations"
	}
	return text
}

// most orders series by their largest values, the largest first, and returns
// those that are drawn.
func (c *Chart) most() (shown []*ChartSeries, left int) {
	for i := range c.Series {
		shown = append(shown, &c.Series[i])
	}
	slices.SortStableFunc(shown, func(a, b *ChartSeries) int { return cmp.Compare(b.largest(), a.largest()) })
	if left = len(shown) - maxPanels; left > 0 {
		return shown[:maxPanels], left
	}
	return shown, 0
}

// largest is the largest finite value; -Inf if there is none.
func (s *ChartSeries) largest() float64 {
	top := math.Inf(-1)
	for _, v := range s.Values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			top = max(top, v)
		}
	}
	return top
}

// highest is the largest value, be it infinite; NaN if there is none.
func (s *ChartSeries) highest() float64 {
	top := math.NaN()
	for _, v := range s.Values {
		if math.IsNaN(top) || v > top {
			top = v
		}
	}
	return top
}

// last is the last value that there is.
func (s *ChartSeries) last() float64 {
	for _, v := range slices.Backward(s.Values) {
		if !math.IsNaN(v) {
			return v
		}
	}
	return math.NaN()
}

// name is what a series is called: the value of its one label, or all labels.
func (s *ChartSeries) name() string {
	switch {
	case len(s.Labels) == 0:
		return "all"
	case len(s.Labels) == 1 && s.Labels[0].Name != "p":
		return clean(s.Labels[0].Value)
	}
	return pairs(s.Labels)
}

// values is the table of a single time.
func (c *Chart) values(p painter, columns int) []byte {
	shown := make([]*ChartSeries, len(c.Series))
	top := 0.0
	for i := range c.Series {
		shown[i] = &c.Series[i]
		top = max(top, shown[i].largest())
	}
	slices.SortStableFunc(shown, func(a, b *ChartSeries) int { return cmp.Compare(b.largest(), a.largest()) })
	const bar = 20
	t := table{heads: []string{"series", "value", ""}, left: []int{2}, drop: []int{2}, cut: max(columns-40, 16)}
	for _, s := range shown {
		drawn := ""
		if v := s.largest(); top > 0 && v > 0 {
			drawn = share(int64(v/top*1e6), 1e6, bar)
		}
		t.add(s.name(), c.format(s.last()), drawn)
	}
	return t.append(nil, p, columns)
}
