package kit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	kitsqs "github.com/everspan/everspan/instrument/sqs"
	"github.com/everspan/everspan/instrument/tracetest"
)

// AWS's own client with an emulator of SQS, which holds messages to the rules
// that AWS documents. SQS itself can't be run.
func TestSQS(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Node.js; left out with -short")
	}
	url, err := startSQS(t)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		notTested(t, "SQS with an emulator", err)
	}
	client := sqs.New(sqs.Options{Region: "eu-central-1", BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})})
	created, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	queue := aws.ToString(created.QueueUrl)
	send := func(ctx context.Context, body string, own int) error {
		in := &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{}}
		for i := range own {
			in.MessageAttributes[fmt.Sprint("own", i)] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("x")}
		}
		return kitsqs.Send(ctx, in, func(ctx context.Context) error {
			_, err := client.SendMessage(ctx, in)
			return err
		})
	}
	next := func() types.Message {
		for range 10 {
			out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 1, WaitTimeSeconds: 1,
				MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"AWSTraceHeader"}})
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Messages) > 0 {
				return out.Messages[0]
			}
		}
		t.Fatal("no message came")
		return types.Message{}
	}
	shop, mail := tracetest.New(t), tracetest.New(t)
	roundTrip(t, shop, mail, broker[types.Message]{
		verb: "send", queue: "orders",
		send: func(ctx context.Context, body string) error { return send(ctx, body, 1) },
		next: next,
		body: func(m types.Message) string { return aws.ToString(m.Body) },
		process: func(ctx context.Context, m types.Message, fn func(context.Context) error) error {
			return kitsqs.Process(ctx, queue, m, fn)
		},
		processBatch: func(ctx context.Context, batch []types.Message, fn func(context.Context, types.Message) error) []error {
			return kitsqs.ProcessBatch(ctx, queue, batch, fn)
		},
	})

	// Ten attributes at most: context takes the room that is left.
	for own, carried := range map[int]bool{9: true, 10: false} {
		shop, mail := tracetest.New(t), tracetest.New(t)
		if err := send(shop.Context(t.Context()), "full", own); err != nil {
			t.Fatalf("%d attributes of its own: %v", own, err)
		}
		m := next()
		if err := kitsqs.Process(mail.Context(t.Context()), queue, m, func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		want := "process orders"
		if carried {
			want += " (remote)"
		}
		mail.Expect(want)
	}

	// What AWS itself writes.
	x := types.Message{Attributes: map[string]string{"AWSTraceHeader": "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1"}}
	xray := tracetest.New(t)
	_ = kitsqs.Process(xray.Context(t.Context()), queue, x, func(context.Context) error { return nil })
	if got := xray.Span("process orders").SpanContext().TraceID().String(); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("trace %s, want X-Ray's", got)
	}
}

var listening = regexp.MustCompile(`Server listening at (http://127\.0\.0\.1:\d+)`)

// startSQS starts the emulator that `npm ci` puts into node_modules.
func startSQS(t *testing.T) (url string, err error) {
	program := filepath.Join("node_modules", "fauxqs", "dist", "cli.js")
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("run `make node` first: %w", err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(node, program)
	cmd.Env = append(os.Environ(), "FAUXQS_PORT=0", "FAUXQS_HOST=127.0.0.1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	found := make(chan string, 1)
	go func() {
		said := bufio.NewScanner(out)
		for said.Scan() {
			var line struct{ Msg string }
			if json.Unmarshal(said.Bytes(), &line) == nil {
				if m := listening.FindStringSubmatch(line.Msg); m != nil {
					select {
					case found <- m[1]:
					default:
					}
				}
			}
		}
		close(found)
	}()
	select {
	case url, ok := <-found:
		if !ok {
			return "", errors.New("it ended at once")
		}
		return url, nil
	case <-time.After(60 * time.Second):
		return "", errors.New("it does not say where it listens")
	}
}
