package tracetest_test

import (
	"context"
	"testing"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/tracetest"
)

func placeOrder(ctx context.Context) error {
	return instrument.Do(ctx, "order.place", func(ctx context.Context) error {
		return instrument.Do(ctx, "stock.reserve", func(context.Context) error { return nil })
	})
}

func ExampleNew() {
	_ = func(t *testing.T) { // a test
		rec := tracetest.New(t)
		_ = placeOrder(rec.Context(t.Context()))
		rec.Expect("order.place\n  stock.reserve")
	}
	// Output:
}
