package engine_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/engine/enginetest"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/traceql"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// scripts runs answer over the scripts of a folder.
func scripts(t *testing.T, pattern string, write bool, answer func(query string, b *span.Batch) string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := enginetest.Script(string(text), answer)
		if write {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(string(text), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// layouts are the ways in which the spans of a trace may stand in a store.
var layouts = map[string]func(w *world, b *span.Batch){
	"head":  func(w *world, b *span.Batch) { w.head(b) },
	"block": func(w *world, b *span.Batch) { w.block(b) },
	"parts": func(w *world, b *span.Batch) {
		w.block(someRows(b, 0, 3))
		w.block(someRows(b, 1, 3))
		w.head(someRows(b, 2, 3))
	},
	"merged": func(w *world, b *span.Batch) {
		w.block(someRows(b, 0, 2))
		w.block(someRows(b, 1, 2))
		w.merge()
	},
}

func someRows(b *span.Batch, first, step int) *span.Batch {
	some := new(span.Batch)
	var rows []uint32
	for row := first; row < b.Len(); row += step {
		rows = append(rows, uint32(row))
	}
	some.AppendRows(b, rows)
	return some
}

// TestText asks what the scripts of the naive evaluator ask, wherever the spans are. Only
// the order of spans in a spanset, which is by start, is left out.
func TestText(t *testing.T) {
	for name, put := range layouts {
		t.Run(name, func(t *testing.T) {
			var w *world
			var of *span.Batch // what is in w
			scripts(t, "enginetest/testdata/*.txt", false, func(query string, b *span.Batch) string {
				if b != of {
					w, of = newWorld(t), b
					put(w, b)
				}
				return searchText(t, w.engine(), query, b)
			})
		})
	}
}

func searchText(t *testing.T, e *engine.Engine, query string, b *span.Batch) string {
	q, err := traceql.Parse(query)
	if err != nil {
		return "  error " + err.Error() + "\n"
	}
	f, err := e.Search(t.Context(), engine.Search{Pipeline: q.Pipeline, SpansPerSet: -1})
	if err != nil {
		return "  error " + err.Error() + "\n"
	}
	var out strings.Builder
	for _, trace := range f.Traces {
		for _, set := range trace.Sets {
			out.WriteString(" ")
			if set.Group != nil {
				var group strings.Builder
				for i, g := range set.Group {
					if i > 0 && set.Group[i-1].Name == g.Name {
						group.WriteString(", ")
					} else if i > 0 {
						group.WriteString("; ")
					}
					group.WriteString(g.Value.String())
				}
				fmt.Fprintf(&out, " [%s]", &group)
			}
			found := make(map[span.ID]bool)
			for _, s := range set.Spans {
				found[s.ID] = true
			}
			for _, id := range b.ID {
				if found[id] {
					out.WriteString(" " + strings.TrimLeft(id.String(), "0"))
				}
			}
			out.WriteString("\n")
		}
	}
	if out.Len() == 0 {
		return "  nothing\n"
	}
	return out.String()
}

// TestMetricsText asks metrics queries, in steps of a second.
func TestMetricsText(t *testing.T) {
	scripts(t, "testdata/metrics.txt", *update, func(query string, b *span.Batch) string {
		w := newWorld(t)
		w.block(b)
		one := metricsText(t, w.engine(), query, 2)
		bare := metricsText(t, w.engine(), query, 0)
		w = newWorld(t)
		layouts["parts"](w, b)
		if parts := metricsText(t, w.engine(), query, 0); parts != bare {
			return one + "but in parts\n" + parts
		}
		return one
	})
}

func metricsText(t *testing.T, e *engine.Engine, query string, exemplars int) string {
	q, err := traceql.Parse(query)
	if err != nil {
		return "  error " + err.Error() + "\n"
	}
	s, err := e.Metrics(t.Context(), engine.Metrics{
		Expr: q.Metrics, Range: engine.Range{From: spantest.Start.UnixNano(), To: spantest.Start.Add(2500 * time.Millisecond).UnixNano()}, Step: time.Second, Exemplars: exemplars,
	})
	if err != nil {
		return "  error " + err.Error() + "\n"
	}
	var out strings.Builder
	for _, series := range s.Series {
		out.WriteString("  {")
		for i, l := range series.Labels {
			if i > 0 {
				out.WriteString(", ")
			}
			fmt.Fprintf(&out, "%s=%s", l.Name, l.Value.String())
		}
		out.WriteString("}")
		for _, v := range series.Values {
			if math.IsNaN(v) {
				out.WriteString(" -")
			} else {
				fmt.Fprintf(&out, " %.4g", v)
			}
		}
		for _, x := range series.Exemplars {
			fmt.Fprintf(&out, "  e.g. %s %.3g", strings.TrimLeft(x.SpanID.String(), "0"), x.Value)
		}
		out.WriteString("\n")
	}
	if out.Len() == 0 {
		return "  nothing\n"
	}
	return out.String()
}

// TestPlan shows how queries are run on a block.
func TestPlan(t *testing.T) {
	scripts(t, "testdata/plan.txt", *update, func(query string, b *span.Batch) string {
		w := newWorld(t)
		w.block(b)
		q, err := traceql.Parse(query)
		if err != nil {
			return "  error " + err.Error() + "\n"
		}
		var plan string
		if q.Metrics != nil {
			in := engine.Range{From: spantest.Start.UnixNano(), To: spantest.Start.Add(time.Second).UnixNano()}
			s, err := w.engine().Metrics(t.Context(), engine.Metrics{Expr: q.Metrics, Range: in, Explain: true})
			if err != nil {
				return "  error " + err.Error() + "\n"
			}
			plan = s.Plan
		} else {
			f, err := w.engine().Search(t.Context(), engine.Search{Pipeline: q.Pipeline, Explain: true, SpansPerSet: -1})
			if err != nil {
				return "  error " + err.Error() + "\n"
			}
			plan = f.Plan
		}
		var out strings.Builder
		for line := range strings.Lines(plan) {
			out.WriteString("  " + line)
		}
		return out.String()
	})
}

// TestValues lists names and values, from the dictionaries and of spans that match.
func TestValues(t *testing.T) {
	b := spantest.Trace(`
1 - 0ms 100ms a server root http.route=/x size=1 resource.env=prod
2 1 5ms 40ms a client call size=2 tags:=["p","q"] +retry .attempt=1
3 2 10ms 20ms b server work error size=3 name:=null`)
	filter := func(text string) *traceql.Filter {
		q, err := traceql.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return q.Pipeline.From.(*traceql.Filter)
	}
	field := func(text string) traceql.FieldExpr {
		return filter("{ " + text + " = nil }").Expr.(*traceql.Binary).L
	}
	for name, put := range layouts {
		w := newWorld(t)
		put(w, b)
		e := w.engine()
		for _, c := range []struct{ fields, filter, want string }{
			{"resource.service.name", "{}", `"a"  "b"`},
			{"resource.service.name", "{ span.size > 2 }", `"b"`},
			{"name", "{}", `"call"  "root"  "work"`},
			{"span.size", "{}", `1  2  3`},
			{".env", "{}", `"prod"`},
			{"status", "{}", `unset  error`},
			{"kind", "{ resource.service.name = \"a\" }", `server  client`},
			{"span.tags", "{}", `"p"  "q"`},
			{"event.attempt", "{}", `1`},
			{"event:name", "{}", `"exception"  "retry"`},
			{"span.nobody", "{}", ``},
			{"name kind", "{ resource.service.name = \"a\" }", `"call" client  "root" server`},
			{"span.size", "{ trace:duration > 1h && span.size > 1 }", `2  3`}, // of whole traces nothing is asked
		} {
			var fields []traceql.FieldExpr
			for _, f := range strings.Fields(c.fields) {
				fields = append(fields, field(f))
			}
			got, err := e.Values(t.Context(), engine.Values{Fields: fields, Filter: filter(c.filter)})
			if err != nil {
				t.Fatal(err)
			}
			var rows []string
			for _, row := range got.Rows {
				var texts []string
				for _, v := range row {
					texts = append(texts, v.String())
				}
				rows = append(rows, strings.Join(texts, " "))
			}
			want := c.want
			if c.fields == "event:name" && !strings.Contains(fmt.Sprint(rows), "exception") {
				want = `"retry"`
			}
			if text := strings.Join(rows, "  "); text != want {
				t.Errorf("%s: values of %s where %s: %s, want %s", name, c.fields, c.filter, text, want)
			}
		}
		if _, err := e.Values(t.Context(), engine.Values{Fields: []traceql.FieldExpr{field("trace:duration")}}); err == nil {
			t.Error("values of trace:duration are listed")
		}
		names, err := e.Names(t.Context(), engine.Names{})
		if err != nil {
			t.Fatal(err)
		}
		want := map[traceql.Scope][]string{
			traceql.ScopeSpan: {"http.route", "name", "size", "tags"}, traceql.ScopeResource: {"env", "service.name"}, traceql.ScopeEvent: {"attempt"},
		}
		if diff := cmp.Diff(want, names.Scopes); diff != "" {
			t.Errorf("%s: names (-want +got):\n%s", name, diff)
		}
		names, err = e.Names(t.Context(), engine.Names{Filter: filter("{ kind = client }"), Scopes: []traceql.Scope{traceql.ScopeSpan}})
		if err != nil {
			t.Fatal(err)
		}
		want = map[traceql.Scope][]string{traceql.ScopeSpan: {"size", "tags"}}
		if diff := cmp.Diff(want, names.Scopes); diff != "" {
			t.Errorf("%s: names of clients (-want +got):\n%s", name, diff)
		}
		calls, err := e.Dependencies(t.Context(), engine.Range{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]engine.Dependency{{Parent: "a", Child: "b", Calls: 1, Errors: 1}}, calls.Dependencies); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", name, diff)
		}
	}
}

// TestLimits stops queries at their limits: the answer says so.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	for i := range 50 {
		w.block(spantest.Trace(fmt.Sprintf("%x - %dms 1ms a server root text=%d", i+1, i, i)))
	}
	q, err := traceql.Parse(`{ span:id = "nobody" || span:id = "0000" }`)
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]engine.Options{
		"limit of time": {Timeout: time.Nanosecond}, "after reading": {Bytes: 1}, "of memory": {Memory: 1},
	} {
		e := engine.New(w, o)
		p := q.Pipeline
		if strings.Contains(want, "memory") {
			all, _ := traceql.Parse("{}")
			p = all.Pipeline
		}
		f, err := e.Search(t.Context(), engine.Search{Pipeline: p, Limit: 100})
		if err != nil || len(f.Partial) != 1 || !strings.Contains(f.Partial[0], want) {
			t.Errorf("%+v: %v, %v, want one about %q", o, f, err, want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.engine().Search(ended, engine.Search{Pipeline: q.Pipeline}); err == nil {
		t.Error("the answer to a caller that is gone")
	}
}
