package test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"
)

// bomb is what n zero bytes compress to: valid, empty-looking and large.
func bomb(t *testing.T, encoding string, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	w, _ = gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if encoding == "zstd" {
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	chunk := make([]byte, 1<<20)
	for ; n > 0; n -= int64(len(chunk)) {
		if _, err := w.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// somePayload is a valid request of many spans.
func somePayload(t *testing.T) []byte {
	t.Helper()
	var b span.Batch
	spantest.Random(&b, rand.New(rand.NewPCG(1, 2)), 200)
	return otlp.AppendProto(nil, &b)
}

// stillServes checks that a good span is taken and found.
func stillServes(t *testing.T, s *server) {
	t.Helper()
	id := fmt.Sprintf("%032x", time.Now().UnixNano())
	s.send(oneSpan{trace: id, id: "1", service: "after", name: "all"})
	if doc := s.waterfall(id); doc == nil || doc.SpanCount != 1 {
		t.Errorf("after this, a good span is not found: %+v", doc)
	}
}

func TestHostileHTTP(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	good := somePayload(t)
	const proto, text = "application/x-protobuf", "application/json"
	over := int64(65 << 20)
	cases := []struct {
		name, path, kind, encoding string
		body                       []byte
		want                       int
	}{
		{"garbage", "/v1/traces", proto, "", []byte("GET / HTTP/1.1"), 400},
		{"truncated", "/v1/traces", proto, "", good[:len(good)-3], 400},
		{"truncated JSON", "/v1/traces", text, "", []byte(`{"resourceSpans":[{`), 400},
		{"JSON that is none", "/v1/traces", text, "", good, 400},
		{"JSON of another shape", "/v1/traces", text, "", []byte(`[1]`), 400},
		{"deep JSON", "/v1/traces", text, "", []byte(strings.Repeat(`{"a":`, 1_000_000)), 400},
		{"no type", "/v1/traces", "", "", good, 415},
		{"wrong type", "/v1/traces", "text/plain", "", good, 415},
		{"unknown encoding", "/v1/traces", proto, "br", good, 415},
		{"said to be gzip", "/v1/traces", proto, "gzip", good, 400},
		{"said to be zstd", "/v1/traces", proto, "zstd", good, 400},
		{"truncated gzip", "/v1/traces", proto, "gzip", bomb(t, "gzip", 1<<20)[:500], 400},
		{"unknown path", "/v1/profiles", proto, "", good, 404},
		{"gzip bomb", "/v1/traces", proto, "gzip", bomb(t, "gzip", over), 413},
		{"zstd bomb", "/v1/traces", proto, "zstd", bomb(t, "zstd", over), 413},
		{"JSON bomb", "/v1/traces", text, "zstd", bomb(t, "zstd", over), 413},
		{"log bomb", "/v1/logs", proto, "zstd", bomb(t, "zstd", over), 413},
		{"metrics bomb", "/v1/metrics", proto, "zstd", bomb(t, "zstd", over), 200}, // not stored, so never unpacked
	}
	if !testing.Short() {
		cases = append(cases, cases[0])
		last := &cases[len(cases)-1]
		last.name, last.body, last.want = "oversize", make([]byte, over), 413
		cases = append(cases, cases[0])
		last = &cases[len(cases)-1]
		last.name, last.encoding, last.body, last.want = "10 GiB bomb", "zstd", bomb(t, "zstd", 10<<30), 413
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			if got, answer := s.post(c.path, c.kind, c.encoding, c.body); got != c.want {
				t.Errorf("%d %.300q, want %d", got, answer, c.want)
			}
		})
	}
	s.t = t
	if res, err := http.Get(s.otlpHTTP + "/v1/traces"); err != nil || res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") == "" {
		t.Errorf("GET: %v %v", res, err)
	}
	stillServes(t, s)
	m := s.metrics()
	if got := m[`everspan_requests_refused_total{transport="http",signal="traces",reason="too_large"}`]; got < 3 {
		t.Errorf("%v refusals as too large were counted", got)
	}
	if got := m["everspan_memory_bytes"]; got > 600<<20 {
		t.Errorf("the server has taken %v MiB", got/(1<<20))
	}
}

// rawCodec sends bytes as they are.
type rawCodec struct{}

