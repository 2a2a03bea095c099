package api

import (
	"net/http"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/zipkin"
)

// ZipkinHandler serves Zipkin's own port. Paths and answers are those of
// https://zipkin.io/zipkin-api/.
//
//	POST /api/v2/spans    JSON or protobuf, plain, gzip or zstd
//	GET /api/v2/…         services, spans, remoteServices, traces, trace/{id}, traceMany,
//	                      dependencies, autocompleteKeys, autocompleteValues
//	GET /health, /info    what probes of a Zipkin server ask
func (s *Server) ZipkinHandler() http.Handler {
	mux := http.NewServeMux()
	s.zipkin(mux)
	mux.HandleFunc("GET /health", s.zipkinHealth)
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"zipkin": map[string]string{"version": "everspan " + s.Build.Version}})
	})
	return harden(mux)
}

// zipkin routes the paths that stand on the main port as well.
func (s *Server) zipkin(mux *http.ServeMux) {
	s.zipkinQueries(mux)
	mux.HandleFunc("POST /api/v2/spans", s.zipkinSpans)
	mux.HandleFunc("OPTIONS /api/v2/spans", func(w http.ResponseWriter, r *http.Request) {
		otlp.AllowOrigin(w.Header())
		otlp.Preflight(w, r)
	})
	mux.HandleFunc("POST /api/v1/spans", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Zipkin v1 is not read here; have the reporter send v2 to /api/v2/spans", http.StatusUnsupportedMediaType)
	})
}

var zipkinFormat = otlp.Foreign{Transport: otlp.Zipkin, Formats: []otlp.Format{
	{Type: "application/x-protobuf", Decode: func(b *span.Batch, body []byte) (otlp.Result, error) {
		res, err := zipkin.AppendProto(b, body)
		return otlp.Result(res), err
	}},
	{Type: "application/json", Decode: func(b *span.Batch, body []byte) (otlp.Result, error) {
		res, err := zipkin.AppendJSON(b, body)
		return otlp.Result(res), err
	}},
}}

// zipkinSpans answers 202 when the spans are durable. Zipkin has no way to say
// that some were left out: those are counted in /metrics.
func (s *Server) zipkinSpans(w http.ResponseWriter, r *http.Request) {
	otlp.AllowOrigin(w.Header())
	s.foreignSpans(w, r, zipkinFormat)
}

func (s *Server) zipkinHealth(w http.ResponseWriter, _ *http.Request) {
	status, up := http.StatusOK, "UP"
	if s.Ready() != nil {
		status, up = http.StatusServiceUnavailable, "DOWN"
	}
	answer(w, status, map[string]any{"status": up, "zipkin": map[string]string{"status": up}})
}
