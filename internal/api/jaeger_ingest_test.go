package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/apache/thrift/lib/go/thrift"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	thriftgen "github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestJaegerThrift(t *testing.T) {
	buffer := thrift.NewTMemoryBuffer()
	batch := &thriftgen.Batch{Process: &thriftgen.Process{ServiceName: "old"}, Spans: []*thriftgen.Span{
		{TraceIdLow: 0xa1, SpanId: 1, OperationName: "one", StartTime: 5, Duration: 2}, {OperationName: "no ids"},
	}}
	if err := batch.Write(t.Context(), thrift.NewTBinaryProtocolConf(buffer, nil)); err != nil {
		t.Fatal(err)
	}
	good := buffer.Bytes()
	for _, c := range []struct {
		name, method, path, contentType, encoding string
		body                                      []byte
		status                                    int
		want                                      string // in the answer; "" is an empty one
		stored                                    int
	}{
		{"binary", "POST", "/api/traces?format=jaeger.thrift", "application/vnd.apache.thrift.binary", "", good, 202, "", 1},
		{"older", "POST", "/api/traces", "application/x-thrift", "gzip", gzipped(string(good)), 202, "", 1},
		{"JSON", "POST", "/api/traces", "application/json", "", []byte("{}"), 415, "send application/vnd.apache.thrift.binary or application/x-thrift", 0},
		{"cut", "POST", "/api/traces", "application/x-thrift", "", good[:9], 400, "unexpected end", 0},
		{"large", "POST", "/api/traces", "application/x-thrift", "gzip", gzipped(strings.Repeat("\x00", 2<<20)), 413, "smaller batches", 0},
		{"sampling", "GET", "/api/sampling?service=a", "", "", nil, 200, `"samplingRate":0.5`, 0},
		{"asked", "GET", "/", "", "", nil, 200, "ready", 0},
		{"wrong", "GET", "/api/traces", "", "", nil, 405, "Method Not Allowed", 0},
	} {
		s := newServer(t, 0)
		w := send(s.JaegerThriftHandler(0.5), c.method, c.path, c.contentType, c.encoding, c.body)
		if answer := w.Body.String(); w.Code != c.status || !strings.Contains(answer, c.want) || (c.want == "") != (answer == "") {
			t.Errorf("%s: %d %q, want %d %q", c.name, w.Code, answer, c.status, c.want)
		}
		trace, err := s.Store.Trace(t.Context(), span.TraceID{15: 0xa1})
		if err != nil || trace.Spans.Len() != c.stored {
			t.Errorf("%s: %d spans, %v", c.name, trace.Spans.Len(), err)
		}
		if n := s.Receiver.Stats().Counts[otlp.Jaeger][otlp.Traces].Accepted; n != int64(c.stored) || s.Receiver.Stats().InFlight != 0 {
			t.Errorf("%s: %d accepted, %d bytes in flight", c.name, n, s.Receiver.Stats().InFlight)
		}
	}
}

func TestJaegerCollector(t *testing.T) {
	s := newServer(t, 0)
	body, err := (&api_v2.PostSpansRequest{Batch: model.Batch{Process: &model.Process{ServiceName: "old"}, Spans: []*model.Span{
		{TraceID: model.NewTraceID(0, 0xa1), SpanID: 1, OperationName: "one", StartTime: time.Unix(5, 0)},
	}}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, s.JaegerCollectorServer())
	const method = "/jaeger.api_v2.CollectorService/PostSpans"
	if messages, _, err := ask(t, conn, method, body); err != nil || len(messages) != 1 || len(messages[0]) != 0 {
		t.Errorf("answered %x, %v", messages, err)
	}
	if trace, err := s.Store.Trace(t.Context(), span.TraceID{15: 0xa1}); err != nil || trace.Spans.Len() != 1 {
		t.Errorf("%d spans, %v", trace.Spans.Len(), err)
	}
	if _, _, err := ask(t, conn, method, body[:len(body)-1]); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "Jaeger") {
		t.Errorf("malformed: %v", err)
	}
	if _, _, err := ask(t, conn, method, nil); err != nil {
		t.Errorf("empty: %v", err)
	}
	if st := s.Receiver.Stats(); st.Counts[otlp.Jaeger][otlp.Traces].Accepted != 1 || st.Counts[otlp.Jaeger][otlp.Traces].Requests != 3 || st.InFlight != 0 {
		t.Errorf("counted: %+v", st.Counts[otlp.Jaeger][otlp.Traces])
	}
}

func TestSampling(t *testing.T) {
	h := SamplingHandler(0.25)
	for path, want := range map[string]string{
		"/sampling?service=a":                   `200 {"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}`,
		"/?service=a&x=y":                       `200 {"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}`,
		"/sampling":                             "400 'service' parameter must be provided once",
		"/sampling?service=":                    "400 'service' parameter must be provided once",
		"/api/sampling?service=one&service=two": "400 'service' parameter must be provided once",
	} {
		w := send(h, "GET", path, "", "", nil)
		if got := fmt.Sprintf("%d %s", w.Code, strings.TrimSpace(w.Body.String())); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if w := send(h, "POST", "/sampling?service=a", "", "", nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	conn := dial(t, newServer(t, 0).SamplingServer(0.25))
	const method = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy"
	messages, _, err := ask(t, conn, method, message(func(m *easyproto.MessageMarshaler) { m.AppendString(1, "a") }))
	var got api_v2.SamplingStrategyResponse
	if err != nil || len(messages) != 1 || got.Unmarshal(messages[0]) != nil || got.StrategyType != api_v2.SamplingStrategyType_PROBABILISTIC || got.ProbabilisticSampling.GetSamplingRate() != 0.25 {
		t.Errorf("%v, %v", got, err)
	}
	if _, _, err := ask(t, conn, method, nil); status.Code(err) != codes.InvalidArgument {
		t.Errorf("without a service: %v", err)
	}
}

func TestAdmin(t *testing.T) {
	s := newJaegerShop(t)
	if w := send(s.AdminHandler(false), "POST", "/admin/purge", "", "", nil); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "--allow-purge") {
		t.Errorf("not allowed: %d %s", w.Code, w.Body)
	}
	if w := send(s.AdminHandler(true), "GET", "/admin/purge", "", "", nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	if n := s.Store.Stats().HeadSpans; n == 0 {
		t.Error("spans are gone")
	}
	if w := send(s.AdminHandler(true), "POST", "/admin/purge", "", "", nil); w.Code != http.StatusOK {
		t.Errorf("allowed: %d %s", w.Code, w.Body)
	}
	if n := s.Store.Stats().HeadSpans; n != 0 {
		t.Errorf("%d spans are left", n)
	}
	// Only on its own port.
	if w := send(s.Handler(), "POST", "/admin/purge", "", "", nil); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
		t.Errorf("on the main port: %d", w.Code)
	}
}
