package api

import "net/http"

// AdminHandler serves what an operator does to a running server.
//
//	POST /admin/purge    deletes all spans, if that is allowed
func (s *Server) AdminHandler(allowPurge bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /admin/purge", func(w http.ResponseWriter, r *http.Request) {
		if !allowPurge {
			fail(w, http.StatusForbidden, "this server does not delete spans on request", "start it with --allow-purge, and only where no span is needed")
			return
		}
		if err := s.Store.Purge(r.Context()); err != nil {
			s.internal(w, r, err)
			return
		}
		answer(w, http.StatusOK, map[string]string{"status": "all spans are deleted"})
	})
	return harden(mux)
}
