package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

const version = "1.4.0"

// propagator writes and reads traceparent, tracestate and baggage. It is
// passed around, not set globally: the services share a process but nothing else.
var propagator = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})

// newProvider sets up tracing for one service, as if it had a process of its
// own: its own resource, its own queue, its own connection.
//
// An empty endpoint leaves the choice to OTEL_EXPORTER_OTLP_ENDPOINT.
func newProvider(ctx context.Context, service, instance, endpoint string) (*sdktrace.TracerProvider, error) {
	var opts []otlptracegrpc.Option
	if endpoint != "" {
		opts = append(opts, otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithInsecure())
	}
	exporter, err := otlptracegrpc.New(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("%s: exporter: %w", service, err)
	}
	res, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithProcessPID(),
		resource.WithProcessRuntimeName(),
		resource.WithProcessRuntimeVersion(),
		resource.WithSchemaURL(semconv.SchemaURL),
		resource.WithAttributes(
			semconv.ServiceName(service),
			semconv.ServiceNamespace("shop"),
			semconv.ServiceVersion(version),
			semconv.ServiceInstanceID(instance),
			attribute.String("deployment.environment.name", "demo"),
		),
	)
	if err != nil {
		return nil, fmt.Errorf("%s: resource: %w", service, err)
	}
	return sdktrace.NewTracerProvider(
		sdktrace.WithResource(res),
		// Half a second, not the usual five: whoever watches a demo wants to
		// see a request soon after it ended.
		sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(500*time.Millisecond)),
	), nil
}

// newLogger writes a service's log lines, each with the ids of the request
// that it belongs to.
func newLogger(w io.Writer, level slog.Level, service string) *slog.Logger {
	text := slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})
	return slog.New(traceHandler{text}).With("service", service)
}

type traceHandler struct{ slog.Handler }

func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}
