package test

import (
	"net/http"
	"strings"
	"testing"
)

// TestZipkin sends one call as two Zipkin services do, to both ports, and reads
// the trace back, also after a crash.
func TestZipkin(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	for base, body := range map[string]string{
		s.zipkin: `[{"traceId":"` + traceA + `","id":"00f067aa0ba902b7","kind":"CLIENT","name":"get","timestamp":1700000000000000,"duration":2000,"localEndpoint":{"serviceName":"front"}}]`,
		s.http: `[{"traceId":"` + traceA + `","id":"00f067aa0ba902b7","kind":"SERVER","shared":true,"name":"get","timestamp":1700000000000500,"duration":1000,
			"localEndpoint":{"serviceName":"back"},"tags":{"error":"no stock"}}]`,
	} {
		res, err := http.Post(base+"/api/v2/spans", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusAccepted {
			t.Fatalf("%s: %s", base, res.Status)
		}
	}
	s.kill()
	s = serve(t, s.data)
	doc := s.waterfall(traceA)
	if doc == nil || doc.SpanCount != 2 {
		t.Fatalf("the trace: %+v", doc)
	}
	out, errs, code := s.everspan("trace", traceA)
	expect{stdout: []string{"front", "back", "no stock"}, silent: true}.check(t, out, errs, code)
	if res, err := http.Get(s.zipkin + "/health"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("/health: %v, %v", res, err)
	} else {
		res.Body.Close()
	}
}
