package terminal

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// maxContrasts is how many values of compare() are shown: those that differ most.
const maxContrasts = 20

// contrast is a value of an attribute, and how many spans have it among the baseline and
// among the selection.
type contrast struct {
	name, value string
	counts      [2]float64
	shares      [2]float64 // of the spans that have the attribute
}

func (c *contrast) difference() float64 { return c.shares[1] - c.shares[0] }

// contrasts are the values of compare(), those that differ most first; false if the
// series are not of it.
func (c *Chart) contrasts() (all []*contrast, ok bool) {
	totals := make(map[string][2]float64)
	byName := make(map[[2]string]*contrast)
	for i := range c.Series {
		s := &c.Series[i]
		if len(s.Labels) != 2 || s.Labels[0].Name != "__meta_type" {
			return nil, false
		}
		kind, total := strings.CutSuffix(s.Labels[0].Value, "_total")
		side := slices.Index([]string{"baseline", "selection"}, kind)
		if side < 0 {
			return nil, false
		}
		name, value, sum := clean(s.Labels[1].Name), clean(s.Labels[1].Value), s.sum()
		if total {
			both := totals[name]
			both[side] += sum
			totals[name] = both
			continue
		}
		one := byName[[2]string{name, value}]
		if one == nil {
			one = &contrast{name: name, value: value}
			byName[[2]string{name, value}] = one
			all = append(all, one)
		}
		one.counts[side] += sum
	}
	for _, one := range all {
		for side, total := range totals[one.name] {
			if total > 0 {
				one.shares[side] = one.counts[side] / total
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *contrast) int {
		return cmp.Compare(math.Abs(b.difference()), math.Abs(a.difference()))
	})
	return all, true
}

// sum is of the values that there are.
func (s *ChartSeries) sum() (sum float64) {
	for _, v := range s.Values {
		if !math.IsNaN(v) {
			sum += v
		}
	}
	return sum
}

// comparison is the table of compare(): how often a value occurs in both parts.
func (c *Chart) comparison(all []*contrast, p painter, columns int) []byte {
	const bar = 20
	t := table{heads: []string{"value", "selection", "baseline", "difference", ""}, left: []int{4}, drop: []int{4, 3}, cut: max(columns-58, min(30, columns-24))}
	for _, one := range all {
		if math.Abs(one.difference()) < 0.005 || len(t.rows) == maxContrasts {
			break
		}
		t.add(one.name+"="+one.value, wholePercent(one.shares[1]), wholePercent(one.shares[0]), fmt.Sprintf("%+.0f %%", 100*one.difference()), share(int64(1e6*math.Abs(one.difference())), 1e6, bar))
	}
	if len(t.rows) == 0 {
		return []byte("no value tells the selection from the baseline\n")
	}
	return t.append(nil, p, columns)
}

func wholePercent(share float64) string { return percent(int64(1e6*share), 1e6) }
