//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestPayloadsFromFileAndMemory(t *testing.T) {
	for _, inFile := range []bool{false, true} {
		p, err := newPayloads(inFile, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 300 {
			if err := p.add(payload{bytes.Repeat([]byte{byte(i)}, i), i}); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.rewind(); err != nil {
			t.Fatal(err)
		}
		sum := 0
		for i := range 300 {
			one, past, err := p.next(nil)
			if err != nil || one.spans != i || past != sum || !bytes.Equal(one.bytes, bytes.Repeat([]byte{byte(i)}, i)) {
				t.Fatalf("in file %v: payload %d has %d spans after %d, %d bytes: %v", inFile, i, one.spans, past, len(one.bytes), err)
			}
			sum += i
		}
		if _, _, err := p.next(nil); err != io.EOF || p.close() != nil {
			t.Errorf("in file %v: no end: %v", inFile, err)
		}
	}
}

func TestCompressors(t *testing.T) {
	body := bytes.Repeat([]byte("spans "), 1000)
	for _, kind := range []string{"none", "gzip", "zstd"} {
		packed, err := compressor(kind)(body)
		if err != nil {
			t.Fatal(err)
		}
		var from io.Reader = bytes.NewReader(packed)
		switch kind {
		case "gzip":
			from, err = gzip.NewReader(from)
		case "zstd":
			from, err = zstd.NewReader(from)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(from); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes came back: %v", kind, len(got), err)
		}
	}
}

// The answers of an OTLP server and what the sender makes of them.
func TestHTTPAnswers(t *testing.T) {
	tests := []struct {
		status      int
		after, body string
		again       bool // it may be sent again
		wait        time.Duration
		err         string
	}{
		{200, "", "", false, 0, ""},
		{200, "", "\x0a\x00", false, 0, ""},                   // an empty partial success
		{200, "", "\x0a\x03\x12\x01w", false, 0, ""},          // a warning
		{200, "", "\x0a\x02\x08\x07", false, 0, "rejected 7"}, // spans
		{429, "2", "", true, 2 * time.Second, "429"},
		{503, "", "", true, 0, "503"},
		{500, "", "", false, 0, "500"},
		{400, "1", "", false, 0, "400"},
	}
	for _, test := range tests {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if test.after != "" {
				w.Header().Set("Retry-After", test.after)
			}
			w.WriteHeader(test.status)
			io.WriteString(w, test.body)
		}))
		to, _ := newHTTPSender(s.Listener.Addr().String(), "/v1/traces", "none")
		err := to.send(context.Background(), []byte("body"))
		var r *refusal
		if again := errors.As(err, &r); again != test.again || again && r.after != test.wait {
			t.Errorf("%d %q: again %v: %v", test.status, test.body, again, r)
		}
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%d %q: %v, want %q", test.status, test.body, err, test.err)
		}
		to.close()
		s.Close()
	}
}

func TestSendPatiently(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if string(body) != "body" {
			t.Errorf("the body is %q", body)
		}
	}))
	defer s.Close()
	to, _ := newHTTPSender(s.URL, "/v1/traces", "none")
	defer to.close()
	if n, err := sendPatiently(context.Background(), to, []byte("body")); n != 2 || err != nil {
		t.Errorf("refused %d times: %v", n, err)
	}
}

func TestCountOTLP(t *testing.T) {
	spans := 0
	err := newWorkload(1, 1000).generate(func(p payload) error {
		n, err := countOTLP(p.bytes)
		if n != p.spans {
			t.Errorf("%d spans, want %d", n, p.spans)
		}
		spans += n
		return err
	})
	if err != nil || spans != 1000 {
		t.Errorf("%d spans: %v", spans, err)
	}
}

func TestKindOf(t *testing.T) {
	for path, want := range map[string]string{
		"log/0001.seg": "log", "store/blocks/a/spans.parquet": "spans", "store/blocks/a/traces.parquet": "traces",
		"store/blocks/a/traces.filter": "filter", "store/blocks/a/block.json": "other", "store/manifest/1": "other", "everspan.lock": "other",
	} {
		if got := kindOf(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	a := &report{Workload: &workloadFigures{Spans: 10, RawPerSpan: 400}, Load: &loadFigures{PerSecond: 100_000}, Queries: []queryFigures{{Kind: "q", P50: 2}}}
	b := &report{Workload: &workloadFigures{Spans: 10, RawPerSpan: 400}, Load: &loadFigures{PerSecond: 150_000}, Queries: []queryFigures{{Kind: "q", P50: 3}}, Verified: 7}
	var out strings.Builder
	compare(&out, a, b)
	squeezed := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{"accepted 100,000 150,000 spans/s 1.50", "q, p50 2 3 ms 1.50", "traces read back - 7"} {
		if !strings.Contains(squeezed, want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestOptions(t *testing.T) {
	for args, want := range map[string]string{
		"":                              "",
		"--spans 1000 -- --memory 1GiB": "",
		"--spans x":                     "--help",
		"--protocol udp":                "grpc, http",
		"--compression gzip":            "--protocol http",
		"--pid 1":                       "--target",
		"--target a:1 -- --memory 1GiB": "--target",
		"--spans 9000000 --verify all":  "--hold",
		"run":                           "generate",
	} {
		_, err := parseOptions(strings.Fields(args))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}
