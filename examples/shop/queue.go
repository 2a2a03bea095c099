package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// orderPlaced is the subject that orders are announced on.
const orderPlaced = "order.placed"

// messagingNATS names the broker; the conventions have no constant for it yet.
var messagingNATS = semconv.MessagingSystemKey.String("nats")

// startQueue runs a NATS broker on a loopback port of its own.
func startQueue() (*server.Server, error) {
	ns, err := server.NewServer(&server.Options{ServerName: "shop-queue", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	ns.Start()
	if !ns.ReadyForConnections(5 * time.Second) {
		ns.Shutdown()
		return nil, errors.New("queue: not ready after 5 s")
	}
	return ns, nil
}

func connectQueue(url, service string) (*nats.Conn, error) {
	nc, err := nats.Connect(url, nats.Name(service))
	if err != nil {
		return nil, fmt.Errorf("%s: connect to the queue: %w", service, err)
	}
	return nc, nil
}

// messageContext carries trace context in the headers of a message. NATS
// compares header names exactly, so they are written as W3C spells them.
type messageContext nats.Header

func (m messageContext) Get(key string) string { return nats.Header(m).Get(key) }
func (m messageContext) Set(key, value string) { nats.Header(m).Set(key, value) }

func (m messageContext) Keys() []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

// messageAttributes describe one message, to its producer and to its consumer.
func messageAttributes(m *nats.Msg) []attribute.KeyValue {
	return []attribute.KeyValue{
		messagingNATS,
		semconv.MessagingDestinationName(m.Subject),
		semconv.MessagingMessageID(m.Header.Get(nats.MsgIdHdr)),
		semconv.MessagingMessageBodySize(len(m.Data)),
	}
}
