package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/store"
	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/ui"
	"github.com/klauspost/compress/gzip"
	"google.golang.org/protobuf/encoding/protowire"
)

// newServer returns a server with a store of its own, whose receiver holds so
// many bytes in flight.
func newServer(t *testing.T, inFlight int64) *Server {
	t.Helper()
	log, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	spans, _, err := store.Open(t.Context(), bucket.NewMemory(), log, store.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		spans.Close(context.Background())
		log.Close()
	})
	receiver := otlp.NewReceiver(spans, otlp.Options{MaxInFlight: inFlight, MaxBody: 1 << 20, Logger: quiet})
	return &Server{Store: spans, Engine: engine.New(spans, engine.Options{}), Log: log, Receiver: receiver, Logger: quiet, QueryTimeout: time.Minute, Page: ui.Files(), Ready: func() error { return nil }}
}

func send(h http.Handler, method, path, contentType, encoding string, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Content-Encoding", encoding)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func gzipped(body string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	io.WriteString(z, body)
	z.Close()
	return out.Bytes()
}

func TestZipkinSpans(t *testing.T) {
	const spans = `[{"traceId":"a1","id":"1","name":"one","timestamp":5,"localEndpoint":{"serviceName":"s"}}]`
	const half = `[{"traceId":"a1","id":"1"},{"traceId":"a1"}]`
	id := []byte{0, 0, 0, 0, 0, 0, 0, 0xa1}
	one := protowire.AppendBytes([]byte{1<<3 | 2}, id)
	one = protowire.AppendBytes(append(one, 3<<3|2), id)
	proto := protowire.AppendBytes([]byte{1<<3 | 2}, one)
	for _, c := range []struct {
		name, method, path, contentType, encoding string
		body                                      []byte
		status                                    int
		want                                      string // in the answer; "" is an empty one
		stored                                    int
	}{
		{"JSON", "POST", "/api/v2/spans", "application/json", "", []byte(spans), 202, "", 1},
		{"gzip", "POST", "/api/v2/spans", "application/json; charset=utf-8", "gzip", gzipped(spans), 202, "", 1},
		{"protobuf", "POST", "/api/v2/spans", "application/x-protobuf", "", proto, 202, "", 1},
		{"none", "POST", "/api/v2/spans", "application/json", "", []byte("[]"), 202, "", 0},
		{"half", "POST", "/api/v2/spans", "application/json", "", []byte(half), 202, "", 1},
		{"none valid", "POST", "/api/v2/spans", "application/json", "", []byte(`[{"id":"1"}]`), 400, "none of 1 spans is valid: traceId", 0},
		{"no JSON", "POST", "/api/v2/spans", "application/json", "", []byte("{"), 400, "no JSON array", 0},
		{"no gzip", "POST", "/api/v2/spans", "application/json", "gzip", []byte("[]"), 400, "decompress", 0},
		{"thrift", "POST", "/api/v2/spans", "application/x-thrift", "", []byte("x"), 415, "send application/x-protobuf or application/json", 0},
		{"bomb", "POST", "/api/v2/spans", "application/json", "gzip", gzipped(strings.Repeat(" ", 2<<20)), 413, "smaller batches", 0},
		{"v1", "POST", "/api/v1/spans", "application/json", "", []byte("[]"), 415, "/api/v2/spans", 0},
		{"asked", "OPTIONS", "/api/v2/spans", "", "", nil, 204, "", 0},
	} {
		s := newServer(t, 0)
		for i, h := range []http.Handler{s.Handler(), s.ZipkinHandler()} {
			w := send(h, c.method, c.path, c.contentType, c.encoding, c.body)
			if answer := w.Body.String(); w.Code != c.status || !strings.Contains(answer, c.want) || (c.want == "") != (answer == "") {
				t.Errorf("%s, handler %d: %d %q, want %d %q", c.name, i, w.Code, answer, c.status, c.want)
			}
		}
		trace, err := s.Store.Trace(t.Context(), span.TraceID{15: 0xa1})
		if err != nil {
			t.Fatal(err)
		}
		// Both handlers took the same span.
		if n := s.Receiver.Stats().Counts[otlp.Zipkin][otlp.Traces].Accepted; n != int64(2*c.stored) || s.Receiver.Stats().InFlight != 0 {
			t.Errorf("%s: %d accepted, %d bytes in flight", c.name, n, s.Receiver.Stats().InFlight)
		}
		if c.name == "JSON" {
			if dump := spantest.Dump(trace.Spans); !strings.Contains(dump, `"one" unspecified unset "" start 5000 duration 0`) || !strings.Contains(dump, `"service.name"=string:"s"`) {
				t.Errorf("stored:\n%s", dump)
			}
		}
	}
}

// TestZipkinOverload holds all the bytes that may be held with a request whose
// body does not end.
func TestZipkinOverload(t *testing.T) {
	s := newServer(t, 10)
	body, more := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		req := httptest.NewRequest("POST", "/api/v2/spans", body)
		req.Header.Set("Content-Type", "application/json")
		s.ZipkinHandler().ServeHTTP(httptest.NewRecorder(), req)
	}()
	// The second write returns when the first is read, and so held.
	io.WriteString(more, "         [")
	io.WriteString(more, "")
	w := send(s.ZipkinHandler(), "POST", "/api/v2/spans", "application/json", "", []byte("[]"))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "again") {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
	more.Close()
	<-ended
}

func TestZipkinHealth(t *testing.T) {
	s := newServer(t, 0)
	for path, want := range map[string]string{"/health": `"status":"UP"`, "/info": `"version":"everspan `} {
		if w := send(s.ZipkinHandler(), "GET", path, "", "", nil); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	s.Ready = func() error { return io.EOF }
	if w := send(s.ZipkinHandler(), "GET", "/health", "", "", nil); w.Code != 503 || !strings.Contains(w.Body.String(), `"DOWN"`) {
		t.Errorf("draining: %d %s", w.Code, w.Body)
	}
}
