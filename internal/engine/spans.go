package engine

import (
	"fmt"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// some calls do for windows of all sources, several at a time, with the rows that a local
// pipeline finds and that start within the range.
func (q *query) some(p *traceql.Pipeline, in Range, do func(w *window, rows *rowset.Set) error) error {
	for _, h := range q.heads {
		if err := q.headRows(h, p, in, do); err != nil {
			return err
		}
	}
	for _, r := range q.blocks {
		err := q.blockWindows(r, p, in, do)
		if err := q.failed(r, err); err != nil {
			return err
		}
		q.scanned.Done++
	}
	return nil
}

// headRows calls do with the rows of a head that a local pipeline finds.
func (q *query) headRows(h *span.Batch, p *traceql.Pipeline, in Range, do func(w *window, rows *rowset.Set) error) error {
	w := headWindow(h)
	prog, err := bindPipeline(w.src, p)
	if err != nil {
		return err
	}
	return q.window(w, prog, p, in, in != Range{}, do)
}

func (q *query) blockWindows(r *block.Reader, p *traceql.Pipeline, in Range, do func(w *window, rows *rowset.Set) error) error {
	return q.windowsOf(r, p, false, func(_ *blockSource, prog *program, w *window) error {
		return q.window(w, prog, p, in, !inside(r, in), do)
	})
}

// windowsOf calls do for the windows of a block, several at a time, unless nothing in it
// can match.
func (q *query) windowsOf(r *block.Reader, p *traceql.Pipeline, whole bool, do func(src *blockSource, prog *program, w *window) error) error {
	src, err := openBlock(q.ctx, r, &q.bytes, whole)
	if err != nil {
		return err
	}
	sc := newScan(src)
	prog, err := bindPipeline(sc, p)
	if err != nil {
		return err
	}
	prog.alone = q.alone()
	q.explain(r, prog, p)
	if prog.never(p.From) {
		return nil
	}
	windows, err := src.windows(sc)
	if err != nil {
		return err
	}
	return q.parallel(len(windows), func(i int) error { return do(src, prog, windows[i]) })
}

// inside reports whether all spans of a block start within a range.
func inside(r *block.Reader, in Range) bool {
	return (in.From == 0 || r.Meta.MinStart >= in.From) && (in.To == 0 || r.Meta.MaxEnd < in.To)
}

// window calls do with the rows of a window that a local pipeline finds.
func (q *query) window(w *window, prog *program, p *traceql.Pipeline, in Range, bound bool, do func(w *window, rows *rowset.Set) error) error {
	if err := q.check(); err != nil {
		return err
	}
	q.spans.Add(int64(w.to - w.from))
	rows := w.all()
	var err error
	if bound {
		if rows, err = started(w, in, rows); err != nil || rows.Empty() {
			return err
		}
	}
	if rows, err = prog.rows(w, p, rows); err != nil || rows.Empty() {
		return err
	}
	return do(w, rows)
}

// started returns the rows of in that start within a range.
func started(w *window, in Range, rows *rowset.Set) (*rowset.Set, error) {
	c, err := w.src.field(&traceql.Intrinsic{Field: traceql.SpanStart})
	if err != nil {
		return nil, err
	}
	for _, bound := range []struct {
		at int64
		op traceql.Operator
	}{{in.From, traceql.OpGreaterEqual}, {in.To, traceql.OpLess}} {
		if bound.at == 0 {
			continue
		}
		out := w.none()
		p := &Predicate{op: bound.op, want: traceql.Static{Type: traceql.Int, Num: bound.at}}
		if err := c.match(w, p, rows, out); err != nil {
			return nil, err
		}
		rows = out
	}
	return rows, nil
}

// rows returns the rows that a pipeline whose spans are found one by one finds.
func (p *program) rows(w *window, pipe *traceql.Pipeline, in *rowset.Set) (*rowset.Set, error) {
	rows, err := p.localSpans(w, pipe.From, in)
	for _, stage := range pipe.Stages {
		if err != nil || rows.Empty() {
			return rows, err
		}
		if s, ok := stage.(*traceql.SpansetStage); ok {
			rows, err = p.localSpans(w, s.Expr, rows)
		}
	}
	return rows, err
}

func (p *program) localSpans(w *window, e traceql.SpansetExpr, in *rowset.Set) (*rowset.Set, error) {
	switch e := e.(type) {
	case *traceql.Filter:
		return p.bound[e].rows(w, in)
	case *traceql.Pipeline:
		return p.rows(w, e, in)
	case *traceql.Combine:
		l, err := p.localSpans(w, e.L, in)
		if err != nil {
			return nil, err
		}
		r, err := p.localSpans(w, e.R, in)
		if err != nil {
			return nil, err
		}
		r.Or(l)
		return r, nil
	}
	return nil, fmt.Errorf("engine: unknown spanset expression %T", e)
}

// localFilterOf leaves of a filter what can be told of each span for itself.
func localFilterOf(f *traceql.Filter) *traceql.Pipeline {
	if f == nil || f.Expr == nil {
		return &traceql.Pipeline{From: &traceql.Filter{}}
	}
	var left []traceql.FieldExpr
	var visit func(e traceql.FieldExpr)
	visit = func(e traceql.FieldExpr) {
		if b, ok := e.(*traceql.Binary); ok && b.Op == traceql.OpAnd {
			visit(b.L)
			visit(b.R)
			return
		}
		if local(e) {
			left = append(left, e)
		}
	}
	visit(f.Expr)
	return &traceql.Pipeline{From: &traceql.Filter{Expr: traceql.Join(traceql.OpAnd, left...)}}
}
