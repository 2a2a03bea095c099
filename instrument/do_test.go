package instrument_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/tracetest"
)

var errNoStock = errors.New("no stock")

func TestDo(t *testing.T) {
	rec := tracetest.New(t)
	ctx := rec.Context(t.Context())
	err := instrument.Do(ctx, "order.place", func(ctx context.Context) error {
		n, err := instrument.DoValue(ctx, "price.sum", func(context.Context) (int, error) { return 42, nil })
		if n != 42 || err != nil {
			t.Errorf("price.sum returned %d, %v", n, err)
		}
		return instrument.Do(ctx, "stock.reserve", func(context.Context) error { return errNoStock })
	}, attribute.String("shop.order.id", "o-1"))
	if err != errNoStock {
		t.Errorf("got error %v, want the one of fn", err)
	}
	rec.Expect(`
		order.place !
		  price.sum
		  stock.reserve !
	`)
	if got := rec.Span("order.place").Attr("shop.order.id"); got != "o-1" {
		t.Errorf("shop.order.id = %q", got)
	}
	span := rec.Span("stock.reserve")
	if got := span.Status().Description; got != "no stock" {
		t.Errorf("status %q", got)
	}
	if got := span.Event("exception", "exception.type"); got != "*errors.errorString" {
		t.Errorf("exception.type %q", got)
	}
	stack := span.Event("exception", "exception.stacktrace")
	if first, _, _ := strings.Cut(stack, "\n"); !strings.Contains(first, "TestDo") {
		t.Errorf("the stack begins with %q, want the test\n%s", first, stack)
	}
}

func explode() { panic(errNoStock) }

func TestDoPanic(t *testing.T) {
	rec := tracetest.New(t)
	recovered := func() (v any) {
		defer func() { v = recover() }()
		_ = instrument.Do(rec.Context(t.Context()), "order.place", func(context.Context) error {
			explode()
			return nil
		})
		return nil
	}()
	if recovered != errNoStock {
		t.Errorf("recovered %v, want the value of the panic", recovered)
	}
	rec.Expect("order.place !")
	stack := rec.Span("order.place").Event("exception", "exception.stacktrace")
	if first, _, _ := strings.Cut(stack, "\n"); !strings.HasSuffix(first, ".explode") {
		t.Errorf("the stack begins with %q, want where the panic came from\n%s", first, stack)
	}
	var index []int
	func() {
		defer func() { _ = recover() }()
		_ = instrument.Do(rec.Context(t.Context()), "index", func(context.Context) error {
			index[3] = 1
			return nil
		})
	}()
	stack = rec.Span("index").Event("exception", "exception.stacktrace")
	if first, _, _ := strings.Cut(stack, "\n"); !strings.Contains(first, "TestDoPanic") {
		t.Errorf("the stack begins with %q, want where the panic came from\n%s", first, stack)
	}
}

// A goroutine that ends itself, as t.FailNow does, has not failed.
func TestDoGoexit(t *testing.T) {
	rec := tracetest.New(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = instrument.Do(rec.Context(t.Context()), "leave", func(context.Context) error {
			runtime.Goexit()
			return nil
		})
	}()
	<-done
	rec.Expect("leave")
}

// Which provider makes a span, when there are two services in a process and a
// global one.
func TestProviderOfContext(t *testing.T) {
	global, one, two := tracetest.New(t).Global(), tracetest.New(t), tracetest.New(t)
	do := func(ctx context.Context, name string) {
		_ = instrument.Do(ctx, name, func(context.Context) error { return nil })
	}
	do(t.Context(), "nothing in it")
	do(one.Context(t.Context()), "one by context")
	ctx, span := two.TracerProvider().Tracer("x").Start(one.Context(t.Context()), "parent")
	do(ctx, "two by span")
	span.End()
	do(ctx, "two by span that has ended")
	byHand := trace.ContextWithSpanContext(t.Context(), span.SpanContext())
	do(byHand, "copied context")

	global.Expect("nothing in it\ncopied context (orphan)")
	one.Expect("one by context")
	two.Expect("parent\n  two by span\n  two by span that has ended")
}

func TestBackground(t *testing.T) {
	rec := tracetest.New(t)
	ctx, cancel := context.WithCancel(rec.Context(t.Context()))
	done := make(chan error, 1)
	_ = instrument.Do(ctx, "order.place", func(ctx context.Context) error {
		go func() {
			done <- instrument.Background(ctx, "mail.send", func(ctx context.Context) error { return ctx.Err() })
		}()
		cancel()
		return nil
	})
	if err := <-done; err != nil {
		t.Errorf("the end of the request reached the background: %v", err)
	}
	if err := instrument.Job(ctx, "sweep", func(ctx context.Context) error { return ctx.Err() }); err != context.Canceled {
		t.Errorf("a job gets its context's end; got %v", err)
	}
	rec.Expect("order.place\nmail.send\nsweep !")
	links := rec.Span("mail.send").Links()
	if len(links) != 1 || links[0].SpanContext.SpanID() != rec.Span("order.place").SpanContext().SpanID() {
		t.Errorf("links %v, want the cause", links)
	}
}
