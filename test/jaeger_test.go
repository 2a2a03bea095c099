package test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// TestJaeger sends a span as an old client does, finds it before and after a restart,
// and deletes it.
func TestJaeger(t *testing.T) {
	t.Parallel()
	ports := []string{"--sampling-rate", "0.5"}
	for _, flag := range extra {
		ports = append(ports, "--"+flag, "127.0.0.1:0")
	}
	s := serve(t, t.TempDir(), ports...)
	body := thrift.NewTMemoryBuffer()
	batch := &jaeger.Batch{Process: &jaeger.Process{ServiceName: "old"}, Spans: []*jaeger.Span{
		{TraceIdHigh: 0x0af7651916cd43dd, TraceIdLow: -0x7bb71414f5d7cee4, SpanId: 1, OperationName: "one", StartTime: 1_700_000_000_000_000, Duration: 5},
	}}
	if err := batch.Write(t.Context(), thrift.NewTBinaryProtocolConf(body, nil)); err != nil {
		t.Fatal(err)
	}
	if status, answer := s.jaeger("POST", s.ports["jaeger-thrift"]+"/api/traces?format=jaeger.thrift", body.Bytes()); status != 202 {
		t.Fatalf("send: %d %s", status, answer)
	}
	find := func() int {
		t.Helper()
		var found struct{ Data []struct{ TraceID string } }
		status, answer := s.jaeger("GET", s.http+"/jaeger/api/traces?service=old&start=1700000000000000&end=1700000000000001", nil)
		if err := json.Unmarshal([]byte(answer), &found); status != 200 || err != nil {
			t.Fatalf("search: %d %s", status, answer)
		}
		return len(found.Data)
	}
	if n := find(); n != 1 {
		t.Errorf("%d traces are found at once", n)
	}
	if status, answer := s.jaeger("GET", s.ports["sampling-http"]+"/sampling?service=old", nil); status != 200 || !strings.Contains(answer, `"samplingRate":0.5`) {
		t.Errorf("sampling: %d %s", status, answer)
	}
	for _, flag := range []string{"jaeger-grpc", "jaeger-storage", "jaeger-collector", "sampling-grpc"} {
		res, err := grpc_health_v1.NewHealthClient(s.dial(flag)).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		if err != nil || res.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("health of %s: %v, %v", flag, res, err)
		}
	}
	strategy, err := api_v2.NewSamplingManagerClient(s.dial("sampling-grpc")).GetSamplingStrategy(t.Context(), &api_v2.SamplingStrategyParameters{ServiceName: "old"})
	if err != nil || strategy.ProbabilisticSampling.GetSamplingRate() != 0.5 {
		t.Errorf("sampling over gRPC: %v, %v", strategy, err)
	}
	if status, answer := s.jaeger("POST", s.ports["admin"]+"/admin/purge", nil); status != 403 || !strings.Contains(answer, "--allow-purge") {
		t.Errorf("purge: %d %s", status, answer)
	}
	s.stop()

	s = serve(t, s.data, append(ports, "--allow-purge")...)
	if n := find(); n != 1 {
		t.Errorf("%d traces are found after a restart", n)
	}
	if status, answer := s.jaeger("POST", s.ports["admin"]+"/admin/purge", nil); status != 200 {
		t.Errorf("purge: %d %s", status, answer)
	}
	if n := find(); n != 0 {
		t.Errorf("%d traces are found after a purge", n)
	}
	s.stop()
	s = serve(t, s.data)
	if n := find(); n != 0 {
		t.Errorf("%d traces are back after a restart", n)
	}
}

// jaeger sends a request and returns its answer.
func (s *server) jaeger(method, url string, body []byte) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/vnd.apache.thrift.binary")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(answer)
}

// dial connects to a gRPC listener.
func (s *server) dial(flag string) *grpc.ClientConn {
	s.t.Helper()
	conn, err := grpc.NewClient(s.ports[flag], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	return conn
}
