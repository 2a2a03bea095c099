// Package tracetest asserts on the spans of a test.
//
//	rec := tracetest.New(t)
//	placeOrder(rec.Context(ctx))
//	rec.Expect(`
//		order.place
//		  INSERT orders
//		  publish order.placed
//	`)
//
// A failure shows the waterfall.
package tracetest

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/everspan/everspan/instrument"
)

// Wait bounds how long [Recorder.Expect] and [Recorder.Span] wait for spans
// that end after what the test waited for, as a server's does after the client
// has its answer.
const Wait = 3 * time.Second

// Recorder is the telemetry of a service that keeps its spans and log records
// to itself. Code under test finds it by [instrument.Telemetry.Context], by
// its handlers and transports, or by [Recorder.Global].
type Recorder struct {
	*instrument.Telemetry

	t    testing.TB
	mu   sync.Mutex
	all  []sdktrace.ReadOnlySpan // in the order of their start
	logs []sdklog.Record
}

// New makes a recorder for a test. Several of them in one test are several
// services. Options, one at most, set what is not about where spans go:
// sampler, propagator, attributes.
func New(t testing.TB, options ...instrument.Options) *Recorder {
	t.Helper()
	r := &Recorder{t: t}
	var o instrument.Options
	if len(options) > 0 {
		o = options[0]
	}
	o.ServiceName = cmp.Or(o.ServiceName, t.Name())
	if o.LogHandler == nil {
		o.LogHandler = slog.NewTextHandler(t.Output(), nil)
	}
	o.SpanProcessor, o.LogProcessor = (*spans)(r), (*logs)(r)
	tel, err := instrument.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	r.Telemetry = tel
	t.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	return r
}

// Global makes the recorder what [instrument.Start] would: the global one of
// OpenTelemetry and of log/slog, until the test ends. Such tests can't run in
// parallel.
func (r *Recorder) Global() *Recorder {
	tracers, meters, loggers, propagator, logger := otel.GetTracerProvider(), otel.GetMeterProvider(), otel.GetLoggerProvider(), otel.GetTextMapPropagator(), slog.Default()
	r.t.Cleanup(func() {
		otel.SetTracerProvider(tracers)
		otel.SetMeterProvider(meters)
		otel.SetLoggerProvider(loggers)
		otel.SetTextMapPropagator(propagator)
		slog.SetDefault(logger)
	})
	otel.SetTracerProvider(r.TracerProvider())
	otel.SetMeterProvider(r.MeterProvider())
	otel.SetLoggerProvider(r.LoggerProvider())
	otel.SetTextMapPropagator(r.Propagator())
	slog.SetDefault(r.Logger())
	return r
}

// Spans returns all spans so far, in the order of their start, those that have
// not ended included.
func (r *Recorder) Spans() []sdktrace.ReadOnlySpan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// Logs returns all log records so far.
func (r *Recorder) Logs() []sdklog.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.logs)
}

// Span returns the one span with this name, once it has ended. None or several
// end the test.
func (r *Recorder) Span(name string) Span {
	r.t.Helper()
	deadline := time.Now().Add(Wait)
	for {
		var found []sdktrace.ReadOnlySpan
		for _, s := range r.Spans() {
			if s.Name() == name {
				found = append(found, s)
			}
		}
		if len(found) == 1 && !found[0].EndTime().IsZero() {
			return Span{found[0]}
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%d spans are called %q, want one that has ended\n%s", len(found), name, r.Waterfall())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Span is a span that has ended.
type Span struct{ sdktrace.ReadOnlySpan }

// Attr returns an attribute as text, "" if there is none.
func (s Span) Attr(key string) string {
	for _, a := range s.Attributes() {
		if a.Key == attribute.Key(key) {
			return a.Value.String()
		}
	}
	return ""
}

// Event returns an attribute of the first event with this name, "" if there is
// none.
func (s Span) Event(name, key string) string {
	for _, e := range s.Events() {
		if e.Name != name {
			continue
		}
		for _, a := range e.Attributes {
			if a.Key == attribute.Key(key) {
				return a.Value.String()
			}
		}
		return ""
	}
	return ""
}

// Discard takes spans and keeps nothing, for examples and benchmarks.
var Discard sdktrace.SpanProcessor = discard{}

type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

type spans Recorder

func (r *spans) OnStart(_ context.Context, s sdktrace.ReadWriteSpan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, s)
}

func (r *spans) OnEnd(s sdktrace.ReadOnlySpan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, started := range r.all {
		if started.SpanContext().Equal(s.SpanContext()) {
			r.all[i] = s // the same at its end, which nobody changes any more
		}
	}
}

func (*spans) Shutdown(context.Context) error   { return nil }
func (*spans) ForceFlush(context.Context) error { return nil }

type logs Recorder

func (r *logs) OnEmit(_ context.Context, rec *sdklog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, rec.Clone())
	return nil
}

func (*logs) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (*logs) Shutdown(context.Context) error                         { return nil }
func (*logs) ForceFlush(context.Context) error                       { return nil }
