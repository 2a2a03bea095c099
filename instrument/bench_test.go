package instrument_test

import (
	"context"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/everspan/everspan/instrument"
)

// The kit beside the bare SDK doing the same by hand. To compare them:
//
//	go test -run '^$' -bench . -count 10 . | benchstat -col /by -
//
// What stands behind both takes everything and keeps nothing; with the kit,
// behind its counting of what waits.
var benchmarks = map[string]func(tb testing.TB, kit bool) func(){
	"span": benchSpan, "error": benchError, "request": benchRequest, "log": benchLog,
}

func BenchmarkSpan(b *testing.B)    { compare(b, benchSpan) }
func BenchmarkError(b *testing.B)   { compare(b, benchError) }
func BenchmarkRequest(b *testing.B) { compare(b, benchRequest) }
func BenchmarkLog(b *testing.B)     { compare(b, benchLog) }

func compare(b *testing.B, prepare func(testing.TB, bool) func()) {
	for _, by := range []string{"sdk", "kit"} {
		b.Run("by="+by, func(b *testing.B) {
			f := prepare(b, by == "kit")
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}

// No allocation more than by hand, whatever the machine. The least of some
// rounds counts: a garbage collection empties the pools of the SDK and slog.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector pools forget things at random")
	}
	least := func(f func()) float64 {
		n := math.Inf(1)
		for range 5 {
			n = min(n, testing.AllocsPerRun(200, f))
		}
		return n
	}
	for name, prepare := range benchmarks {
		if sdk, kit := least(prepare(t, false)), least(prepare(t, true)); kit > sdk {
			t.Errorf("%s: %v allocations with the kit, %v by hand", name, kit, sdk)
		}
	}
}

type sinkSpans struct{}

func (sinkSpans) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (sinkSpans) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (sinkSpans) Shutdown(context.Context) error                  { return nil }
func (sinkSpans) ForceFlush(context.Context) error                { return nil }

type sinkLogs struct{}

func (sinkLogs) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (sinkLogs) OnEmit(context.Context, *sdklog.Record) error           { return nil }
func (sinkLogs) Shutdown(context.Context) error                         { return nil }
func (sinkLogs) ForceFlush(context.Context) error                       { return nil }

func benchKit(tb testing.TB) *instrument.Telemetry {
	tb.Helper()
	spans, logs := instrument.Gates(sinkSpans{}, sinkLogs{})
	tel, err := instrument.New(tb.Context(), instrument.Options{SpanProcessor: spans, LogProcessor: logs, LogHandler: slog.NewTextHandler(io.Discard, nil)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	return tel
}

func benchSDK() *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(sinkSpans{}))
}

func benchSpan(tb testing.TB, kit bool) func() { return benchStep(tb, kit, nothing) }
func benchError(tb testing.TB, kit bool) func() {
	return benchStep(tb, kit, func(context.Context) error { return errNoStock })
}

// benchStep is a step with two attributes inside of a request.
func benchStep(tb testing.TB, kit bool, work func(context.Context) error) func() {
	if kit {
		ctx, _ := benchKit(tb).TracerProvider().Tracer("bench").Start(tb.Context(), "parent")
		return func() {
			_ = instrument.Do(ctx, "order.place", work, attribute.String("shop.order.id", "o-17"), attribute.Int("shop.items", 3))
		}
	}
	tracer := benchSDK().Tracer("bench")
	ctx, _ := tracer.Start(tb.Context(), "parent")
	return func() { _ = stepByHand(ctx, tracer, "o-17", work) }
}

func stepByHand(ctx context.Context, tracer trace.Tracer, id string, work func(context.Context) error) error {
	ctx, span := tracer.Start(ctx, "order.place", trace.WithAttributes(attribute.String("shop.order.id", id), attribute.Int("shop.items", 3)))
	defer span.End()
	err := work(ctx)
	if err != nil {
		span.RecordError(err, trace.WithStackTrace(true))
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}

// benchRequest is a request through a server: mux, span, route.
func benchRequest(tb testing.TB, kit bool) func() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.PathValue("id")) })
	var h http.Handler
	if kit {
		h = benchKit(tb).Handler(mux)
	} else {
		// otelhttp names the span by the route, but leaves http.route to us.
		route := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mux.ServeHTTP(w, r)
			if _, path, ok := strings.Cut(r.Pattern, " "); ok {
				trace.SpanFromContext(r.Context()).SetAttributes(semconv.HTTPRoute(path))
			}
		})
		h = otelhttp.NewHandler(route, "", otelhttp.WithTracerProvider(benchSDK()),
			otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})))
	}
	return func() {
		r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/orders/o-17", nil)
		r.Header.Set("traceparent", w3c)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// benchLog is a line of a request's logger.
func benchLog(tb testing.TB, kit bool) func() {
	var l *slog.Logger
	var tracer trace.Tracer
	if kit {
		tel := benchKit(tb)
		l, tracer = tel.Logger(), tel.TracerProvider().Tracer("bench")
	} else {
		loggers := sdklog.NewLoggerProvider(sdklog.WithProcessor(sinkLogs{}))
		l = slog.New(byHand{slog.NewTextHandler(io.Discard, nil), otelslog.NewHandler("bench", otelslog.WithLoggerProvider(loggers))})
		tracer = benchSDK().Tracer("bench")
	}
	ctx, _ := tracer.Start(tb.Context(), "s")
	l = l.With("service", "shop")
	return func() { l.InfoContext(ctx, "order placed", "order", "o-17", "items", 3) }
}

// byHand is the handler that one writes to have ids in the lines and records
// at the collector.
type byHand struct{ out, send slog.Handler }

func (h byHand) Enabled(ctx context.Context, l slog.Level) bool { return h.out.Enabled(ctx, l) }
func (h byHand) Handle(ctx context.Context, r slog.Record) error {
	_ = h.send.Handle(ctx, r)
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.out.Handle(ctx, r)
}
func (h byHand) WithAttrs(a []slog.Attr) slog.Handler {
	return byHand{h.out.WithAttrs(a), h.send.WithAttrs(a)}
}
func (h byHand) WithGroup(n string) slog.Handler {
	return byHand{h.out.WithGroup(n), h.send.WithGroup(n)}
}
