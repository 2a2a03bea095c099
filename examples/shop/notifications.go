package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/everspan/everspan/instrument"
	"github.com/nats-io/nats.go"
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

func (n *notifications) handleBatch(ctx context.Context, started time.Time, messages []*nats.Msg) {
	described := make([]instrument.Message, len(messages))
	for i, m := range messages {
		described[i] = describe(m)
	}
	batch := instrument.StartBatch(n.telemetry.Context(ctx), described, trace.WithTimestamp(started), trace.WithAttributes(semconv.ServerAddress("queue")))
	defer batch.End()
	for i, m := range messages {
		_ = batch.Process(i, func(ctx context.Context) error { return n.process(ctx, m) })
	}
}

// process handles one message in the trace of its producer.
func (n *notifications) process(ctx context.Context, m *nats.Msg) (err error) {
	defer func() {
		if err != nil {
			n.log.WarnContext(ctx, "no mail sent", "error", err)
		}
	}()
	var o order
	if err := json.Unmarshal(m.Data, &o); err != nil {
		return fmt.Errorf("message body: %w", err)
	}
	return instrument.Do(ctx, "email.send", func(ctx context.Context) error {
		if err := pause(ctx, n.dice.around(25*time.Millisecond)); err != nil {
			return err
		}
		if o.User == "bob" { // his mailbox has been full for years
			return fmt.Errorf("mailbox of %s is full", o.User)
		}
		n.log.InfoContext(ctx, "mail sent", "order", o.ID, "user", o.User)
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
