package engine

import (
	"slices"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

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
	if found := rows.Rows(nil); len(found) <= sparseRows && !src.r.HasTraceRows() {
		return s.fewTraces(src, prog, w.src, found)
	}
	if err := src.load(); err != nil {
		return err
	}
	w.traces = &traces{first: src.rows.First}
	sets, err := prog.stages(w, split(w, rows), grouping(s.Pipeline.Stages))
	if err != nil {
		return err
	}
	return s.judge(s.newest(s.hitsOf(src, w, sets)))
}

// fewTraces takes a few rows that were found in a block. Each of their traces is a window
// of its own.
func (s *search) fewTraces(src *blockSource, prog *program, sc *scan, rows []uint32) error {
	at, err := src.r.TraceRowsAt(s.ctx, rows)
	if err != nil {
		return err
	}
	src.rows = at
	var hits []*hit
	for len(rows) > 0 {
		i := at.Of(rows[0])
		w := &window{src: sc, from: at.First[i], to: at.First[i+1], traces: &traces{at.First[i : i+2], i}}
		found := w.none()
		for len(rows) > 0 && rows[0] < w.to {
			found.Add(rows[0])
			rows = rows[1:]
		}
		sets, err := prog.stages(w, split(w, found), grouping(s.Pipeline.Stages))
		if err != nil {
			return err
		}
		hits = append(hits, s.hitsOf(src, w, sets)...)
	}
	return s.judge(s.newest(hits))
}

// grouping are the stages of a local pipeline that rows do not show.
func grouping(stages []traceql.Stage) []traceql.Stage {
	return slices.DeleteFunc(slices.Clone(stages), func(s traceql.Stage) bool {
		_, ok := s.(*traceql.SpansetStage)
		return ok
	})
}
