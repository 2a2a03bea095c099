package amqp_test

import (
	"context"
	"fmt"
	"log/slog"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/amqp"
	"github.com/everspan/everspan/instrument/tracetest"
)

func ExampleSend() {
	tel, _ := instrument.New(context.Background(), instrument.Options{SpanProcessor: tracetest.Discard, LogHandler: slog.DiscardHandler})
	ctx := tel.Context(context.Background())
	p := amqp091.Publishing{Body: []byte("o-17")}
	_ = amqp.Send(ctx, "shop", "order.placed", &p, func(ctx context.Context) error {
		fmt.Println(p.Headers["traceparent"] != nil) // channel.PublishWithContext(ctx, "shop", "order.placed", false, false, p)
		return nil
	})
	received := amqp091.Delivery{Exchange: "shop", RoutingKey: "order.placed", Headers: p.Headers, Body: p.Body}
	_ = amqp.Process(ctx, "mail", received, func(ctx context.Context) error { return nil })
	// Output: true
}
