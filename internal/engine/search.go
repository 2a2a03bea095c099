package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// Search finds traces, the newest first. Errors are those of the query and of ctx;
// what could not be read makes the answer partial.
//
// Sources are read from the newest on, within a block the newest traces first, until
// what is left can't have a newer trace than those found. A trace that stands in one
// block alone is judged there, on columns; others are put together first.
func (e *Engine) Search(ctx context.Context, s Search) (*Found, error) {
	q, done, err := e.begin(ctx, s.Range, s.Explain)
	if err != nil {
		return nil, err
	}
	defer done()
	s.Limit = cmp.Or(s.Limit, 20)
	s.SpansPerSet = cmp.Or(s.SpansPerSet, 3)
	r := &search{query: q, Search: s, fields: shown(s.Pipeline), local: localPipeline(s.Pipeline), keep: s.Limit}
	if r.tree = ofTree(r.fields...); r.tree {
		r.local = false
	}
	err = r.run()
	for err == nil && r.cut() {
		r.keep *= 4
		err = r.run()
	}
	found, showErr := r.found()
	found.Scanned, err = q.finish(cmp.Or(err, showErr))
	if err != nil {
		return nil, err
	}
	return found, nil
}

// search is a Search on its way.
type search struct {
	*query
	Search
	fields []traceql.FieldExpr
	local  bool // parts of a trace can be asked one by one
	tree   bool // what is returned of spans depends on the tree
	keep   int  // how many hits of a window are kept, the newest

	hits    []*hit // settled: newest first
	tried   map[span.TraceID]bool
	dropped int64 // the newest start among the hits that were not kept
	some    bool  // hits were not kept
	told    int   // hits that Progress has heard of
}

// hit is a trace that was found, or that may be.
type hit struct {
	id    span.TraceID
	start int64
	trace *Trace // of a trace that was put together

	block *blockSource // of one that stands in a block: there
	w     *window
	at    int       // the trace in the window
	sets  []spanset // nil if it has none as far as the block knows
	odd   bool      // it has to be put together whatever the block says
}

func (s *search) run() error {
	s.hits, s.tried, s.dropped, s.some = nil, make(map[span.TraceID]bool), 0, false
	for i := len(s.heads) - 1; i >= 0; i-- {
		if err := s.head(s.heads[i]); err != nil {
			return err
		}
	}
	ahead := 1
	for from := 0; from < len(s.blocks); {
		if s.enough(s.blocks[from].Meta.MaxEnd) {
			s.scanned.Pruned += len(s.blocks) - from
			if s.plan != nil {
				s.plan.line("%d older blocks can't have newer traces than the %d found", len(s.blocks)-from, s.Limit)
			}
			return nil
		}
		// Several blocks are opened at a time, and looked through where that takes little.
		some := s.blocks[from:min(from+ahead, len(s.blocks))]
		opened, errs := make([]*opening, len(some)), make([]error, len(some))
		err := s.parallel(len(some), func(i int) error {
			opened[i], errs[i] = s.open(some[i])
			return nil
		})
		if err != nil {
			return err
		}
		for i, r := range some {
			if errs[i] == nil {
				errs[i] = s.block(opened[i])
			}
			if err := s.failed(r, errs[i]); err != nil {
				return err
			}
			s.scanned.Done++
		}
		if err := s.tell(); err != nil {
			return err
		}
		from += len(some)
		ahead = min(2*ahead, 2*runtime.GOMAXPROCS(0))
	}
	return nil
}

// tell calls Progress with what is found so far.
func (s *search) tell() error {
	if s.Progress == nil || len(s.hits) <= s.told {
		return nil
	}
	s.told = len(s.hits)
	found, err := s.found()
	if err != nil {
		return err
	}
	found.Scanned = s.scanned
	s.Progress(found)
	return nil
}

// cut reports whether hits that were not kept might belong to the answer.
func (s *search) cut() bool {
	return s.some && (len(s.hits) < s.Limit || s.hits[s.Limit-1].start < s.dropped)
}

// enough reports whether no trace that starts at or before a time can displace one of
// those found.
func (s *search) enough(start int64) bool {
	return len(s.hits) >= s.Limit && s.hits[s.Limit-1].start > start
}

