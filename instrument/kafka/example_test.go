package kafka_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/kafka"
	"github.com/everspan/everspan/instrument/tracetest"
)

func ExampleSend() {
	tel, _ := instrument.New(context.Background(), instrument.Options{SpanProcessor: tracetest.Discard, LogHandler: slog.DiscardHandler})
	ctx := tel.Context(context.Background())
	record := &kgo.Record{Topic: "orders", Value: []byte("o-17")}
	_ = kafka.Send(ctx, record, func(context.Context) error {
		fmt.Println(record.Headers[0].Key) // client.ProduceSync(ctx, record).FirstErr()
		return nil
	})
	_ = kafka.Process(ctx, record, func(ctx context.Context) error { return nil })
	// Output: traceparent
}
