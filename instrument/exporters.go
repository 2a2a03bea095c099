package instrument

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutlog"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// destination is where one signal goes. The exporters read headers,
// certificates, compression and timeouts from the environment themselves.
type destination struct {
	kind     string // otlp, console, none
	grpc     bool
	endpoint string // as a URL
	code     bool   // the exporter is told the endpoint; else it reads the environment itself
}

// destinationOf follows OTEL_<SIGNAL>_EXPORTER and OTEL_EXPORTER_OTLP_*.
// Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
// and https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
func destinationOf(signal string, o *Options) (destination, error) {
	d := destination{kind: cmp.Or(env("OTEL_"+signal+"_EXPORTER"), "otlp")}
	switch d.kind {
	case "none", "console":
		return d, nil
	case "logging": // the old name of console
		d.kind = "console"
		return d, nil
	case "otlp":
	default:
		return d, fmt.Errorf("OTEL_%s_EXPORTER=%q: want otlp, console or none", signal, d.kind)
	}
	if o.Endpoint != "" {
		d.code = true
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" {
			return d, fmt.Errorf("endpoint %q: want a URL as http://localhost:4318", o.Endpoint)
		}
		switch u.Scheme {
		case "http", "https":
		case "grpc":
			d.grpc, u.Scheme = true, "http"
		case "grpcs":
			d.grpc, u.Scheme = true, "https"
		default:
			return d, fmt.Errorf("endpoint %q: scheme %q is none of http, https, grpc, grpcs", o.Endpoint, u.Scheme)
		}
		if !d.grpc {
			u = u.JoinPath("v1", strings.ToLower(signal))
		}
		d.endpoint = u.String()
		return d, nil
	}
	switch p := cmp.Or(env("OTEL_EXPORTER_OTLP_"+signal+"_PROTOCOL"), env("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf"); p {
	case "grpc":
		d.grpc = true
	case "http/protobuf", "http/json":
		// With http/json traces are JSON; the Go exporters of logs and
		// metrics know protobuf only, which every collector takes as well.
	default:
		return d, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL=%q: want http/protobuf, http/json or grpc", p)
	}
	d.endpoint = cmp.Or(env("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT"), env("OTEL_EXPORTER_OTLP_ENDPOINT"))
	if d.endpoint == "" {
		// The exporters' own default is TLS, which the specification's is not.
		d.code = true
		d.endpoint = "http://localhost:4318/v1/" + strings.ToLower(signal)
		if d.grpc {
			d.endpoint = "http://localhost:4317"
		}
	}
	return d, nil
}

// host names a destination in messages; signals with the same one go up and
// down together.
func (d *destination) host() string {
	if u, err := url.Parse(d.endpoint); err == nil && u.Host != "" {
		return u.Host
	}
	return d.endpoint
}

// whenAsked is how exporters over HTTP try again, which they do if the collector asks for
// it. Those over gRPC would also do so if nobody is there, and tell nobody: they don't,
// because a [delivery] does, and says so.
var whenAsked = struct {
	Enabled                                      bool
	InitialInterval, MaxInterval, MaxElapsedTime time.Duration
}{true, retryFirst, retryMost, time.Minute}

func newSpanProcessor(ctx context.Context, o *Options, r *reporter) (sdktrace.SpanProcessor, error) {
	d, err := destinationOf("TRACES", o)
	if err != nil || d.kind == "none" {
		return nil, err
	}
	var e sdktrace.SpanExporter
	switch {
	case d.kind == "console":
		e, err = stdouttrace.New(stdouttrace.WithPrettyPrint())
	case d.grpc && d.code:
		e, err = otlptracegrpc.New(ctx, otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{}), otlptracegrpc.WithEndpointURL(d.endpoint))
	case d.grpc:
		e, err = otlptracegrpc.New(ctx, otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{}))
	case d.code:
		e, err = otlptracehttp.New(ctx, otlptracehttp.WithRetry(otlptracehttp.RetryConfig(whenAsked)), otlptracehttp.WithEndpointURL(d.endpoint))
	default:
		e, err = otlptracehttp.New(ctx, otlptracehttp.WithRetry(otlptracehttp.RetryConfig(whenAsked)))
	}
	if err != nil {
		return nil, fmt.Errorf("exporter: %w", err)
	}
	w := r.delivery("traces", d.host(), queueSize("OTEL_BSP_MAX_QUEUE_SIZE"))
	var opts []sdktrace.BatchSpanProcessorOption
	if o.Delay > 0 {
		opts = append(opts, sdktrace.WithBatchTimeout(o.Delay))
	}
	return &spanGate{sdktrace.NewBatchSpanProcessor(&spanExporter{e, w}, opts...), w}, nil
}

func newLogProcessor(ctx context.Context, o *Options, r *reporter) (sdklog.Processor, error) {
	d, err := destinationOf("LOGS", o)
	if err != nil || d.kind == "none" {
		return nil, err
	}
	var e sdklog.Exporter
	switch {
	case d.kind == "console":
		e, err = stdoutlog.New(stdoutlog.WithPrettyPrint())
	case d.grpc && d.code:
		e, err = otlploggrpc.New(ctx, otlploggrpc.WithRetry(otlploggrpc.RetryConfig{}), otlploggrpc.WithEndpointURL(d.endpoint))
	case d.grpc:
		e, err = otlploggrpc.New(ctx, otlploggrpc.WithRetry(otlploggrpc.RetryConfig{}))
	case d.code:
		e, err = otlploghttp.New(ctx, otlploghttp.WithRetry(otlploghttp.RetryConfig(whenAsked)), otlploghttp.WithEndpointURL(d.endpoint))
	default:
		e, err = otlploghttp.New(ctx, otlploghttp.WithRetry(otlploghttp.RetryConfig(whenAsked)))
	}
	if err != nil {
		return nil, fmt.Errorf("exporter: %w", err)
	}
	w := r.delivery("logs", d.host(), queueSize("OTEL_BLRP_MAX_QUEUE_SIZE"))
	var opts []sdklog.BatchProcessorOption
	if o.Delay > 0 {
		opts = append(opts, sdklog.WithExportInterval(o.Delay))
	}
	return &logGate{sdklog.NewBatchProcessor(&logExporter{e, w}, opts...), w}, nil
}

func newMetricReader(ctx context.Context, o *Options, r *reporter) (sdkmetric.Reader, error) {
	d, err := destinationOf("METRICS", o)
	if err != nil || d.kind == "none" {
		return nil, err
	}
	var e sdkmetric.Exporter
	switch {
	case d.kind == "console":
		e, err = stdoutmetric.New(stdoutmetric.WithPrettyPrint())
	case d.grpc && d.code:
		e, err = otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{}), otlpmetricgrpc.WithEndpointURL(d.endpoint))
	case d.grpc:
		e, err = otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{}))
	case d.code:
		e, err = otlpmetrichttp.New(ctx, otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig(whenAsked)), otlpmetrichttp.WithEndpointURL(d.endpoint))
	default:
		e, err = otlpmetrichttp.New(ctx, otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig(whenAsked)))
	}
	if err != nil {
		return nil, fmt.Errorf("exporter: %w", err)
	}
	return sdkmetric.NewPeriodicReader(&metricExporter{e, r.delivery("metrics", d.host(), 0)}), nil
}

func env(key string) string { return strings.TrimSpace(os.Getenv(key)) }

// queueSize is what the SDK's processor takes before it drops; its default is
// 2048 for spans and for log records.
func queueSize(key string) int64 {
	if n, err := strconv.ParseInt(env(key), 10, 64); err == nil && n > 0 {
		return n
	}
	return 2048
}
