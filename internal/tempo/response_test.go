package tempo

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

func attr(name string, s traceql.Static) engine.Attr { return engine.Attr{Name: name, Value: s} }
func str(s string) traceql.Static                    { return traceql.Static{Type: traceql.String, Str: s} }
func integer(n int64) traceql.Static                 { return traceql.Static{Type: traceql.Int, Num: n} }

var scanned = engine.Scanned{Blocks: 7, Pruned: 2, Done: 3, Traces: 40, Spans: 1 << 40, Bytes: 1 << 33}

// someTraces has a value of each type, and numbers that do not fit.
func someTraces() *engine.Found {
	const start = 1_767_268_800_123_456_789
	return &engine.Found{Scanned: scanned, Traces: []engine.Trace{
		{
			Summary: block.Summary{TraceID: span.TraceID{15: 0xa1}, Start: start, End: start + 1_234_567_890, Spans: 3, Service: "shop", Name: "GET /"},
			Sets: []engine.Spanset{{
				Matched: 2, Group: []engine.Attr{attr("resource.service.name", str("shop"))}, Scalars: []engine.Attr{attr("count()", integer(2))},
				Spans: []engine.Span{
					{ID: span.ID{7: 1}, Name: "GET /", Start: start, Duration: 1_234_567_890, Attrs: []engine.Attr{
						attr("resource.service.name", str("shop")), attr(`span."a b"`, integer(math.MaxInt64)), attr(".tags", str("x")), attr(".tags", str("y")),
						attr("span:status", traceql.Static{Type: traceql.Status, Num: 2}), attr("kind", traceql.Static{Type: traceql.Kind, Num: 2}),
						attr("span:duration", traceql.Static{Type: traceql.Duration, Num: 5}), attr("event:timeSinceStart", traceql.Static{Type: traceql.Duration, Num: 1500}),
						attr("nestedSetParent", integer(-1)), attr("parent.span:name", str("root")), attr("parent.span.x", traceql.Static{Type: traceql.Bool, Num: 1}),
						attr("event.exception.type", traceql.Static{}), attr("span.ratio", traceql.Static{Type: traceql.Float, Flt: 0.25}), attr("span.odd", traceql.Static{Type: traceql.Float, Flt: math.NaN()}),
					}},
					{ID: span.ID{7: 2}, Start: start + 1000},
				},
			}},
			Services: []engine.ServiceCount{{Service: "shop", Spans: 2, Errors: 1}, {Service: "bank", Spans: 1}},
		},
		{Summary: block.Summary{TraceID: span.TraceID{0: 0xff}, Start: -5, End: math.MaxInt64 / 2}},
	}}
}

func someSeries() (*Question, *engine.SeriesSet) {
	q, err := traceql.Parse("{ } | rate() by(resource.service.name)")
	if err != nil {
		panic(err)
	}
	return &Question{Metrics: engine.Metrics{Expr: q.Metrics}, name: seriesName(q.Metrics)}, &engine.SeriesSet{
		Scanned: engine.Scanned{Blocks: 1, Done: 1, Partial: []string{"a block could not be read", "the time was up"}},
		Times:   []int64{1_767_268_800_000_000_000, 1_767_268_860_000_000_000, 1_767_268_920_000_000_000},
		Series: []engine.Series{
			{Labels: []engine.Attr{attr("resource.service.name", str("shop")), attr("p", traceql.Static{Type: traceql.Float, Flt: 0.99})}, Values: []float64{0, math.NaN(), 1.5},
				Exemplars: []engine.Exemplar{
					{TraceID: span.TraceID{15: 0xa1}, SpanID: span.ID{7: 1}, Time: 1_767_268_860_123_456_789, Value: 0.25},
					{TraceID: span.TraceID{15: 0xa2}, SpanID: span.ID{7: 2}, Time: 1_767_268_859_123_456_789, Value: 0.5},
				}},
			{Labels: []engine.Attr{attr("resource.service.name", traceql.Static{})}, Values: []float64{math.NaN(), math.Inf(1), 2}},
			{Values: []float64{1, 2, 3}},
		},
	}
}

func someValues() *engine.ValueSet {
	return &engine.ValueSet{Scanned: scanned, Rows: [][]traceql.Static{
		{str("5")}, {integer(5)}, {{Type: traceql.Float, Flt: 5}}, {{Type: traceql.Bool, Num: 1}}, {{Type: traceql.Duration, Num: 1_500_000_000}},
		{{Type: traceql.Status, Num: 2}}, {{Type: traceql.Kind, Num: 3}}, {{}},
	}}
}

func someNames() *engine.NameSet {
	return &engine.NameSet{Scanned: scanned, Scopes: map[traceql.Scope][]string{
		traceql.ScopeSpan: {"b", "c"}, traceql.ScopeResource: {"a", "b"}, traceql.ScopeEvent: {},
	}}
}

// TestJSON compares every message with a golden one.
func TestJSON(t *testing.T) {
	q, set := someSeries()
	for name, v := range map[string]any{
		"search":        Response(someTraces(), false),
		"search-final":  Response(&engine.Found{Scanned: scanned}, true),
		"tags":          (&TagsRequest{Limit: 4}).Response(someNames()),
		"tags-v2":       (&TagsRequest{Scope: "none", Limit: 3}).ResponseV2(someNames()),
		"tags-span":     (&TagsRequest{Scope: "span"}).ResponseV2(someNames()),
		"tags-unasked":  (&TagsRequest{Scope: "intrinsic"}).ResponseV2(nil),
		"values":        Values(someValues()),
		"values-v2":     ValuesV2(someValues()),
		"range":         q.Response(set, true),
		"range-nothing": q.Response(&engine.SeriesSet{}, true),
		"instant":       q.Instant(&engine.SeriesSet{Times: set.Times[2:], Series: []engine.Series{{Values: []float64{7}}, {Values: []float64{math.NaN()}}}}, true),
	} {
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got bytes.Buffer
		json.Indent(&got, body, "", "  ")
		got.WriteByte('\n')
		golden(t, name+".json", got.Bytes())
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
