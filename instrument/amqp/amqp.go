// Package amqp carries traces through RabbitMQ, with the client amqp091-go.
//
//	err := amqp.Send(ctx, exchange, key, &publishing, func(ctx context.Context) error {
//		return channel.PublishWithContext(ctx, exchange, key, false, false, publishing)
//	})
//	err := amqp.Process(ctx, "orders", delivery, handle)
package amqp

import (
	"context"
	"maps"
	"slices"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/everspan/everspan/instrument"
)

// Send calls send in a producer span whose context is written into the
// publishing's headers. Errors are recorded and returned.
func Send(ctx context.Context, exchange, key string, p *amqp091.Publishing, send func(context.Context) error) error {
	if p.Headers == nil {
		p.Headers = amqp091.Table{}
	}
	return instrument.Send(ctx, Published(exchange, key, p), send)
}

// Published describes a message to its sender. Its destination is written as
// the conventions want it: exchange, then key, with a colon.
func Published(exchange, key string, p *amqp091.Publishing) instrument.Message {
	return instrument.Message{System: "rabbitmq", Destination: destination(exchange, key), Verb: "publish", ID: p.MessageId, Size: len(p.Body),
		Carrier: Carrier(p.Headers), Attributes: routing(key)}
}

// Delivered describes a message to the consumer of a queue.
func Delivered(queue string, d amqp091.Delivery) instrument.Message {
	to := destination(d.Exchange, d.RoutingKey)
	if d.RoutingKey != queue {
		to += ":" + queue
	}
	return instrument.Message{System: "rabbitmq", Destination: to, ID: d.MessageId, Size: len(d.Body),
		Carrier: Carrier(d.Headers), Attributes: append(routing(d.RoutingKey), semconv.MessagingRabbitMQMessageDeliveryTag(int(d.DeliveryTag)))}
}

// Process calls fn in a consumer span that continues the trace of the
// message's sender. Errors are recorded and returned.
func Process(ctx context.Context, queue string, d amqp091.Delivery, fn func(context.Context) error) error {
	return instrument.Process(ctx, Delivered(queue, d), fn)
}

// ProcessBatch does so for each message of a batch, in one span for the batch
// that links to all senders. It returns an error for each message, or nil.
func ProcessBatch(ctx context.Context, queue string, batch []amqp091.Delivery, fn func(context.Context, amqp091.Delivery) error) []error {
	return instrument.ProcessBatch(ctx, batch, func(d amqp091.Delivery) instrument.Message { return Delivered(queue, d) }, fn)
}

// Carrier is the headers of a message. To be written to it must not be nil.
type Carrier amqp091.Table

// Get finds a header, in any case. Clients of other languages send bytes.
func (c Carrier) Get(key string) string {
	v, ok := c[key]
	if !ok {
		for k := range c {
			if strings.EqualFold(k, key) {
				v = c[k]
				break
			}
		}
	}
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

// Set writes a header.
func (c Carrier) Set(key, value string) { c[key] = value }

// Keys lists the headers.
func (c Carrier) Keys() []string { return slices.Collect(maps.Keys(c)) }

// destination: https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/
func destination(exchange, key string) string {
	switch {
	case exchange == "" && key == "":
		return "amq.default"
	case exchange == "":
		return key
	case key == "":
		return exchange
	}
	return exchange + ":" + key
}

func routing(key string) []attribute.KeyValue {
	if key == "" {
		return nil
	}
	return []attribute.KeyValue{semconv.MessagingRabbitMQDestinationRoutingKey(key)}
}
