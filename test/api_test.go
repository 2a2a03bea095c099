package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/protobuf/encoding/protowire"
)

// get asks the server and returns status, type and body.
func (s *server) get(path, accept string) (status int, contentType string, body []byte) {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.http+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), body
}

// metrics reads /metrics, by name and labels as they are written.
func (s *server) metrics() map[string]float64 {
	s.t.Helper()
	status, _, body := s.get("/metrics", "")
	if status != http.StatusOK {
		s.t.Fatalf("/metrics: %d", status)
	}
	m := make(map[string]float64)
	for lines := bufio.NewScanner(strings.NewReader(string(body))); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && name != "#" {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				s.t.Fatalf("/metrics: %q", lines.Text())
			}
			m[name] = v
		}
	}
	return m
}

func TestHealthAndMetrics(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	for path, want := range map[string]string{"/ready": "ready\n", "/healthz": "ok\n", "/api/echo": "echo"} {
		if status, _, body := s.get(path, ""); status != http.StatusOK || string(body) != want {
			t.Errorf("%s: %d %q, want %q", path, status, body, want)
		}
	}
	if status, _, body := s.get("/api/status/buildinfo", ""); status != http.StatusOK || !strings.Contains(string(body), `"version":"`) {
		t.Errorf("buildinfo: %d %s", status, body)
	}

	good := oneSpan{trace: traceA, id: "00f067aa0ba902b7", service: "a", name: "b"}.json()
	s.post("/v1/traces", "application/json", "", good)
	s.post("/v1/traces", "application/json", "", oneSpan{trace: traceA, id: "", service: "a", name: "b"}.json()) // no span id
	s.post("/v1/traces", "application/x-protobuf", "", []byte("garbage"))
	s.post("/v1/metrics", "application/json", "", []byte("{}"))
	s.post("/v1/logs", "application/json", "", []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}},{}]}]}]}`))
	s.waterfall(traceA)
	m := s.metrics()
	for name, want := range map[string]float64{
		`everspan_requests_total{transport="http",signal="traces"}`:          3,
		`everspan_requests_total{transport="grpc",signal="traces"}`:          0,
		`everspan_requests_dropped_total{transport="http",signal="metrics"}`: 1,
		`everspan_logs_received_total{transport="http"}`:                     2,
		`everspan_logs_acknowledged_total{transport="http"}`:                 2,
		`everspan_head_logs`: 2,
		`everspan_requests_refused_total{transport="http",signal="traces",reason="malformed"}`:   1,
		`everspan_requests_refused_total{transport="http",signal="traces",reason="overloaded"}`:  0,
		`everspan_requests_refused_total{transport="http",signal="traces",reason="too_large"}`:   0,
		`everspan_requests_refused_total{transport="http",signal="traces",reason="unavailable"}`: 0,
		`everspan_spans_received_total{transport="http"}`:                                        2,
		`everspan_spans_acknowledged_total{transport="http"}`:                                    1,
		`everspan_spans_refused_total{transport="http",reason="invalid_id"}`:                     1,
		`everspan_spans_refused_total{transport="http",reason="overloaded"}`:                     0,
		`everspan_in_flight_bytes`:         0,
		`everspan_log_records_total`:       2,
		`everspan_log_failures_total`:      0,
		`everspan_head_spans`:              1,
		`everspan_blocks`:                  0,
		`everspan_flushes_total`:           0,
		`everspan_reads_total`:             1,
		`everspan_unreadable_blocks_total`: 0,
	} {
		if got, ok := m[name]; !ok || got != want {
			t.Errorf("%s is %v (there: %v), want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{
		`everspan_received_bytes_total{transport="http",signal="traces"}`, `everspan_decompressed_bytes_total{transport="http",signal="traces"}`,
		"everspan_log_fsyncs_total", "everspan_log_bytes_total", "everspan_log_segments", "everspan_log_live_bytes", "everspan_head_bytes",
		"everspan_memory_bytes", "everspan_heap_bytes", "everspan_goroutines",
	} {
		if m[name] <= 0 {
			t.Errorf("%s is %v", name, m[name])
		}
	}
	if got := m[`everspan_received_bytes_total{transport="http",signal="traces"}`]; got < float64(len(good)) {
		t.Errorf("%v bytes received, but one payload alone had %d", got, len(good))
	}

	s.stop()
	s = serve(t, s.data)
	if m := s.metrics(); m["everspan_blocks"] != 1 || m["everspan_block_spans"] != 1 || m["everspan_block_bytes"] <= 0 || m["everspan_head_spans"] != 0 {
		t.Errorf("after a restart: blocks %v, spans in them %v, bytes %v, in memory %v", m["everspan_blocks"], m["everspan_block_spans"], m["everspan_block_bytes"], m["everspan_head_spans"])
	}
}

// traceByID is Tempo's TraceByIDResponse.
type traceByID struct {
	trace   []byte
	status  uint64 // 0: COMPLETE, 1: PARTIAL
	message string
	metrics bool
}

func decodeTraceByID(t *testing.T, b []byte) (r traceByID) {
	t.Helper()
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		switch {
		case number == 1 && kind == protowire.BytesType:
			r.trace, n = protowire.ConsumeBytes(b)
		case number == 2 && kind == protowire.BytesType:
			_, n = protowire.ConsumeBytes(b)
			r.metrics = true
		case number == 3 && kind == protowire.VarintType:
			r.status, n = protowire.ConsumeVarint(b)
		case number == 4 && kind == protowire.BytesType:
			r.message, n = protowire.ConsumeString(b)
		default:
			t.Fatalf("field %d of type %d in a TraceByIDResponse", number, kind)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
	}
	return r
}

func spanNames(t *testing.T, traces ptrace.Traces) (names []string) {
	t.Helper()
	for _, rs := range traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				names = append(names, span.Name())
			}
		}
	}
	return names
}

func TestTempoTraceByID(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.send(oneSpan{trace: traceA, id: "00f067aa0ba902b7", service: "checkout", name: "POST /pay", took: time.Second},
		oneSpan{trace: short, id: "1", service: "old", name: "zipkin"})
	fromProto := func(t *testing.T, b []byte) []string {
		t.Helper()
		traces, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(b)
		if err != nil {
			t.Fatal(err)
		}
		return spanNames(t, traces)
	}
	for _, from := range []string{"the head", "a block"} {
		for id, want := range map[string]string{traceA: "[POST /pay]", strings.ToUpper(traceA): "[POST /pay]", short: "[zipkin]", "0000" + short: "[zipkin]"} {
			t.Run(from+" "+id, func(t *testing.T) {
				for _, query := range []string{"", "?start=1&end=2", "?start=1700000000&end=1700003600"} {
					status, kind, body := s.get("/api/traces/"+id+query, "application/protobuf")
					if got := fmt.Sprint(fromProto(t, body)); status != 200 || kind != "application/protobuf" || got != want {
						t.Errorf("v1 protobuf: %d %s %s, want %s", status, kind, got, want)
					}
					status, kind, body = s.get("/api/v2/traces/"+id+query, "application/protobuf")
					r := decodeTraceByID(t, body)
					if got := fmt.Sprint(fromProto(t, r.trace)); status != 200 || kind != "application/protobuf" || got != want || r.status != 0 || r.message != "" || !r.metrics {
						t.Errorf("v2 protobuf: %d %s %s %+v, want %s", status, kind, got, r, want)
					}
				}
				for _, accept := range []string{"", "*/*", "application/json, text/plain, */*"} { // as Jaeger's clients do
					var jaeger struct {
						Data []struct {
							Spans []struct{ OperationName string }
						}
					}
					status, kind, body := s.get("/api/traces/"+id, accept)
					if err := json.Unmarshal(body, &jaeger); err != nil || status != 200 || kind != "application/json" || len(jaeger.Data) != 1 || len(jaeger.Data[0].Spans) != 1 {
						t.Fatalf("Jaeger's JSON: %d %s %v\n%s", status, kind, err, body)
					}
				}
				for _, accept := range []string{"application/json", "application/json, application/protobuf"} {
					status, kind, body := s.get("/api/traces/"+id, accept)
					var v1 struct{ Batches json.RawMessage }
					if err := json.Unmarshal(body, &v1); err != nil || status != 200 || kind != "application/json" {
						t.Fatalf("v1 JSON: %d %s %v\n%s", status, kind, err, body)
					}
					status, kind, body = s.get("/api/v2/traces/"+id, accept)
					var v2 struct {
						Trace           json.RawMessage
						Status, Message string
					}
					if err := json.Unmarshal(body, &v2); err != nil || status != 200 || kind != "application/json" || v2.Status != "COMPLETE" || v2.Message != "" {
						t.Fatalf("v2 JSON: %d %s %v\n%s", status, kind, err, body)
					}
					for _, text := range []string{`{"resourceSpans":` + string(v1.Batches) + `}`, string(v2.Trace)} {
						traces, err := new(ptrace.JSONUnmarshaler).UnmarshalTraces([]byte(text))
						if err != nil {
							t.Fatal(err)
						}
						if got := fmt.Sprint(spanNames(t, traces)); got != want {
							t.Errorf("JSON: %s, want %s", got, want)
						}
					}
				}
			})
		}
		s.stop()
		s = serve(t, s.data)
	}
	for path, want := range map[string]int{
		"/jaeger/api/traces/" + traceB:             404,
		"/api/v3/traces/" + traceB:                 404,
		"/api/traces/" + traceB:                    404,
		"/api/v2/traces/" + traceB:                 404,
		"/api/v1/traces/" + traceB + "/waterfall":  404,
		"/api/traces/xyz":                          400,
		"/api/v2/traces/xyz":                       400,
		"/api/v2/traces/" + traceA + "0":           400,
		"/api/v2/traces/0":                         400,
		"/api/v2/traces/..%2f..%2fetc%2fpasswd":    400,
		"/api/v2/traces/" + traceA + "?start=noon": 400,
		"/api/v2/traces/" + traceA + "?end=-1":     400,
		"/api/v2/traces/" + traceA + "?end=NaN":    400,
		"/api/v1/query?q={":                        400,
		"/api/v1/query?q={}&limit=0":               400,
		"/api/v1/query?q={}&limit=100000000":       400,
		"/api/v1/query?q={}&limit=1&limit=2":       400,
		"/api/v1/query?query={}":                   400,
		"/api/v1/query?q={}&since=-1h":             400,
		"/api/v1/query?q={}&since=1h&from=1":       400,
		"/api/v1/query?q={}&from=2&to=1":           400,
		"/api/v1/query?q={}&from=1e400":            400,
		"/api/v1/query?q={}&from=noon":             400,
		"/api/v1/query?q={}&after=1":               400,
		"/api/v1/query?q={}|rate()&step=1ns":       400,
		"/api/search?q={":                          400,
		"/api/search?limit=many":                   400,
		"/api/search/tag/a":                        404,
		"/api/v2/search/tag/nothing/values":        400,
		"/api/metrics/query_range":                 400,
		"/nothing":                                 404,
	} {
		if status, _, body := s.get(path, ""); status != want {
			t.Errorf("%s: %d %s, want %d", path, status, body, want)
		}
	}
	if _, _, body := s.get("/api/v1/query?svc=x", ""); !strings.Contains(string(body), `unknown parameter \"svc\"`) || !strings.Contains(string(body), "since") {
		t.Errorf("a wrong parameter is not explained: %s", body)
	}
}
