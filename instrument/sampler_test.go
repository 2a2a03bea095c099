package instrument

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func traceID(randomness uint64) (id trace.TraceID) {
	binary.BigEndian.PutUint64(id[:8], 1)
	binary.BigEndian.PutUint64(id[8:], randomness|0xab<<56) // only the lower 56 bits count
	return id
}

func parentContext(t *testing.T, id trace.TraceID, sampled, remote bool, state string) context.Context {
	t.Helper()
	ts, err := trace.ParseTraceState(state)
	if err != nil {
		t.Fatal(err)
	}
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceState: ts,
		TraceFlags: trace.TraceFlags(0).WithSampled(sampled), Remote: remote})
	return trace.ContextWithSpanContext(context.Background(), sc)
}

func TestSampler(t *testing.T) {
	const half = 1 << 55
	tests := []struct {
		name        string
		ratio       float64
		independent bool
		randomness  uint64
		parent      string // "", "sampled", "dropped", "local"
		state       string // the parent's
		keep        bool
		want        string
	}{
		{"root, all", 1, false, 0, "", "", true, "ot=th:0"},
		{"root, none", 0, false, maxCount - 1, "", "", false, ""},
		{"root, just kept", 0.5, false, half, "", "", true, "ot=th:8"},
		{"root, just dropped", 0.5, false, half - 1, "", "", false, ""},
		{"one in a hundred", 0.01, false, 0xfd70a000000000, "", "", true, "ot=th:fd70a"},
		{"parent sampled", 0, false, half, "sampled", "ot=th:8,other=1", true, "ot=th:8,other=1"},
		{"parent dropped", 1, false, 0, "dropped", "ot=th:8", false, "ot=th:8"},
		{"parent without threshold", 0.5, false, half, "sampled", "other=1", true, "other=1"},
		{"sampled against its threshold", 0.5, false, 1, "sampled", "ot=th:8;p:1,other=1", true, "ot=p:1,other=1"},
		{"dropped against its threshold", 0.5, false, half, "dropped", "ot=th:8", false, ""},
		{"explicit randomness agrees", 0.5, false, 1, "sampled", "ot=th:8;rv:80000000000000", true, "ot=th:8;rv:80000000000000"},
		{"explicit randomness contradicts", 0.5, false, half, "sampled", "ot=th:8;rv:00000000000001", true, "ot=rv:00000000000001"},
		{"a local parent is not looked at again", 0.5, false, 1, "local", "ot=th:8", true, "ot=th:8"},
		{"independent keeps", 0.5, true, half, "dropped", "", true, "ot=th:8"},
		{"independent drops", 0.5, true, 1, "sampled", "ot=th:0", false, ""},
		{"independent, explicit randomness", 0.5, true, 1, "sampled", "ot=th:0;rv:80000000000000", true, "ot=th:8;rv:80000000000000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := NewSampler(tt.ratio)
			s.independent = tt.independent
			id := traceID(tt.randomness)
			p := sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: id}
			if tt.parent != "" {
				p.ParentContext = parentContext(t, id, tt.parent != "dropped", tt.parent != "local", tt.state)
			}
			r := s.ShouldSample(p)
			if keep := r.Decision == sdktrace.RecordAndSample; keep != tt.keep {
				t.Errorf("kept: %v, want %v", keep, tt.keep)
			}
			if got := r.Tracestate.String(); got != tt.want {
				t.Errorf("tracestate %q, want %q", got, tt.want)
			}
		})
	}
}

// Who keeps more keeps all that one who keeps less does; and the ratio is met.
func TestSamplerConsistent(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	few, many := NewSampler(0.1), NewSampler(0.3)
	n, kept := 20000, 0
	for range n {
		p := sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: traceID(random.Uint64() & (maxCount - 1))}
		a, b := few.ShouldSample(p).Decision, many.ShouldSample(p).Decision
		if a == sdktrace.RecordAndSample {
			kept++
			if b != sdktrace.RecordAndSample {
				t.Fatalf("trace %s is kept at 0.1 and not at 0.3", p.TraceID)
			}
		}
	}
	if got := float64(kept) / float64(n); math.Abs(got-0.1) > 0.01 {
		t.Errorf("kept %g of all, want 0.1", got)
	}
}

func TestSetRatio(t *testing.T) {
	s := NewSampler(1)
	for _, tt := range []struct{ set, want float64 }{{0.25, 0.25}, {0, 0}, {-1, 0}, {2, 1}, {math.NaN(), 0}, {0.5, 0.5}} {
		s.SetRatio(tt.set)
		if s.Ratio() != tt.want {
			t.Errorf("set %g, is %g", tt.set, s.Ratio())
		}
	}
	if got, want := s.Description(), "ParentBased{ConsistentProbability{0.5}}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The server's answer changes the ratio while the service runs; when it is
// away, the last one holds and is said once.
func TestRemoteSampling(t *testing.T) {
	var rate atomic.Value
	rate.Store("0.5")
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- r.URL.RequestURI():
		default:
		}
		if rate.Load() == "" {
			http.Error(w, "gone", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":%s}}`, rate.Load())
	}))
	defer server.Close()
	t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote")
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "endpoint="+server.URL+"/sampling,pollingIntervalMs=5,initialSamplingRate=0.75")
	o := Options{ServiceName: "check out"}
	var out strings.Builder
	report := &reporter{out: slog.New(slog.NewTextHandler(&out, nil))}
	sampler, stop, err := samplerFor(&o, newResource(t.Context(), &o, report), report)
	if err != nil {
		t.Fatal(err)
	}
	s := sampler.(*Sampler)
	await := func(ratio float64) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); s.Ratio() != ratio; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the ratio stays at %g, want %g", s.Ratio(), ratio)
			}
		}
	}
	await(0.5)
	if got := <-asked; got != "/sampling?service=check+out" {
		t.Errorf("asked %s", got)
	}
	rate.Store("0.125")
	await(0.125)
	rate.Store("")
	for range 3 + len(asked) {
		<-asked
	}
	if s.Ratio() != 0.125 {
		t.Errorf("the ratio is %g after the server failed, want the last one", s.Ratio())
	}
	rate.Store("1")
	await(1)
	stop()
	time.Sleep(20 * time.Millisecond) // for an answer that is under way
	if n := strings.Count(out.String(), "can't be asked"); n != 1 {
		t.Errorf("said %d times:\n%s", n, out.String())
	}
}

// silent keeps telemetry in the process.
type silent struct{ sdklog.Processor }

func (silent) Shutdown(context.Context) error   { return nil }
func (silent) ForceFlush(context.Context) error { return nil }

// Asked for in code, which needs no variable.
func TestRemoteSamplingInCode(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0}}`)
	}))
	defer server.Close()
	tel, err := New(t.Context(), Options{RemoteSampling: server.URL + "/sampling", LogProcessor: silent{}, LogHandler: slog.DiscardHandler})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tel.Shutdown(context.Background()) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		_, span := tel.tracer.Start(t.Context(), "s")
		if !span.SpanContext().IsSampled() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("still sampled after 10 s, though the server said none")
		}
	}
}