// settle adds a trace that matches, if it is of this page and time.
func (s *search) settle(h *hit, end int64) {
	in := s.Range
	if in.From != 0 && end < in.From || in.To != 0 && h.start >= in.To {
		return
	}
	if c := s.After; c != nil && (h.start > c.Start || h.start == c.Start && bytes.Compare(h.id[:], c.TraceID[:]) <= 0) {
		return
	}
	i, _ := slices.BinarySearchFunc(s.hits, h, func(a, b *hit) int {
		return cmp.Or(cmp.Compare(b.start, a.start), bytes.Compare(a.id[:], b.id[:]))
	})
	s.hits = slices.Insert(s.hits, i, h)
	if len(s.hits) > s.Limit {
		s.hits = s.hits[:s.Limit]
	}
}

// judge decides on traces that may be hits, the newest first, until there are
// enough.
func (s *search) judge(candidates []*hit) error {
	slices.SortFunc(candidates, func(a, b *hit) int { return cmp.Compare(b.start, a.start) })
	for _, h := range candidates {
		if s.enough(h.start) {
			return nil
		}
		if h.block != nil {
			id, err := h.block.r.TraceIDAt(s.ctx, h.block.rows, h.w.traces.base+h.at)
			if err != nil {
				return err
			}
			h.id = id
		}
		if s.tried[h.id] {
			continue
		}
		whole := h.block != nil && !h.odd
		if whole {
			apart, err := s.apart(h.block)
			if err != nil {
				return err
			}
			elsewhere, err := apart(h.w.traces.base + h.at)
			if err != nil {
				return err
			}
			whole = !elsewhere
		}
		if whole && h.sets == nil {
			continue
		}
		s.tried[h.id] = true
		if whole {
			s.settle(h, h.block.rows.End[h.w.traces.base+h.at])
			continue
		}
		if err := s.together(h.id); err != nil {
			return err
		}
	}
	return nil
}

// together puts a trace together and settles it if it matches.
func (s *search) together(id span.TraceID) error {
	a, err := s.assemble([]span.TraceID{id}, partOf(s.Pipeline))
	if err != nil || a.src.b.Len() == 0 {
		return err
	}
	sets, err := a.run(s.Pipeline)
	if err != nil || len(sets) == 0 {
		return err
	}
	t := &Trace{Summary: a.summary(0)}
	if t.Sets, err = show(a.w, sets, s.fields, s.SpansPerSet); err != nil {
		return err
	}
	if s.ServiceStats {
		counts, err := countServices(a.w, []int{0})
		if err != nil {
			return err
		}
		t.Services = counts[0]
	}
	s.held.Add(traceBytes(t))
	s.settle(&hit{id: id, start: t.Start, trace: t}, t.End)
	return s.check()
}

// traceBytes is about how much memory a trace in an answer takes.
func traceBytes(t *Trace) int64 {
	n := int64(300)
	for _, set := range t.Sets {
		n += 200
		for _, sp := range set.Spans {
			n += 100 + 150*int64(len(sp.Attrs))
		}
	}
	return n
}

// head looks for candidates in a head.
func (s *search) head(b *span.Batch) error {
	w := headWindow(b)
	s.spans.Add(int64(b.Len()))
	rows, err := headRows(w, s.Pipeline, s.local)
	if err != nil {
		return err
	}
	newest := make(map[uint32]int64)
	for row := range rows.All() {
		if at, ok := newest[b.Trace[row]]; !ok || b.Start[row] > at {
			newest[b.Trace[row]] = b.Start[row]
		}
	}
	var candidates []*hit
	for code, start := range newest {
		candidates = append(candidates, &hit{id: span.TraceID(b.Traces.Bytes(code)), start: start})
	}
	s.scanned.Traces += b.Traces.Len()
	if s.plan != nil {
		s.plan.line("head of %d spans: %d traces may match and are put together", b.Len(), len(candidates))
	}
	return s.judge(candidates)
}

// headRows returns the rows of a head whose traces may match.
func headRows(w *window, p *traceql.Pipeline, whole bool) (*rowset.Set, error) {
	if whole {
		prog, err := bindPipeline(w.src, p)
		if err != nil {
			return nil, err
		}
		return prog.found(w, p, w.all(), nil)
	}
	// A trace matches only if one of the filters finds something in it.
	rows := w.none()
	var err error
	traceql.Walk(p, func(n traceql.Node) bool {
		f, ok := n.(*traceql.Filter)
		switch {
		case err != nil || !ok:
			return err == nil
		case f.Expr == nil || !local(f.Expr):
			rows = w.all()
			return false
		}
		var c condition
		var found *rowset.Set
		if c, err = bind(w.src, f.Expr); err == nil {
			if found, err = c.rows(w, w.all()); err == nil {
				rows.Or(found)
			}
		}
		return false
	})
	return rows, err
}

