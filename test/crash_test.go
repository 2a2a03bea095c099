package test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/otlp/otlptest"
	"github.com/everspan/everspan/internal/span"
)

var kills = flag.Int("kills", 50, "how often TestKill kills the server (3 with -short)")

// TestKill kills the server at random moments while four senders are at work,
// and starts it again. Senders repeat what was not acknowledged, as an SDK does.
// In the end every acknowledged span is there, and none twice.
func TestKill(t *testing.T) {
	n := *kills
	if testing.Short() {
		n = 3
	}
	dir := t.TempDir()
	// Blocks are written all the time, so that kills hit flushes as well.
	start := func() *server { return serve(t, dir, "--flush-after", "300ms", "--memory", "64MiB") }
	s := start()

	var mu sync.Mutex // guards what follows
	url := s.otlpHTTP
	acked := make(map[span.TraceID]int)
	ackedLogs := make(map[span.TraceID]int)
	where := func() string { mu.Lock(); defer mu.Unlock(); return url }

	stop := make(chan struct{})
	var wg sync.WaitGroup
	for sender := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(sender), uint64(time.Now().UnixNano())))
			for {
				b := someSpans(rng, 1+rng.IntN(50))
				path, payload := "/v1/traces", otlp.AppendProto(nil, b)
				logs := rng.IntN(3) == 0
				if logs {
					path, payload = "/v1/logs", otlptest.Logs(logsOf(b))
				}
				for {
					res, err := http.Post(where()+path, "application/x-protobuf", bytes.NewReader(payload))
					if err == nil {
						res.Body.Close()
						if res.StatusCode == http.StatusOK {
							break
						}
						if res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests {
							t.Errorf("a good payload is refused: %s", res.Status)
							return
						}
					}
					select {
					case <-stop:
						return // never acknowledged: it may be there or not
					case <-time.After(20 * time.Millisecond):
					}
				}
				mu.Lock()
				for code := range b.Traces.Len() {
					id := span.TraceID(b.Traces.Bytes(uint32(code)))
					if logs {
						ackedLogs[id] += len(b.Rows(id))
					} else {
						acked[id] += len(b.Rows(id))
					}
				}
				mu.Unlock()
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(rng.IntN(30)) * time.Millisecond):
				}
			}
		})
	}
	rng := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	for range n {
		time.Sleep(time.Duration(20+rng.IntN(500)) * time.Millisecond)
		s.kill()
		s = start()
		mu.Lock()
		url = s.otlpHTTP
		mu.Unlock()
	}
	close(stop)
	wg.Wait()
	check := func(when string) {
		spans := 0
		for id, want := range acked {
			doc := s.waterfall(id.String())
			if doc == nil || doc.SpanCount != want {
				t.Fatalf("%s: trace %s: %d spans were acknowledged, found %v", when, id, want, doc)
			}
			spans += want
		}
		records := 0
		for id, want := range ackedLogs { // a record has no identity: one that was sent twice is there twice
			var doc api.LogAnswer
			if s.ask("/api/v1/traces/"+id.String()+"/logs", &doc); len(doc.Logs) < want || len(doc.Partial) > 0 {
				t.Fatalf("%s: trace %s: %d log records were acknowledged, found %d, partial %v", when, id, want, len(doc.Logs), doc.Partial)
			}
			records += want
		}
		t.Logf("%s: %d acknowledged spans in %d traces are all there, none twice, and %d acknowledged log records", when, spans, len(acked), records)
	}
	check(fmt.Sprintf("after %d kills", n))
	s.stop()
	s = start()
	check("after a clean restart")
}

// logsOf returns a log record for each span.
func logsOf(b *span.Batch) *span.Logs {
	l := new(span.Logs)
	resource := l.Resources.InternSet(span.Set{}, func(to *span.Attrs) { to.Text([]byte("service.name"), span.String, []byte("service-1")) })
	scope := l.Scopes.InternSet(span.Set{}, func(*span.Attrs) {})
	for i := range uint32(b.Len()) {
		row := l.Begin(resource, scope)
		l.Time[row], l.ID[row], l.Severity[row] = b.Start[i], b.ID[i], 9
		l.Commit(row, b.TraceID(i), []byte("span "+b.ID[i].String()), span.String)
	}
	return l
}

// someSpans makes n spans in traces of ten, with a few attributes each.
func someSpans(rng *rand.Rand, n int) *span.Batch {
	var b span.Batch
	resource := b.Resources.InternSet(span.Set{}, func(to *span.Attrs) {
		to.Text([]byte("service.name"), span.String, fmt.Appendf(nil, "service-%d", rng.IntN(5)))
	})
	scope := b.Scopes.InternSet(span.Set{Name: "test"}, func(*span.Attrs) {})
	var trace span.TraceID
	for i := range n {
		if i%10 == 0 {
			binary.BigEndian.PutUint64(trace[:], rng.Uint64())
			binary.BigEndian.PutUint64(trace[8:], rng.Uint64()|1)
		}
		row := b.Begin(resource, scope)
		binary.BigEndian.PutUint64(b.ID[row][:], rng.Uint64()|1)
		if i%10 > 0 {
			b.Parent[row] = b.ID[row-1]
		}
		b.Start[row], b.Duration[row] = time.Now().UnixNano(), rng.Int64N(1e9)
		b.Name[row] = b.Names.Code(fmt.Appendf(nil, "operation %d", rng.IntN(20)))
		b.Attrs.Text([]byte("user.id"), span.String, fmt.Appendf(nil, "user-%d", rng.IntN(10_000)))
		b.Attrs.Num([]byte("http.response.status_code"), span.Int, 200)
		if rng.IntN(20) == 0 {
			b.AddEvent(row, b.Start[row], []byte("retry"), 0)
		}
		b.Commit(row, trace)
	}
	return &b
}
