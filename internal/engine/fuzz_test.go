package engine_test

import (
	"math/rand/v2"
	"testing"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/engine/enginetest"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
	"github.com/google/go-cmp/cmp"
)

// FuzzQuery asks whatever parses of random traces: there is an answer, and it is the naive
// one.
func FuzzQuery(f *testing.F) {
	for i, text := range []string{
		`{ span.http.route = "/cart" && duration > 1ms } >> { status = error }`,
		`{ .tags =~ "a|b" } | by(name) | count() > 1 | select(span.size, nestedSetParent)`,
		`{ !(event.user.id = nil) } !~ { parent.kind = server }`,
		`{ } | quantile_over_time(duration, .5, .9) by (resource.service.name)`,
		`({ } | rate()) / ({ } | rate()) > 1`,
		`{ } | compare({ status = error }, 5)`,
		`({ } | count()) / ({ kind = client } | count()) >= 1`,
	} {
		f.Add(uint64(i), text)
	}
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		q, err := traceql.Parse(text)
		if err != nil {
			return
		}
		rnd := rand.New(rand.NewPCG(seed, 14))
		w := newWorld(t)
		var traces []*span.Batch
		for _, b := range enginetest.Traces(rnd) {
			traces = append(traces, unique(b))
		}
		w.scatter(rnd, traces)
		e := w.engine()
		if q.Metrics != nil {
			if _, err := e.Metrics(t.Context(), engine.Metrics{Expr: q.Metrics, Range: engine.Range{From: 1_700_000_000e9, To: 1_700_001_000e9}, Step: 100e9, Exemplars: 3}); err != nil {
				t.Fatal(err)
			}
			return
		}
		got, err := e.Search(t.Context(), engine.Search{Pipeline: q.Pipeline, Limit: 1000, SpansPerSet: -1, ServiceStats: true, Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(naive(q.Pipeline, traces), describe(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q, diff)
		}
	})
}
