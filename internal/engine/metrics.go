package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// maxSteps is how many samples a series may have.
const maxSteps = 11_000

// tellEvery is how often Progress is called at most.
const tellEvery = 200 * time.Millisecond

// ErrRange is wrapped by errors about the range and the step of a metrics query.
var ErrRange = errors.New("range of the query")

// Metrics computes time series from all spans that there are. A span that a sender
// repeated is counted twice until its blocks are merged.
func (e *Engine) Metrics(ctx context.Context, m Metrics) (*SeriesSet, error) {
	t, err := stepsOf(m)
	if err != nil {
		return nil, err
	}
	q, done, err := e.begin(ctx, t.bounds(), m.Explain)
	if err != nil {
		return nil, err
	}
	defer done()
	m.MaxSeries = cmp.Or(m.MaxSeries, 1000)
	r := &measuring{query: q, Metrics: m, steps: t}
	series, err := r.expr(m.Expr)
	out := &SeriesSet{Times: t.times(), Series: series}
	if err == nil || errors.Is(err, errStopped) {
		if exErr := r.exemplars(out.Series); exErr != nil && err == nil {
			err = exErr
		}
	}
	for i := range out.Series {
		out.Series[i].examples = nil
	}
	if out.Scanned, err = q.finish(err); err != nil {
		return nil, err
	}
	return out, nil
}

// stepsOf divides the range of a query.
func stepsOf(m Metrics) (steps, error) {
	from, to, step := m.Range.From, m.Range.To, int64(m.Step)
	switch {
	case from <= 0 || to <= from || to > math.MaxInt64/2:
		return steps{}, fmt.Errorf("%w: from %d to %d ns", ErrRange, from, to)
	case step < 0:
		return steps{}, fmt.Errorf("%w: the step is %v, it can't be below zero", ErrRange, m.Step)
	case step == 0:
		return steps{from, to - from, 1}, nil
	}
	from -= from % step
	if rest := to % step; rest != 0 {
		to += step - rest
	}
	n := (to - from) / step
	if n > maxSteps {
		return steps{}, fmt.Errorf("%w: %v in steps of %v are %d samples, at most %d are computed; take a longer step",
			ErrRange, time.Duration(to-from), m.Step, n, maxSteps)
	}
	return steps{from, step, int(n)}, nil
}

// measuring is a metrics query on its way.
type measuring struct {
	*query
	Metrics
	steps steps
}

// expr evaluates an expression to series.
func (m *measuring) expr(e traceql.MetricsExpr) ([]Series, error) {
	switch e := e.(type) {
	case *traceql.Metrics:
		return m.leaf(e)
	case *traceql.MetricsStage:
		in, err := m.expr(e.X)
		return stage(e, in), err
	case *traceql.MetricsBinary:
		return m.binary(e)
	case *traceql.Static:
		s := Series{Values: make([]float64, m.steps.n)}
		for i := range s.Values {
			s.Values[i] = toFloat(e)
		}
		return []Series{s}, nil
	}
	return nil, fmt.Errorf("engine: unknown metrics expression %T", e)
}

// leaf is one function over the spans of a pipeline, on its way.
type leaf struct {
	*measuring
	e      *traceql.Metrics
	g      gathering
	local  bool
	mu     sync.Mutex
	groups map[string]*series
	full   bool
	told   time.Time // when Progress was called last
}

// series is a series before it has its values.
type series struct {
	labels []Attr
	cells  *cells
}

func (m *measuring) leaf(e *traceql.Metrics) ([]Series, error) {
	if e.Op == traceql.Compare {
		return m.compare(e)
	}
	l := &leaf{measuring: m, e: e, local: localPipeline(e.Pipeline), groups: make(map[string]*series)}
	for _, by := range e.By {
		l.local = l.local && local(by)
	}
	if e.Arg != nil {
		l.local = l.local && local(e.Arg)
	}
	l.g = gathering{e.Op, m.Exemplars > 0, m.steps.n}
	if m.plan != nil {
		how := "span by span"
		if !l.local {
			how = "by whole traces"
		}
		m.plan.line("%s, samples: %d, %s", e.Op, m.steps.n, how)
	}
	err := m.rows(e.Pipeline, l.local, ofTree(append(slices.Clone(e.By), e.Arg)...), partOf(e), l.take)
	if l.full {
		m.scanned.Partial = append(m.scanned.Partial, fmt.Sprintf("there are more than %d series, and the others are left out; group by less", m.MaxSeries))
	}
	return l.finish(), err
}

