package instrument_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/tracetest"
)

// Services that know one format only, as old ones do.
var oldFormats = map[string]propagation.TextMapPropagator{
	"b3 only":       b3.New(b3.WithInjectEncoding(b3.B3SingleHeader)),
	"b3 multi only": b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader)),
	"jaeger only":   jaeger.Jaeger{},
	"w3c only":      propagation.TraceContext{},
}

// chain starts servers of which each calls the next, and returns the trace ids
// that a request to the first leaves in each of them.
func chain(t *testing.T, services []string, header http.Header) []trace.TraceID {
	t.Helper()
	next := ""
	recorders := make([]*tracetest.Recorder, len(services))
	for i := len(services) - 1; i >= 0; i-- {
		var rec *tracetest.Recorder
		var opts []otelhttp.Option
		if old := oldFormats[services[i]]; old != nil {
			rec = tracetest.New(t)
			opts = []otelhttp.Option{otelhttp.WithPropagators(old)}
		} else {
			p, err := instrument.Propagator(kits[services[i]]...)
			if err != nil {
				t.Fatal(err)
			}
			rec = tracetest.New(t, instrument.Options{Propagator: p})
		}
		recorders[i] = rec
		client, callee := rec.Client(nil, opts...), next
		mux := http.NewServeMux()
		mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
			if callee != "" {
				get(r.Context(), t, client, callee, nil)
			}
		})
		server := httptest.NewServer(rec.Handler(mux, opts...))
		t.Cleanup(server.Close)
		next = server.URL
	}
	get(t.Context(), t, http.DefaultClient, next, header)
	ids := make([]trace.TraceID, len(services))
	for i, rec := range recorders {
		ids[i] = rec.Span("GET /").SpanContext().TraceID()
	}
	return ids
}

// kits are services with the kit and what they write.
var kits = map[string][]string{
	"kit":                   nil,
	"kit, writes b3 too":    {"tracecontext", "baggage", "b3"},
	"kit, writes multi too": {"tracecontext", "baggage", "b3multi"},
	"kit, writes jaeger":    {"tracecontext", "baggage", "jaeger"},
}

func get(ctx context.Context, t *testing.T, client *http.Client, url string, header http.Header) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/", nil)
	if err != nil {
		t.Error(err)
		return
	}
	if header != nil {
		req.Header = header
	}
	res, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
}

func TestMigration(t *testing.T) {
	tests := []struct {
		services []string
		header   http.Header
		traces   int
	}{
		{[]string{"b3 only", "kit", "w3c only", "kit"}, nil, 1},
		{[]string{"b3 multi only", "kit", "kit"}, nil, 1},
		{[]string{"jaeger only", "kit", "w3c only"}, nil, 1},
		{[]string{"kit, writes b3 too", "b3 only", "kit, writes jaeger", "jaeger only", "kit"}, nil, 1},
		{[]string{"kit, writes multi too", "b3 multi only", "kit, writes multi too", "w3c only"}, nil, 1},
		{[]string{"kit", "w3c only", "kit"}, http.Header{"X-Amzn-Trace-Id": {"Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=" + spanA + ";Sampled=1"}}, 1},
		// The gap that a service leaves which reads what nobody writes: this
		// is why there is Options.Propagator.
		{[]string{"kit", "b3 only"}, nil, 2},
	}
	for _, tt := range tests {
		ids := chain(t, tt.services, tt.header)
		distinct := map[trace.TraceID]bool{}
		for _, id := range ids {
			distinct[id] = true
		}
		if len(distinct) != tt.traces {
			t.Errorf("%q: traces %v, want %d", tt.services, ids, tt.traces)
		}
		if tt.header != nil && ids[0].String() != traceA {
			t.Errorf("%q: trace %s, want the caller's", tt.services, ids[0])
		}
	}
}

// OTEL_PROPAGATORS is followed to the letter.
func TestPropagatorsVariable(t *testing.T) {
	t.Setenv("OTEL_PROPAGATORS", "b3, tracecontext")
	rec := tracetest.New(t)
	m := instrument.Map{}
	_ = instrument.Do(rec.Context(t.Context()), "x", func(ctx context.Context) error {
		instrument.Inject(ctx, m)
		return nil
	})
	if m["b3"] == "" || m["traceparent"] == "" || len(m) != 2 {
		t.Errorf("wrote %v, want b3 and traceparent", m)
	}
	if sc := trace.SpanContextFromContext(rec.Propagator().Extract(t.Context(), instrument.Map{"uber-trace-id": traceA + ":" + spanA + ":0:1"})); sc.IsValid() {
		t.Error("read Jaeger's header, which is not named")
	}
}
