package advise

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/everspan/everspan/internal/span"
)

// Failure says why a request failed.
type Failure struct {
	Node int32  `json:"node"`
	Text string `json:"text"` // a sentence, in one line
}

// findFailure finds the first error of a main root that failed: a span with an
// error and without a child that has one, the earliest. Errors that lead to the
// root without a break come first; if the root's own children are fine, any
// error below it may be the reason.
func (a *Analysis) findFailure() *Failure {
	t := a.Tree
	main := t.Main
	nodes := t.Nodes[main:t.Nodes[main].Next]
	failed := func(i int) bool {
		row := nodes[i].Row
		return row >= 0 && t.Spans.Status[row] == span.StatusError
	}
	above := make([]bool, len(nodes))    // has a child with an error
	onTheWay := make([]bool, len(nodes)) // all nodes up to the root have errors
	// A missing root can't say how it went: its children do.
	onTheWay[0] = failed(0) || nodes[0].Row < 0
	for i := 1; i < len(nodes); i++ {
		if failed(i) {
			parent := nodes[i].Parent - main
			above[parent] = true
			onTheWay[i] = onTheWay[parent]
		}
	}
	if !failed(0) && !(onTheWay[0] && above[0]) {
		return nil
	}
	best := -1
	for i := 1; i < len(nodes); i++ {
		if !failed(i) || above[i] {
			continue
		}
		if !onTheWay[i] && nodes[i].Start >= nodes[0].End() {
			continue // the answer was out already
		}
		if best < 0 || onTheWay[i] && !onTheWay[best] ||
			onTheWay[i] == onTheWay[best] && nodes[i].Start < nodes[best].Start {
			best = i
		}
	}
	node := main + int32(max(best, 0))
	text := "failed: " + oneLine(a.name(node))
	if service := a.service(node); service != "" {
		text += " in " + oneLine(service)
	}
	if reason := a.reason(uint32(t.Nodes[node].Row)); reason != "" {
		text += ": " + oneLine(reason)
	}
	return &Failure{node, text}
}

// reason is what a span says about its error: the status message, an
// exception, a status code, the error's type.
func (a *Analysis) reason(row uint32) string {
	b := a.Tree.Spans
	if message := b.Messages.String(b.Message[row]); message != "" {
		return message
	}
	if e, ok := exception(b, row); ok {
		if e.Type != "" && e.Message != "" {
			return e.Type + ": " + e.Message
		}
		return cmp.Or(e.Message, e.Type)
	}
	if code := text(&b.Attrs, row, "http.response.status_code", "http.status_code"); code != "" {
		if n, err := strconv.Atoi(code); err == nil && http.StatusText(n) != "" {
			return code + " " + http.StatusText(n)
		}
		return code
	}
	return text(&b.Attrs, row, "error.type")
}

// exception returns the first exception among a span's events.
func exception(b *span.Batch, row uint32) (Exception, bool) {
	for i, to := b.EventsOf(row); i < to; i++ {
		if string(b.Events.Names.Bytes(b.Events.Name[i])) == "exception" {
			attrs := &b.Events.Attrs
			return Exception{text(attrs, uint32(i), "exception.type"), text(attrs, uint32(i), "exception.message")}, true
		}
	}
	return Exception{}, false
}
