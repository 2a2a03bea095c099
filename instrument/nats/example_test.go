package nats_test

import (
	"context"
	"fmt"
	"log/slog"

	natsgo "github.com/nats-io/nats.go"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/nats"
	"github.com/everspan/everspan/instrument/tracetest"
)

func ExamplePublish() {
	tel, _ := instrument.New(context.Background(), instrument.Options{SpanProcessor: tracetest.Discard, LogHandler: slog.DiscardHandler})
	ctx := tel.Context(context.Background())
	m := &natsgo.Msg{Subject: "orders", Data: []byte("o-17")}
	publish := func(m *natsgo.Msg) error { // conn.PublishMsg
		fmt.Println(m.Header["traceparent"] != nil)
		return nil
	}
	_ = nats.Publish(ctx, publish, m)
	_ = nats.Process(ctx, m, func(ctx context.Context) error { return nil })
	// Output: true
}
