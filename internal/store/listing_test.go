package store

import (
	"context"
	"math"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// Query says which traces a test lists. The zero value of a field asks for nothing.
type Query struct {
	Service     string // a span of this service
	Name        string // a span of this name
	MinDuration int64  // ns, of the whole trace
	Errors      bool   // a span with status error
	Limit       int    // at most so many
}

// pipeline is the query as the engine takes it.
func (q Query) pipeline() *traceql.Pipeline {
	equal := func(l traceql.FieldExpr, r traceql.Static) *traceql.Filter {
		return &traceql.Filter{Expr: &traceql.Binary{Op: traceql.OpEqual, L: l, R: &r}}
	}
	var all traceql.SpansetExpr = &traceql.Filter{}
	and := func(f *traceql.Filter) { all = &traceql.Combine{Op: traceql.SpansetAnd, L: all, R: f} }
	if q.Service != "" {
		and(equal(&traceql.Attribute{Scope: traceql.ScopeResource, Name: "service.name"}, traceql.Static{Type: traceql.String, Str: q.Service}))
	}
	if q.Name != "" {
		and(equal(&traceql.Intrinsic{Field: traceql.SpanName}, traceql.Static{Type: traceql.String, Str: q.Name}))
	}
	if q.Errors {
		and(equal(&traceql.Intrinsic{Field: traceql.SpanStatus}, traceql.Static{Type: traceql.Status, Num: int64(span.StatusError)}))
	}
	if q.MinDuration > 0 {
		f := equal(&traceql.Intrinsic{Field: traceql.TraceDuration}, traceql.Static{Type: traceql.Duration, Num: q.MinDuration})
		f.Expr.(*traceql.Binary).Op = traceql.OpGreaterEqual
		and(f)
	}
	return &traceql.Pipeline{From: all}
}

// list asks the engine over a store.
func list(ctx context.Context, s *Store, q Query) (traces []block.Summary, partial []string, err error) {
	f, err := engine.New(s, engine.Options{Memory: math.MaxInt64, Timeout: 24 * time.Hour}).Search(ctx, engine.Search{Pipeline: q.pipeline(), Limit: q.Limit, SpansPerSet: 1})
	if err != nil {
		return nil, nil, err
	}
	for _, t := range f.Traces {
		traces = append(traces, t.Summary)
	}
	return traces, f.Partial, nil
}
