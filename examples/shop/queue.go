package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/everspan/everspan/instrument"
	tracednats "github.com/everspan/everspan/instrument/nats"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// orderPlaced is the subject that orders are announced on.
const orderPlaced = "order.placed"

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

// describe tells spans about a message.
func describe(m *nats.Msg) instrument.Message {
	d := tracednats.Message(m)
	d.Attributes = append(d.Attributes, semconv.ServerAddress("queue"))
	return d
}
