package otlp

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/span"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestGRPCOverload(t *testing.T) {
	_, proto, _ := sample(1, 10)
	sink := blockingSink()
	r := NewReceiver(sink, Options{MaxInFlight: int64(len(proto))*3/2 + 1, Logger: quiet()})
	_, cc, _ := serveGRPC(t, r)
	client := ptraceotlp.NewGRPCClient(cc)
	first := make(chan error)
	go func() {
		_, err := client.Export(t.Context(), request(t, proto))
		first <- err
	}()
	<-sink.entered
	if _, err := client.Export(t.Context(), request(t, proto)); status.Code(err) != codes.ResourceExhausted || !hasRetry(err) {
		t.Errorf("second request: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, small, _ := sample(2, 1)
	if _, err := client.Export(ctx, request(t, small)); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("request that waits too long: %v", err)
	}
	sink.proceed <- struct{}{}
	if err := <-first; err != nil {
		t.Errorf("first request: %v", err)
	}
	for r.Stats().InFlight != 0 {
		time.Sleep(time.Millisecond)
	}
	if c := r.Stats().Counts[GRPC][Traces]; c.Refused[Overloaded] != 1 || c.Accepted != 10 {
		t.Errorf("counted %+v", c)
	}
}

// TestGRPCGracefulStop checks that a request under way is answered.
func TestGRPCGracefulStop(t *testing.T) {
	sink := blockingSink()
	s, cc, _ := serveGRPC(t, NewReceiver(sink, Options{}))
	want, proto, _ := sample(1, 10)
	answer, stopped := make(chan error), make(chan struct{})
	go func() {
		_, err := ptraceotlp.NewGRPCClient(cc).Export(t.Context(), request(t, proto))
		answer <- err
	}()
	<-sink.entered
	go func() { s.GracefulStop(); close(stopped) }()
	sink.proceed <- struct{}{}
	if err := <-answer; err != nil {
		t.Error(err)
	}
	<-stopped
	same(t, "stop", want, sink)
}

func TestConcurrency(t *testing.T) {
	sink := new(memorySink)
	r := NewReceiver(sink, Options{})
	_, cc, _ := serveGRPC(t, r)
	base := serveHTTP(t, r)
	var want span.Batch
	var wg sync.WaitGroup
	for i := range 8 {
		_, proto, json := sample(uint64(i), 60)
		if _, err := AppendTraces(&want, proto); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			switch encoding := []string{"", "gzip", "zstd"}[i%3]; i % 4 {
			case 0:
				if res, _ := postHTTP(t, base+"/v1/traces", jsonType, encoding, pack(t, encoding, json)); res.StatusCode != http.StatusOK {
					t.Error(res.Status)
				}
			case 1:
				if res, _ := postHTTP(t, base+"/v1/traces", protoType, encoding, pack(t, encoding, proto)); res.StatusCode != http.StatusOK {
					t.Error(res.Status)
				}
			default:
				_, err := ptraceotlp.NewGRPCClient(cc).Export(t.Context(), request(t, proto), grpc.UseCompressor([]string{"identity", "gzip", "zstd"}[i%3]))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	same(t, "all", &want, sink)
}
