package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/engine/enginetest"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
	"github.com/everspan/everspan/internal/traceql/traceqltest"
	"github.com/google/go-cmp/cmp"
)

// TestRandom asks random queries of random traces, in heads and blocks, whole and in
// parts, and compares with the naive evaluator.
func TestRandom(t *testing.T) {
	worlds, queries := 2000, 50
	if testing.Short() {
		worlds = 60
	}
	found := 0
	for seed := range uint64(worlds) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		w := newWorld(t)
		traces := enginetest.Traces(rnd)
		w.scatter(rnd, traces)
		for i := range traces {
			traces[i] = unique(traces[i])
		}
		e := w.engine()
		for range queries {
			q := traceqltest.Random(rnd, enginetest.Vocabulary())
			got, err := e.Search(t.Context(), engine.Search{Pipeline: q.Pipeline, Limit: 1000, SpansPerSet: -1})
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, q, err)
			}
			if len(got.Partial) > 0 {
				t.Fatalf("seed %d: %s: partial: %v", seed, q, got.Partial)
			}
			want := naive(q.Pipeline, traces)
			found += len(want)
			if diff := cmp.Diff(want, describe(got)); diff != "" {
				t.Fatalf("seed %d, %d blocks, %d heads: %s (-want +got):\n%s", seed, len(w.blocks), len(w.heads), q, diff)
			}
		}
	}
	if found < worlds*queries/4 {
		t.Errorf("only %d traces found: the queries are too strange", found)
	}
}

// naive lists what a query finds, one line a spanset.
func naive(p *traceql.Pipeline, traces []*span.Batch) []string {
	var lines []string
	for _, b := range traces {
		for _, set := range enginetest.Search(p, b) {
			var spans []string
			for _, row := range set.Rows {
				spans = append(spans, fmt.Sprint(b.ID[row], b.Start[row], b.Duration[row], b.Names.String(b.Name[row])))
			}
			lines = append(lines, line(b.TraceID(0), set.Group, spans))
		}
	}
	return sorted(lines)
}

func describe(f *engine.Found) []string {
	var lines []string
	for _, t := range f.Traces {
		for _, set := range t.Sets {
			var spans, group []string
			for _, s := range set.Spans {
				spans = append(spans, fmt.Sprint(s.ID, s.Start, s.Duration, s.Name))
			}
			for i, g := range set.Group {
				if i > 0 && set.Group[i-1].Name == g.Name {
					group[len(group)-1] += ", " + g.Value.String()
					continue
				}
				group = append(group, g.Value.String())
			}
			lines = append(lines, line(t.TraceID, group, spans))
		}
	}
	return sorted(lines)
}

func line(id span.TraceID, group, spans []string) string {
	slices.Sort(spans)
	return fmt.Sprintf("%s [%s] %s", id, strings.ReplaceAll(strings.Join(group, ", "), "; ", ", "), strings.Join(spans, ", "))
}

// TestRandomMetrics asks random metrics queries and compares with the naive evaluator.
func TestRandomMetrics(t *testing.T) {
	worlds, queries := 1000, 30
	if testing.Short() {
		worlds = 40
	}
	const from, step, n = 1_700_000_000e9, 100e9, 11
	o := enginetest.Vocabulary()
	o.Metrics, o.Depth = true, 2
	some := 0
	for seed := range uint64(worlds) {
		rnd := rand.New(rand.NewPCG(seed, 13))
		w := newWorld(t)
		traces := enginetest.Traces(rnd)
		for i := range traces {
			traces[i] = unique(traces[i]) // spans that came twice count twice
		}
		w.scatter(rnd, traces)
		e := w.engine()
		for asked := 0; asked < queries; {
			q := traceqltest.Random(rnd, o)
			if q.Metrics == nil {
				continue
			}
			asked++
			has := map[traceql.MetricsOp]bool{}
			traceql.Walk(q, func(n traceql.Node) bool {
				if m, ok := n.(*traceql.Metrics); ok {
					has[m.Op] = true
				}
				return true
			})
			_, single := q.Metrics.(*traceql.Metrics)
			if has[traceql.Compare] || has[traceql.QuantileOverTime] && !single {
				continue
			}
			got, err := e.Metrics(t.Context(), engine.Metrics{Expr: q.Metrics, Range: engine.Range{From: from + 1, To: from + n*step - 1}, Step: step, MaxSeries: 1e6})
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, q, err)
			}
			near := 1e-9
			if has[traceql.QuantileOverTime] {
				near = 0.05
			}
			want := enginetest.Metrics(q.Metrics, traces, from, step, n)
			some += len(got.Series)
			if why := differ(want, got, near); why != "" {
				t.Fatalf("seed %d, %d blocks, %d heads: %s: %s\nwant %v\ngot %+v", seed, len(w.blocks), len(w.heads), q, why, want, got.Series)
			}
		}
	}
	if some < worlds*queries/4 {
		t.Errorf("only %d series: the queries are too strange", some)
	}
}

