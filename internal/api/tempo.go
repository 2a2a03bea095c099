package api

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

// Tempo's trace by id, as Grafana's data source calls it.
// https://grafana.com/docs/tempo/latest/api_docs/
//
// start and end are accepted and not needed: a trace is found whatever time
// range the caller gives or forgets.

// tempoTrace answers with the bare trace. It has no place for what is missing, so
// that a header says it, and a trace of which nothing could be read is an error.
func (s *Server) tempoTrace(w http.ResponseWriter, r *http.Request) {
	t, ok := s.tempoLookup(w, r)
	if !ok {
		return
	}
	switch {
	case t.Spans.Len() == 0 && len(t.Partial) > 0:
		http.Error(w, "trace not found, but not everything could be read: "+strings.Join(t.Partial, "; "), http.StatusInternalServerError)
		return
	case t.Spans.Len() == 0:
		http.Error(w, "trace not found", http.StatusNotFound)
		return
	}
	partial(w, t.Partial)
	if wantsProtobuf(r) {
		w.Header().Set("Content-Type", "application/protobuf")
		w.Write(otlp.AppendProto(nil, t.Spans))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(otlp.AppendJSON(nil, t.Spans, "batches"))
}

// tempoTraceV2 answers with a TraceByIDResponse: the trace (1), metrics (2),
// whether it is partial (3) and why (4). A trace that is not known is an empty
// answer, as far as everything could be read.
func (s *Server) tempoTraceV2(w http.ResponseWriter, r *http.Request) {
	t, ok := s.tempoLookup(w, r)
	if !ok {
		return
	}
	why := strings.Join(t.Partial, "; ")
	if t.Spans.Len() == 0 && why == "" {
		http.Error(w, "trace not found", http.StatusNotFound)
		return
	}
	if wantsProtobuf(r) {
		w.Header().Set("Content-Type", "application/protobuf")
		w.Write(appendTraceByID(nil, otlp.AppendProto(nil, t.Spans), why))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	body := append([]byte(`{"trace":`), otlp.AppendJSON(nil, t.Spans, "resourceSpans")...)
	body = append(body, `,"metrics":{}`...)
	if why != "" {
		text, _ := json.Marshal(why)
		body = append(body, `,"status":"PARTIAL","message":`...)
		body = append(body, text...)
	} else {
		body = append(body, `,"status":"COMPLETE"`...)
	}
	w.Write(append(body, '}'))
}

// appendTraceByID appends a TraceByIDResponse around an encoded trace.
func appendTraceByID(dst, trace []byte, why string) []byte {
	var pool easyproto.MarshalerPool
	m := pool.Get()
	msg := m.MessageMarshaler()
	msg.AppendBytes(1, trace)
	msg.AppendBytes(2, nil)
	if why != "" {
		msg.AppendInt32(3, 1)
		msg.AppendString(4, why)
	}
	return m.Marshal(dst)
}

func (s *Server) tempoLookup(w http.ResponseWriter, r *http.Request) (store.Trace, bool) {
	id, err := span.ParseTraceID(r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return store.Trace{}, false
	}
	for _, name := range []string{"start", "end"} {
		if text := r.URL.Query().Get(name); text != "" {
			if _, err := unixSeconds(text); err != nil {
				http.Error(w, fmt.Sprintf("parameter %q: %q is no time in unix seconds", name, text), http.StatusBadRequest)
				return store.Trace{}, false
			}
		}
	}
	t, err := s.Store.Trace(r.Context(), id)
	if err != nil {
		if r.Context().Err() == nil {
			s.Logger.Error("query failed", "path", r.URL.Path, "error", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
		return store.Trace{}, false
	}
	return t, true
}

// wantsProtobuf reports whether the first type that a request accepts, of those
// that can be served, is protobuf.
func wantsProtobuf(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		switch kind, _, _ := mime.ParseMediaType(part); kind {
		case "application/protobuf", "application/x-protobuf":
			return true
		case "application/json", "*/*":
			return false
		}
	}
	return false
}
