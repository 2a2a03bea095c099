package otlp

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

func FuzzHTTPBody(f *testing.F) {
	_, proto, jsonBody := sample(1, 5)
	for encoding, name := range []string{"", "gzip", "zstd"} {
		f.Add(pack(f, name, proto), uint8(0), uint8(encoding))
		f.Add(pack(f, name, jsonBody), uint8(1), uint8(encoding))
	}
	kinds := []string{protoType, jsonType, "text/plain", ""}
	encodings := []string{"", "gzip", "zstd", "br"}
	f.Fuzz(func(t *testing.T, body []byte, kind, encoding uint8) {
		r := NewReceiver(new(memorySink), Options{MaxBody: 1 << 20, Logger: quiet()})
		req := httptest.NewRequest(http.MethodPost, "/v1/traces", bytes.NewReader(body))
		req.Header.Set("Content-Type", kinds[kind%4])
		req.Header.Set("Content-Encoding", encodings[encoding%4])
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		switch w.Code {
		case 200:
			p := ptraceotlp.NewExportResponse()
			if w.Header().Get("Content-Type") == protoType && p.UnmarshalProto(w.Body.Bytes()) != nil || w.Header().Get("Content-Type") == jsonType && p.UnmarshalJSON(w.Body.Bytes()) != nil {
				t.Errorf("answer %q", w.Body)
			}
		case 400, 413, 415:
			if s := statusOf(t, w.Header().Get("Content-Type"), w.Body.Bytes()); s.Code == 0 || s.Message == "" {
				t.Errorf("%d with status %v", w.Code, s)
			}
		default:
			t.Errorf("answered %d: %s", w.Code, w.Body)
		}
		if n := r.Stats().InFlight; n != 0 {
			t.Errorf("%d bytes in flight", n)
		}
	})
}