// firstSlice is how many traces of a block, the newest, are looked at first.
var firstSlice = 4096

// opening is a block on its way to be looked through.
type opening struct {
	src    *blockSource
	sc     *scan
	prog   *program
	needle *window     // the whole block, if it was looked through at once
	rows   *rowset.Set // and what was found in it
}

func (s *search) open(r *block.Reader) (*opening, error) {
	src, err := openBlock(s.ctx, r, &s.bytes, !s.local)
	if err != nil {
		return nil, err
	}
	o := &opening{src: src, sc: newScan(src)}
	if o.prog, err = bindPipeline(o.sc, s.Pipeline); err != nil {
		return nil, err
	}
	o.prog.alone = s.alone()
	if s.local && !o.prog.never(s.Pipeline.From) && (s.sparse() || o.prog.selective(s.Pipeline.From)) {
		o.needle = src.everything(o.sc)
		s.spans.Add(int64(o.needle.to))
		o.rows, err = o.prog.rows(o.needle, s.Pipeline, o.needle.all())
	}
	return o, err
}

func (s *search) block(o *opening) error {
	src, sc, prog := o.src, o.sc, o.prog
	if s.plan != nil {
		s.plan.line("block %s, %d spans", src.r.Meta.ID, src.r.Meta.Spans)
		s.plan.in(func() { prog.explain(s.plan, s.Pipeline) })
	}
	switch {
	case prog.never(s.Pipeline.From):
		if s.plan != nil {
			s.plan.in(func() { s.plan.line("nothing can match: not read") })
		}
		return nil
	case o.needle != nil:
		return s.needle(src, prog, o.needle, o.rows)
	}
	src.whole = true
	windows, err := src.windows(sc)
	if err != nil {
		return err
	}
	// The newest traces first: they may be enough.
	before, looked := len(s.hits), s.scanned.Traces
	hi, n := int64(math.MaxInt64), firstSlice
	for {
		lo := int64(math.MinInt64)
		if 2*n < src.rows.Len()-(s.scanned.Traces-looked) {
			lo = newestCut(src.rows.Start, hi, n)
		}
		if err := s.slice(src, prog, windows, lo, hi); err != nil || lo == math.MinInt64 || s.enough(lo-1) {
			return err
		}
		hi, n = lo, math.MaxInt/4 // nothing was found: then all the rest at once
		if found := len(s.hits) - before; found > 0 {
			n = (s.scanned.Traces - looked) * s.Limit / found * 3 / 2
		}
	}
}

// newestCut returns a time from which on about n traces start, of those that start before
// hi. It goes by a sample.
func newestCut(starts []int64, hi int64, n int) int64 {
	step := max(1, len(starts)/8192)
	var some []int64
	for i := 0; i < len(starts); i += step {
		if starts[i] < hi {
			some = append(some, starts[i])
		}
	}
	slices.Sort(some)
	at := len(some) - max(1, n/step)
	if at <= 0 {
		return math.MinInt64
	}
	return some[at]
}

// selective reports whether an expression is a filter that few pages of a column decide.
func (p *program) selective(e traceql.SpansetExpr) bool {
	f, ok := e.(*traceql.Filter)
	if !ok {
		return false
	}
	for _, c := range append(and{p.bound[f]}, conjuncts(p.bound[f])...) {
		if m, ok := c.(*match); ok && few(m) {
			return true
		}
	}
	return false
}

func conjuncts(c condition) and {
	a, _ := c.(and)
	return a
}

// few reports whether a condition reads at most a sixteenth of its column's pages.
func few(m *match) bool {
	c, ok := plain(m.c).(*blockColumn)
	if !ok || c.never(m.p) {
		return false
	}
	some, all, err := c.matcher(m.p).Pages()
	return err == nil && some <= all/16+1 && all >= fewOf
}

// fewOf is how many pages a column has at least before some of them are few.
var fewOf = 32

// sparseRows is how many spans are found in a block at most before the whole table of
// traces is read for them.
const sparseRows = 128

// sparse reports whether so little was found so far that blocks will have to be looked
// through whole: then it is not known before whether they have anything.
func (s *search) sparse() bool {
	return s.spans.Load() > sparseFrom && 4*len(s.hits) < s.Limit
}

// sparseFrom is how many spans are looked at before that is judged.
var sparseFrom = int64(500_000)

