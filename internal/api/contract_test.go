package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/engine"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// shopNoon is three traces that begin at 2026-01-01 12:00:00 UTC, one minute after the
// other, as OTLP.
func shopNoon() []byte {
	const noon = 1_767_268_800
	type kv = map[string]any
	text := func(key, v string) kv { return kv{"key": key, "value": kv{"stringValue": v}} }
	integer := func(key string, v int64) kv { return kv{"key": key, "value": kv{"intValue": fmt.Sprint(v)}} }
	span := func(trace, id, parent, name string, kind, status int, second, tookMs int64, attrs ...kv) kv {
		start := (noon+second)*1_000_000_000 + 123
		return kv{
			"traceId": strings.Repeat("0", 31) + trace, "spanId": strings.Repeat("0", 14) + id, "parentSpanId": parent, "name": name, "kind": kind,
			"startTimeUnixNano": fmt.Sprint(start), "endTimeUnixNano": fmt.Sprint(start + tookMs*1_000_000), "status": kv{"code": status}, "attributes": attrs,
		}
	}
	up := func(id string) string { return strings.Repeat("0", 14) + id }
	service := func(name string, spans ...kv) kv {
		return kv{"resource": kv{"attributes": []kv{text("service.name", name), text("deployment.environment.name", "prod")}},
			"scopeSpans": []kv{{"scope": kv{"name": "net/http", "version": "1.2"}, "spans": spans}}}
	}
	failed := span("1", "a2", up("a1"), "charge", 2, 2, 1, 900, text("user.id", "u-1"), integer("retry.count", 3))
	failed["events"] = []kv{{"timeUnixNano": fmt.Sprint((noon + 1) * 1_000_000_000), "name": "exception", "attributes": []kv{text("exception.type", "Timeout")}}}
	body, err := json.Marshal(kv{"resourceSpans": []kv{
		service("shop",
			span("1", "a1", "", "POST /pay", 2, 2, 0, 2000, text("http.route", "/pay"), integer("http.response.status_code", 500), text("user.id", "u-1")),
			span("2", "b1", "", "GET /cart", 2, 1, 60, 50, text("http.route", "/cart"), integer("http.response.status_code", 200), kv{"key": "cached", "value": kv{"boolValue": true}}),
			span("3", "c1", "", "GET /cart", 2, 0, 120, 70, text("http.route", "/cart"), integer("http.response.status_code", 200), kv{"key": "load", "value": kv{"doubleValue": 0.25}}),
		),
		service("bank", failed, span("1", "a3", up("a2"), "ledger", 1, 0, 1, 100)),
	}})
	if err != nil {
		panic(err)
	}
	return body
}

// newShop is a server with those traces.
func newShop(t *testing.T) *Server {
	s := newServer(t, 0)
	s.Engine = engine.New(s.Store, engine.Options{})
	s.Build = Build{Version: "0.1.0-dev", Revision: "abc", Date: "2026-01-01", Go: "go1.26"}
	if w := send(s.Handler(), "POST", "/v1/traces", "application/json", "", shopNoon()); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := send(s.Handler(), "POST", "/v1/logs", "application/json", "", shopLogs()); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return s
}

// shopLogs are log records of those traces, and one of none.
func shopLogs() []byte {
	const noon = 1_767_268_800
	record := func(trace, span string, ms int64, severity int, text, body string) string {
		ns := noon*1_000_000_000 + ms*1_000_000
		ids := ""
		if trace != "" {
			ids = fmt.Sprintf(`"traceId":"%032s","spanId":"%016s",`, trace, span)
		}
		return fmt.Sprintf(`{%s"timeUnixNano":"%d","observedTimeUnixNano":"%d","severityNumber":%d,"severityText":%q,"body":%s,"attributes":[{"key":"user.id","value":{"stringValue":"u-%s"}}]}`, ids, ns, ns+500, severity, text, body, trace)
	}
	service := func(name string, records ...string) string {
		return fmt.Sprintf(`{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]},"scopeLogs":[{"scope":{"name":"log/slog"},"logRecords":[%s]}]}`, name, strings.Join(records, ","))
	}
	return []byte(`{"resourceLogs":[` + strings.Join([]string{
		service("shop", record("1", "a1", 1, 9, "INFO", `{"stringValue":"payment begins"}`), record("1", "a1", 1950, 13, "WARN", `{"stringValue":"payment failed"}`), record("", "", 100, 5, "DEBUG", `{"stringValue":"cache is warm"}`)),
		service("bank", record("1", "a2", 1700, 17, "ERROR", `{"stringValue":"Timeout of the ledger"}`), record("2", "b1", 60_010, 9, "INFO", `{"kvlistValue":{"values":[{"key":"items","value":{"intValue":"3"}}]}}`)),
	}, ",") + `]}`)
}

// changing is what an answer has that is not the same each time: what the query cost.
var changing = regexp.MustCompile(`"(inspectedBytes|bytes|elapsedNano)": "?\d+"?`)

