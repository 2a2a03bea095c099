package instrument

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Background calls fn as work that a request caused and does not wait for: in
// a trace of its own whose root links to the span in ctx. What the request
// carries stays in fn's context; its end and its deadline do not reach fn.
// Errors and panics are recorded as [Do] does.
//
//	go instrument.Background(ctx, "mail.send", send)
func Background(ctx context.Context, name string, fn func(context.Context) error, attrs ...attribute.KeyValue) error {
	return Job(context.WithoutCancel(ctx), name, fn, attrs...)
}

// Job calls fn as work that a clock or a loop started: in a trace of its own,
// which links to the span in ctx if there is one. Errors and panics are
// recorded as [Do] does.
func Job(ctx context.Context, name string, fn func(context.Context) error, attrs ...attribute.KeyValue) error {
	opts := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithAttributes(attrs...)}
	if cause := trace.SpanContextFromContext(ctx); cause.IsValid() {
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: cause}))
	}
	ctx, span := tracerOf(ctx).Start(ctx, name, opts...)
	return run(ctx, span, fn)
}
