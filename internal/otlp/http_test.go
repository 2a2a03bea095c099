package otlp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

func serveHTTP(t testing.TB, r *Receiver) string {
	t.Helper()
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return s.URL
}

func postHTTP(t testing.TB, url, contentType, encoding string, body []byte) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	return do(t, req)
}

func do(t testing.TB, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, answer
}

func TestHTTPRoundTrip(t *testing.T) {
	want, proto, json := sample(1, 400)
	for _, contentType := range []string{protoType, jsonType, "Application/JSON; charset=utf-8"} {
		body := json
		if contentType == protoType {
			body = proto
		}
		for encoding, e := range map[string]Encoding{"": Identity, "identity": Identity, "gzip": Gzip, "GZIP": Gzip, "zstd": Zstd} {
			sink := new(memorySink)
			r := NewReceiver(sink, Options{})
			sent := pack(t, strings.ToLower(encoding), body)
			res, answer := postHTTP(t, serveHTTP(t, r)+"/v1/traces", contentType, encoding, sent)
			name := contentType + " " + encoding
			if res.StatusCode != http.StatusOK || res.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Fatalf("%s: %s %v %s", name, res.Status, res.Header, answer)
			}
			wantType, wantAnswer := jsonType, "{}"
			if contentType == protoType {
				wantType, wantAnswer = protoType, ""
			}
			if got := res.Header.Get("Content-Type"); got != wantType || string(answer) != wantAnswer {
				t.Errorf("%s: answered %q as %s", name, answer, got)
			}
			same(t, name, want, sink)
			p := sink.last
			switch {
			case contentType == protoType && e != Identity:
				if p.Encoding != e || !bytes.Equal(p.Packed, sent) || !bytes.Equal(p.Raw, proto) {
					t.Errorf("%s: payload of %d bytes, %d packed as %d", name, len(p.Raw), len(p.Packed), p.Encoding)
				}
			case p.Encoding != Identity || p.Packed != nil:
				t.Errorf("%s: %d bytes packed as %d", name, len(p.Packed), p.Encoding)
			}
			s := r.Stats()
			if c := s.Counts[HTTP][Traces]; c.Requests != 1 || c.Accepted != 400 || c.WireBytes != int64(len(sent)) || c.Bytes != int64(len(p.Raw)) || s.InFlight != 0 {
				t.Errorf("%s: counted %+v", name, c)
			}
		}
	}
}

// statusOf decodes the google.rpc.Status of an answer.
func statusOf(t testing.TB, contentType string, body []byte) *rpcstatus.Status {
	t.Helper()
	var s rpcstatus.Status
	var err error
	if contentType == protoType {
		err = proto.Unmarshal(body, &s)
	} else {
		err = protojson.Unmarshal(body, &s)
	}
	if err != nil {
		t.Errorf("answer %q as %s: %v", body, contentType, err)
	}
	return &s
}

