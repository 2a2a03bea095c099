// Package sqs carries traces through Amazon SQS, with the client of
// aws-sdk-go-v2.
//
//	err := sqs.Send(ctx, input, func(ctx context.Context) error {
//		_, err := client.SendMessage(ctx, input)
//		return err
//	})
//	err := sqs.Process(ctx, queueURL, message, handle)
//
// Trace context is in message attributes. A receiver has to ask for them, and
// for X-Ray's header if AWS services are among the senders:
//
//	MessageAttributeNames:       []string{"All"},
//	MessageSystemAttributeNames: []types.MessageSystemAttributeName{"AWSTraceHeader"},
package sqs

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/attribute"

	"github.com/everspan/everspan/instrument"
)

// Most is how many attributes a message may have. The sender's own come
// first; context that has no room is left out, traceparent last of all.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
const Most = 10

// Send calls send in a producer span whose context is written into the
// message's attributes. Errors are recorded and returned.
func Send(ctx context.Context, in *sqs.SendMessageInput, send func(context.Context) error) error {
	if in.MessageAttributes == nil {
		in.MessageAttributes = map[string]types.MessageAttributeValue{}
	}
	m := describe(aws.ToString(in.QueueUrl), in.MessageBody)
	m.Carrier = Carrier{Attributes: in.MessageAttributes}
	return instrument.Send(ctx, m, send)
}

// Message describes a message to the consumer of a queue.
func Message(queueURL string, m types.Message) instrument.Message {
	d := describe(queueURL, m.Body)
	d.ID = aws.ToString(m.MessageId)
	d.Carrier = Carrier{m.MessageAttributes, m.Attributes}
	return d
}

// Process calls fn in a consumer span that continues the trace of the
// message's sender. Errors are recorded and returned.
func Process(ctx context.Context, queueURL string, m types.Message, fn func(context.Context) error) error {
	return instrument.Process(ctx, Message(queueURL, m), fn)
}

// ProcessBatch does so for each message of a batch, in one span for the batch
// that links to all senders. It returns an error for each message, or nil.
func ProcessBatch(ctx context.Context, queueURL string, batch []types.Message, fn func(context.Context, types.Message) error) []error {
	return instrument.ProcessBatch(ctx, batch, func(m types.Message) instrument.Message { return Message(queueURL, m) }, fn)
}

func describe(queueURL string, body *string) instrument.Message {
	return instrument.Message{System: "aws_sqs", Destination: path.Base(queueURL), Size: len(aws.ToString(body)),
		Attributes: []attribute.KeyValue{attribute.String("aws.sqs.queue.url", queueURL)}}
}

// Carrier is the attributes of a message. To be written to, Attributes must
// not be nil.
type Carrier struct {
	Attributes map[string]types.MessageAttributeValue
	System     map[string]string // read for X-Ray's header, which AWS itself sets
}

// Get finds an attribute, in any case.
func (c Carrier) Get(key string) string {
	for name, v := range c.Attributes {
		if strings.EqualFold(name, key) {
			return aws.ToString(v.StringValue)
		}
	}
	if strings.EqualFold(key, "X-Amzn-Trace-Id") {
		return c.System[string(types.MessageSystemAttributeNameAWSTraceHeader)]
	}
	return ""
}

// Set writes an attribute, if it has a value and there is room.
func (c Carrier) Set(key, value string) {
	if value == "" {
		return // SQS refuses the whole message
	}
	if _, again := c.Attributes[key]; !again && len(c.Attributes) >= Most {
		if key != "traceparent" {
			return
		}
		if _, ok := c.Attributes["tracestate"]; !ok {
			return
		}
		delete(c.Attributes, "tracestate") // was written just before, and is worth less
	}
	c.Attributes[key] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
}

// Keys lists the attributes.
func (c Carrier) Keys() []string { return slices.Collect(maps.Keys(c.Attributes)) }
