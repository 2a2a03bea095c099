package instrument

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	otellog "go.opentelemetry.io/otel/log"
	lognoop "go.opentelemetry.io/otel/log/noop"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// scope names this package as the source of spans and log records.
const scope = "github.com/everspan/everspan/instrument"

// stopWait bounds a shutdown whose context has no deadline.
const stopWait = 5 * time.Second

// Telemetry is what one service tells about itself: traces, logs and metrics
// with one resource. A process has one, made by [Start]; several services in a
// process have one each, made by [New].
type Telemetry struct {
	tracers    trace.TracerProvider
	loggers    otellog.LoggerProvider
	meters     metric.MeterProvider
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	logger     *slog.Logger
	resource   *resource.Resource
	report     *reporter

	flush    []func(context.Context) error // one for each signal
	stop     []func(context.Context) error
	stopOnce sync.Once
	stopErr  error
}

// Start sets up traces, logs and metrics for the whole process: it makes a
// [Telemetry] with [New] and makes it the global one of OpenTelemetry, of
// log/slog and of log.
//
// The function that it returns sends what has not been sent and stops; without
// a deadline in its context it takes 5 s at most. It is never nil, so it may
// be deferred before the error is looked at. An error means that the settings
// can't be followed; a collector that can't be reached is none. The service
// then runs as if Start had not been called.
func Start(ctx context.Context, o Options) (shutdown func(context.Context) error, err error) {
	before := otel.GetErrorHandler()
	t, err := newTelemetry(ctx, o, func(r *reporter) {
		otel.SetErrorHandler(otel.ErrorHandlerFunc(r.other))
	})
	if err != nil {
		otel.SetErrorHandler(before)
		return func(context.Context) error { return nil }, err
	}
	otel.SetTracerProvider(t.tracers)
	otel.SetMeterProvider(t.meters)
	otel.SetLoggerProvider(t.loggers)
	otel.SetTextMapPropagator(t.propagator)
	slog.SetDefault(t.logger)
	// log.Printf is given to slog, which says the time itself.
	log.SetFlags(0)
	return t.Shutdown, nil
}

// New sets up traces, logs and metrics of one service and touches nothing
// global. See [Telemetry.Context] for how functions of this package find it.
//
// An error means that the settings can't be followed.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	return newTelemetry(ctx, o, func(*reporter) {})
}

// newTelemetry calls early before the SDK has a chance to complain.
func newTelemetry(ctx context.Context, o Options, early func(*reporter)) (*Telemetry, error) {
	t := &Telemetry{propagator: o.Propagator}
	var err error
	if t.propagator == nil {
		if t.propagator, err = propagatorFromEnv(); err != nil {
			return nil, fmt.Errorf("instrument: %w", err)
		}
	}
	out := localHandler(o.LogHandler)
	t.report = &reporter{out: slog.New(out)}
	early(t.report)
	if disabled() {
		t.tracers, t.loggers, t.meters = tracenoop.NewTracerProvider(), lognoop.NewLoggerProvider(), metricnoop.NewMeterProvider()
		t.resource = resource.Empty()
		t.logger = slog.New(&handler{out: out, top: out})
		t.tracer = t.tracers.Tracer(scope)
		return t, nil
	}
	t.resource = newResource(ctx, &o, t.report)
	if err := t.startTraces(ctx, &o); err != nil {
		return nil, fmt.Errorf("instrument: traces: %w", err)
	}
	if err := t.startLogs(ctx, &o); err != nil {
		_ = t.Shutdown(ctx)
		return nil, fmt.Errorf("instrument: logs: %w", err)
	}
	if err := t.startMetrics(ctx, &o); err != nil {
		_ = t.Shutdown(ctx)
		return nil, fmt.Errorf("instrument: metrics: %w", err)
	}
	t.tracer = t.tracers.Tracer(scope)
	t.logger = slog.New(newHandler(out, t.loggers))
	register(t)
	return t, nil
}

func disabled() bool {
	return strings.EqualFold(strings.TrimSpace(os.Getenv("OTEL_SDK_DISABLED")), "true")
}

func (t *Telemetry) startTraces(ctx context.Context, o *Options) error {
	sampler, stopSampler, err := samplerFor(o, t.resource, t.report)
	if err != nil {
		return err
	}
	opts := []sdktrace.TracerProviderOption{sdktrace.WithResource(t.resource)}
	if sampler != nil {
		opts = append(opts, sdktrace.WithSampler(sampler))
	}
	if p := o.SpanProcessor; p != nil {
		opts = append(opts, sdktrace.WithSpanProcessor(p))
	} else if !o.local() {
		p, err := newSpanProcessor(ctx, o, t.report)
		if err != nil {
			stopSampler()
			return err
		}
		if p != nil {
			opts = append(opts, sdktrace.WithSpanProcessor(p))
		}
	}
	provider := sdktrace.NewTracerProvider(opts...)
	t.tracers = provider
	t.flush = append(t.flush, provider.ForceFlush)
	t.stop = append(t.stop, func(ctx context.Context) error {
		stopSampler()
		return provider.Shutdown(ctx)
	})
	return nil
}