// contract is a request of each endpoint, and the name of its golden answer. The
// time is part of them all, since the traces are not of now.
var contract = []struct{ name, path string }{
	{"echo", "/api/echo"},
	{"buildinfo", "/api/status/buildinfo"},
	{"search", "/api/search?q={}&start=1767268800&end=1767270000"},
	{"search-limit", "/api/search?q={}&limit=1&start=1767268800&end=1767270000"},
	{"search-time", "/api/search?q={}&start=1767268850&end=1767268900"},
	{"search-any-time", "/api/search?q={name%3D%22charge%22}"},
	{"search-structure", "/api/search?q={nestedSetParent<0}%26>>{status%3Derror}|select(nestedSetParent,nestedSetLeft,nestedSetRight)&spss=20"},
	{"search-groups", "/api/search?q={}|by(resource.service.name)|count()>1"},
	{"search-select", "/api/search?q={status%3Derror}|select(span.retry.count,event.exception.type,resource.service.name,parent.name)"},
	{"search-tags", "/api/search?tags=service.name%3DBANK%20retry.count%3D3&minDuration=1s"},
	{"search-nothing", "/api/search?q={name%3D%22nobody%22}"},
	{"search-wrong", "/api/search?q={status%3Deror}"},
	{"search-metrics", "/api/search?q={}|rate()"},
	{"tags", "/api/search/tags?start=1767268800&end=1767270000"},
	{"tags-v2", "/api/v2/search/tags?limit=5000&start=1767268800&end=1767270000"},
	{"tags-v2-span", "/api/v2/search/tags?scope=span&q={resource.service.name%3D%22bank%22%20%26%26%20span.%20"},
	{"tags-v2-scope", "/api/v2/search/tags?scope=spam"},
	{"values", "/api/search/tag/service.name/values?start=1767268800&end=1767270000"},
	{"values-name", "/api/search/tag/name/values"},
	{"values-v2-message", "/api/v2/search/tag/statusMessage/values"},
	{"values-v2-id", "/api/v2/search/tag/span:parentID/values"},
	{"values-v2", "/api/v2/search/tag/resource.service.name/values?limit=5000"},
	{"values-v2-twice", "/api/v2/search/tag/span%252Ehttp%252Eroute/values?q={status%3Derror%20%26%26%20span.x%20%3D}"},
	{"values-v2-status", "/api/v2/search/tag/status/values"},
	{"values-v2-kind", "/api/v2/search/tag/span:kind/values"},
	{"values-v2-int", "/api/v2/search/tag/.http.response.status_code/values"},
	{"values-v2-bool", "/api/v2/search/tag/span.cached/values"},
	{"values-v2-float", "/api/v2/search/tag/span.load/values"},
	{"values-v2-event", "/api/v2/search/tag/event.exception.type/values"},
	{"values-v2-root", "/api/v2/search/tag/rootServiceName/values"},
	{"values-v2-root-name", "/api/v2/search/tag/trace:rootName/values?q={nestedSetParent<0}"},
	{"values-v2-trace", "/api/v2/search/tag/trace:duration/values"},
	{"values-v2-parent", "/api/v2/search/tag/parent.name/values?q={kind%3Dserver}"},
	{"values-v2-duration", "/api/v2/search/tag/duration/values"},
	{"values-v2-unknown", "/api/v2/search/tag/span.nobody/values"},
	{"values-v2-wrong", "/api/v2/search/tag/nothing/values"},
	{"range-rate", "/api/metrics/query_range?q={}|rate()&start=1767268800&end=1767269100&step=60s&exemplars=2"},
	{"range-by", "/api/metrics/query_range?q={}|count_over_time()by(resource.service.name,name)with(exemplars%3Dfalse)&start=1767268800&end=1767268980&step=1m"},
	{"range-quantile", "/api/metrics/query_range?q={kind%3Dserver}|quantile_over_time(duration,.5,1)&start=1767268800&end=1767268980&step=1m&exemplars=1"},
	{"range-histogram", "/api/metrics/query_range?q={}|histogram_over_time(duration)with(exemplars%3Dfalse)&start=1767268800&end=1767268980&step=3m"},
	{"range-compare", "/api/metrics/query_range?q={nestedSetParent<0}|compare({status%3Derror},2)with(exemplars%3Dfalse)&start=1767268800&end=1767268980&step=180s"},
	{"range-share", "/api/metrics/query_range?q=({status%3Derror}|rate())/({}|rate())with(exemplars%3Dfalse)&start=1767268800&end=1767268980&step=60"},
	{"range-topk", "/api/metrics/query_range?q={}|rate()by(span:name)|topk(1)with(exemplars%3Dfalse)&start=1767268800&end=1767268980&step=60"},
	{"range-attribute", "/api/metrics/query_range?q={}|max_over_time(span.http.response.status_code)with(exemplars%3Dfalse)&start=1767268800&end=1767268980&step=60"},
	{"range-nothing", "/api/metrics/query_range?q={name%3D%22nobody%22}|avg_over_time(duration)&start=1767268800&end=1767268980&step=60"},
	{"range-wrong", "/api/metrics/query_range?q={}|rat()&start=1767268800&end=1767268980"},
	{"range-early", "/api/metrics/query_range?q={}|rate()&start=1767268800&end=1767268800"},
	{"instant", "/api/metrics/query?q={}|count_over_time()by(status)&start=1767268800&end=1767270000"},
	{"query-series-limit", "/api/v1/query?q={}|count_over_time()by(resource.service.name)&from=1767268800&to=1767268980&step=0&series=1"},
	{"query-series", "/api/v1/query?q={}|avg_over_time(duration)by(resource.service.name)&from=1767268800&to=1767268980&step=1m&exemplars=1"},
	{"query", "/api/v1/query?q={status%3Derror}&from=1767268800&to=1767270000"},
	{"query-pages", "/api/v1/query?q={}&limit=2&from=1767268800&to=1767270000"},
	{"query-after", "/api/v1/query?q={}&limit=2&from=1767268800&to=1767270000&after=1767268860000000123-00000000000000000000000000000002"},
	{"query-wrong", "/api/v1/query?q={status%3Deror}"},
	{"logs", "/api/v1/logs?from=1767268800&to=1767270000"},
	{"logs-trace", "/api/v1/traces/1/logs"},
	{"logs-span", "/api/v1/traces/1/logs?span=a2"},
	{"logs-unknown-trace", "/api/v1/traces/99/logs"},
	{"logs-filter", "/api/v1/logs?from=1767268800&to=1767270000&service=shop&severity=warn&text=FAIL&attribute=user.id%3Du-1"},
	{"logs-text-json", "/api/v1/logs?from=1767268800&to=1767270000&text=items"},
	{"logs-page", "/api/v1/logs?from=1767268800&to=1767270000&limit=2"},
	{"logs-after", "/api/v1/logs?from=1767268800&to=1767270000&limit=2&after=1767268801950000000"},
	{"logs-oldest", "/api/v1/logs?from=1767268800&to=1767270000&limit=1&order=oldest"},
	{"logs-oldest-after", "/api/v1/logs?from=1767268800&to=1767270000&limit=1&order=oldest&after=1767268800001000000"},
	{"logs-severity", "/api/v1/logs?severity=loud"},
	{"logs-parameter", "/api/v1/logs?form=1767268800"},
	{"logs-id", "/api/v1/traces/xyz/logs"},
	{"span", "/api/v1/traces/1/spans/a2"},
	{"span-unknown", "/api/v1/traces/1/spans/ff"},
	{"span-unknown-trace", "/api/v1/traces/99/spans/a1"},
	{"span-id", "/api/v1/traces/1/spans/xyz"},
	{"attributes", "/api/v1/traces/1/attributes"},
	{"attributes-unknown", "/api/v1/traces/99/attributes"},
	{"html-without", "/api/v1/traces/1/html?without=user"},
	{"columns-unknown", "/api/v1/traces/99/columns"},
	{"query-parameter", "/api/v1/query?q={}&form=1767268800"},
}

