package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// notifications mails a confirmation for each order. It reads the queue in
// batches, so a batch belongs to many requests at once: its span is a root of
// its own that links to every producer, while each message's span continues
// the trace that the message came from.
type notifications struct {
	*service
	messages chan *nats.Msg
	closing  chan struct{}
	done     chan struct{}
}

const (
	batchSize = 16
	batchWait = 200 * time.Millisecond // from a batch's first message on
)

func newNotifications(svc *service, queue *nats.Conn) (*notifications, error) {
	n := &notifications{
		service:  svc,
		messages: make(chan *nats.Msg, 1024),
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
	}
	if _, err := queue.ChanQueueSubscribe(orderPlaced, svc.name, n.messages); err != nil {
		return nil, fmt.Errorf("%s: subscribe: %w", svc.name, err)
	}
	// The broker has to know the subscription before the first order.
	if err := queue.Flush(); err != nil {
		return nil, fmt.Errorf("%s: subscribe: %w", svc.name, err)
	}
	go n.run()
	return n, nil
}

func (n *notifications) run() {
	defer close(n.done)
	for {
		select {
		case first := <-n.messages:
			started := time.Now()
			n.handleBatch(context.Background(), started, n.collect(first))
		case <-n.closing:
			for len(n.messages) > 0 {
				n.handleBatch(context.Background(), time.Now(), n.collect(<-n.messages))
			}
			return
		}
	}
}

// collect waits for company for a message.
func (n *notifications) collect(first *nats.Msg) []*nats.Msg {
	batch := []*nats.Msg{first}
	wait := time.After(batchWait)
	for len(batch) < batchSize {
		select {
		case m := <-n.messages:
			batch = append(batch, m)
		case <-wait:
			return batch
		}
	}
	return batch
}

func (n *notifications) handleBatch(ctx context.Context, started time.Time, batch []*nats.Msg) {
	producers := make([]context.Context, len(batch))
	links := make([]trace.Link, len(batch))
	for i, m := range batch {
		producers[i] = propagator.Extract(ctx, messageContext(m.Header))
		links[i] = trace.Link{
			SpanContext: trace.SpanContextFromContext(producers[i]),
			Attributes:  []attribute.KeyValue{semconv.MessagingMessageID(m.Header.Get(nats.MsgIdHdr))},
		}
	}
	_, span := n.tracer.Start(ctx, "receive "+orderPlaced, trace.WithNewRoot(), trace.WithTimestamp(started),
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links...),
		trace.WithAttributes(
			messagingNATS,
			semconv.MessagingDestinationName(orderPlaced),
			semconv.MessagingConsumerGroupName(n.name),
			semconv.MessagingOperationName("receive"),
			semconv.MessagingOperationTypeReceive,
			semconv.MessagingBatchMessageCount(len(batch)),
			semconv.ServerAddress("queue"),
		))
	defer span.End()
	failed := 0
	for i, m := range batch {
		if err := n.process(producers[i], m, span.SpanContext()); err != nil {
			n.log.WarnContext(producers[i], "no mail sent", "error", err)
			failed++
		}
	}
	if failed > 0 {
		span.SetStatus(codes.Error, fmt.Sprintf("%d of %d messages failed", failed, len(batch)))
	}
}

// process handles one message in the trace of its producer.
func (n *notifications) process(ctx context.Context, m *nats.Msg, batch trace.SpanContext) (err error) {
	ctx, span := n.tracer.Start(ctx, "process "+orderPlaced, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(trace.Link{SpanContext: batch}),
		trace.WithAttributes(messageAttributes(m)...),
		trace.WithAttributes(
			semconv.MessagingConsumerGroupName(n.name),
			semconv.MessagingOperationName("process"),
			semconv.MessagingOperationTypeProcess,
		))
	defer span.End()
	defer func() {
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
	}()
	var o order
	if err := json.Unmarshal(m.Data, &o); err != nil {
		return fmt.Errorf("message body: %w", err)
	}
	return n.step(ctx, "email.send", func(ctx context.Context) error {
		if err := pause(ctx, n.dice.around(25*time.Millisecond)); err != nil {
			return err
		}
		if o.User == "bob" { // his mailbox has been full for years
			return fmt.Errorf("mailbox of %s is full", o.User)
		}
		return nil
	})
}

// stop handles what has been delivered.
func (n *notifications) stop(ctx context.Context) error {
	close(n.closing)
	select {
	case <-n.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