func (rawCodec) Name() string                  { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (rawCodec) Unmarshal(b []byte, v any) error {
	*v.(*[]byte) = bytes.Clone(b)
	return nil
}

func TestHostileGRPC(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	conn, err := grpc.NewClient(s.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	good := somePayload(t)
	cases := []struct {
		name, method string
		body         []byte
		opts         []grpc.CallOption
		want         codes.Code
	}{
		{"good", traces, good, nil, codes.OK},
		{"empty", traces, nil, nil, codes.OK},
		{"garbage", traces, []byte("GET / HTTP/1.1"), nil, codes.InvalidArgument},
		{"truncated", traces, good[:len(good)-3], nil, codes.InvalidArgument},
		{"unknown method", traces + "s", good, nil, codes.Unimplemented},
		{"bomb", traces, make([]byte, 65<<20), []grpc.CallOption{grpc.UseCompressor("gzip")}, codes.ResourceExhausted},
	}
	if !testing.Short() {
		cases = append(cases, cases[len(cases)-1])
		cases[len(cases)-1].name, cases[len(cases)-1].opts = "oversize", nil
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var answer []byte
			err := conn.Invoke(ctx, c.method, c.body, &answer, c.opts...)
			if got := status.Code(err); got != c.want {
				t.Errorf("%v (%v), want %v", got, err, c.want)
			}
			for _, d := range status.Convert(err).Details() {
				if _, ok := d.(*errdetails.RetryInfo); ok {
					t.Error("a sender is told to retry what can't succeed")
				}
			}
		})
	}
	stillServes(t, s)
	if got := s.metrics()[`everspan_spans_acknowledged_total{transport="grpc"}`]; got != 200 {
		t.Errorf("%v spans are counted as acknowledged over gRPC, 200 were", got)
	}
}

// TestDamagedBlock damages the spans of one block of two: they are gone from
// answers, which say so, and the others are served.
func TestDamagedBlock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, dir)
	s.send(oneSpan{trace: traceA, id: "1", service: "checkout", name: "POST /pay", took: time.Second},
		oneSpan{trace: traceB, id: "1", service: "cart", name: "GET /cart"})
	s.stop()
	damaged, err := filepath.Glob(filepath.Join(dir, "store", "blocks", "*"))
	if err != nil || len(damaged) != 1 {
		t.Fatalf("blocks %v, %v", damaged, err)
	}
	s = serve(t, dir)
	s.send(oneSpan{trace: traceA, id: "2", parent: "1", service: "bank", name: "charge"})
	s.stop()
	flip := func(name string) {
		t.Helper()
		meta, err := os.ReadFile(filepath.Join(damaged[0], "block.json"))
		if err != nil {
			t.Fatal(err)
		}
		var block struct {
			Files map[string]struct{ Index int }
		}
		if err := json.Unmarshal(meta, &block); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(damaged[0], name)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// All that lies before the page index: every page is hit.
		for i := 4; i < block.Files[name].Index; i++ {
			raw[i] ^= 0x55
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	flip("spans.parquet")
	s = serve(t, dir)
	block := filepath.Base(damaged[0])

	doc := s.waterfall(traceA)
	if doc == nil || doc.SpanCount != 1 || len(doc.Partial) != 1 || !strings.Contains(doc.Partial[0], block) {
		t.Fatalf("the trace is not told to be partial: %+v", doc)
	}
	out, errs, code := s.everspan("trace", traceA)
	expect{stdout: []string{"charge", "partial", block}}.check(t, out, errs, code)

	_, _, body := s.get("/api/v2/traces/"+traceA, "application/protobuf")
	if r := decodeTraceByID(t, body); r.status != 1 || !strings.Contains(r.message, block) || len(r.trace) == 0 {
		t.Errorf("v2 protobuf: status %d, message %q, %d bytes of trace", r.status, r.message, len(r.trace))
	}
	_, _, body = s.get("/api/v2/traces/"+traceA, "application/json")
	if !strings.Contains(string(body), `"status":"PARTIAL"`) || !strings.Contains(string(body), block) {
		t.Errorf("v2 JSON: %s", body)
	}
	// Tempo's older answer is the bare trace; a header has to say it.
	res, err := http.Get(s.http + "/api/traces/" + traceA)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("X-Everspan-Partial"), block) {
		t.Errorf("v1: %s %v", res.Status, res.Header)
	}
	// Nothing is left of this trace, which is not the same as unknown.
	if status, _, body := s.get("/api/v1/traces/"+traceB+"/waterfall", ""); status != http.StatusInternalServerError || !strings.Contains(string(body), block) {
		t.Errorf("a trace in the damaged block: %d %s", status, body)
	}
	out, errs, code = s.everspan("trace", traceB)
	expect{code: 1, quiet: true, stderr: []string{"not everything could be read", block}}.check(t, out, errs, code)
	if status, _, body := s.get("/api/traces/"+traceB, ""); status != http.StatusInternalServerError || !strings.Contains(string(body), block) {
		t.Errorf("v1 of a trace in the damaged block: %d %s", status, body)
	}
	if got := s.metrics()["everspan_unreadable_blocks_total"]; got < 3 {
		t.Errorf("%v unreadable blocks were counted", got)
	}
	stillServes(t, s)

	// A list that can't read a block says so as well.
	s.stop()
	flip("traces.parquet")
	s = serve(t, dir)
	out, errs, code = s.everspan("traces")
	expect{stdout: []string{traceA}, neverSay: []string{traceB}, stderr: []string{"partial", block}}.check(t, out, errs, code)
}
