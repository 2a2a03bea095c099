package jaeger

import (
	"strconv"
	"strings"

	"github.com/everspan/everspan/internal/span"
)

// meaning is what tags say that are no attributes.
type meaning struct {
	failed             bool   // error is true
	code               []byte // otel.status_code
	message            []byte // otel.status_description
	httpCode           int64
	httpMessage        []byte
	scope, version     []byte
	library, libraryAt []byte // the former names of those
	messageTag         *tag
}

// putTags adds the tags to the span that was begun as row: those with a meaning
// to its columns, the others to its attributes.
func (r *record) putTags(b *span.Batch, row uint32) {
	var m meaning
	for i := range r.tags {
		if t := &r.tags[i]; !m.take(b, row, t) {
			t.put(&b.Attrs)
		}
	}
	message := m.status(b, row)
	if m.messageTag != nil && !m.failed && m.code == nil {
		m.messageTag.put(&b.Attrs) // it describes no status
	}
	b.Message[row] = b.Messages.Text(message)
	if m.scope == nil {
		m.scope = m.library
	}
	if m.version == nil {
		m.version = m.libraryAt
	}
	b.Scope[row] = b.Scopes.InternNamed("jaeger", m.scope, m.version)
}

// take notes what a tag means, and reports whether that is all it is for.
func (m *meaning) take(b *span.Batch, row uint32, t *tag) bool {
	if t.typ != span.String {
		switch string(t.key) {
		case "error":
			m.failed = t.typ == span.Bool && t.num != 0
			return m.failed
		case "http.status_code":
			if t.typ == span.Int {
				m.httpCode = int64(t.num)
			}
		}
		return false
	}
	switch string(t.key) {
	case "error":
		m.failed = string(t.text) == "true"
		return m.failed
	case "otel.status_code":
		m.code = t.text
	case "otel.status_description":
		m.message, m.messageTag = t.text, t
	case "otel.scope.name":
		m.scope = t.text
	case "otel.scope.version":
		m.version = t.text
	case "otel.library.name":
		m.library = t.text
	case "otel.library.version":
		m.libraryAt = t.text
	case "w3c.tracestate":
		b.State[row] = b.States.Text(t.text)
	case "span.kind":
		b.Kind[row] = span.ParseKind(string(t.text))
		return b.Kind[row] != span.KindUnspecified
	case "http.status_code":
		m.httpCode, _ = strconv.ParseInt(string(t.text), 10, 64)
		return false
	case "http.status_message":
		m.httpMessage = t.text
		return false
	default:
		return false
	}
	return true
}

// status sets the status and returns its message.
func (m *meaning) status(b *span.Batch, row uint32) (message []byte) {
	switch {
	case m.failed:
		b.Status[row] = span.StatusError
		if m.message == nil {
			return m.httpMessage
		}
		return m.message
	case m.code != nil:
		switch strings.ToUpper(string(m.code)) {
		case "OK":
			b.Status[row] = span.StatusOK
		case "ERROR":
			b.Status[row] = span.StatusError
		}
		return m.message
	case m.httpCode >= 500, m.httpCode >= 400 && b.Kind[row] != span.KindServer:
		b.Status[row] = span.StatusError
		return m.httpMessage
	}
	return nil
}