func (t *Telemetry) startLogs(ctx context.Context, o *Options) error {
	p := o.LogProcessor
	if p == nil && !o.local() {
		var err error
		if p, err = newLogProcessor(ctx, o, t.report); err != nil {
			return err
		}
	}
	if p == nil {
		t.loggers = lognoop.NewLoggerProvider()
		return nil
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithResource(t.resource), sdklog.WithProcessor(p))
	t.loggers = provider
	t.flush = append(t.flush, provider.ForceFlush)
	t.stop = append(t.stop, provider.Shutdown)
	return nil
}

func (t *Telemetry) startMetrics(ctx context.Context, o *Options) error {
	t.meters = metricnoop.NewMeterProvider()
	if o.local() {
		return nil
	}
	reader, err := newMetricReader(ctx, o, t.report)
	if err != nil || reader == nil {
		return err
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(t.resource), sdkmetric.WithReader(reader))
	t.meters = provider
	t.flush = append(t.flush, provider.ForceFlush)
	t.stop = append(t.stop, provider.Shutdown)
	if err := runtime.Start(runtime.WithMeterProvider(provider)); err != nil {
		return fmt.Errorf("go runtime: %w", err)
	}
	return nil
}

// TracerProvider gives tracers to other instrumentation.
func (t *Telemetry) TracerProvider() trace.TracerProvider { return t.tracers }

// LoggerProvider gives loggers to bridges of other logging packages.
func (t *Telemetry) LoggerProvider() otellog.LoggerProvider { return t.loggers }

// MeterProvider gives meters to other instrumentation.
func (t *Telemetry) MeterProvider() metric.MeterProvider { return t.meters }

// Propagator reads and writes trace context.
func (t *Telemetry) Propagator() propagation.TextMapPropagator { return t.propagator }

// Resource describes the service.
func (t *Telemetry) Resource() *resource.Resource { return t.resource }

// Logger writes to [Options].LogHandler and to the collector. Lines that are
// logged with a context carry the ids of its trace and span.
func (t *Telemetry) Logger() *slog.Logger { return t.logger }

// StdLogger is a log.Logger whose lines go to [Telemetry.Logger], for packages
// that want one, as http.Server.ErrorLog does.
func (t *Telemetry) StdLogger(level slog.Level) *log.Logger {
	return slog.NewLogLogger(t.logger.Handler(), level)
}

// Stats counts what became of spans and log records since the start.
func (t *Telemetry) Stats() Stats { return t.report.stats() }

// Flush sends what has ended until now. It returns an error if some of it was
// not taken, or not in time; without a deadline it takes 5 s at most.
func (t *Telemetry) Flush(ctx context.Context) error {
	return t.each(ctx, "flush", t.flush)
}

// Shutdown sends what has not been sent and stops; without a deadline it takes
// 5 s at most. Spans that end afterwards are lost. It returns an error if
// something was not taken, or not in time. It may be called more than once.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	t.stopOnce.Do(func() {
		t.report.stopping()
		t.stopErr = t.each(ctx, "shutdown", t.stop)
		unregister(t)
	})
	return t.stopErr
}

// each calls all functions at once: a signal whose collector hangs must not
// use up the time of the others.
func (t *Telemetry) each(ctx context.Context, step string, fs []func(context.Context) error) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, stopWait)
		defer cancel()
	}
	before := t.report.stats()
	errs := make(chan error, len(fs))
	for _, f := range fs {
		go func() { errs <- f(ctx) }()
	}
	var all error
	for range fs {
		select {
		case err := <-errs:
			all = errors.Join(all, err)
		case <-ctx.Done():
			return fmt.Errorf("instrument: %s: %w", step, ctx.Err())
		}
	}
	after := t.report.stats()
	if spans, logs := after.SpansDropped-before.SpansDropped, after.LogsDropped-before.LogsDropped; spans > 0 || logs > 0 {
		all = errors.Join(all, fmt.Errorf("%d spans and %d log records were not taken", spans, logs))
	}
	if all != nil {
		return fmt.Errorf("instrument: %s: %w", step, all)
	}
	return nil
}
