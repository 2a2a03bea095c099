package engine

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/everspan/everspan/internal/engine/enginetest"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

var comparisons = []traceql.Operator{
	traceql.OpEqual, traceql.OpNotEqual, traceql.OpLess, traceql.OpLessEqual, traceql.OpGreater, traceql.OpGreaterEqual,
	traceql.OpMatch, traceql.OpNotMatch,
}

var constants = []traceql.Static{
	{Type: traceql.String}, {Type: traceql.String, Str: "a"}, {Type: traceql.String, Str: "b"}, {Type: traceql.String, Str: "AQI="},
	{Type: traceql.String, Str: ".*a.*"}, {Type: traceql.String, Str: `{"a":1}`}, {Type: traceql.String, Str: "null"}, {Type: traceql.String, Str: `["a"]`},
	{Type: traceql.Int}, {Type: traceql.Int, Num: 1}, {Type: traceql.Int, Num: -5}, {Type: traceql.Int, Num: math.MaxInt64}, {Type: traceql.Int, Num: 1<<53 + 1},
	{Type: traceql.Float, Flt: 1}, {Type: traceql.Float, Flt: 0.5}, {Type: traceql.Float, Flt: 1 << 53}, {Type: traceql.Float, Flt: math.Inf(1)},
	{Type: traceql.Duration, Num: 1}, {Type: traceql.Duration, Num: 1e9}, {Type: traceql.Bool}, {Type: traceql.Bool, Num: 1},
	{Type: traceql.Status, Num: 1}, {Type: traceql.Kind, Num: 1},
}

var attributes = []string{
	`""`, `"a"`, `"b"`, `"ba"`, `"null"`, `"AQI="`, `{"$bytes":"AQI="}`, `{"$bytes":""}`, `0`, `1`, `-5`, `9223372036854775807`, `9007199254740993`,
	`0.5`, `1.0`, `-0.0`, `{"$double":"NaN"}`, `{"$double":"+Inf"}`, `9007199254740992.0`, `true`, `false`, `null`, `{"a":1}`,
	`[]`, `["a"]`, `["a","b"]`, `["a",1]`, `[1,2]`, `[0.5,true]`, `[null]`, `[null,"a"]`, `[["a"],"b"]`, `[{"a":1}]`, `[{"$bytes":"AQI="}]`, `[{"$double":"NaN"},1]`,
}

// TestPredicate compares every attribute with every constant by every operator, and
// asks the plain evaluation of the same filter.
func TestPredicate(t *testing.T) {
	for _, text := range attributes {
		v := span.ParseText(text)
		b := new(span.Batch)
		b.Begin(0, 0)
		b.Resources.InternSet(span.Set{}, func(*span.Attrs) {})
		b.Scopes.InternSet(span.Set{}, func(*span.Attrs) {})
		b.ID[0] = span.ID{1}
		b.Attrs.Set([]byte("x"), v)
		b.Commit(0, span.TraceID{1})
		for _, op := range comparisons {
			for _, c := range constants {
				p, err := NewPredicate(op, c)
				if err != nil {
					if (op == traceql.OpMatch || op == traceql.OpNotMatch) && c.Type != traceql.String {
						continue
					}
					t.Fatal(err)
				}
				filter := &traceql.Filter{Expr: &traceql.Binary{Op: op, L: &traceql.Attribute{Scope: traceql.ScopeSpan, Name: "x"}, R: &c}}
				want := len(enginetest.Search(&traceql.Pipeline{From: filter}, b)) > 0
				got := false
				switch v.Type {
				case span.String, span.Bytes, span.JSON:
					got = p.Text(v.Type, []byte(v.Str))
				default:
					got = p.Number(v.Type, v.Num)
				}
				if got != want {
					t.Errorf("%s with x = %s: %v, want %v", filter, text, got, want)
				}
				if got && !p.MayMatch(v.Type) {
					t.Errorf("%s with x = %s: matches, and MayMatch says that it can't", filter, text)
				}
			}
		}
	}
}

// BenchmarkPredicate asks for numbers, as the dictionary of a column or its rows have them.
func BenchmarkPredicate(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 1))
	nums := make([]uint64, 4096)
	for i := range nums {
		nums[i] = uint64(rnd.Int64N(4e9))
	}
	p, err := NewPredicate(traceql.OpGreater, traceql.Static{Type: traceql.Duration, Num: 2e9})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, n := range nums {
			p.Integer(int64(n))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(nums)), "ns/value")
}