func TestHTTPStatus(t *testing.T) {
	_, proto, jsonBody := sample(1, 10)
	gz, zs := pack(t, "gzip", proto), pack(t, "zstd", proto)
	small := Options{MaxBody: int64(len(proto)) - 1}
	tests := []struct {
		name           string
		method, path   string
		kind, encoding string
		body           []byte
		o              Options
		sink           *memorySink
		status         int
		code           codes.Code
		retry          string
	}{
		{name: "accepted", body: proto, status: 200},
		{name: "empty protobuf", status: 200},
		{name: "empty object", kind: jsonType, body: []byte(" {} "), status: 200},
		{name: "empty JSON", kind: jsonType, status: 400, code: codes.InvalidArgument},
		{name: "malformed", body: []byte{1, 2, 3}, status: 400, code: codes.InvalidArgument},
		{name: "malformed JSON", kind: jsonType, body: jsonBody[:50], status: 400, code: codes.InvalidArgument},
		{name: "JSON as protobuf", kind: protoType, body: jsonBody, status: 400, code: codes.InvalidArgument},
		{name: "not gzip", encoding: "gzip", body: proto, status: 400, code: codes.InvalidArgument},
		{name: "not zstd", encoding: "zstd", body: proto, status: 400, code: codes.InvalidArgument},
		{name: "cut gzip", encoding: "gzip", body: gz[:len(gz)/2], status: 400, code: codes.InvalidArgument},
		{name: "cut gzip trailer", encoding: "gzip", body: gz[:len(gz)-1], status: 400, code: codes.InvalidArgument},
		{name: "no gzip", encoding: "gzip", status: 400, code: codes.InvalidArgument},
		{name: "cut zstd", encoding: "zstd", body: zs[:len(zs)/2], status: 400, code: codes.InvalidArgument},
		{name: "cut zstd checksum", encoding: "zstd", body: zs[:len(zs)-1], status: 400, code: codes.InvalidArgument},
		{name: "no content type", kind: "-", body: proto, status: 415, code: codes.InvalidArgument},
		{name: "text", kind: "text/plain", body: proto, status: 415, code: codes.InvalidArgument},
		{name: "odd content type", kind: "application/json; charset", body: proto, status: 415, code: codes.InvalidArgument},
		{name: "deflate", encoding: "deflate", body: proto, status: 415, code: codes.InvalidArgument},
		{name: "gzip twice", encoding: "gzip, gzip", body: proto, status: 415, code: codes.InvalidArgument},
		{name: "too large", body: proto, o: small, status: 413, code: codes.ResourceExhausted},
		{name: "too large decompressed", encoding: "gzip", body: gz, o: small, status: 413, code: codes.ResourceExhausted},
		{name: "too large JSON", kind: jsonType, body: jsonBody, o: small, status: 413, code: codes.ResourceExhausted},
		{name: "too large logs", path: "/v1/logs", body: proto, o: small, status: 413, code: codes.ResourceExhausted},
		{name: "largest", body: proto, o: Options{MaxBody: int64(len(proto))}, status: 200},
		{name: "never fits", body: proto, o: Options{MaxInFlight: 5}, status: 413, code: codes.ResourceExhausted},
		{name: "no room", body: proto, sink: &memorySink{err: errFull}, status: 429, code: codes.ResourceExhausted, retry: "1"},
		{name: "store fails", body: proto, sink: &memorySink{err: errDisk}, status: 503, code: codes.Unavailable, retry: "5"},
		{name: "sink closes", body: proto, sink: &memorySink{err: context.Canceled}, status: 503, code: codes.Unavailable, retry: "5"},
		{name: "get", method: "GET", status: 405, code: codes.Unimplemented},
		{name: "put", method: "PUT", body: proto, status: 405, code: codes.Unimplemented},
		{name: "no such path", path: "/v1/profiles", body: proto, status: 404, code: codes.NotFound},
		{name: "odd path", path: "/v1/traces/%ff", body: proto, status: 404, code: codes.NotFound},
		{name: "logs", path: "/v1/logs", body: nil, status: 200},
		{name: "bad logs", path: "/v1/logs", body: []byte("anything"), status: 400, code: codes.InvalidArgument},
		{name: "metrics", path: "/v1/metrics", kind: jsonType, body: []byte("anything"), status: 200},
		{name: "logs as text", path: "/v1/logs", kind: "text/plain", status: 415, code: codes.InvalidArgument},
	}
	for _, test := range tests {
		if test.sink == nil {
			test.sink = new(memorySink)
		}
		if test.path == "" {
			test.path = "/v1/traces"
		}
		if test.method == "" {
			test.method = http.MethodPost
		}
		// Also without an announced length, which is then found out while reading.
		for _, chunked := range []bool{false, true} {
			for _, kind := range []string{protoType, jsonType} {
				switch {
				case test.kind != "":
					kind = test.kind
				case kind == jsonType && (test.status == 200 || test.status == 413):
					continue
				}
				test.o.Logger = quiet()
				r := NewReceiver(test.sink, test.o)
				body := io.Reader(bytes.NewReader(test.body))
				if chunked {
					body = io.MultiReader(body)
				}
				req, err := http.NewRequestWithContext(t.Context(), test.method, serveHTTP(t, r)+test.path, body)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", strings.TrimPrefix(kind, "-"))
				req.Header.Set("Content-Encoding", test.encoding)
				res, answer := do(t, req)
				if test.sink.err != nil && kind == jsonType {
					continue // the body is not JSON
				}
				if res.StatusCode != test.status || res.Header.Get("Retry-After") != test.retry {
					t.Errorf("%s as %s: %s, retry after %q: %s", test.name, kind, res.Status, res.Header.Get("Retry-After"), answer)
				}
				if got := res.Header.Get("Content-Type"); got != kind && (got != jsonType || kind == protoType) {
					t.Errorf("%s as %s: answered as %s", test.name, kind, got)
				}
				if test.status != 200 {
					s := statusOf(t, res.Header.Get("Content-Type"), answer)
					if codes.Code(s.Code) != test.code || !strings.Contains(s.Message, "; ") {
						t.Errorf("%s as %s: status %v, want %v", test.name, kind, s, test.code)
					}
				}
				if allow := res.Header.Get("Allow"); (allow != "") != (test.status == 405) {
					t.Errorf("%s: Allow is %q", test.name, allow)
				}
				s := r.Stats()
				refused := int64(0)
				for _, c := range s.Counts[HTTP] {
					for _, n := range c.Refused {
						refused += n
					}
				}
				if want := int64(1); test.status == 200 || test.status == 404 {
					if refused != 0 {
						t.Errorf("%s: %d refused", test.name, refused)
					}
				} else if refused != want || s.InFlight != 0 {
					t.Errorf("%s: %d refused, %d in flight", test.name, refused, s.InFlight)
				}
			}
		}
	}
}

