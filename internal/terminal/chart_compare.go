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
	shares      [2]float64 // of all spans, which are as many as have a name
	sure        float64    // by how much the shares differ at least
}

func (c *contrast) difference() float64 { return c.shares[1] - c.shares[0] }

// contrasts are the values of compare(), those that differ most for sure first; false if
// the series are not of it.
func (c *Chart) contrasts() (all []*contrast, ok bool) {
	var spans [2]float64 // every span has a name: the greatest total
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
			spans[side] = max(spans[side], sum)
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
		for side, total := range spans {
			if total > 0 {
				one.shares[side] = one.counts[side] / total
			}
		}
		one.sure = atLeast(one.counts, spans)
	}
	slices.SortStableFunc(all, func(a, b *contrast) int {
		return cmp.Or(cmp.Compare(b.sure, a.sure), cmp.Compare(math.Abs(b.difference()), math.Abs(a.difference())))
	})
	return all, true
}

// atLeast is by how much the shares of two counts differ at least, 0 if by nothing for
// sure: the end next to zero of their difference's interval of 99.9 %, as Agresti and
// Caffo have it (The American Statistician 54, 2000), which holds for a handful of spans
// as well. The page ranks by the same.
func atLeast(counts, totals [2]float64) float64 {
	var share, variance [2]float64
	for i, n := range totals {
		share[i] = (counts[i] + 1) / (n + 2)
		variance[i] = share[i] * (1 - share[i]) / (n + 2)
	}
	return max(0, math.Abs(share[1]-share[0])-3.29*math.Sqrt(variance[0]+variance[1]))
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
	sure := len(all) > 0 && all[0].sure > 0
	chance := 0
	for _, one := range all {
		switch {
		case math.Abs(one.difference()) < 0.005:
		case sure && one.sure == 0:
			chance++
		case len(t.rows) < maxContrasts:
			t.add(one.name+"="+one.value, wholePercent(one.shares[1]), wholePercent(one.shares[0]), fmt.Sprintf("%+.0f %%", 100*one.difference()), share(int64(1e6*math.Abs(one.difference())), 1e6, bar))
		}
	}
	var out []byte
	switch {
	case len(t.rows) == 0:
		return []byte("no value tells the selection from the baseline\n")
	case !sure:
		out = append(out, "chance may explain all that differs\n"...)
	}
	out = t.append(out, p, columns)
	if chance > 0 {
		out = fmt.Appendf(out, "%s more differ by no more than chance may explain\n", grouped(chance))
	}
	return out
}

func wholePercent(share float64) string { return percent(int64(1e6*share), 1e6) }
