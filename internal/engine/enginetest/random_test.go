package enginetest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/everspan/everspan/internal/traceql"
	"github.com/everspan/everspan/internal/traceql/traceqltest"
)

// TestRandom asks random queries of random traces, whatever is wrong with their ids:
// there is always an answer, its rows ascend, and a condition and its opposite share the
// spans between them.
func TestRandom(t *testing.T) {
	odd, usual := traceqltest.Everything(), Vocabulary()
	odd.Metrics = false
	seeds := 2000
	if testing.Short() {
		seeds = 300
	}
	found := 0
	for seed := range uint64(seeds) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		for _, b := range Traces(rnd) {
			o := usual
			if seed%4 == 0 {
				o = odd
			}
			q := traceqltest.Random(rnd, o)
			for _, set := range Search(q.Pipeline, b) {
				found++
				if len(set.Rows) == 0 || !slices.IsSorted(set.Rows) || len(slices.Compact(slices.Clone(set.Rows))) != len(set.Rows) {
					t.Fatalf("seed %d: %s: rows %v", seed, q, set.Rows)
				}
			}
			f := traceqltest.RandomFilter(rnd, o)
			if f.Expr == nil {
				continue
			}
			not := &traceql.Filter{Expr: &traceql.Unary{Op: traceql.OpNot, X: f.Expr}}
			all := newTrace(b)
			if yes, no := all.filter(f, all.all()), all.filter(not, all.all()); len(yes)+len(no) != b.Len() || len(union([]Spanset{{Rows: yes}, {Rows: no}})) != b.Len() {
				t.Fatalf("seed %d: %s: %v, its opposite %v", seed, f, yes, no)
			}
		}
	}
	if found < seeds/2 {
		t.Errorf("only %d spansets found: the queries are too strange", found)
	}
}
