package traceql_test

import (
	"math/rand/v2"
	"testing"

	"github.com/everspan/everspan/internal/traceql"
	"github.com/everspan/everspan/internal/traceql/traceqltest"
)

// TestRandom prints and parses random trees.
func TestRandom(t *testing.T) {
	n := uint64(20_000)
	if testing.Short() {
		n = 2_000
	}
	o := traceqltest.Everything()
	for seed := range n {
		q := traceqltest.Random(rand.New(rand.NewPCG(seed, 0)), o)
		if err := roundTrip(q); err != nil {
			t.Fatalf("seed %d %v", seed, err)
		}
	}
}

// TestRandomPlain makes queries with little of the language and no words.
func TestRandomPlain(t *testing.T) {
	options := []traceqltest.Options{
		{},
		{Depth: 3, Metrics: true},
		{Depth: 3, Scalars: true, Pipelines: true},
		{Depth: 3, Stages: true, Structural: true, Names: map[traceql.Scope][]string{traceql.ScopeSpan: {"a"}}},
	}
	for i, o := range options {
		for seed := range uint64(500) {
			q := traceqltest.Random(rand.New(rand.NewPCG(seed, uint64(i))), o)
			if err := roundTrip(q); err != nil {
				t.Fatalf("options %d, seed %d %v", i, seed, err)
			}
		}
	}
}

// FuzzParse wants no panic, and of what parses the same tree again from its text.
func FuzzParse(f *testing.F) {
	for _, file := range golden(f) {
		for _, q := range file.queries {
			f.Add(q)
		}
	}
	o := traceqltest.Everything()
	for seed := range uint64(50) {
		f.Add(traceqltest.Random(rand.New(rand.NewPCG(seed, 1)), o).String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := traceql.Parse(text)
		if err != nil {
			if e := err.(*traceql.Error); e.Error() == "" || e.Snippet() == "" {
				t.Fatal("empty error")
			}
			return
		}
		if len(text) > 4<<10 {
			return // printed, it may be longer than what is parsed
		}
		if err := roundTrip(q); err != nil {
			t.Fatal(err)
		}
		if err := places(q, len(text)); err != nil {
			t.Fatal(err)
		}
		traceql.ParseLenient(text)
	})
}

// FuzzLenient cuts queries: what is left of one lets through what the whole does.
func FuzzLenient(f *testing.F) {
	for _, file := range golden(f) {
		for _, q := range file.queries {
			f.Add(q, len(q)-1)
		}
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		if cut < 0 || cut > len(text) {
			cut = len(text)
		}
		l := traceql.ParseLenient(text[:cut])
		if len(text) > 4<<10 {
			return
		}
		q, err := traceql.Parse(l.String())
		if err != nil {
			t.Fatalf("%q: %s: %v", text[:cut], l, err)
		}
		if !traceql.Equal(q.Pipeline.From, l) {
			t.Fatalf("%q: %s is read as %s", text[:cut], l, q)
		}
	})
}