func differ(want enginetest.Series, got *engine.SeriesSet, near float64) string {
	seen := make(map[string]bool)
	for _, s := range got.Series {
		var labels strings.Builder
		for _, l := range s.Labels {
			text := l.Value.String()
			if l.Value.Type == traceql.Float && (l.Name == "p" || l.Name == "__bucket") {
				text = fmt.Sprint(l.Value.Flt)
			}
			fmt.Fprintf(&labels, "%s=%s;", l.Name, text)
		}
		name := labels.String()
		seen[name] = true
		for i, v := range s.Values {
			w := math.NaN()
			if values, ok := want[name]; ok {
				w = values[i]
			}
			if math.IsNaN(v) != math.IsNaN(w) || math.Abs(v-w) > near*math.Abs(w)+1e-12 {
				return fmt.Sprintf("%s at %d: %v, want %v", name, i, v, w)
			}
		}
	}
	for name, values := range want {
		if !seen[name] && slices.ContainsFunc(values, func(v float64) bool { return !math.IsNaN(v) }) {
			return "no " + name
		}
	}
	return ""
}

// TestPages reads answers page by page: together they are the answer, the newest first.
func TestPages(t *testing.T) {
	worlds := 300
	if testing.Short() {
		worlds = 30
	}
	for seed := range uint64(worlds) {
		rnd := rand.New(rand.NewPCG(seed, 12))
		w := newWorld(t)
		traces := enginetest.Traces(rnd)
		w.scatter(rnd, traces)
		e := w.engine()
		for range 10 {
			q := traceqltest.Random(rnd, enginetest.Vocabulary())
			all, err := e.Search(t.Context(), engine.Search{Pipeline: q.Pipeline, Limit: 1000, SpansPerSet: -1})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.IsSortedFunc(all.Traces, func(a, b engine.Trace) int { return int(b.Start - a.Start) }) {
				t.Fatalf("seed %d: %s: not the newest first", seed, q)
			}
			paged := engine.Found{Traces: []engine.Trace{}}
			var after *engine.Cursor
			for limit := 1 + rnd.IntN(3); ; {
				page, err := e.Search(t.Context(), engine.Search{Pipeline: q.Pipeline, Limit: limit, SpansPerSet: -1, After: after})
				if err != nil {
					t.Fatal(err)
				}
				paged.Traces = append(paged.Traces, page.Traces...)
				if after = page.Next; after == nil {
					break
				}
			}
			if diff := cmp.Diff(fmt.Sprintf("%+v", all.Traces), fmt.Sprintf("%+v", paged.Traces)); diff != "" {
				t.Fatalf("seed %d, %d blocks, %d heads: %s, all of it and by pages (-all +paged):\n%s", seed, len(w.blocks), len(w.heads), q, diff)
			}
		}
	}
}

// TestMain makes windows of a few rows, so that even small blocks have several.
func TestMain(m *testing.M) {
	engine.SmallSteps(16, 2)
	m.Run()
}
