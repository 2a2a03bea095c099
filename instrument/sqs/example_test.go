package sqs_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/sqs"
	"github.com/everspan/everspan/instrument/tracetest"
)

func ExampleSend() {
	tel, _ := instrument.New(context.Background(), instrument.Options{SpanProcessor: tracetest.Discard, LogHandler: slog.DiscardHandler})
	ctx := tel.Context(context.Background())
	in := &awssqs.SendMessageInput{QueueUrl: aws.String("https://queue.example/1/orders"), MessageBody: aws.String("o-17")}
	_ = sqs.Send(ctx, in, func(context.Context) error { // client.SendMessage(ctx, in)
		fmt.Println(*in.MessageAttributes["traceparent"].DataType)
		return nil
	})
	// Output: String
}
