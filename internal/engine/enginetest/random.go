package enginetest

import (
	"math/rand/v2"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/traceql"
	"github.com/everspan/everspan/internal/traceql/traceqltest"
)

// Traces makes a few random traces, one batch each. Most spans have a parent in their
// trace; there are missing parents, cycles, shared ids and spans that are their own parent.
func Traces(rnd *rand.Rand) (all []*span.Batch) {
	var b span.Batch
	spantest.Small(&b, rnd, 1+rnd.IntN(40))
	for code := range b.Traces.Len() {
		one := new(span.Batch)
		one.AppendRows(&b, b.Rows(span.TraceID(b.Traces.Bytes(uint32(code)))))
		for row := range one.Parent {
			if rnd.IntN(4) > 0 {
				one.Parent[row] = one.ID[rnd.IntN(row+1)]
			}
			if rnd.IntN(30) == 0 {
				one.ID[row] = one.ID[rnd.IntN(len(one.ID))]
			}
		}
		if one.Len() > 0 {
			all = append(all, one)
		}
	}
	return all
}

// Vocabulary returns options for random search queries that have a chance to find
// something in random traces.
func Vocabulary() traceqltest.Options {
	span := []string{"http.route", "http.response.status_code", "user.id", "ratio", "cache.hit", "blob", "tags", "mixed", "rare.1"}
	o := traceqltest.Options{
		Names: map[traceql.Scope][]string{
			traceql.ScopeAny: append([]string{"service.name", "process.pid"}, span...), traceql.ScopeSpan: span,
			traceql.ScopeEvent: span, traceql.ScopeLink: span,
			traceql.ScopeResource: {"service.name", "process.pid"}, traceql.ScopeInstrumentation: {"stable"},
		},
		Strings:   []string{"/", "/cart", "GET /", "SELECT", "", "cart", "gateway", "a", "b", "text", "exception", "retry", "net/http", ".*", "deadline exceeded"},
		Ints:      []int64{0, 1, 2, -1, 3, 200, 201, 202},
		Floats:    []float64{0, 0.5, 1.5, 3},
		Durations: []int64{0, 1e3, 5e8, 1e9, 2e9, 4e9},
		Depth:     3, Arithmetic: true, Parents: true, Structural: true, Stages: true, Scalars: true, Pipelines: true,
	}
	for f := traceql.Field(0); f < traceql.NumFields; f++ {
		o.Fields = append(o.Fields, f)
	}
	return o
}
