package kit

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/everspan/everspan/instrument/kafka"
	"github.com/everspan/everspan/instrument/tracetest"
)

// Kafka's protocol, over TCP, with a broker in this process.
func TestKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	var fetched []*kgo.Record
	shop, mail := tracetest.New(t), tracetest.New(t)
	roundTrip(t, shop, mail, broker[*kgo.Record]{
		verb: "send", queue: "orders",
		send: func(ctx context.Context, body string) error {
			// A header of this name that came with a message which is passed on.
			r := &kgo.Record{Topic: "orders", Key: []byte("k"), Value: []byte(body), Headers: []kgo.RecordHeader{{Key: "Traceparent", Value: []byte("old")}}}
			return kafka.Send(ctx, r, func(ctx context.Context) error { return client.ProduceSync(ctx, r).FirstErr() })
		},
		next: func() *kgo.Record {
			for len(fetched) == 0 {
				f := client.PollFetches(t.Context())
				if err := f.Err(); err != nil {
					t.Fatal(err)
				}
				fetched = f.Records()
			}
			r := fetched[0]
			fetched = fetched[1:]
			if n := len(r.Headers); n != 2 {
				t.Errorf("%d headers %v, want traceparent and baggage", n, r.Headers)
			}
			return r
		},
		body:         func(r *kgo.Record) string { return string(r.Value) },
		process:      kafka.Process,
		processBatch: kafka.ProcessBatch,
	})
	if got := attr(mail, "process orders", "messaging.kafka.offset"); got != "0" {
		t.Errorf("messaging.kafka.offset = %q", got)
	}
	if got := attr(shop, "send orders", "messaging.kafka.message.key"); got != "k" {
		t.Errorf("messaging.kafka.message.key = %q", got)
	}
}