// needle takes what was found in a whole block at once. Where its traces stand is not read
// unless something was found.
func (s *search) needle(src *blockSource, prog *program, w *window, rows *rowset.Set) error {
	s.scanned.Traces += src.r.Meta.Traces
	if s.plan != nil {
		s.plan.in(func() { s.plan.line("few pages: looked through at once, %d spans", rows.Count()) })
	}
	if rows.Empty() {
		return nil
	}
	if rows.Count() <= sparseRows && !src.r.HasTraceRows() {
		at, err := src.r.TraceRowsAt(s.ctx, rows.Rows(nil))
		if err != nil {
			return err
		}
		src.rows = at
	} else if err := src.load(); err != nil {
		return err
	}
	w.traces = &traces{first: src.rows.First}
	sets, err := prog.stages(w, split(w, rows), grouping(s.Pipeline.Stages))
	if err != nil {
		return err
	}
	return s.judge(s.newest(s.hitsOf(src, w, sets)))
}

// grouping are the stages of a local pipeline that rows do not show.
func grouping(stages []traceql.Stage) []traceql.Stage {
	return slices.DeleteFunc(slices.Clone(stages), func(s traceql.Stage) bool {
		_, ok := s.(*traceql.SpansetStage)
		return ok
	})
}

// slice looks at the traces of a block that start within a time.
func (s *search) slice(src *blockSource, prog *program, windows []*window, lo, hi int64) error {
	bounded := s.Range.From > src.r.Meta.MinStart || s.Range.To != 0 && s.Range.To <= src.r.Meta.MaxEnd
	pageBehind := s.After != nil && s.alone()
	starts, ends := src.rows.Start, src.rows.End
	wanted := func(t uint32) bool {
		switch {
		case starts[t] < lo || starts[t] >= hi,
			bounded && (ends[t] < s.Range.From || s.Range.To != 0 && starts[t] >= s.Range.To),
			pageBehind && starts[t] > s.After.Start:
			return false
		}
		return true
	}
	found := make([][]*hit, len(windows))
	var looked atomic.Int64
	err := s.parallel(len(windows), func(i int) error {
		if err := s.check(); err != nil {
			return err
		}
		in, n := windows[i].some(wanted)
		if n == 0 {
			return nil
		}
		looked.Add(int64(n))
		s.spans.Add(int64(in.Count()))
		var err error
		found[i], err = s.window(src, prog, windows[i], in)
		return err
	})
	s.scanned.Traces += int(looked.Load())
	if err != nil && !errors.Is(err, errStopped) {
		return err
	}
	var candidates []*hit
	for _, some := range found {
		candidates = append(candidates, some...)
	}
	return cmp.Or(s.judge(candidates), err)
}

// window evaluates the query on some traces of a window and returns the newest that are
// hits, or may be when they are put together.
func (s *search) window(src *blockSource, prog *program, w *window, in *rowset.Set) ([]*hit, error) {
	var seen *rowset.Set
	if !s.local {
		seen = w.none()
	}
	w.trees = nil
	sets, err := prog.run(w, s.Pipeline, in, seen)
	if err != nil {
		return nil, err
	}
	all := s.hitsOf(src, w, sets)
	hits := s.newest(slices.Clone(all))
	if s.local {
		return hits, nil
	}
	at := make(map[int]bool, len(all))
	for _, h := range all {
		at[h.at] = true
	}
	kept := make(map[int]*hit, len(hits))
	for _, h := range hits {
		kept[h.at] = h
	}
	odd, err := w.odd(s.tree && len(sets) > 0)
	if err != nil {
		return nil, err
	}
	if s.alone() && len(odd) == 0 {
		return hits, nil
	}
	apart, err := s.apart(src)
	if err != nil {
		return nil, err
	}
	for _, set := range split(w, seen) {
		if !odd[set.trace] && kept[set.trace] == nil {
			// Only what is put together can be a hit that is none here.
			if elsewhere, err := apart(w.traces.base + set.trace); err != nil {
				return nil, err
			} else if !elsewhere {
				continue
			}
		}
		switch h := kept[set.trace]; {
		case h != nil:
			h.odd = odd[set.trace]
		case !at[set.trace] || odd[set.trace]:
			hits = append(hits, &hit{start: src.rows.Start[w.traces.base+set.trace], block: src, w: w, at: set.trace, odd: odd[set.trace]})
		}
	}
	return hits, nil
}

// hitsOf makes hits of the spansets of a window, which are by trace.
func (s *search) hitsOf(src *blockSource, w *window, sets []spanset) []*hit {
	var hits []*hit
	for _, set := range sets {
		if n := len(hits); n > 0 && hits[n-1].at == set.trace {
			hits[n-1].sets = append(hits[n-1].sets, set)
			continue
		}
		hits = append(hits, &hit{start: src.rows.Start[w.traces.base+set.trace], block: src, w: w, at: set.trace, sets: []spanset{set}})
	}
	return hits
}

