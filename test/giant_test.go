package test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
)

// giant makes a trace of n spans: a chain, or a tree ten wide.
func giant(id byte, n int, chain bool) (traceID string, payloads [][]byte) {
	var trace span.TraceID
	trace[0], trace[15] = id, 1
	spanID := func(i int) (id span.ID) {
		binary.BigEndian.PutUint64(id[:], uint64(i+1))
		return id
	}
	const each = 10_000
	for from := 0; from < n; from += each {
		var b span.Batch
		resource := b.Resources.InternSet(span.Set{}, func(to *span.Attrs) {
			to.Text([]byte("service.name"), span.String, fmt.Appendf(nil, "service-%d", from/each))
		})
		scope := b.Scopes.InternSet(span.Set{}, func(*span.Attrs) {})
		for i := from; i < min(from+each, n); i++ {
			row := b.Begin(resource, scope)
			b.ID[row] = spanID(i)
			if i > 0 {
				parent := i - 1
				if !chain {
					parent /= 10
				}
				b.Parent[row] = spanID(parent)
			}
			b.Start[row] = time.Now().UnixNano() + int64(i)*1000
			b.Duration[row] = int64(2*n-i) * 1000
			b.Name[row] = b.Names.Code(fmt.Appendf(nil, "step %d", i%50))
			b.Attrs.Num([]byte("i"), span.Int, uint64(i))
			b.Attrs.Text([]byte("user.id"), span.String, fmt.Appendf(nil, "user-%d", i%1000))
			b.Commit(row, trace)
		}
		payloads = append(payloads, otlp.AppendProto(nil, &b))
	}
	return trace.String(), payloads
}

func TestGiantTraces(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 5_000
	}
	s := serve(t, t.TempDir())
	for i, chain := range []bool{false, true} {
		id, payloads := giant(byte(i+1), n, chain)
		for _, p := range payloads {
			if status, answer := s.post("/v1/traces", "application/x-protobuf", "", p); status != 200 {
				t.Fatalf("%d %s", status, answer)
			}
		}
		for _, from := range []string{"the head", "a block"} {
			began := time.Now()
			out, errs, code := s.everspan("trace", id)
			if code != 0 || !strings.Contains(out, "more spans") {
				t.Fatalf("trace from %s: exit %d\n%s%s", from, code, out, errs)
			}
			t.Logf("%d spans, chain: %v, from %s: read and drawn in %v", n, chain, from, time.Since(began).Round(time.Millisecond))
			all, _, code := s.everspan("trace", id, "--all")
			if got := strings.Count(all, "step "); code != 0 || got < n {
				t.Fatalf("--all draws %d of %d spans", got, n)
			}
			if from == "the head" {
				s.stop()
				s = serve(t, s.data)
			}
		}
	}
}
