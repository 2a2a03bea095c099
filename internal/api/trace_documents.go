package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

// known reads the trace that a path names, and answers if there is none.
func (s *Server) known(w http.ResponseWriter, r *http.Request) (store.Trace, bool) {
	id, err := span.ParseTraceID(r.PathValue("id"))
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), "a trace id has 1 to 32 hexadecimal digits")
		return store.Trace{}, false
	}
	t, err := s.Store.Trace(r.Context(), id)
	if err != nil {
		s.internal(w, r, err)
		return t, false
	}
	if t.Spans.Len() == 0 {
		s.unknown(w, id, t)
		return t, false
	}
	return t, true
}

func (s *Server) waterfall(w http.ResponseWriter, r *http.Request) {
	if t, ok := s.known(w, r); ok {
		doc := advise.NewWaterfall(t.Spans)
		doc.Partial = t.Partial
		answer(w, http.StatusOK, doc)
	}
}

// columns answers GET /api/v1/traces/{id}/columns: the waterfall as arrays.
func (s *Server) columns(w http.ResponseWriter, r *http.Request) {
	if t, ok := s.known(w, r); ok {
		body := advise.NewColumns(t.Spans, t.Partial).Append(nil)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(body) // an error means that the client is gone
	}
}

// SpanAnswer is the answer of GET /api/v1/traces/{id}/spans/{span}: all spans that have
// the id, mostly one.
type SpanAnswer struct {
	Spans   []SpanDocument `json:"spans"`
	Partial []string       `json:"partial,omitempty"`
}

// SpanDocument is all there is of one span. Times are ns since the Unix epoch, decimal.
type SpanDocument struct {
	TraceID           string      `json:"traceId"`
	SpanID            string      `json:"spanId"`
	ParentSpanID      string      `json:"parentSpanId,omitempty"`
	Name              string      `json:"name"`
	Service           string      `json:"service"`
	Kind              string      `json:"kind"`
	Status            string      `json:"status"`
	StatusMessage     string      `json:"statusMessage,omitempty"`
	TraceState        string      `json:"traceState,omitempty"`
	Start             string      `json:"startUnixNano"`
	Duration          int64       `json:"durationNano"`
	Attributes        []FoundAttr `json:"attributes"`
	Resource          []FoundAttr `json:"resource"`
	Scope             SpanScope   `json:"scope"`
	Events            []SpanEvent `json:"events"`
	Links             []SpanLink  `json:"links"`
	DroppedAttributes uint32      `json:"droppedAttributes,omitempty"`
	DroppedEvents     uint32      `json:"droppedEvents,omitempty"`
	DroppedLinks      uint32      `json:"droppedLinks,omitempty"`
}

// SpanScope is the instrumentation that made a span.
type SpanScope struct {
	Name       string      `json:"name"`
	Version    string      `json:"version"`
	Attributes []FoundAttr `json:"attributes"`
}

// SpanEvent is an event of a span.
type SpanEvent struct {
	Name       string      `json:"name"`
	Time       string      `json:"timeUnixNano"`
	Attributes []FoundAttr `json:"attributes"`
}

// SpanLink is a link of a span.
type SpanLink struct {
	TraceID    string      `json:"traceId"`
	SpanID     string      `json:"spanId"`
	TraceState string      `json:"traceState,omitempty"`
	Attributes []FoundAttr `json:"attributes"`
}

func (s *Server) span(w http.ResponseWriter, r *http.Request) {
	id, err := span.ParseID(r.PathValue("span"))
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), "a span id has 1 to 16 hexadecimal digits")
		return
	}
	t, ok := s.known(w, r)
	if !ok {
		return
	}
	a := SpanAnswer{Partial: t.Partial}
	for row, of := range t.Spans.ID {
		if of == id {
			a.Spans = append(a.Spans, spanDocument(t.Spans, uint32(row)))
		}
	}
	if len(a.Spans) == 0 {
		fail(w, http.StatusNotFound, fmt.Sprintf("the trace has no span %s", id), "spans name it as their parent when it was lost or not sampled; /waterfall lists those that are there")
		return
	}
	answer(w, http.StatusOK, a)
}

func spanDocument(b *span.Batch, row uint32) SpanDocument {
	resource, scope := b.Resource[row], b.Scope[row]
	d := SpanDocument{
		TraceID: b.TraceID(row).String(), SpanID: b.ID[row].String(), Name: b.Names.String(b.Name[row]), Service: b.Service(resource),
		Kind: b.Kind[row].String(), Status: b.Status[row].String(), StatusMessage: b.Messages.String(b.Message[row]), TraceState: b.States.String(b.State[row]),
		Start: strconv.FormatInt(b.Start[row], 10), Duration: b.Duration[row],
		Attributes: attrsOf(&b.Attrs, row), Resource: attrsOf(&b.Resources.Attrs, resource),
		Scope:             SpanScope{b.Scopes.Name[scope], b.Scopes.Version[scope], attrsOf(&b.Scopes.Attrs, scope)},
		Events:            []SpanEvent{},
		Links:             []SpanLink{},
		DroppedAttributes: b.DroppedAttrs.Count(row), DroppedEvents: b.DroppedEvents.Count(row), DroppedLinks: b.DroppedLinks.Count(row),
	}
	if parent := b.Parent[row]; !parent.IsZero() {
		d.ParentSpanID = parent.String()
	}
	for i, to := b.EventsOf(row); i < to; i++ {
		e := &b.Events
		d.Events = append(d.Events, SpanEvent{e.Names.String(e.Name[i]), nano(e.Time[i]), attrsOf(&e.Attrs, uint32(i))})
	}
	for i, to := b.LinksOf(row); i < to; i++ {
		l := &b.Links
		d.Links = append(d.Links, SpanLink{l.TraceID[i].String(), l.ID[i].String(), l.States.String(l.State[i]), attrsOf(&l.Attrs, uint32(i))})
	}
	return d
}

func attrsOf(a *span.Attrs, row uint32) []FoundAttr {
	out := []FoundAttr{}
	for k, v := range a.Row(row) {
		out = append(out, valueAttr(k, v))
	}
	return out
}
