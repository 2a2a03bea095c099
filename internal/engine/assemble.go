package engine

import (
	"slices"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// assembled is traces that were put together from all places that have parts of them.
type assembled struct {
	src *batchSource
	w   *window
}

// partOf is what queries ask of spans.
func partOf(queries ...traceql.Node) block.Part {
	names := make(map[string]bool)
	part := block.Part{Attribute: func(key string) bool { return names[key] }}
	for _, q := range queries {
		traceql.Walk(q, func(n traceql.Node) bool {
			switch n := n.(type) {
			case *traceql.Attribute:
				switch n.Scope {
				case traceql.ScopeAny, traceql.ScopeSpan:
					names[n.Name] = true
				case traceql.ScopeEvent:
					part.Events = true
				case traceql.ScopeLink:
					part.Links = true
				}
			case *traceql.Intrinsic:
				switch n.Field {
				case traceql.EventName, traceql.EventTimeSinceStart:
					part.Events = true
				case traceql.LinkTraceID, traceql.LinkSpanID:
					part.Links = true
				}
			}
			return true
		})
	}
	return part
}

// lean returns the spans of a head without what a query does not ask for.
func lean(h *span.Batch, part block.Part) *span.Batch {
	some := *h
	some.Attrs.Columns = nil
	for _, c := range h.Attrs.Columns {
		if part.Attribute(c.Key) {
			some.Attrs.Columns = append(some.Attrs.Columns, c)
		}
	}
	if !part.Events {
		some.Events = span.Events{}
	}
	if !part.Links {
		some.Links = span.Links{}
	}
	return &some
}

// chunks divides traces into parts that are put together at a time: some thousand spans
// each, as far as heads tell.
func (q *query) chunks(ids []span.TraceID) [][]span.TraceID {
	const most, unknown = 20_000, 300
	var all [][]span.TraceID
	spans := most
	for _, id := range ids {
		if spans >= most {
			all = append(all, nil)
			spans = 0
		}
		all[len(all)-1] = append(all[len(all)-1], id)
		n := 0
		for _, h := range q.heads {
			n += len(h.Rows(id))
		}
		spans += max(n, 1)
		if n == 0 || len(q.all) > 0 {
			spans += unknown
		}
	}
	return all
}

// assemble reads traces with every span once, as far as a query asks for what they have.
func (q *query) assemble(ids []span.TraceID, part block.Part) (*assembled, error) {
	parts := new(span.Batch)
	for _, h := range q.heads {
		h := lean(h, part)
		var rows []uint32
		for _, id := range ids {
			rows = append(rows, h.Rows(id)...)
		}
		slices.Sort(rows)
		parts.AppendRows(h, rows)
	}
	for _, r := range q.all {
		for _, id := range ids {
			if !r.MayHave(q.ctx, id) {
				continue
			}
			if _, err := r.TracePart(q.ctx, id, part, parts); err != nil {
				if err := q.failed(r, err); err != nil {
					return nil, err
				}
			}
		}
		if err := q.check(); err != nil {
			return nil, err
		}
	}
	q.spans.Add(int64(parts.Len()))
	// The spans of a trace side by side, each once.
	all, first := new(span.Batch), []uint32{0}
	for _, id := range ids {
		rows := parts.Rows(id)
		if len(rows) > 0 {
			all.AppendRows(parts, parts.Unique(rows))
			first = append(first, uint32(all.Len()))
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