// newest keeps the newest hits of a window, as many as the answer may have. Those that
// belong to pages before do not count.
func (s *search) newest(hits []*hit) []*hit {
	slices.SortFunc(hits, func(a, b *hit) int { return cmp.Compare(b.start, a.start) })
	before := 0
	if s.After != nil {
		for before < len(hits) && hits[before].start >= s.After.Start {
			before++
		}
	}
	if len(hits) <= before+s.keep {
		return hits
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped, s.some = max(s.dropped, hits[before+s.keep].start), true
	return hits[:before+s.keep]
}

// found makes the answer of what was found so far.
func (s *search) found() (*Found, error) {
	f := &Found{Traces: make([]Trace, len(s.hits))}
	byWindow := make(map[*window][]int)
	var windows []*window
	for i, h := range s.hits {
		if h.trace != nil {
			f.Traces[i] = *h.trace
			continue
		}
		if byWindow[h.w] == nil {
			windows = append(windows, h.w)
		}
		byWindow[h.w] = append(byWindow[h.w], i)
	}
	err := s.parallel(len(windows), func(k int) error {
		hits := byWindow[windows[k]]
		err := s.showHits(f, windows[k], hits)
		if err == nil {
			return nil
		}
		for _, i := range hits { // the answer goes without them, and says so
			f.Traces[i] = Trace{}
		}
		return s.failed(s.hits[hits[0]].block.r, err)
	})
	f.Traces = slices.DeleteFunc(f.Traces, func(t Trace) bool { return len(t.Sets) == 0 })
	if len(s.hits) == s.Limit {
		last := s.hits[s.Limit-1]
		f.Next = &Cursor{last.start, last.id}
	}
	return f, err
}

// showHits fills in the traces of a window.
func (s *search) showHits(f *Found, w *window, hits []int) error {
	var all []spanset
	for _, i := range hits {
		all = append(all, s.hits[i].sets...)
	}
	shown, err := show(w, slices.Clone(all), s.fields, s.SpansPerSet)
	if err != nil {
		return err
	}
	var counts [][]ServiceCount
	if s.ServiceStats {
		var traces []int
		for _, i := range hits {
			traces = append(traces, s.hits[i].at)
		}
		if counts, err = countServices(w, traces); err != nil {
			return err
		}
	}
	for _, i := range hits {
		h := s.hits[i]
		t := &f.Traces[i]
		t.Sets, shown = shown[:len(h.sets)], shown[len(h.sets):]
		if t.Summary, err = h.block.r.Sum(s.ctx, h.block.rows, w.traces.base+h.at); err != nil {
			return err
		}
		if s.ServiceStats {
			t.Services, counts = counts[0], counts[1:]
		}
		s.held.Add(traceBytes(t))
	}
	return nil
}

// explain writes what is bound to the filters of a pipeline.
func (p *program) explain(to *plan, pipe *traceql.Pipeline) {
	p.explainSpans(to, pipe.From)
	for _, stage := range pipe.Stages {
		if s, ok := stage.(*traceql.SpansetStage); ok {
			to.line("then, of these")
			to.in(func() { p.explainSpans(to, s.Expr) })
			continue
		}
		to.line("then %s", stage)
	}
}

func (p *program) explainSpans(to *plan, e traceql.SpansetExpr) {
	switch e := e.(type) {
	case *traceql.Filter:
		p.bound[e].explain(to)
	case *traceql.Pipeline:
		p.explain(to, e)
	case *traceql.Combine:
		to.line("%s by rows of the parent", e.Op)
		to.in(func() {
			p.explainSpans(to, e.L)
			p.explainSpans(to, e.R)
		})
	}
}

// never reports whether it is known that nothing that is found here has a part in what
// an expression finds.
func (p *program) never(e traceql.SpansetExpr) bool {
	switch e := e.(type) {
	case *traceql.Filter:
		return p.bound[e].cost() == never && (p.alone || localFilter(e))
	case *traceql.Pipeline:
		return p.never(e.From)
	case *traceql.Combine:
		l, r := p.never(e.L), p.never(e.R)
		if !p.alone {
			return l && r // the other side may be elsewhere
		}
		if _, form, ok := e.Op.Relation(); ok && form == traceql.Not {
			return r
		}
		return l && r || needsLeft(e.Op) && (l || r)
	}
	return false
}
