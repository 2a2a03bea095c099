package advise

import (
	"net/url"

	"github.com/everspan/everspan/internal/span"
)

// Class is the kind of waiting at a bottleneck.
type Class string

// The classes, in the order in which they are tried.
const (
	// Database: the span has db.system.name or db.system.
	Database Class = "database"
	// Queue: a PRODUCER, or messaging.operation.type (or messaging.operation) is
	// receive or poll.
	Queue Class = "queue"
	// External: a CLIENT with no SERVER span under it.
	External Class = "external"
	// Gap: nobody recorded what happened. A CLIENT whose SERVER answered, outside
	// the server's time; a missing span; or a span with children of which one
	// stretch without any is at least half of its time on the path, and at least
	// 5 % of the request.
	Gap Class = "gap"
	// OwnCode: everything else.
	OwnCode Class = "code"
)

// String gives the class as a person reads it.
func (c Class) String() string {
	switch c {
	case Database:
		return "slow database"
	case Queue:
		return "queue wait"
	case External:
		return "slow external call"
	case OwnCode:
		return "own code"
	default:
		return string(c)
	}
}

func (a *Analysis) classify(node int32) Class {
	t := a.Tree
	n := &t.Nodes[node]
	if n.Row < 0 {
		return Gap
	}
	row := uint32(n.Row)
	attrs := &t.Spans.Attrs
	if text(attrs, row, "db.system.name", "db.system") != "" {
		return Database
	}
	operation := text(attrs, row, "messaging.operation.type", "messaging.operation")
	if kind(t, node) == span.KindProducer || operation == "receive" || operation == "poll" {
		return Queue
	}
	if kind(t, node) == span.KindClient {
		if a.server(node) >= 0 {
			return Gap
		}
		return External
	}
	if n.Children > 0 {
		if s := longestUncovered(t, node); isGap(t, s) && s.Nanos() >= a.Critical[node]/2 {
			return Gap
		}
	}
	return OwnCode
}

// server returns the first SERVER child of a node, or -1.
func (a *Analysis) server(node int32) int32 {
	for c := range a.Tree.Children(node) {
		if kind(a.Tree, c) == span.KindServer {
			return c
		}
	}
	return -1
}

// text returns the first of the keys that a row has, as text.
func text(attrs *span.Attrs, row uint32, keys ...string) string {
	for _, key := range keys {
		if v, ok := attrs.Get(row, key); ok && v.Display() != "" {
			return v.Display()
		}
	}
	return ""
}

// peer names what a span called, "" if it does not say.
func peer(attrs *span.Attrs, row uint32) string {
	if name := text(attrs, row, "peer.service", "server.address", "net.peer.name", "db.namespace", "db.name"); name != "" {
		return name
	}
	if u, err := url.Parse(text(attrs, row, "url.full", "http.url")); err == nil {
		return u.Host
	}
	return ""
}
