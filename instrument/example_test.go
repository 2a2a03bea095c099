package instrument_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/everspan/everspan/instrument"
)

func ExampleStart() {
	ctx := context.Background()
	shutdown, err := instrument.Start(ctx, instrument.Options{ServiceName: "checkout"})
	defer shutdown(ctx)
	if err != nil {
		log.Fatal(err)
	}
	slog.InfoContext(ctx, "started")
}

// printer prints spans as they end, in place of sending them.
type printer struct{}

func (printer) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (printer) OnEnd(s sdktrace.ReadOnlySpan) {
	fmt.Print(s.Name())
	for _, a := range s.Attributes() {
		fmt.Printf(" %s=%s", a.Key, a.Value.String())
	}
	if n := len(s.Links()); n > 0 {
		fmt.Printf(", links: %d", n)
	}
	if s.Status().Description != "" {
		fmt.Print(", error: ", s.Status().Description)
	}
	fmt.Println()
}
func (printer) Shutdown(context.Context) error   { return nil }
func (printer) ForceFlush(context.Context) error { return nil }

func ExampleNew() {
	shop, err := instrument.New(context.Background(), instrument.Options{ServiceName: "shop", SpanProcessor: printer{}})
	if err != nil {
		log.Fatal(err)
	}
	ctx := shop.Context(context.Background())
	_ = instrument.Do(ctx, "order.place", func(context.Context) error { return nil })
	// Output: order.place
}

// printing returns a context in which spans are printed.
func printing() context.Context {
	tel, err := instrument.New(context.Background(), instrument.Options{SpanProcessor: printer{}, LogHandler: slog.DiscardHandler})
	if err != nil {
		log.Fatal(err)
	}
	return tel.Context(context.Background())
}

func ExampleDo() {
	ctx := printing()
	err := instrument.Do(ctx, "order.place", func(ctx context.Context) error {
		return instrument.Do(ctx, "stock.reserve", func(context.Context) error { return errors.New("no stock") })
	}, attribute.String("shop.order.id", "o-17"))
	fmt.Println(err)
	// Output:
	// stock.reserve, error: no stock
	// order.place shop.order.id=o-17, error: no stock
	// no stock
}

func ExampleDoValue() {
	price, err := instrument.DoValue(printing(), "price.sum", func(context.Context) (int, error) { return 42, nil })
	fmt.Println(price, err)
	// Output:
	// price.sum
	// 42 <nil>
}

func ExampleBackground() {
	done := make(chan error)
	_ = instrument.Do(printing(), "order.place", func(ctx context.Context) error {
		go func() {
			done <- instrument.Background(ctx, "mail.send", func(context.Context) error { return nil })
		}()
		return <-done // an example has to wait; a request does not
	})
	// Output:
	// mail.send, links: 1
	// order.place
}

func ExampleJob() {
	ctx := printing()
	for range 2 { // a ticker
		_ = instrument.Job(ctx, "carts.sweep", func(context.Context) error { return nil })
	}
	// Output:
	// carts.sweep
	// carts.sweep
}

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "in a trace:", trace.SpanFromContext(r.Context()).SpanContext().IsValid())
	})
	server := httptest.NewServer(instrument.Handler(mux))
	defer server.Close()

	req, _ := http.NewRequest(http.MethodGet, server.URL+"/orders/17", nil)
	req.Header.Set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	client := instrument.Client(nil)
	res, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(os.Stdout, res.Body)
	// Without Start there is nobody to make spans, and the service works the same.
	// Output: in a trace: false
}

func ExampleInject() {
	tel, _ := instrument.New(context.Background(), instrument.Options{SpanProcessor: printer{}, LogHandler: slog.DiscardHandler})
	message := map[string]string{"body": "hello"}
	_ = instrument.Do(tel.Context(context.Background()), "send", func(ctx context.Context) error {
		instrument.Inject(ctx, instrument.Map(message))
		return nil
	})
	fmt.Println(len(message["traceparent"]))

	ctx := instrument.Extract(tel.Context(context.Background()), instrument.Map{
		"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
	fmt.Println(trace.SpanContextFromContext(ctx).TraceID())
	// Output:
	// send
	// 55
	// 4bf92f3577b34da6a3ce929d0e0e4736
}

func ExampleSend() {
	queue := make(chan instrument.Message, 1) // stands for any broker
	ctx := printing()
	m := instrument.Message{System: "memory", Destination: "orders", Carrier: instrument.Map{}}
	_ = instrument.Send(ctx, m, func(context.Context) error {
		queue <- m
		return nil
	})
	_ = instrument.Process(ctx, <-queue, func(context.Context) error { return errors.New("mailbox is full") })
	// Output:
	// send orders messaging.system=memory messaging.destination.name=orders messaging.operation.name=send messaging.operation.type=send
	// process orders messaging.system=memory messaging.destination.name=orders messaging.operation.name=process messaging.operation.type=process, error: mailbox is full
}

func ExampleNewSampler() {
	sampler := instrument.NewSampler(1)
	_, err := instrument.New(context.Background(), instrument.Options{Sampler: sampler, SpanProcessor: printer{}, LogHandler: slog.DiscardHandler})
	if err != nil {
		log.Fatal(err)
	}
	sampler.SetRatio(0.1) // a flood; from now on one in ten
	fmt.Println(sampler.Description())
	// Output: ParentBased{ConsistentProbability{0.1}}
}

func ExampleTelemetry_Logger() {
	withoutTime := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	tel, err := instrument.New(context.Background(), instrument.Options{SpanProcessor: printer{}, LogHandler: slog.NewTextHandler(os.Stdout, withoutTime)})
	if err != nil {
		log.Fatal(err)
	}
	ctx := instrument.Extract(tel.Context(context.Background()), instrument.Map{
		"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
	tel.Logger().WithGroup("order").InfoContext(ctx, "placed", "id", "o-17")
	tel.StdLogger(slog.LevelWarn).Print("from an old package")
	// Output:
	// level=INFO msg=placed order.id=o-17 trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7
	// level=WARN msg="from an old package"
}
