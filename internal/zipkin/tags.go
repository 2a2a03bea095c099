package zipkin

import (
	"bytes"

	"github.com/everspan/everspan/internal/span"
)

var statusCodes = map[string]span.Status{
	"UNSET": span.StatusUnset, "OK": span.StatusOK, "ERROR": span.StatusError,
	// Exporters of before the names were settled.
	"Unset": span.StatusUnset, "Ok": span.StatusOK, "Error": span.StatusError,
	"STATUS_CODE_UNSET": span.StatusUnset, "STATUS_CODE_OK": span.StatusOK, "STATUS_CODE_ERROR": span.StatusError,
}

// meaning is what tags say that are no attributes.
type meaning struct {
	failed                   bool // there is an error tag
	failure, message         []byte
	scope, version           []byte
	library, libVersion      []byte // the former names of those
	attrs, events, linkCount uint32 // dropped
}

// putTags adds the tags to the span that was begun as row: those with a meaning
// to its columns, the others to its attributes.
func (r *record) putTags(b *span.Batch, row uint32) {
	var m meaning
	for _, t := range r.tags {
		if !m.take(b, row, t) {
			b.Attrs.Text(t.key, span.String, t.value)
		}
	}
	if m.failed {
		b.Status[row] = span.StatusError
		switch {
		case len(m.failure) == 0 || string(m.failure) == "true" || bytes.Equal(m.failure, m.message):
		case len(m.message) == 0:
			m.message = m.failure
		default: // two texts, neither of which is to be lost
			b.Attrs.Text([]byte("error"), span.String, m.failure)
		}
	}
	b.Message[row] = b.Messages.Text(m.message)
	if m.scope == nil {
		m.scope = m.library
	}
	if m.version == nil {
		m.version = m.libVersion
	}
	b.Scope[row] = b.Scopes.InternNamed("zipkin", m.scope, m.version)
	b.SetDropped(row, m.attrs, m.events, m.linkCount)
}

// take reports whether a tag has a meaning, which it notes.
func (m *meaning) take(b *span.Batch, row uint32, t tag) (ok bool) {
	switch string(t.key) {
	case "error":
		m.failed, m.failure = true, t.value
	case "otel.status_code":
		code, known := statusCodes[string(t.value)]
		if known {
			b.Status[row] = code
		}
		return known
	case "otel.status_description":
		m.message = t.value
	case "otel.scope.name":
		m.scope = t.value
	case "otel.scope.version":
		m.version = t.value
	case "otel.library.name":
		m.library = t.value
	case "otel.library.version":
		m.libVersion = t.value
	case "otel.dropped_attributes_count":
		m.attrs, ok = count(t.value)
		return ok
	case "otel.dropped_events_count":
		m.events, ok = count(t.value)
		return ok
	case "otel.dropped_links_count":
		m.linkCount, ok = count(t.value)
		return ok
	case "w3c.tracestate":
		b.State[row] = b.States.Text(t.value)
	case "otel.zipkin.absentField.startTime":
		// Of an exporter that has read such a span: it is marked again.
		return b.Start[row] == 0
	case "span.kind":
		kind := span.ParseKind(string(t.value))
		if b.Kind[row] != span.KindUnspecified || kind == span.KindUnspecified {
			return false
		}
		b.Kind[row] = kind
	default:
		return false
	}
	return true
}
