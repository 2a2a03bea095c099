// Package api is the HTTP surface: the native API, Tempo's, Zipkin spans, metrics
// and health. It turns requests into calls of the store and the engine, and answers
// into bytes, and holds no state of its own.
//
//	GET /api/v1/query                   TraceQL: traces or time series, as JSON
//	GET /api/v1/traces/{id}/waterfall   tree, critical path and verdict, as JSON
//	GET /api/v1/traces/{id}/columns     the same as arrays, for traces of a million spans
//	GET /api/v1/traces/{id}/spans/{span}  all there is of one span
//	GET /api/v1/traces/{id}/attributes  which attributes its spans have
//	GET /api/v1/traces/{id}/html        the trace as a page that opens offline
//	GET /api/v1/traces/{id}/logs        log records of a trace, as JSON
//	GET /api/v1/logs                    log records by service, severity, time, text …
//	GET /api/traces/{id}                Tempo: the bare trace, JSON or protobuf; or Jaeger's
//	GET /api/v2/traces/{id}             Tempo: the trace and whether it is whole
//	GET /api/search …, /api/metrics/…   Tempo: search, tags, metrics
//	tempopb.StreamingQuerier            Tempo: the same by gRPC, as it is found
//	GET /api/echo, /api/status/buildinfo
//	GET /api/{services,operations,traces,dependencies}, /api/metrics/…   Jaeger's user interface
//	GET /api/v3/…, /jaeger/api/…        Jaeger's API v3; and all of Jaeger's below a prefix
//	GET /ready, /healthz, /metrics
//	POST /v1/traces, /v1/logs, /v1/metrics   OTLP, as on its own port
//	POST /api/traces                         Jaeger's Thrift, as on its own port
//	POST /api/v2/spans, GET /api/v2/{services,spans,traces,trace/{id},…}   Zipkin, as on its own port
package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/store"
	"github.com/everspan/everspan/internal/wal"
	"github.com/klauspost/compress/gzhttp"
)

// Build says which build of Everspan this is.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Date     string `json:"buildDate"`
	Go       string `json:"goVersion"`
}

// Server has what the handlers need. All fields must be set but LogLinks.
type Server struct {
	Store    *store.Store
	Engine   *engine.Engine
	Log      *wal.Log
	Receiver *otlp.Receiver
	Build    Build
	Logger   *slog.Logger
	// QueryTimeout bounds a search for log records; the engine has its own.
	QueryTimeout time.Duration
	LogLinks     []LogLink
	// Page has the files of the page: index.html and assets.
	Page fs.FS
	// Ready returns nil when requests should be sent here, else the reason why not.
	Ready func() error
}

// Handler routes all paths. Answers are compressed for those who accept it.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.page(mux)
	mux.HandleFunc("GET /ready", s.ready)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /api/v1/query", s.query)
	mux.HandleFunc("GET /api/v1/traces/{id}/waterfall", s.waterfall)
	mux.HandleFunc("GET /api/v1/traces/{id}/columns", s.columns)
	mux.HandleFunc("GET /api/v1/traces/{id}/spans/{span}", s.span)
	mux.HandleFunc("GET /api/v1/traces/{id}/attributes", s.attributes)
	mux.HandleFunc("GET /api/v1/traces/{id}/html", s.share)
	mux.HandleFunc("GET /api/v1/traces/{id}/logs", s.traceLogs)
	mux.HandleFunc("GET /api/v1/logs", s.logs)
	s.tempoQueries(mux)
	mux.HandleFunc("GET /api/echo", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "echo") })
	mux.HandleFunc("GET /api/status/buildinfo", s.buildInfo)
	mux.HandleFunc("GET /api/traces/{id}", s.sharedTrace)
	mux.HandleFunc("GET /api/v2/traces/{id}", s.tempoTraceV2)
	for _, path := range []string{"/v1/traces", "/v1/logs", "/v1/metrics"} {
		mux.Handle(path, s.Receiver)
	}
	s.zipkin(mux)
	s.jaeger(mux)
	return grpcFirst(s.grpcServer(), harden(gzhttp.GzipHandler(mux)))
}

// harden sets what every answer carries: nothing here is to be sniffed, framed
// or run.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'")
		next.ServeHTTP(w, r)
	})
}

// problem is the body of every error of the native API.
type problem struct {
	Error string `json:"error"`          // what happened
	Hint  string `json:"hint,omitempty"` // what to do
}

func fail(w http.ResponseWriter, status int, err, hint string) {
	answer(w, status, problem{err, hint})
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("api: encode an answer: %v", err)) // our own types only
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // an error means that the client is gone
}

// internal answers a failure that is not the caller's.
func (s *Server) internal(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the client is gone
	}
	status := http.StatusInternalServerError
	if errors.Is(err, store.ErrClosed) {
		status = http.StatusServiceUnavailable
	}
	s.Logger.Error("query failed", "path", r.URL.Path, "error", err)
	fail(w, status, err.Error(), "the server's log has more")
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if err := s.Ready(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// tempoVersion is the version of Tempo whose query API is spoken here.
// Metrics are not streamed, see tempoStreams, so that it is one before 2.7.0.
const tempoVersion = "2.6.0"

// buildInfo answers a question that only Tempo's clients ask: Grafana turns on what it
// knows of the version of Tempo that it hears, streaming searches from 2.2.0 and
// streaming metrics from 2.7.0. Our own would turn all of it off. So the version is the
// one of the API that is spoken, and behind the + that of Everspan, which takes no
// part when versions are compared; revision, date and Go version are ours.
func (s *Server) buildInfo(w http.ResponseWriter, _ *http.Request) {
	b := s.Build
	b.Version = tempoVersion + "+everspan." + strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, s.Build.Version)
	answer(w, http.StatusOK, struct {
		Build
		Branch string `json:"branch"`
		User   string `json:"buildUser"`
	}{Build: b})
}

// index is what the page is to who looks with curl. OTLP is answered on this
// port as well, so that the address in it is right whatever the settings are.
func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, `Everspan %s

Send spans and logs with any OpenTelemetry SDK:
  OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_EXPORTER_OTLP_ENDPOINT=http://%s

In a terminal:
  everspan traces        the newest traces
  everspan query '{…}'   traces and series by TraceQL
  everspan trace ID      the waterfall of one; --logs with its log records
  everspan logs          the newest log records

Over HTTP:
  /api/v1/query?q=…
  /api/v1/traces/{id}/waterfall
  /api/v1/traces/{id}/logs
  /api/v1/logs?service=…&severity=warn
  /metrics
`, s.Build.Version, r.Host)
}
