package instrument

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// known is a short list of the providers in use with a tracer of each: asking
// a provider for its tracer takes a lock and costs as much as a span does.
var (
	known   atomic.Pointer[[]entry]
	knownMu sync.Mutex
)

const knownMost = 64

type entry struct {
	provider trace.TracerProvider
	tracer   trace.Tracer // nil: the provider makes no spans
	t        *Telemetry   // nil: the provider is not one of ours
}

func register(t *Telemetry) { remember(entry{t.tracers, t.tracer, t}) }

func remember(e entry) {
	if !reflect.TypeOf(e.provider).Comparable() {
		return
	}
	knownMu.Lock()
	defer knownMu.Unlock()
	var list []entry
	if p := known.Load(); p != nil {
		list = slices.Clone(*p)
	}
	if len(list) >= knownMost { // a program that makes providers all the time; the list is no more than a cache of them
		list = slices.DeleteFunc(list, func(e entry) bool { return e.t == nil })
	}
	list = append(list, e)
	known.Store(&list)
}

func unregister(t *Telemetry) {
	knownMu.Lock()
	defer knownMu.Unlock()
	if p := known.Load(); p != nil {
		list := slices.DeleteFunc(slices.Clone(*p), func(e entry) bool { return e.t == t })
		known.Store(&list)
	}
}

func lookup(p trace.TracerProvider) entry {
	if list := known.Load(); list != nil {
		for i := range *list {
			if e := &(*list)[i]; e.provider == p {
				return *e
			}
		}
	}
	e := entry{provider: p}
	// The API's own spans, which only carry an identity, have a provider that
	// makes no spans. They are in contexts that were put together by hand.
	if reflect.TypeOf(p).PkgPath() != "go.opentelemetry.io/otel/trace" {
		e.tracer = p.Tracer(scope)
	}
	remember(e)
	return e
}

type telemetryKey struct{}

// Context returns a context with which functions of this package use t. It is
// needed only where nothing else leads to t: not in a process that called
// [Start], and not inside of a span that t made.
func (t *Telemetry) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, telemetryKey{}, t)
}

// tracerOf returns what makes a span in ctx: the provider of the span that is
// there, the Telemetry in ctx, the global one.
func tracerOf(ctx context.Context) trace.Tracer {
	span := trace.SpanFromContext(ctx)
	if sc := span.SpanContext(); sc.IsValid() && !sc.IsRemote() {
		if e := lookup(span.TracerProvider()); e.tracer != nil {
			return e.tracer
		}
	}
	if t, ok := ctx.Value(telemetryKey{}).(*Telemetry); ok {
		return t.tracer
	}
	p := otel.GetTracerProvider()
	if e := lookup(p); e.tracer != nil {
		return e.tracer
	}
	return p.Tracer(scope)
}

func propagatorOf(ctx context.Context) propagation.TextMapPropagator {
	span := trace.SpanFromContext(ctx)
	if sc := span.SpanContext(); sc.IsValid() && !sc.IsRemote() {
		if e := lookup(span.TracerProvider()); e.t != nil {
			return e.t.propagator
		}
	}
	if t, ok := ctx.Value(telemetryKey{}).(*Telemetry); ok {
		return t.propagator
	}
	return otel.GetTextMapPropagator()
}
