package engine

import (
	"bytes"
	"cmp"
	"context"
	"runtime"
	"slices"

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
	var apart []span.TraceID // to be put together, more at a time the more there are
	most := 4
	for _, h := range candidates {
		if s.enough(h.start) {
			break
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
			is, err := s.apart(h.block)
			if err != nil {
				return err
			}
			elsewhere, err := is(h.w.traces.base + h.at)
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
		if apart = append(apart, h.id); len(apart) < most {
			continue
		}
		if err := s.together(apart); err != nil {
			return err
		}
		apart, most = apart[:0], min(2*most, 64)
	}
	return s.together(apart)
}

// together puts traces together and settles those that match.
func (s *search) together(ids []span.TraceID) error {
	if len(ids) == 0 {
		return nil
	}
	a, err := s.assemble(ids, partOf(s.Pipeline))
	if err != nil || a.src.b.Len() == 0 {
		return err
	}
	sets, err := a.run(s.Pipeline)
	if err != nil {
		return err
	}
	for len(sets) > 0 {
		trace, n := sets[0].trace, 1
		for n < len(sets) && sets[n].trace == trace {
			n++
		}
		t := &Trace{Summary: a.summary(trace)}
		if !s.enough(t.Start) {
			if t.Sets, err = show(a.w, sets[:n], s.fields, s.SpansPerSet); err != nil {
				return err
			}
			if s.ServiceStats {
				counts, err := countServices(a.w, []int{trace})
				if err != nil {
					return err
				}
				t.Services = counts[0]
			}
			s.settle(&hit{id: t.TraceID, start: t.Start, trace: t}, t.End)
		}
		sets = sets[n:]
	}
	held := int64(0)
	for _, h := range s.hits {
		if h.trace != nil {
			held += traceBytes(h.trace)
		}
	}
	s.held.Store(held)
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
