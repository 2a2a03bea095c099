package engine

import (
	"math"
	"slices"
	"sync"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// steps is the times of a range query, as intervals of equal length.
type steps struct {
	from int64 // ns since the Unix epoch: begin of the first interval
	step int64
	n    int
}

// times are the ends of the intervals.
func (s steps) times() []int64 {
	out := make([]int64, s.n)
	for i := range out {
		out[i] = s.from + int64(i+1)*s.step
	}
	return out
}

func (s steps) bounds() Range { return Range{s.from, s.from + int64(s.n)*s.step} }

// cells is what one series has gathered, interval by interval. Which of the fields are
// used follows from the function.
type cells struct {
	count         []float64
	sum, min, max []float64
	hist          []*histogram
	example       []example
}

// example is a span that a cell counts.
type example struct {
	w     *window
	row   uint32
	value float64 // not a number where spans are only counted: it is the duration then
}

// gathering says what cells gather.
type gathering struct {
	op       traceql.MetricsOp
	examples bool
	n        int // intervals
}

func (g gathering) cells() *cells {
	c := new(cells)
	nan := func() []float64 {
		out := make([]float64, g.n)
		for i := range out {
			out[i] = math.NaN()
		}
		return out
	}
	switch g.op {
	case traceql.MinOverTime:
		c.min = nan()
	case traceql.MaxOverTime:
		c.max = nan()
	case traceql.SumOverTime:
		c.sum = nan()
	case traceql.AvgOverTime:
		c.count, c.sum = make([]float64, g.n), make([]float64, g.n)
	case traceql.QuantileOverTime, traceql.HistogramOverTime:
		c.hist = make([]*histogram, g.n)
	default:
		c.count = make([]float64, g.n)
	}
	if g.examples {
		c.example = make([]example, g.n)
	}
	return c
}

// size is about how many bytes of memory they take.
func (c *cells) size() int64 {
	n := 8 * (len(c.count) + len(c.sum) + len(c.min) + len(c.max) + len(c.hist))
	for _, h := range c.hist {
		if h != nil {
			n += 64 + 4*cap(h.counts)
		}
	}
	return int64(n + 32*len(c.example) + 200)
}

func (c *cells) merge(o *cells) {
	for i, v := range o.count {
		c.count[i] += v
	}
	for i, v := range o.sum {
		if c.count == nil && math.IsNaN(c.sum[i]) {
			c.sum[i] = v
		} else if !math.IsNaN(v) {
			c.sum[i] += v
		}
	}
	for i, v := range o.min {
		if math.IsNaN(c.min[i]) || v < c.min[i] {
			c.min[i] = v
		}
	}
	for i, v := range o.max {
		if math.IsNaN(c.max[i]) || v > c.max[i] {
			c.max[i] = v
		}
	}
	for i, h := range o.hist {
		switch {
		case h == nil:
		case c.hist[i] == nil:
			c.hist[i] = h
		default:
			c.hist[i].merge(h)
		}
	}
	for i, e := range o.example {
		if e.w != nil && (c.example[i].w == nil || e.value > c.example[i].value) {
			c.example[i] = e
		}
	}
}

// accumulate gathers the rows of a window by group and interval. The rows start within
// the intervals. It returns the groups' labels and cells.
func accumulate(w *window, g gathering, t steps, arg traceql.FieldExpr, by []traceql.FieldExpr, rows *rowset.Set) (*combined, []*cells, error) {
	n := rows.Count()
	starts, err := eval(w, &traceql.Intrinsic{Field: traceql.SpanStart}, rows)
	if err != nil {
		return nil, nil, err
	}
	all := make([]*keys, len(by))
	for i, e := range by {
		if all[i], err = readKeys(w, e, rows); err != nil {
			return nil, nil, err
		}
	}
	groups := combineKeys(all, n)
	out := make([]*cells, groups.n)
	for i := range out {
		out[i] = g.cells()
	}
	at := intervals(starts, t, n)
	defer giveBack(at)
	free(starts)
	// A span becomes the example of its cell when it is the first in it, or has the
	// greatest value so far.
	mark := func(int, uint32) {}
	if g.examples {
		mark = func(i int, k uint32) { out[groups.group[i]].example[k] = example{w, uint32(i), math.NaN()} }
	}
	if arg == nil {
		for i, k := range at {
			n := &out[groups.group[i]].count[k]
			if *n == 0 {
				mark(i, k)
			}
			*n++
		}
	} else {
		v, err := eval(w, arg, rows)
		if err != nil {
			return nil, nil, err
		}
		scale := 1.0
		if traceql.TypeOf(arg) == traceql.Duration {
			scale = 1e-9
		}
		gather(g.op, out, groups.group, at, v, scale, mark)
		for _, c := range out {
			for k := range c.example {
				if e := &c.example[k]; e.w != nil {
					x, _ := v.number(int(e.row))
					e.value = x * scale
				}
			}
		}
		free(v)
	}
	if g.examples {
		rowOf := func(entry uint32) uint32 { return rows.From() + entry } // so far examples know their entry
		if n < int(rows.To()-rows.From()) {
			all := rows.Rows(nil)
			rowOf = func(entry uint32) uint32 { return all[entry] }
		}
		for _, c := range out {
			for k := range c.example {
				if e := &c.example[k]; e.w != nil {
					e.row = rowOf(e.row)
				}
			}
		}
	}
	return groups, out, nil
}

// scratchPool has slices of codes of windows, which are large and needed for every one.
var scratchPool = sync.Pool{New: func() any { return new([]uint32) }}

// scratch returns a slice of n numbers, which may be anything.
func scratch(n int) []uint32 {
	p := scratchPool.Get().(*[]uint32)
	return slices.Grow((*p)[:0], n)[:n]
}

// giveBack ends the use of a slice from scratch.
func giveBack(s []uint32) { scratchPool.Put(&s) }

// intervals says in which interval each span starts. Spans of a trace are near each
// other, so that the last one is tried first.
func intervals(starts vector, t steps, n int) []uint32 {
	out := scratch(n)
	nums := integersOf(starts)
	from, to, k := t.from, t.from+t.step, uint32(0)
	for i := range out {
		var v int64
		if nums != nil {
			v = nums[i]
		} else if got := starts.at(i); len(got.list) == 1 {
			v = got.list[0].Num
		}
		if v < from || v >= to {
			k = uint32(min(max((v-t.from)/t.step, 0), int64(t.n-1)))
			from = t.from + int64(k)*t.step
			to = from + t.step
		}
		out[i] = k
	}
	return out
}

// integersOf returns the numbers of a vector in which every entry is one integer, as they
// are; nil for others.
func integersOf(v vector) []int64 {
	switch v := v.(type) {
	case *numbers:
		return v.nums
	case *blockVector:
		return v.v.Nums()
	}
	return nil
}

// gather adds the values of spans to the cells of their groups, and marks those that
// become the example of a cell.
func gather(op traceql.MetricsOp, out []*cells, group, at []uint32, v vector, scale float64, mark func(i int, k uint32)) {
	nums := integersOf(v)
	for i, k := range at {
		var x float64
		if nums != nil {
			x = float64(nums[i]) * scale
		} else {
			n, ok := v.number(i)
			if !ok || math.IsNaN(n) {
				continue
			}
			x = n * scale
		}
		c := out[group[i]]
		switch op {
		case traceql.MinOverTime:
			if !(c.min[k] <= x) {
				c.min[k] = x
				mark(i, k)
			}
		case traceql.MaxOverTime:
			if !(c.max[k] >= x) {
				c.max[k] = x
				mark(i, k)
			}
		case traceql.SumOverTime:
			if math.IsNaN(c.sum[k]) {
				c.sum[k] = 0
				mark(i, k)
			}
			c.sum[k] += x
		case traceql.AvgOverTime:
			if c.count[k] == 0 {
				mark(i, k)
			}
			c.sum[k] += x
			c.count[k]++
		default:
			if c.hist[k] == nil {
				c.hist[k] = new(histogram)
			}
			if h := c.hist[k]; h.total == 0 || x > h.max {
				mark(i, k)
			}
			c.hist[k].add(x)
		}
	}
}
