package engine

import (
	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// assembled is traces that were put together from all places that have parts of them.
type assembled struct {
	src *batchSource
	w   *window
}

// assemble reads traces whole: every span once.
func (q *query) assemble(ids []span.TraceID) (*assembled, error) {
	all := new(span.Batch)
	first := []uint32{0}
	for _, id := range ids {
		one := new(span.Batch)
		for _, h := range q.heads {
			if rows := h.Rows(id); len(rows) > 0 {
				one.AppendRows(h, rows)
			}
		}
		for _, r := range q.all {
			if !r.MayHave(q.ctx, id) {
				continue
			}
			if _, err := r.Trace(q.ctx, id, one); err != nil {
				if err := q.failed(r, err); err != nil {
					return nil, err
				}
			}
		}
		all.AppendRows(one, one.Unique(span.Seq(one.Len())))
		if all.Len() > int(first[len(first)-1]) {
			first = append(first, uint32(all.Len()))
		}
		q.spans.Add(int64(one.Len()))
		if err := q.check(); err != nil {
			return nil, err
		}
	}
	src := &batchSource{all, newBatchTraces(all, first)}
	return &assembled{src, &window{src: newScan(src), from: 0, to: uint32(all.Len()), traces: &traces{first: first}}}, nil
}

// run evaluates a pipeline on the traces.
func (a *assembled) run(p *traceql.Pipeline) ([]spanset, error) {
	prog, err := bindPipeline(a.w.src, p)
	if err != nil {
		return nil, err
	}
	return prog.run(a.w, p, a.w.all(), nil)
}

// summary is what is known of one of the traces.
func (a *assembled) summary(trace int) block.Summary {
	b, t := a.src.b, a.src.traces
	root := t.root[trace]
	s := block.Summary{
		TraceID: b.TraceID(root), Start: t.start[trace], End: t.end[trace], Spans: int(t.first[trace+1] - t.first[trace]),
		Service: b.Service(b.Resource[root]), Name: b.Names.String(b.Name[root]), Rooted: b.Parent[root].IsZero(), RootStart: b.Start[root],
	}
	for row := t.first[trace]; row < t.first[trace+1]; row++ {
		if b.Status[row] == span.StatusError {
			s.Errors++
		}
	}
	return s
}
