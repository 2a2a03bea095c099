package instrument_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/tracetest"
)

func TestMessages(t *testing.T) {
	shop, mail := tracetest.New(t), tracetest.New(t)
	send := func(id string) instrument.Message {
		m := instrument.Message{System: "test", Destination: "orders", Verb: "publish", ID: id, Size: 3, Group: "mail", Carrier: instrument.Map{}}
		err := instrument.Do(shop.Context(t.Context()), "place "+id, func(ctx context.Context) error {
			return instrument.Send(ctx, m, nothing)
		})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	one, two := send("1"), send("2")
	stray := instrument.Message{System: "test", Destination: "orders", Group: "mail", Carrier: instrument.Map{}}
	ctx := mail.Context(t.Context())

	if err := instrument.Process(ctx, one, nothing); err != nil {
		t.Error(err)
	}
	mail.Expect("process orders (remote)")
	process := mail.Span("process orders")
	if process.SpanContext().TraceID() != shop.Span("place 1").SpanContext().TraceID() {
		t.Error("processing is not in the trace of the sender")
	}
	got := attrs(process.Attributes())
	want := map[string]string{"messaging.system": "test", "messaging.destination.name": "orders", "messaging.operation.name": "process",
		"messaging.operation.type": "process", "messaging.message.id": "1", "messaging.message.body.size": "3", "messaging.consumer.group.name": "mail"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}

	mail = tracetest.New(t)
	ctx = mail.Context(t.Context())
	failed := errors.New("mailbox is full")
	errs := instrument.ProcessBatch(ctx, []instrument.Message{one, two, stray}, func(m instrument.Message) instrument.Message { return m },
		func(_ context.Context, m instrument.Message) error {
			if m.ID == "2" {
				return failed
			}
			return nil
		})
	if errs[0] != nil || errs[1] != failed || errs[2] != nil {
		t.Errorf("errors %v", errs)
	}
	mail.Expect(`
		receive orders !
		  process orders
		process orders (remote)
		process orders ! (remote)
	`)
	batch := mail.Span("receive orders")
	if len(batch.Links()) != 2 || batch.Attr("messaging.batch.message_count") != "3" || batch.Status().Description != "1 of 3 messages failed" {
		t.Errorf("batch: links %v, %v, %v", batch.Links(), batch.Attributes(), batch.Status())
	}
	for _, s := range mail.Spans() {
		if s.Parent().IsRemote() && (len(s.Links()) != 1 || s.Links()[0].SpanContext.SpanID() != batch.SpanContext().SpanID()) {
			t.Errorf("links of a message %v, want the batch", s.Links())
		}
	}
}

func TestMap(t *testing.T) {
	m := instrument.Map{"Traceparent": w3c}
	if m.Get("traceparent") != w3c {
		t.Error("not found in another case")
	}
}

func attrs(kvs []attribute.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range kvs {
		m[string(kv.Key)] = kv.Value.String()
	}
	return m
}
