package tracetest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/tracetest"
)

// failing is a test that is expected to fail.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper()                           {}
func (f *failing) Errorf(format string, args ...any) { f.said = fmt.Sprintf(format, args...) }

func step(ctx context.Context, name string, err error, inner func(context.Context)) {
	_ = instrument.Do(ctx, name, func(ctx context.Context) error {
		if inner != nil {
			inner(ctx)
		}
		return err
	})
}

func TestExpect(t *testing.T) {
	rec := tracetest.New(t)
	step(rec.Context(t.Context()), "order.place", nil, func(ctx context.Context) {
		step(ctx, "b", nil, nil)
		step(ctx, "a", errors.New("no"), func(ctx context.Context) { step(ctx, "c", nil, nil) })
	})
	rec.Expect(`
		order.place
		  a !
		    c
		  b
	`)
	rec.Expect("order.place\n b\n a !\n  c")
}

// A test that fails says what there is, what was wanted, and draws it.
func TestExpectFails(t *testing.T) {
	f := &failing{TB: t}
	rec := tracetest.New(f)
	step(rec.Context(t.Context()), "order.place", nil, func(ctx context.Context) {
		step(ctx, "stock.reserve", errors.New("no stock"), nil)
	})
	_, _ = rec.TracerProvider().Tracer("x").Start(t.Context(), "open")
	remote := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true})
	step(trace.ContextWithSpanContext(rec.Context(t.Context()), remote), "called", nil, nil)
	step(trace.ContextWithSpanContext(rec.Context(t.Context()), remote.WithRemote(false)), "lost", nil, nil)

	rec.Expect("order.place\n stock.check")
	want := `spans:
  called (remote)
  lost (orphan)
  open (not ended)
  order.place
    stock.reserve !

want:
  order.place
    stock.check

waterfall:
`
	if !strings.HasPrefix(f.said, want) {
		t.Errorf("said:\n%s\nwant:\n%s", f.said, want)
	}
	for _, part := range []string{"stock.reserve !", "█", "s  no stock", "not ended"} {
		if !strings.Contains(f.said[len(want):], part) {
			t.Errorf("no %q in the waterfall:\n%s", part, f.said)
		}
	}
}
