package instrument

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// spanGate stands before the SDK's queue and drops by itself when that would,
// because the queue does not tell how many it dropped.
type spanGate struct {
	sdktrace.SpanProcessor
	to *delivery
}

func (g *spanGate) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() && g.to.admit() {
		g.SpanProcessor.OnEnd(s)
	}
}

type spanExporter struct {
	sdktrace.SpanExporter
	to *delivery
}

func (e *spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.to.deliver(ctx, len(spans), func(ctx context.Context) error { return e.SpanExporter.ExportSpans(ctx, spans) })
	return nil
}

// logGate is to log records what spanGate is to spans.
type logGate struct {
	sdklog.Processor
	to *delivery
}

func (g *logGate) OnEmit(ctx context.Context, r *sdklog.Record) error {
	if !g.to.admit() {
		return nil
	}
	return g.Processor.OnEmit(ctx, r)
}

type logExporter struct {
	sdklog.Exporter
	to *delivery
}

func (e *logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	e.to.deliver(ctx, len(records), func(ctx context.Context) error { return e.Exporter.Export(ctx, records) })
	return nil
}

type metricExporter struct {
	sdkmetric.Exporter
	to *delivery
}

// Export is tried once: the next collection says it all again.
func (e *metricExporter) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	err := e.Exporter.Export(ctx, m)
	if err != nil && !partial(err) {
		e.to.report.failed(e.to, unreachable(err), err)
		return nil
	}
	e.to.report.taken(e.to, err)
	return nil
}
