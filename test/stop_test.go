package test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStop sends half of a request, tells the server to end, and sends the rest:
// it is answered, the server exits with 0, and the span is there afterwards.
func TestStop(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s := serve(t, t.TempDir())
			s.send(oneSpan{trace: traceA, id: "1", service: "a", name: "b"})
			body := oneSpan{trace: traceB, id: "1", service: "c", name: "d"}.json()

			conn, err := net.Dial("tcp", strings.TrimPrefix(s.otlpHTTP, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(30 * time.Second))
			fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:20])
			for end := time.Now().Add(10 * time.Second); s.metrics()["everspan_in_flight_bytes"] == 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("half a request is not in flight")
				}
			}

			if err := s.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(10 * time.Second); !strings.Contains(s.said(), "stopping"); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("it does not say that it stops")
				}
			}
			time.Sleep(100 * time.Millisecond)
			conn.Write(body[20:])
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("a request under way is cut off: %v %v", res, err)
			}
			<-s.outputDone
			if err := s.cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, s.said())
			}

			s = serve(t, s.data)
			for _, id := range []string{traceA, traceB} {
				if doc := s.waterfall(id); doc == nil || doc.SpanCount != 1 || len(doc.Partial) > 0 {
					t.Errorf("trace %s after the restart: %+v", id, doc)
				}
			}
		})
	}
}

// TestStopWithIdleSender ends a server while a sender holds a connection on which
// nothing more will come: it must not wait for it for ever.
func TestStopWithIdleSender(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as requests may take to end")
	}
	s := serve(t, t.TempDir())
	s.send(oneSpan{trace: traceA, id: "1", service: "a", name: "b"})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.otlpHTTP, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	s.stop()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("stopping took %v", took)
	}
	s = serve(t, s.data)
	if doc := s.waterfall(traceA); doc == nil || doc.SpanCount != 1 {
		t.Errorf("after the restart: %+v", doc)
	}
}
