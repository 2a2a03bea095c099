package instrument

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Message describes a message of any broker to spans. The packages kafka,
// nats, amqp and sqs make it from theirs.
// Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/.
type Message struct {
	System      string // messaging.system: "kafka", "nats", "rabbitmq", "aws_sqs"
	Destination string // topic, subject or queue
	Verb        string // what the broker calls sending: "publish"; empty is "send"
	ID          string // the message's, if it has one
	Group       string // of consumers, if there are any
	Size        int    // of the body, in bytes

	Carrier    propagation.TextMapCarrier // where trace context is in the message; nil if it has no place
	Attributes []attribute.KeyValue       // what else there is to say
}

func (m *Message) attributes(name string, kind attribute.KeyValue) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 7+len(m.Attributes))
	attrs = append(attrs,
		semconv.MessagingSystemKey.String(m.System),
		semconv.MessagingDestinationName(m.Destination),
		semconv.MessagingOperationName(name),
		kind)
	if m.ID != "" {
		attrs = append(attrs, semconv.MessagingMessageID(m.ID))
	}
	if m.Size > 0 {
		attrs = append(attrs, semconv.MessagingMessageBodySize(m.Size))
	}
	if m.Group != "" && kind != semconv.MessagingOperationTypeSend {
		attrs = append(attrs, semconv.MessagingConsumerGroupName(m.Group))
	}
	return append(attrs, m.Attributes...)
}

// Send makes a producer span, writes its context into the message's carrier
// and calls send. Errors are recorded and returned.
func Send(ctx context.Context, m Message, send func(context.Context) error) error {
	verb := cmp.Or(m.Verb, "send")
	ctx, span := tracerOf(ctx).Start(ctx, verb+" "+m.Destination, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(m.attributes(verb, semconv.MessagingOperationTypeSend)...))
	if m.Carrier != nil {
		Inject(ctx, m.Carrier)
	}
	return run(ctx, span, send)
}

// Process makes a consumer span that continues the trace of the message's
// sender and calls fn in it. If there is a span in ctx already, the new one
// links to it. Errors are recorded and returned.
func Process(ctx context.Context, m Message, fn func(context.Context) error) error {
	ctx, span := startProcess(ctx, m, trace.SpanContextFromContext(ctx))
	return run(ctx, span, fn)
}

func startProcess(ctx context.Context, m Message, around trace.SpanContext) (context.Context, trace.Span) {
	tracer := tracerOf(ctx)
	if m.Carrier != nil {
		ctx = Extract(ctx, m.Carrier)
	}
	opts := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(m.attributes("process", semconv.MessagingOperationTypeProcess)...)}
	if parent := trace.SpanContextFromContext(ctx); around.IsValid() && !around.Equal(parent) {
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: around}))
	}
	return tracer.Start(ctx, "process "+m.Destination, opts...)
}

// Batch is a number of messages that were received together. They come from
// many traces, so its span is in none of them: it links to every sender.
type Batch struct {
	ctx      context.Context
	span     trace.Span
	messages []Message
	failed   atomic.Int64
}

// StartBatch makes the span of a batch, of the kind consumer. trace.WithTimestamp
// among the options puts its beginning to when the first message came.
func StartBatch(ctx context.Context, messages []Message, opts ...trace.SpanStartOption) *Batch {
	links := make([]trace.Link, 0, len(messages))
	for i := range messages {
		m := &messages[i]
		if m.Carrier == nil {
			continue
		}
		// Read without ctx: the span of a message without context would
		// else be taken for its sender.
		sender := trace.SpanContextFromContext(propagatorOf(ctx).Extract(context.Background(), m.Carrier))
		if !sender.IsValid() {
			continue
		}
		link := trace.Link{SpanContext: sender}
		if m.ID != "" {
			link.Attributes = []attribute.KeyValue{semconv.MessagingMessageID(m.ID)}
		}
		links = append(links, link)
	}
	var first Message
	if len(messages) > 0 {
		first = Message{System: messages[0].System, Destination: messages[0].Destination, Group: messages[0].Group}
	}
	opts = append([]trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links...),
		trace.WithAttributes(first.attributes("receive", semconv.MessagingOperationTypeReceive)...),
		trace.WithAttributes(semconv.MessagingBatchMessageCount(len(messages))),
	}, opts...)
	b := &Batch{messages: messages}
	b.ctx, b.span = tracerOf(ctx).Start(ctx, "receive "+first.Destination, opts...)
	return b
}

// Process calls fn for message i in a span that continues the trace of its
// sender and links to the batch. An error is recorded, counted and returned.
// It may be called by several goroutines.
func (b *Batch) Process(i int, fn func(context.Context) error) error {
	ctx, span := startProcess(b.ctx, b.messages[i], b.span.SpanContext())
	err := run(ctx, span, fn)
	if err != nil {
		b.failed.Add(1)
	}
	return err
}

// End ends the span of the batch, which has failed if one of its messages has.
func (b *Batch) End() {
	if n := b.failed.Load(); n > 0 {
		b.span.SetStatus(codes.Error, fmt.Sprintf("%d of %d messages failed", n, len(b.messages)))
	}
	b.span.End()
}

// ProcessBatch calls fn for each message of a batch, in order, as
// [Batch.Process] does. It returns the errors, nil for those that went well,
// in the order of the messages; one that fails does not hold up the rest. The
// function message describes one; see kafka.Message and its like.
func ProcessBatch[M any](ctx context.Context, messages []M, message func(M) Message, fn func(context.Context, M) error) []error {
	described := make([]Message, len(messages))
	for i, m := range messages {
		described[i] = message(m)
	}
	b := StartBatch(ctx, described)
	defer b.End()
	errs := make([]error, len(messages))
	for i, m := range messages {
		errs[i] = b.Process(i, func(ctx context.Context) error { return fn(ctx, m) })
	}
	return errs
}
