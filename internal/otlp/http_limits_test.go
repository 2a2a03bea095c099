package otlp

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHTTPBomb(t *testing.T) {
	r := NewReceiver(new(memorySink), Options{MaxBody: 2 << 20})
	base := serveHTTP(t, r)
	for _, encoding := range []string{"gzip", "zstd"} {
		for _, kind := range []string{protoType, jsonType} {
			big := bomb(t, encoding)
			before := allocated()
			res, answer := postHTTP(t, base+"/v1/traces", kind, encoding, big)
			if res.StatusCode != http.StatusRequestEntityTooLarge || res.Header.Get("Retry-After") != "" {
				t.Errorf("%s %s: %s %s", kind, encoding, res.Status, answer)
			}
			if n := allocated() - before; n > 48<<20 {
				t.Errorf("%s %s: %d MiB allocated for a gigabyte", kind, encoding, n>>20)
			}
		}
	}
	// A few bytes that claim a window of 1 GiB.
	res, answer := postHTTP(t, base+"/v1/traces", protoType, "zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0})
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("window: %s %s", res.Status, answer)
	}
}

func TestHTTPOverload(t *testing.T) {
	_, proto, _ := sample(1, 10)
	sink := blockingSink()
	r := NewReceiver(sink, Options{MaxInFlight: int64(len(proto)) * 3 / 2})
	base := serveHTTP(t, r)
	first := make(chan int)
	go func() {
		res, _ := postHTTP(t, base+"/v1/traces", protoType, "", proto)
		first <- res.StatusCode
	}()
	<-sink.entered
	if res, answer := postHTTP(t, base+"/v1/traces", protoType, "", proto); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "1" {
		t.Errorf("second request: %s %v %s", res.Status, res.Header, answer)
	}
	sink.proceed <- struct{}{}
	if code := <-first; code != http.StatusOK {
		t.Errorf("first request: %d", code)
	}
	for r.Stats().InFlight != 0 {
		time.Sleep(time.Millisecond)
	}
}

// TestHTTPGone checks that a sender who hangs up in the middle costs nothing.
func TestHTTPGone(t *testing.T) {
	r := NewReceiver(new(memorySink), Options{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(serveHTTP(t, r), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\nonly this", protoType)
	for r.Stats().InFlight == 0 {
		time.Sleep(time.Millisecond)
	}
	conn.Close()
	for r.Stats().Counts[HTTP][Traces].Refused[Cancelled] == 0 || r.Stats().InFlight != 0 {
		time.Sleep(time.Millisecond)
	}
}
