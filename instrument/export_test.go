package instrument

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Gates is what Start puts before the queues, here with processors that are
// done at once. An exporter does so for a batch at a time, and cheaper.
func Gates(spans sdktrace.SpanProcessor, logs sdklog.Processor) (sdktrace.SpanProcessor, sdklog.Processor) {
	r := &reporter{}
	s, l := r.delivery("traces", "", 1<<40), r.delivery("logs", "", 1<<40)
	return &spanGate{doneSpans{spans, s}, s}, &logGate{doneLogs{logs, l}, l}
}

type doneSpans struct {
	sdktrace.SpanProcessor
	to *delivery
}

func (p doneSpans) OnEnd(s sdktrace.ReadOnlySpan) {
	p.SpanProcessor.OnEnd(s)
	p.to.waiting.Add(-1)
}

type doneLogs struct {
	sdklog.Processor
	to *delivery
}

func (p doneLogs) OnEmit(ctx context.Context, r *sdklog.Record) error {
	p.to.waiting.Add(-1)
	return p.Processor.OnEmit(ctx, r)
}

// Destination is where a signal goes, and whether the exporter is told so.
func Destination(signal string, o Options) (endpoint string, told bool, err error) {
	d, err := destinationOf(signal, &o)
	return d.endpoint, d.code, err
}
