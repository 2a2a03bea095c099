package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/jaeger"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

// The HTTP API of Jaeger's user interface, which Grafana's data source calls as well.
// It stands below /jaeger, and, but for paths that are another API's, at the root.
// https://www.jaegertracing.io/docs/latest/architecture/apis/

// jaeger routes the paths.
func (s *Server) jaeger(mux *http.ServeMux) {
	for path, h := range map[string]http.HandlerFunc{
		"/api/services":                      s.uiServices,
		"/api/services/{service}/operations": s.uiServiceOperations,
		"/api/operations":                    s.uiOperations,
		"/api/traces":                        s.uiSearch,
		"/api/dependencies":                  s.uiDependencies,
		"/api/metrics/latencies":             s.uiMetrics("latencies"),
		"/api/metrics/calls":                 s.uiMetrics("calls"),
		"/api/metrics/errors":                s.uiMetrics("errors"),
		"/api/metrics/minstep":               s.uiMinStep,
		"/api/v3/services":                   s.v3Services,
		"/api/v3/operations":                 s.v3Operations,
		"/api/v3/dependencies":               s.v3Dependencies,
		"/api/v3/traces":                     s.v3Traces,
		"/api/v3/traces/{id}":                s.v3Trace,
		"/api/v3/trace-summaries":            s.v3Summaries,
	} {
		mux.HandleFunc("GET "+path, h)
		mux.HandleFunc("GET /jaeger"+path, h)
	}
	mux.HandleFunc("GET /jaeger/api/traces/{id}", s.uiTrace)
	mux.HandleFunc("POST /api/traces", s.jaegerSpans)
}

// envelope is around every answer.
type envelope struct {
	Data   any       `json:"data"`
	Total  int       `json:"total"`
	Limit  int       `json:"limit"`
	Offset int       `json:"offset"`
	Errors []uiError `json:"errors"`
}

type uiError struct {
	Code    int    `json:"code"`
	Msg     string `json:"msg"`
	TraceID string `json:"traceID,omitempty"`
}

// uiAnswer writes data, a list of n elements. What may be missing is told by a
// header: an entry in errors would keep the answer from being shown.
func uiAnswer(w http.ResponseWriter, data any, n int, why []string) {
	partial(w, why)
	answer(w, http.StatusOK, envelope{Data: data, Total: n})
}

// uiFail answers an error.
func (s *Server) uiFail(w http.ResponseWriter, r *http.Request, err error) {
	if status := s.jaegerStatus(r, err); status != 0 {
		answer(w, status, envelope{Errors: []uiError{{Code: status, Msg: err.Error()}}})
	}
}

// jaegerStatus is the status of an error, 0 when nobody waits for the answer.
func (s *Server) jaegerStatus(r *http.Request, err error) int {
	var bad badRequest
	switch {
	case r.Context().Err() != nil:
		return 0
	case errors.As(err, &bad), errors.Is(err, engine.ErrRange):
		return http.StatusBadRequest
	case errors.Is(err, errNoTrace), errors.Is(err, errNoTraces):
		return http.StatusNotFound
	case errors.Is(err, store.ErrClosed):
		return http.StatusServiceUnavailable
	}
	s.Logger.Error("query failed", "path", r.URL.Path, "error", err)
	return http.StatusInternalServerError
}

var (
	errNoTrace  = errors.New("trace not found")
	errNoTraces = errors.New("no traces found")
)

func (s *Server) uiServices(w http.ResponseWriter, r *http.Request) {
	names, why, err := s.jaegerServices(r.Context())
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	uiAnswer(w, names, len(names), why)
}

// uiServiceOperations lists the names of a service's operations.
func (s *Server) uiServiceOperations(w http.ResponseWriter, r *http.Request) {
	operations, why, err := s.jaegerOperations(r.Context(), r.PathValue("service"), "")
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	names := []string{}
	for _, op := range operations { // sorted by name, then kind
		if n := len(names); n == 0 || names[n-1] != op.name {
			names = append(names, op.name)
		}
	}
	uiAnswer(w, names, len(names), why)
}

func (s *Server) uiOperations(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	if v.Get("service") == "" {
		s.uiFail(w, r, badRequest{errors.New("parameter 'service' is required")})
		return
	}
	operations, why, err := s.jaegerOperations(r.Context(), v.Get("service"), v.Get("spanKind"))
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	uiAnswer(w, jsonOperations(operations), len(operations), why)
}

// jsonOperation is an operation in the answers of both versions.
type jsonOperation struct {
	Name string `json:"name"`
	Kind string `json:"spanKind"`
}

func jsonOperations(from []jaegerOperation) []jsonOperation {
	to := make([]jsonOperation, len(from))
	for i, op := range from {
		to[i] = jsonOperation{op.name, op.kind}
	}
	return to
}

// sharedTrace answers on the one path that Jaeger and Tempo have in common. Tempo's
// clients name the format that they want, Jaeger's take anything.
func (s *Server) sharedTrace(w http.ResponseWriter, r *http.Request) {
	if onlyOTLP(r.Header.Get("Accept")) {
		s.tempoTrace(w, r)
		return
	}
	s.uiTrace(w, r)
}

// onlyOTLP reports whether a header Accept names types, and only those of Tempo.
func onlyOTLP(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		switch kind, _, _ := mime.ParseMediaType(part); kind {
		case "application/json", "application/protobuf", "application/x-protobuf":
		default:
			return false
		}
	}
	return true
}

// uiTrace answers with one trace.
func (s *Server) uiTrace(w http.ResponseWriter, r *http.Request) {
	id, err := span.ParseTraceID(r.PathValue("id"))
	if err != nil {
		s.uiFail(w, r, badRequest{err})
		return
	}
	t, err := s.knownTrace(r.Context(), id)
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	uiAnswer(w, []json.RawMessage{jaeger.AppendJSON(nil, t.Spans, t.Partial...)}, 1, t.Partial)
}

// knownTrace returns a trace that has spans, or why there is none.
func (s *Server) knownTrace(ctx context.Context, id span.TraceID) (store.Trace, error) {
	t, err := s.Store.Trace(ctx, id)
	if err == nil && t.Spans.Len() == 0 {
		err = errNoTrace
		if len(t.Partial) > 0 {
			err = fmt.Errorf("not everything could be read: %s", t.Partial[0])
		}
	}
	return t, err
}