// take gathers the rows of a window.
func (l *leaf) take(w *window, rows *rowset.Set) error {
	groups, cells, err := accumulate(w, l.g, l.steps, l.e.Arg, l.e.By, rows)
	if err != nil {
		return err
	}
	defer groups.free()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, c := range cells {
		labels, key := labelsOf(l.e.By, groups.values(i))
		s := l.groups[key]
		switch {
		case s != nil:
			before := s.cells.size()
			s.cells.merge(c)
			l.held.Add(s.cells.size() - before)
		case len(l.groups) >= l.MaxSeries:
			l.full = true
		default:
			l.groups[key] = &series{labels, c}
			l.held.Add(c.size())
		}
	}
	if l.Progress != nil && time.Since(l.told) > tellEvery {
		l.told = time.Now()
		l.Progress(&SeriesSet{Times: l.steps.times(), Series: l.finish(), Scanned: l.query.scanned})
	}
	return nil
}

// labelsOf names a group, and gives it a key.
func labelsOf(by []traceql.FieldExpr, vals []values) (labels []Attr, key string) {
	var b strings.Builder
	for i, e := range by {
		a := Attr{Name: e.String()}
		switch len(vals[i].list) {
		case 0:
		case 1:
			a.Value = vals[i].list[0]
		default:
			a.Value = traceql.Static{Type: traceql.String, Str: vals[i].text()}
		}
		labels = append(labels, a)
		b.WriteString(vals[i].text())
		b.WriteByte(0)
	}
	return labels, b.String()
}

// rows calls take with the rows that a pipeline finds and that start within the steps, one
// window of a source after the other and several at a time. Unless the rows are found and
// taken one by one, their traces are whole; tree says that take looks at trees, and part what it
// looks at.
func (m *measuring) rows(p *traceql.Pipeline, local, tree bool, part block.Part, take func(w *window, rows *rowset.Set) error) error {
	in := m.steps.bounds()
	if local {
		return m.some(p, in, take)
	}
	away := make(map[span.TraceID]bool)
	for _, h := range m.heads {
		rows, err := headRows(headWindow(h), p, false)
		if err != nil {
			return err
		}
		for row := range rows.All() {
			away[h.TraceID(row)] = true
		}
	}
	var mu sync.Mutex
	for _, r := range m.blocks {
		err := m.wholeTraces(r, p, in, tree, take, func(id span.TraceID) {
			mu.Lock()
			defer mu.Unlock()
			away[id] = true
		})
		if err := m.failed(r, err); err != nil {
			return err
		}
		m.scanned.Done++
	}
	return m.takeAway(p, away, in, part, take)
}

// takeAway puts traces together and takes their rows.
func (m *measuring) takeAway(p *traceql.Pipeline, away map[span.TraceID]bool, in Range, part block.Part, take func(w *window, rows *rowset.Set) error) error {
	chunks := m.chunks(slices.Collect(maps.Keys(away)))
	return m.parallel(len(chunks), func(i int) error {
		a, err := m.assemble(chunks[i], part)
		if err != nil || a.src.b.Len() == 0 {
			return err
		}
		sets, err := a.run(p)
		if err != nil {
			return err
		}
		rows, err := started(a.w, in, rowsOf(a.w, sets))
		if err != nil || rows.Empty() {
			return err
		}
		return take(a.w, rows)
	})
}

// wholeTraces runs a pipeline on the traces of a block. Those that have to be put
// together are told to away.
func (m *measuring) wholeTraces(r *block.Reader, p *traceql.Pipeline, in Range, tree bool, take func(w *window, rows *rowset.Set) error, away func(span.TraceID)) error {
	return m.windowsOf(r, p, true, func(src *blockSource, prog *program, w *window) error {
		if err := m.check(); err != nil {
			return err
		}
		m.spans.Add(int64(w.to - w.from))
		seen := w.none()
		rows, err := prog.found(w, p, w.all(), seen)
		if err != nil {
			return err
		}
		odd, err := w.odd(tree && !rows.Empty())
		if err != nil {
			return err
		}
		if !prog.alone || len(odd) > 0 {
			apart, err := m.apart(src)
			if err != nil {
				return err
			}
			for i := range w.traces.len() {
				from, to := w.traces.first[i], w.traces.first[i+1]
				if !seen.Any(from, to) {
					continue
				}
				elsewhere, err := apart(w.traces.base + i)
				if err != nil {
					return err
				}
				if !elsewhere && !odd[i] {
					continue
				}
				id, err := r.TraceIDAt(m.ctx, src.rows, w.traces.base+i)
				if err != nil {
					return err
				}
				away(id)
				rows.RemoveRange(from, to)
			}
		}
		if !inside(r, in) {
			if rows, err = started(w, in, rows); err != nil {
				return err
			}
		}
		if rows.Empty() {
			return nil
		}
		return take(w, rows)
	})
}
