package api

import (
	"fmt"
	"net/http"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

func (s *Server) waterfall(w http.ResponseWriter, r *http.Request) {
	id, err := span.ParseTraceID(r.PathValue("id"))
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), "a trace id has 1 to 32 hexadecimal digits")
		return
	}
	t, err := s.Store.Trace(r.Context(), id)
	if err != nil {
		s.internal(w, r, err)
		return
	}
	if t.Spans.Len() == 0 {
		s.unknown(w, id, t)
		return
	}
	doc := advise.NewWaterfall(t.Spans)
	doc.Partial = t.Partial
	answer(w, http.StatusOK, doc)
}

// unknown says that a trace is not here, or that this can't be said.
func (s *Server) unknown(w http.ResponseWriter, id span.TraceID, t store.Trace) {
	if len(t.Partial) > 0 {
		fail(w, http.StatusInternalServerError, fmt.Sprintf("trace %s was not found, but not everything could be read: %s", id, t.Partial[0]), "the server's log has more")
		return
	}
	fail(w, http.StatusNotFound, fmt.Sprintf("trace %s is not known", id),
		"spans can be read as soon as they are acknowledged; SDKs send them some seconds after they end, and only if the trace is sampled")
}
