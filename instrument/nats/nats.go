// Package nats carries traces through NATS, with the client nats.go.
//
//	err := nats.Publish(ctx, conn.PublishMsg, msg)
//	err := nats.Process(ctx, msg, handle)
package nats

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/everspan/everspan/instrument"
)

// Message describes a message. Its group is the queue group of the
// subscription that it came by.
func Message(m *nats.Msg) instrument.Message {
	d := instrument.Message{System: "nats", Destination: m.Subject, Verb: "publish", Size: len(m.Data),
		ID: m.Header.Get(nats.MsgIdHdr), Carrier: Carrier{m}}
	if m.Sub != nil {
		d.Group = m.Sub.Queue
	}
	return d
}

// Publish calls publish, as nats.Conn.PublishMsg, in a producer span whose
// context is written into the message's header. Errors are recorded and
// returned.
func Publish(ctx context.Context, publish func(*nats.Msg) error, m *nats.Msg) error {
	return Send(ctx, m, func(context.Context) error { return publish(m) })
}

// Send is [Publish] for what does not look like PublishMsg: a request, or JetStream.
func Send(ctx context.Context, m *nats.Msg, send func(context.Context) error) error {
	return instrument.Send(ctx, Message(m), send)
}

// Process calls fn in a consumer span that continues the trace of the
// message's sender. Errors are recorded and returned.
func Process(ctx context.Context, m *nats.Msg, fn func(context.Context) error) error {
	return instrument.Process(ctx, Message(m), fn)
}

// ProcessBatch does so for each message of a batch, in one span for the batch
// that links to all senders. It returns an error for each message, or nil.
func ProcessBatch(ctx context.Context, messages []*nats.Msg, fn func(context.Context, *nats.Msg) error) []error {
	return instrument.ProcessBatch(ctx, messages, Message, fn)
}

// Carrier is the header of a message.
type Carrier struct{ *nats.Msg }

// Get finds a header, in any case.
func (c Carrier) Get(key string) string { return Headers(c.Header).Get(key) }

// Set writes a header.
func (c Carrier) Set(key, value string) {
	if c.Header == nil {
		c.Header = nats.Header{}
	}
	Headers(c.Header).Set(key, value)
}

// Keys lists the headers.
func (c Carrier) Keys() []string { return Headers(c.Header).Keys() }

// Headers is a header by itself, for messages of JetStream's newer client:
// put nats.Headers(m.Headers()) into an [instrument.Message]. NATS does not
// change the case of names, so they are written as they are, and found in any.
type Headers nats.Header

// Get finds a header, in any case.
func (h Headers) Get(key string) string {
	if v := h[key]; len(v) > 0 {
		return v[0]
	}
	for k, v := range h {
		if strings.EqualFold(k, key) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// Set writes a header in place of those with this name.
func (h Headers) Set(key, value string) {
	for k := range h {
		if strings.EqualFold(k, key) {
			delete(h, k)
		}
	}
	h[key] = []string{value}
}

// Keys lists the headers.
func (h Headers) Keys() []string { return slices.Collect(maps.Keys(h)) }