// TestContract compares the answer of each endpoint with a golden one, from memory and
// from a block.
func TestContract(t *testing.T) {
	s := newShop(t)
	for _, from := range []string{"head", "block"} {
		for _, c := range contract {
			path, query, _ := strings.Cut(c.path, "?")
			req := httptest.NewRequest("GET", path, nil) // which unescapes the path once, as a server does
			req.URL.RawQuery = strings.NewReplacer("{", "%7B", "}", "%7D", "|", "%7C", "<", "%3C", ">", "%3E", `"`, "%22").Replace(query)
			req.Header.Set("X-Scope-OrgID", "tenant-7")
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, req)
			got := fmt.Sprintf("GET %s\n\n%d %s\n\n", c.path, w.Code, w.Header().Get("Content-Type"))
			var body bytes.Buffer
			if json.Indent(&body, w.Body.Bytes(), "", "  ") != nil {
				body.Write(w.Body.Bytes())
			}
			got += changing.ReplaceAllString(strings.TrimRight(body.String(), "\n"), `"$1": …`) + "\n"
			if why := w.Header().Get("X-Everspan-Partial"); why != "" {
				t.Errorf("%s: partial: %s", c.name, why)
			}
			golden(t, from, c.name, got)
		}
		if err := s.Store.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// ofPlace is what depends on where spans are: blocks are counted, and more or less is looked at.
var ofPlace = regexp.MustCompile(`(?m)^\s*"(totalBlocks|completedJobs|totalJobs|inspectedTraces|inspectedSpans|inspectedBytes|blocks|blocksPruned|blocksRead|traces|spans|logs)": ("?\d+"?|…),?\n`)

var empty = regexp.MustCompile(`\{\s*\}`)

// golden compares an answer from the head with a file, and one from a block with
// the same, but for what it cost.
func golden(t *testing.T, from, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update && from == "head" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if from == "block" {
		want, got = empty.ReplaceAll(ofPlace.ReplaceAll(want, nil), []byte("{}")), empty.ReplaceAllString(ofPlace.ReplaceAllString(got, ""), "{}")
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s, from a %s (-want +got):\n%s", name, from, diff)
	}
}
