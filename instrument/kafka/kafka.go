// Package kafka carries traces through Kafka, with the client franz-go.
//
//	err := kafka.Send(ctx, record, func(ctx context.Context) error {
//		return client.ProduceSync(ctx, record).FirstErr()
//	})
//	err := kafka.Process(ctx, record, handle)
package kafka

import (
	"context"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/everspan/everspan/instrument"
)

// Message describes a record to its consumer.
func Message(r *kgo.Record) instrument.Message {
	m := describe(r)
	m.Attributes = append(m.Attributes,
		semconv.MessagingDestinationPartitionID(strconv.Itoa(int(r.Partition))),
		semconv.MessagingKafkaOffset(int(r.Offset)))
	return m
}

// describe says what is known before a record is in a log.
func describe(r *kgo.Record) instrument.Message {
	m := instrument.Message{System: "kafka", Destination: r.Topic, Size: len(r.Value), Carrier: Carrier{r}}
	if r.Key != nil {
		m.Attributes = []attribute.KeyValue{semconv.MessagingKafkaMessageKey(string(r.Key))}
	}
	return m
}

// Send calls send in a producer span whose context is written into the
// record's headers. Errors are recorded and returned.
func Send(ctx context.Context, r *kgo.Record, send func(context.Context) error) error {
	return instrument.Send(ctx, describe(r), send)
}

// Process calls fn in a consumer span that continues the trace of the record's
// sender. Errors are recorded and returned.
func Process(ctx context.Context, r *kgo.Record, fn func(context.Context) error) error {
	return instrument.Process(ctx, Message(r), fn)
}

// ProcessBatch does so for each record of a batch, in one span for the batch
// that links to all senders. It returns an error for each record, or nil.
func ProcessBatch(ctx context.Context, records []*kgo.Record, fn func(context.Context, *kgo.Record) error) []error {
	return instrument.ProcessBatch(ctx, records, Message, fn)
}

// Carrier is the headers of a record.
type Carrier struct{ *kgo.Record }

// Get finds a header, in any case; the last one wins, as in Kafka's own clients.
func (c Carrier) Get(key string) (value string) {
	for _, h := range c.Headers {
		if strings.EqualFold(h.Key, key) {
			value = string(h.Value)
		}
	}
	return value
}

// Set writes a header in place of those with this name.
func (c Carrier) Set(key, value string) {
	kept := c.Headers[:0:0]
	for _, h := range c.Headers {
		if !strings.EqualFold(h.Key, key) {
			kept = append(kept, h)
		}
	}
	c.Headers = append(kept, kgo.RecordHeader{Key: key, Value: []byte(value)})
}

// Keys lists the headers.
func (c Carrier) Keys() []string {
	keys := make([]string, len(c.Headers))
	for i, h := range c.Headers {
		keys[i] = h.Key
	}
	return keys
}
