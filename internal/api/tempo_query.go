package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/tempo"
	"github.com/everspan/everspan/internal/traceql"
)

// tempoQueries routes Tempo's search, tags and metrics, as Grafana's data source and
// its plugins call them. X-Scope-OrgID is passed over: there is one tenant.
//
//	GET /api/search                        traces, by q or by tags and durations
//	GET /api/search/tags, /api/v2/…        names of attributes
//	GET /api/search/tag/{tag}/values, v2   values of one
//	GET /api/metrics/query_range           time series
//	GET /api/metrics/query                 one value for each series
//
// Errors are plain text. An answer that may miss something says why in its message,
// or where Tempo has no place for that in the header X-Everspan-Partial.
func (s *Server) tempoQueries(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/search", s.tempoSearch)
	mux.HandleFunc("GET /api/search/tags", func(w http.ResponseWriter, r *http.Request) { s.tempoTags(w, r, false) })
	mux.HandleFunc("GET /api/v2/search/tags", func(w http.ResponseWriter, r *http.Request) { s.tempoTags(w, r, true) })
	// The name of a tag may have slashes.
	mux.HandleFunc("GET /api/search/tag/{rest...}", func(w http.ResponseWriter, r *http.Request) { s.tempoValues(w, r, false) })
	mux.HandleFunc("GET /api/v2/search/tag/{rest...}", func(w http.ResponseWriter, r *http.Request) { s.tempoValues(w, r, true) })
	mux.HandleFunc("GET /api/metrics/query_range", func(w http.ResponseWriter, r *http.Request) { s.tempoMetrics(w, r, false) })
	mux.HandleFunc("GET /api/metrics/query", func(w http.ResponseWriter, r *http.Request) { s.tempoMetrics(w, r, true) })
}

func (s *Server) tempoSearch(w http.ResponseWriter, r *http.Request) {
	req, err := tempo.ParseSearch(r.URL.Query())
	var q engine.Search
	if err == nil {
		q, err = req.Search()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	found, err := s.Engine.Search(r.Context(), q)
	if err != nil {
		s.tempoFail(w, r, err)
		return
	}
	partial(w, found.Partial)
	answer(w, http.StatusOK, tempo.Response(found, true))
}

func (s *Server) tempoTags(w http.ResponseWriter, r *http.Request, v2 bool) {
	req, err := tempo.ParseNames(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q, ask, err := req.Names()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var names *engine.NameSet
	if ask {
		if names, err = s.Engine.Names(r.Context(), q); err != nil {
			s.tempoFail(w, r, err)
			return
		}
		partial(w, names.Partial)
	}
	if v2 {
		answer(w, http.StatusOK, req.ResponseV2(names))
		return
	}
	answer(w, http.StatusOK, req.Response(names))
}

func (s *Server) tempoValues(w http.ResponseWriter, r *http.Request, v2 bool) {
	tag, ok := strings.CutSuffix(r.PathValue("rest"), "/values")
	if !ok {
		http.NotFound(w, r)
		return
	}
	req, err := tempo.ParseValues(tag, r.URL.Query())
	var q engine.Values
	ask := false
	if err == nil {
		q, ask, err = req.Values(!v2)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var set *engine.ValueSet
	if ask {
		if set, err = s.Engine.Values(r.Context(), q); err != nil {
			s.tempoFail(w, r, err)
			return
		}
		partial(w, set.Partial)
	}
	if v2 {
		answer(w, http.StatusOK, tempo.ValuesV2(set))
		return
	}
	answer(w, http.StatusOK, tempo.Values(set))
}

func (s *Server) tempoMetrics(w http.ResponseWriter, r *http.Request, instant bool) {
	req, err := tempo.ParseRange(r.URL.Query(), instant, time.Now())
	var q tempo.Question
	if err == nil {
		q, err = req.Question()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	set, err := s.Engine.Metrics(r.Context(), q.Metrics)
	if err != nil {
		s.tempoFail(w, r, err)
		return
	}
	if instant {
		answer(w, http.StatusOK, q.Instant(set, true))
		return
	}
	answer(w, http.StatusOK, q.Response(set, true))
}

// tempoFail answers an error of an engine: of the query, or ours.
func (s *Server) tempoFail(w http.ResponseWriter, r *http.Request, err error) {
	status := s.queryStatus(r.Context(), r.URL.Path, err)
	if status != 0 {
		http.Error(w, err.Error(), status)
	}
}

// queryStatus is the status for an error of an engine, which it logs if it is not
// the caller's; 0 when the caller is gone.
func (s *Server) queryStatus(ctx context.Context, path string, err error) int {
	var wrong *traceql.Error
	switch {
	case ctx.Err() != nil:
		return 0
	case errors.As(err, &wrong), errors.Is(err, engine.ErrRange):
		return http.StatusBadRequest
	}
	s.Logger.Error("query failed", "path", path, "error", err)
	return http.StatusInternalServerError
}

// partial says in a header why something may be missing.
func partial(w http.ResponseWriter, why []string) {
	if len(why) > 0 {
		w.Header().Set("X-Everspan-Partial", oneLine(why))
	}
}

func oneLine(why []string) string {
	return strings.NewReplacer("\n", " ", "\r", " ").Replace(strings.Join(why, "; "))
}
