package instrument

import (
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Options of [Start] and [New]. The zero value is good for most services:
// what is left empty comes from the OTEL_* variables, and else from the
// defaults of OpenTelemetry.
//
// A field that is set wins over its variable.
type Options struct {
	// ServiceName is what the service is called in a waterfall. Empty:
	// OTEL_SERVICE_NAME, service.name in OTEL_RESOURCE_ATTRIBUTES, or the
	// name of the program from its build information.
	ServiceName string

	// ServiceVersion, if empty, is the version of the main module, or the
	// revision that the program was built from.
	ServiceVersion string

	// Attributes describe the service beside what is found out: host,
	// process, container, Kubernetes.
	Attributes []attribute.KeyValue

	// Endpoint is the collector for traces, logs and metrics:
	// http://host:4318 or https:// for OTLP over HTTP with protobuf,
	// grpc://host:4317 or grpcs:// for OTLP over gRPC. Empty: the variables
	// OTEL_EXPORTER_OTLP_ENDPOINT, …_PROTOCOL and so on, else
	// http://localhost:4318.
	Endpoint string

	// Sampler decides which traces are kept. Nil: OTEL_TRACES_SAMPLER, else
	// all of them. [NewSampler] makes one that can be changed while running.
	Sampler sdktrace.Sampler

	// RemoteSampling is the address where the ratio of traces to keep is
	// asked for every minute, as http://localhost:5778/sampling, which
	// everspan serve answers. Empty: OTEL_TRACES_SAMPLER=jaeger_remote or
	// parentbased_jaeger_remote asks for it as well. Sampler wins over it.
	RemoteSampling string

	// Propagator reads and writes trace context at the borders of the
	// process. Nil: OTEL_PROPAGATORS, else W3C Trace Context and Baggage are
	// written, and B3, Jaeger and X-Ray are read as well. See [Propagator].
	Propagator propagation.TextMapPropagator

	// LogHandler writes log lines where a person reads them, each with the
	// ids of its trace and span; its level decides what is logged. Nil: the
	// handler of slog.Default, if the program has set one, else text to where
	// package log writes, which is standard error.
	LogHandler slog.Handler

	// Delay is how long spans and log records wait for company before they
	// are sent. Zero: OTEL_BSP_SCHEDULE_DELAY and OTEL_BLRP_SCHEDULE_DELAY,
	// else 5 s and 1 s.
	Delay time.Duration

	// SpanProcessor and LogProcessor take spans and log records in place of
	// the exporters. With either of them nothing goes over the network. They
	// are there for tests; see package tracetest.
	SpanProcessor sdktrace.SpanProcessor
	LogProcessor  sdklog.Processor
}

// local reports whether telemetry stays in the process.
func (o *Options) local() bool { return o.SpanProcessor != nil || o.LogProcessor != nil }
