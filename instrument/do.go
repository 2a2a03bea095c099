package instrument

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Do calls fn in a span of its own, a child of the one in ctx.
//
// An error that fn returns is returned; the span has status error with its
// text, and an event "exception" with type, message and the stack of the
// caller. A panic is recorded with the stack of its origin and goes on with
// the same value. The name says what is done, not to what: "order.place".
func Do(ctx context.Context, name string, fn func(context.Context) error, attrs ...attribute.KeyValue) error {
	ctx, span := start(ctx, name, attrs)
	return run(ctx, span, fn)
}

// DoValue is [Do] for a function with a result. It does what run does by itself: a closure
// around fn would be an allocation.
func DoValue[T any](ctx context.Context, name string, fn func(context.Context) (T, error), attrs ...attribute.KeyValue) (value T, err error) {
	ctx, span := start(ctx, name, attrs)
	returned := false
	defer func() {
		if !returned {
			panicked(span, recover())
			return
		}
		end(span, err)
	}()
	value, err = fn(ctx)
	returned = true
	return value, err
}

func start(ctx context.Context, name string, attrs []attribute.KeyValue) (context.Context, trace.Span) {
	if len(attrs) == 0 {
		return tracerOf(ctx).Start(ctx, name)
	}
	return tracerOf(ctx).Start(ctx, name, trace.WithAttributes(attrs...))
}

// run calls fn in a span that was started, and ends it.
func run(ctx context.Context, span trace.Span, fn func(context.Context) error) (err error) {
	returned := false
	defer func() {
		if !returned {
			panicked(span, recover())
			return
		}
		end(span, err)
	}()
	err = fn(ctx)
	returned = true
	return err
}

func end(span trace.Span, err error) {
	if err != nil {
		Fail(span, err)
	}
	span.End()
}

// Fail records an error on a span: status error and an event "exception" with
// the caller's stack. Nil does nothing. [Do] does it by itself; this is for an
// error that is answered and not returned, and for spans made otherwise.
func Fail(span trace.Span, err error) {
	if err == nil || !span.IsRecording() {
		return
	}
	span.SetStatus(codes.Error, err.Error())
	exception(span, fmt.Sprintf("%T", err), err.Error(), stack(false))
}

// panicked records a panic and passes it on. With nil the goroutine is being
// ended by runtime.Goexit, as t.FailNow does.
func panicked(span trace.Span, value any) {
	if value == nil {
		span.End()
		return
	}
	if span.IsRecording() {
		text := fmt.Sprint(value)
		span.SetStatus(codes.Error, "panic: "+text)
		exception(span, fmt.Sprintf("%T", value), text, stack(true))
	}
	span.End()
	panic(value)
}

// exception adds the event of that name.
// Source: https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/.
func exception(span trace.Span, kind, message, stack string) {
	span.AddEvent("exception", trace.WithAttributes(
		semconv.ExceptionTypeKey.String(kind), semconv.ExceptionMessage(message), semconv.ExceptionStacktrace(stack)))
}

// stack prints the calls that led here, innermost first, as a panic does. This
// package's own are left out, and after a panic those that only raised it.
func stack(afterPanic bool) string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	b := make([]byte, 0, 2048)
	raised := !afterPanic
	for {
		f, more := frames.Next()
		switch {
		case !raised:
			raised = f.Function == "runtime.gopanic"
		case strings.HasPrefix(f.Function, "runtime.") && (len(b) == 0 || f.Function == "runtime.goexit"):
		case strings.HasPrefix(f.Function, scope+".") && !strings.HasSuffix(f.File, "_test.go"):
		default:
			b = append(b, f.Function...)
			b = append(b, "\n\t"...)
			b = append(b, f.File...)
			b = append(b, ':')
			b = strconv.AppendInt(b, int64(f.Line), 10)
			b = append(b, '\n')
		}
		if !more {
			return string(b)
		}
	}
}
