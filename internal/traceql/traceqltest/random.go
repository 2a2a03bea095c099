// Package traceqltest makes random queries for tests.
package traceqltest

import (
	"math/rand/v2"

	"github.com/everspan/everspan/internal/traceql"
)

// Options is the vocabulary of random queries and which parts of the language
// they use. Filters with && || ! and comparisons are always used.
type Options struct {
	Names     map[traceql.Scope][]string // of attributes; a scope without names is not used
	Fields    []traceql.Field            // intrinsics; none if empty
	Strings   []string
	Ints      []int64
	Floats    []float64
	Durations []int64 // ns

	Depth      int  // of expressions within each other
	Arithmetic bool // between values
	Parents    bool // parent.…
	Structural bool // > >> ~ … between spansets, also negated and union
	Stages     bool // by, coalesce, select, filters behind a |
	Scalars    bool // comparisons of aggregates
	Pipelines  bool // pipelines as spansets and as numbers; needs Scalars
	Metrics    bool // one query in three is a metrics query
	Hints      bool
}

// Everything returns options that reach the whole language, with odd names and
// values.
func Everything() Options {
	names := []string{"a", "http.route", "a-b/c", "a b", `q"\`, "5xx", "duration", "span.x", "span:id", "x:y", ".a", "é", "\xff", "nil"}
	o := Options{
		Names:     make(map[traceql.Scope][]string),
		Strings:   []string{"", "x", "GET /", `a"b\c`, "`", "line\n\x00\xff", "日本", "error"},
		Ints:      []int64{0, 1, 2, -1, 500, 1<<63 - 1, -1 << 63},
		Floats:    []float64{0, 0.5, -1.5, 1e21, 1e-9, 3, 1.7976931348623157e308},
		Durations: []int64{0, 1, -1, 1e3, 1e6, 1.5e9, 90 * 60e9, 48 * 3600e9, 1<<63 - 1, -1 << 63},
		Depth:     4, Arithmetic: true, Parents: true, Structural: true, Stages: true, Scalars: true,
		Pipelines: true, Metrics: true, Hints: true,
	}
	for s := traceql.ScopeAny; s <= traceql.ScopeInstrumentation; s++ {
		o.Names[s] = names
	}
	for f := traceql.Field(0); f < traceql.NumFields; f++ {
		o.Fields = append(o.Fields, f)
	}
	return o
}

// Random makes a query that Parse accepts when it is printed, and reads as the
// same tree. The same generator state and options make the same query.
func Random(rnd *rand.Rand, o Options) *traceql.Query {
	g := newGenerator(rnd, o)
	q := &traceql.Query{}
	if o.Metrics && g.one(3) {
		q.Metrics = g.series(2)
	} else {
		q.Pipeline = g.pipeline(o.Depth, 0)
	}
	for o.Hints && g.one(4) {
		h := traceql.Hint{Name: pick(g, []string{"sample", "exemplars", "most_recent"}), Value: *g.constant()}
		q.Hints = append(q.Hints, h)
	}
	return q
}

// RandomFilter makes a filter as those of Random.
func RandomFilter(rnd *rand.Rand, o Options) *traceql.Filter {
	return newGenerator(rnd, o).filter(o.Depth)
}

type generator struct {
	*rand.Rand
	Options
	scopes []traceql.Scope // those with names, in order
	byType map[traceql.Type][]traceql.Field
}

func newGenerator(rnd *rand.Rand, o Options) *generator {
	g := &generator{Rand: rnd, Options: o, byType: make(map[traceql.Type][]traceql.Field)}
	for s := traceql.ScopeAny; s <= traceql.ScopeInstrumentation; s++ {
		if len(o.Names[s]) > 0 {
			g.scopes = append(g.scopes, s)
		}
	}
	for _, f := range o.Fields {
		g.byType[f.Type()] = append(g.byType[f.Type()], f)
	}
	return g
}

// one is true once in n times.
func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

// pick returns one of vs, the zero value if there are none.
func pick[T any](g *generator, vs []T) (v T) {
	if len(vs) > 0 {
		v = vs[g.IntN(len(vs))]
	}
	return v
}
