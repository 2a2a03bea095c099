package otlp

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"runtime"
	"testing"

	"google.golang.org/grpc/codes"
)

// postGRPC sends a message as it is, compressed or not, and returns the status.
func postGRPC(t testing.TB, addr, encoding string, message []byte) (codes.Code, http.Header) {
	t.Helper()
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: p}}
	defer client.CloseIdleConnections()
	frame := append(binary.BigEndian.AppendUint32([]byte{1}, uint32(len(message))), message...)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/"+grpcServices[Traces]+"/Export", bytes.NewReader(frame))
	req.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "Grpc-Encoding": {encoding}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	h := res.Trailer
	if len(h.Get("Grpc-Status")) == 0 {
		h = res.Header
	}
	var code codes.Code
	if err := code.UnmarshalJSON([]byte(h.Get("Grpc-Status"))); err != nil {
		t.Fatalf("no status in %v and %v", res.Header, res.Trailer)
	}
	return code, h
}

func TestGRPCCompressed(t *testing.T) {
	r := NewReceiver(new(memorySink), Options{MaxBody: 2 << 20, Logger: quiet()})
	_, _, addr := serveGRPC(t, r)
	_, proto, _ := sample(1, 100)
	for _, encoding := range []string{"gzip", "zstd"} {
		packed := pack(t, encoding, proto)
		if code, h := postGRPC(t, addr, encoding, packed); code != codes.OK {
			t.Errorf("%s: %v %v", encoding, code, h)
		}
		for _, cut := range []int{0, 1, len(packed) / 2, len(packed) - 1} {
			// grpc-go answers this by itself; an exporter does not retry it.
			// No bytes at all are an empty zstd stream.
			code, h := postGRPC(t, addr, encoding, packed[:cut])
			if code != codes.Internal && (cut > 0 || encoding == "gzip") {
				t.Errorf("%s cut at %d: %v %v", encoding, cut, code, h)
			}
		}
		big := bomb(t, encoding)
		if len(big) > 2<<20 {
			t.Fatalf("the bomb has %d bytes", len(big))
		}
		before := allocated()
		code, h := postGRPC(t, addr, encoding, big)
		if code != codes.ResourceExhausted || h.Get("Grpc-Status-Details-Bin") != "" {
			t.Errorf("%s bomb: %v %v", encoding, code, h)
		}
		if n := allocated() - before; n > 48<<20 {
			t.Errorf("%s bomb of a gigabyte: %d MiB allocated", encoding, n>>20)
		}
	}
	if code, h := postGRPC(t, addr, "deflate", proto); code != codes.Unimplemented {
		t.Errorf("deflate: %v %v", code, h)
	}
	if c := r.Stats().Counts[GRPC][Traces]; c.Refused[TooLarge] != 2 || c.Refused[Malformed] < 7 {
		t.Errorf("counted %+v", c)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
