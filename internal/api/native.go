package api

import (
	"fmt"
	"net/http"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

// unknown says that a trace is not here, or that this can't be said.
func (s *Server) unknown(w http.ResponseWriter, id span.TraceID, t store.Trace) {
	if len(t.Partial) > 0 {
		fail(w, http.StatusInternalServerError, fmt.Sprintf("trace %s was not found, but not everything could be read: %s", id, t.Partial[0]), "the server's log has more")
		return
	}
	fail(w, http.StatusNotFound, fmt.Sprintf("trace %s is not known", id),
		"spans can be read as soon as they are acknowledged; SDKs send them some seconds after they end, and only if the trace is sampled")
}
