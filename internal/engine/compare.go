package engine

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// compare sets some of the spans of a pipeline against the others: for every attribute,
// how often its most frequent values occur in either part, over time.
func (m *measuring) compare(e *traceql.Metrics) ([]Series, error) {
	c := &comparing{measuring: m, e: e, counts: make(map[string]*contrast)}
	whole := localPipeline(e.Pipeline) && (e.Selection.Expr == nil || local(e.Selection.Expr))
	err := m.rows(e.Pipeline, whole, ofTree(e.Selection.Expr), block.Whole, c.take)
	if c.full {
		m.scanned.Partial = append(m.scanned.Partial, fmt.Sprintf("an attribute has more than %d values; rare ones may be missing", maxContrast))
	}
	return c.finish(), err
}

// maxContrast is how many values of an attribute are counted.
const maxContrast = 10_000

type comparing struct {
	*measuring
	e      *traceql.Metrics
	mu     sync.Mutex
	counts map[string]*contrast // by the attribute's name
	full   bool
}

// contrast is the counts of one attribute, of the baseline and of the selection.
type contrast struct {
	field  traceql.FieldExpr
	values [2]map[string]*contrastValue
	totals [2][]float64
}

type contrastValue struct {
	value traceql.Static
	count tally
	total float64
}

// tally is counts by interval. Most values of an attribute that identifies something occur
// in a single one.
type tally []struct {
	step uint32
	n    float64
}

func (t tally) add(step uint32, n float64, steps int) tally {
	if k := len(t); k > 0 && t[k-1].step == step {
		t[k-1].n += n
		return t
	}
	if t = append(t, struct {
		step uint32
		n    float64
	}{step, n}); len(t) <= 2*steps {
		return t
	}
	all := t.values(steps)
	t = t[:0]
	for step, n := range all {
		if n > 0 {
			t = t.add(uint32(step), n, steps)
		}
	}
	return t
}

// values are the counts of all intervals.
func (t tally) values(steps int) []float64 {
	out := make([]float64, steps)
	for _, c := range t {
		out[c.step] += c.n
	}
	return out
}

// comparedFields are the intrinsics that are compared.
var comparedFields = []traceql.Field{traceql.SpanName, traceql.SpanKind, traceql.SpanStatus, traceql.SpanStatusMessage}

func (c *comparing) take(w *window, rows *rowset.Set) error {
	selected, err := c.selected(w, rows)
	if err != nil {
		return err
	}
	rest := rows.Clone()
	rest.AndNot(selected)
	fields, err := c.fields(w)
	if err != nil {
		return err
	}
	for side, part := range []*rowset.Set{rest, selected} {
		if part.Empty() {
			continue
		}
		starts, err := eval(w, &traceql.Intrinsic{Field: traceql.SpanStart}, part)
		if err != nil {
			return err
		}
		at := intervals(starts, c.steps, part.Count())
		free(starts)
		for _, f := range fields {
			if err := c.count(w, f, side, part, at); err != nil {
				return err
			}
		}
		giveBack(at)
	}
	return c.check()
}

// selected returns the rows of the selection.
func (c *comparing) selected(w *window, rows *rowset.Set) (*rowset.Set, error) {
	cond, err := bind(w.src, c.e.Selection.Expr)
	if err != nil {
		return nil, err
	}
	found, err := cond.rows(w, rows)
	if err != nil || c.e.Start == 0 && c.e.End == 0 {
		return found, err
	}
	return started(w, Range{c.e.Start, c.e.End}, found)
}

// fields are what spans of a window may have.
func (c *comparing) fields(w *window) ([]traceql.FieldExpr, error) {
	var all []traceql.FieldExpr
	for _, f := range comparedFields {
		all = append(all, &traceql.Intrinsic{Field: f})
	}
	names := newNames(c.query, Names{Limit: maxNames, Scopes: []traceql.Scope{traceql.ScopeSpan, traceql.ScopeResource}})
	switch src := w.src.source.(type) {
	case *batchSource:
		names.batch(src.b)
	case *blockSource:
		if err := names.block(src.r); err != nil {
			return nil, err
		}
	}
	for scope, found := range names.found {
		for name := range found {
			all = append(all, &traceql.Attribute{Scope: scope, Name: name})
		}
	}
	return all, nil
}

// count adds the values that some spans have of a field.
func (c *comparing) count(w *window, f traceql.FieldExpr, side int, rows *rowset.Set, at []uint32) error {
	k, err := readKeys(w, f, rows)
	if err != nil {
		return err
	}
	groups := combineKeys([]*keys{k}, len(at))
	defer groups.free()
	counts := make([]tally, groups.n)
	for i, step := range at {
		g := groups.group[i]
		counts[g] = counts[g].add(step, 1, c.steps.n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	name := f.String()
	to := c.counts[name]
	if to == nil {
		to = &contrast{field: f, values: [2]map[string]*contrastValue{{}, {}}}
		to.totals = [2][]float64{make([]float64, c.steps.n), make([]float64, c.steps.n)}
		c.counts[name] = to
	}
	for i, n := range counts {
		for _, v := range groups.values(i)[0].list {
			key := v.String()
			one := to.values[side][key]
			if one == nil {
				if len(to.values[side]) >= maxContrast {
					c.full = true
					continue
				}
				one = &contrastValue{value: v}
				to.values[side][key] = one
				c.held.Add(int64(len(key)) + 200)
			}
			for _, x := range n {
				one.count = one.count.add(x.step, x.n, c.steps.n)
				one.total += x.n
				to.totals[side][x.step] += x.n
			}
		}
	}
	return nil
}

// metaTypes name the two sides.
var metaTypes = [2]string{"baseline", "selection"}

func (c *comparing) finish() []Series {
	var out []Series
	for name, one := range c.counts {
		for side, values := range one.values {
			var all []*contrastValue
			for _, v := range values {
				all = append(all, v)
			}
			if len(all) == 0 {
				continue
			}
			slices.SortFunc(all, func(a, b *contrastValue) int {
				return cmp.Or(cmp.Compare(b.total, a.total), compareStatics(&a.value, &b.value))
			})
			meta := func(text string) Attr { return Attr{"__meta_type", traceql.Static{Type: traceql.String, Str: text}} }
			for _, v := range all[:min(len(all), c.e.TopN)] {
				out = append(out, Series{Labels: []Attr{meta(metaTypes[side]), {name, v.value}}, Values: v.count.values(c.steps.n)})
			}
			out = append(out, Series{Labels: []Attr{meta(metaTypes[side] + "_total"), {Name: name}}, Values: one.totals[side]})
		}
	}
	sortSeries(out)
	return out
}
