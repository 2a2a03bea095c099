package kit

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"

	"github.com/everspan/everspan/instrument/nats"
	"github.com/everspan/everspan/instrument/tracetest"
)

// NATS' own server, over TCP.
func TestNATS(t *testing.T) {
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	defer ns.Shutdown()
	if !ns.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready after 10 s")
	}
	conn, err := natsgo.Connect(ns.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sub, err := conn.QueueSubscribeSync("orders", "mail")
	if err != nil {
		t.Fatal(err)
	}
	shop, mail := tracetest.New(t), tracetest.New(t)
	roundTrip(t, shop, mail, broker[*natsgo.Msg]{
		verb: "publish", queue: "orders",
		send: func(ctx context.Context, body string) error {
			return nats.Publish(ctx, conn.PublishMsg, &natsgo.Msg{Subject: "orders", Data: []byte(body)})
		},
		next: func() *natsgo.Msg {
			m, err := sub.NextMsg(10 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			return m
		},
		body:         func(m *natsgo.Msg) string { return string(m.Data) },
		process:      nats.Process,
		processBatch: nats.ProcessBatch,
	})
	if got := attr(mail, "process orders", "messaging.consumer.group.name"); got != "mail" {
		t.Errorf("messaging.consumer.group.name = %q", got)
	}
}