func TestHTTPPartialSuccess(t *testing.T) {
	sink := new(memorySink)
	base := serveHTTP(t, NewReceiver(sink, Options{}))
	res, answer := postHTTP(t, base+"/v1/traces", jsonType, "", []byte(withBadID))
	var got struct {
		PartialSuccess struct{ RejectedSpans, ErrorMessage string }
	}
	if err := json.Unmarshal(answer, &got); err != nil || res.StatusCode != 200 || got.PartialSuccess.RejectedSpans != "1" || got.PartialSuccess.ErrorMessage != "span_id is all zeroes" {
		t.Errorf("JSON: %s %s", res.Status, answer)
	}
	if p := ptraceotlp.NewExportResponse(); p.UnmarshalJSON(answer) != nil || p.PartialSuccess().RejectedSpans() != 1 {
		t.Errorf("the library reads %s as %v", answer, p)
	}
	_, answer = postHTTP(t, base+"/v1/traces", protoType, "", sink.last.Raw)
	if p := ptraceotlp.NewExportResponse(); p.UnmarshalProto(answer) != nil || p.PartialSuccess().RejectedSpans() != 1 || p.PartialSuccess().ErrorMessage() != "span_id is all zeroes" {
		t.Errorf("the library reads %x as %v", answer, p)
	}
	if sink.spans() != 4 {
		t.Errorf("%d spans stored", sink.spans())
	}
}

func TestDroppedSignalsAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	r := NewReceiver(new(memorySink), Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		req := httptest.NewRequest(http.MethodPost, "/v1/metrics", strings.NewReader("x"))
		req.Header.Set("Content-Type", protoType)
		r.ServeHTTP(httptest.NewRecorder(), req)
	}
	if n := strings.Count(log.String(), "OTLP metrics"); n != 1 || r.Stats().Counts[HTTP][Metrics].Dropped != 3 {
		t.Errorf("logged %d times:\n%s", n, &log)
	}
}
