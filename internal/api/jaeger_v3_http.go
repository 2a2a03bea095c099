package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
)

// jaeger.api_v3 over HTTP. Parameters come in camel case and in snake case.
// https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v3/query_service.proto

// v3Fail answers an error in the form of grpc-gateway.
func (s *Server) v3Fail(w http.ResponseWriter, r *http.Request, err error) {
	if status := s.jaegerStatus(r, err); status != 0 {
		answer(w, status, map[string]any{"error": map[string]any{"httpCode": status, "message": err.Error()}})
	}
}

func (s *Server) v3Services(w http.ResponseWriter, r *http.Request) {
	names, why, err := s.jaegerServices(r.Context())
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	partial(w, why)
	answer(w, http.StatusOK, map[string]any{"services": names})
}

func (s *Server) v3Operations(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	if v.Get("service") == "" {
		s.v3Fail(w, r, badRequest{errors.New("parameter service is required")})
		return
	}
	kind, _ := either(v, "spanKind", "span_kind")
	operations, why, err := s.jaegerOperations(r.Context(), v.Get("service"), kind)
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	partial(w, why)
	answer(w, http.StatusOK, map[string]any{"operations": jsonOperations(operations)})
}

// v3Dependencies answers GetDependencies.
func (s *Server) v3Dependencies(w http.ResponseWriter, r *http.Request) {
	var in engine.Range
	for _, end := range []struct {
		camel, snake string
		to           *int64
	}{{"startTime", "start_time", &in.From}, {"endTime", "end_time", &in.To}} {
		text, name := either(r.URL.Query(), end.camel, end.snake)
		if text == "" {
			s.v3Fail(w, r, badRequest{fmt.Errorf("%s is required", end.camel)})
			return
		}
		t, err := rfc3339(name, text)
		if err != nil {
			s.v3Fail(w, r, err)
			return
		}
		*end.to = t
	}
	if in.To <= in.From {
		s.v3Fail(w, r, badRequest{errors.New("endTime must be after startTime")})
		return
	}
	found, err := s.Engine.Dependencies(r.Context(), in)
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	type dependency struct {
		Parent string `json:"parent"`
		Child  string `json:"child"`
		Calls  int64  `json:"callCount,string"`
	}
	all := []dependency{}
	for _, d := range found.Dependencies {
		all = append(all, dependency{d.Parent, d.Child, int64(d.Calls)})
	}
	partial(w, found.Partial)
	answer(w, http.StatusOK, map[string]any{"dependencies": all})
}

func (s *Server) v3Trace(w http.ResponseWriter, r *http.Request) {
	id, err := span.ParseTraceID(r.PathValue("id"))
	if err != nil {
		s.v3Fail(w, r, badRequest{fmt.Errorf("malformed parameter trace_id: %w", err)})
		return
	}
	t, err := s.knownTrace(r.Context(), id)
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	v3Result(w, t.Spans, t.Partial)
}

func (s *Server) v3Traces(w http.ResponseWriter, r *http.Request) {
	q, err := v3Params(r.URL.Query())
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	found, err := q.find(r.Context(), s)
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	traces, why, err := s.collect(r.Context(), found)
	if err == nil && len(traces) == 0 && len(why) == 0 {
		err = errNoTraces
	}
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	all := new(span.Batch)
	for _, t := range traces {
		all.AppendRows(t.Spans, span.Seq(t.Spans.Len()))
	}
	v3Result(w, all, why)
}

// v3Result answers with spans as TracesData.
func v3Result(w http.ResponseWriter, b *span.Batch, why []string) {
	partial(w, why)
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(otlp.AppendJSON([]byte(`{"result":`), b, "resourceSpans"), '}'))
}

func (s *Server) v3Summaries(w http.ResponseWriter, r *http.Request) {
	q, err := v3Params(r.URL.Query())
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	found, next, why, err := s.summaries(r.Context(), q)
	if err != nil {
		s.v3Fail(w, r, err)
		return
	}
	type service struct {
		Name   string `json:"name"`
		Spans  int    `json:"spanCount"`
		Errors int    `json:"errorSpanCount,omitempty"`
	}
	type summary struct {
		ID        string    `json:"traceId"`
		Service   string    `json:"rootServiceName,omitempty"`
		Operation string    `json:"rootOperationName,omitempty"`
		Start     int64     `json:"minStartTimeUnixNano,string"`
		End       int64     `json:"maxEndTimeUnixNano,string"`
		Spans     int       `json:"spanCount"`
		Errors    int       `json:"errorSpanCount,omitempty"`
		Orphans   int       `json:"orphanSpanCount,omitempty"`
		Services  []service `json:"services"`
	}
	body := struct {
		Summaries []summary `json:"summaries"`
		Next      string    `json:"nextPageToken,omitempty"`
	}{[]summary{}, next}
	for _, f := range found {
		to := summary{
			ID: f.id.String(), Service: f.service, Operation: f.operation, Start: f.start, End: f.end,
			Spans: f.spans, Errors: f.errors, Orphans: f.orphans,
		}
		for _, c := range f.services {
			to.Services = append(to.Services, service{c.service, c.spans, c.errors})
		}
		body.Summaries = append(body.Summaries, to)
	}
	partial(w, why)
	answer(w, http.StatusOK, body)
}
