package otlp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// memorySink decodes into a batch in memory.
type memorySink struct {
	mu       sync.Mutex
	batch    span.Batch
	logs     span.Logs
	last     Payload // of the last call, with memory of its own
	entered  chan struct{}
	proceed  chan struct{} // when not nil, a call waits for one
	err      error
	discards bool // keep no spans
}

func (s *memorySink) AppendTraces(ctx context.Context, p Payload) (Result, error) {
	if s.proceed != nil {
		s.entered <- struct{}{}
		select {
		case <-s.proceed:
		case <-ctx.Done():
			return Result{}, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return Result{}, s.err
	}
	if s.discards {
		s.batch.Reset()
	} else {
		s.last = Payload{bytes.Clone(p.Raw), bytes.Clone(p.Packed), p.Encoding}
	}
	return AppendTraces(&s.batch, p.Raw)
}

func (s *memorySink) AppendLogs(ctx context.Context, p Payload) (Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return AppendLogs(&s.logs, p.Raw)
}

func (s *memorySink) dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return spantest.Dump(&s.batch)
}

func (s *memorySink) spans() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batch.Len()
}

// blockingSink is a memorySink whose calls wait.
func blockingSink() *memorySink {
	return &memorySink{entered: make(chan struct{}, 100), proceed: make(chan struct{})}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// sample returns n random spans in memory, as protobuf and as JSON.
func sample(seed uint64, n int) (b *span.Batch, proto, json []byte) {
	b = new(span.Batch)
	spantest.Random(b, rand.New(rand.NewPCG(seed, 3)), n)
	return b, AppendProto(nil, b), AppendJSON(nil, b, "resourceSpans")
}

// withBadID is a request of three spans, one of them with a zero span id.
const withBadID = `{"resourceSpans":[{"scopeSpans":[{"spans":[
	{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"},
	{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0000000000000000"},
	{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060709"}]}]}]}`

func pack(t testing.TB, encoding string, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "":
		return body
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zstd":
		w, _ = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	default:
		return body
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bomb is a gigabyte of zeroes, compressed: 64 gzip members or zstd frames.
func bomb(t testing.TB, encoding string) []byte {
	t.Helper()
	return bytes.Repeat(pack(t, encoding, make([]byte, 16<<20)), 64)
}

var errDisk = errors.New("disk is full")

func same(t *testing.T, name string, want *span.Batch, got *memorySink) {
	t.Helper()
	if diff := cmp.Diff(spantest.Dump(want), got.dump()); diff != "" {
		t.Errorf("%s: what the sink has (-want +got):\n%.2000s", name, diff)
	}
}

func TestClassify(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	tests := []struct {
		ctx  context.Context
		err  error
		want Reason
	}{
		{context.Background(), malformed(io.ErrUnexpectedEOF), Malformed},
		{context.Background(), errFull, Overloaded},
		{context.Background(), errDisk, Unavailable},
		{context.Background(), context.Canceled, Unavailable}, // the sink is closing
		{gone, context.Canceled, Cancelled},
		{late, context.DeadlineExceeded, DeadlineExceeded},
		{late, malformed(errDisk), Malformed},
		{context.Background(), NewReceiver(nil, Options{}).tooLarge(5), TooLarge},
	}
	for _, test := range tests {
		e := classify(test.ctx, test.err)
		if e.reason != test.want {
			t.Errorf("%v is classified as %v, want %v", test.err, e.reason, test.want)
		}
		if !strings.Contains(e.Error(), "; ") {
			t.Errorf("%q names no way out", e.Error())
		}
	}
	long := &refusal{Malformed, errors.New(strings.Repeat("é", 5000) + "\xff"), "stop"}
	if s := long.Error(); len(s) > 1100 || strings.ToValidUTF8(s, "") != s {
		t.Errorf("a long message became %d bytes: %.20q…", len(s), s)
	}
}

func TestLease(t *testing.T) {
	r := NewReceiver(nil, Options{MaxInFlight: 100})
	a, b := lease{r: r}, lease{r: r}
	if err := a.hold(60); err != nil {
		t.Fatal(err)
	}
	if err := b.hold(41); !errors.Is(err, ErrOverloaded) {
		t.Errorf("over the limit: %v", err)
	}
	var e *refusal
	if err := b.hold(101); !errors.As(err, &e) || e.reason != TooLarge {
		t.Errorf("what never fits: %v", err)
	}
	if err := b.hold(40); err != nil || !r.full() {
		t.Errorf("up to the limit: %v, full: %v", err, r.full())
	}
	a.release()
	b.release()
	b.release()
	if n := r.Stats().InFlight; n != 0 {
		t.Errorf("%d bytes in flight after all is released", n)
	}
}

func TestCountSpans(t *testing.T) {
	_, proto, _ := sample(1, 50)
	if n := countRecords(proto); n != 50 {
		t.Errorf("%d spans counted, want 50", n)
	}
	for cut := range proto { // must not fail on what is malformed
		if n := countRecords(proto[:cut]); n > 50 {
			t.Fatalf("%d spans in the first %d bytes", n, cut)
		}
	}
}
