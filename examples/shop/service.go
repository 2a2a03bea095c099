package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/everspan/everspan/instrument"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
)

// service is what every service of the shop has: a name, a listener, telemetry,
// a client for its neighbours.
type service struct {
	name      string
	log       *slog.Logger
	telemetry *instrument.Telemetry
	client    *http.Client
	dice      *dice
	mux       *http.ServeMux
	server    *http.Server
	addr      string
}

// newService prepares a service. It answers once serve is called.
func newService(s *Shop, name string) (*service, error) {
	t, err := s.newTelemetry(name)
	if err != nil {
		return nil, err
	}
	svc := &service{
		name:      name,
		log:       t.Logger(),
		telemetry: t,
		client:    newClient(s.network, t),
		dice:      s.dice,
		mux:       http.NewServeMux(),
	}
	svc.server = &http.Server{
		Handler:           svc.mux,
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          t.StdLogger(slog.LevelWarn),
	}
	return svc, nil
}

// handle adds a route. The server span is called operation; the pattern is one
// of http.ServeMux and becomes http.route.
func (s *service) handle(pattern, operation string, h func(ctx context.Context, r *http.Request) (any, error)) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		span := trace.SpanFromContext(ctx)
		sc := span.SpanContext()
		w.Header().Set("Traceresponse", fmt.Sprintf("00-%s-%s-%s", sc.TraceID(), sc.SpanID(), sc.TraceFlags()))
		w.Header().Set("Content-Type", "application/json")
		out, err := h(ctx, r)
		if err == nil {
			if err := json.NewEncoder(w).Encode(out); err != nil {
				s.log.WarnContext(ctx, "answer not written", "error", err)
			}
			return
		}
		status := http.StatusInternalServerError
		if e, ok := errors.AsType[*httpError](err); ok {
			status = e.status
		}
		// The span's status follows from the HTTP status; the reason is kept as an event.
		span.RecordError(err)
		s.log.WarnContext(ctx, operation+" failed", "status", status, "error", err)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(errorBody{err.Error()})
	})
	s.mux.Handle(pattern, s.telemetry.Handler(answer,
		otelhttp.WithServerName(s.name),
		otelhttp.WithSpanNameFormatter(func(string, *http.Request) string { return operation }),
	))
}

func (s *service) serve(ln net.Listener) {
	s.addr = ln.Addr().String()
	go func() {
		if err := s.server.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("server stopped", "error", err)
		}
	}()
}

// httpError is an error that the caller of a service sees with its own status.
type httpError struct {
	status int
	err    error
}

func (e *httpError) Error() string { return e.err.Error() }
func (e *httpError) Unwrap() error { return e.err }

func failure(status int, format string, args ...any) error {
	return &httpError{status, fmt.Errorf(format, args...)}
}

type errorBody struct {
	Error string `json:"error"`
}

// decode reads a request's JSON body.
func decode[T any](r *http.Request) (T, error) {
	var in T
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&in); err != nil {
		return in, failure(http.StatusBadRequest, "request body: %w", err)
	}
	return in, nil
}
