package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

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
	partialHeader(w, why)
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
	partialHeader(w, why)
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
	partialHeader(w, found.Partial)
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
	partialHeader(w, why)
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
	partialHeader(w, why)
	answer(w, http.StatusOK, body)
}

// either returns a parameter by its name in camel case, or else by that in snake case.
func either(v url.Values, camel, snake string) (text, name string) {
	if text := v.Get(camel); text != "" {
		return text, camel
	}
	return v.Get(snake), snake
}

func malformed(name string, err error) error {
	return badRequest{fmt.Errorf("malformed parameter %s: %w", name, err)}
}

func rfc3339(name, text string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err == nil && (t.Year() < 1970 || t.Year() > 2261) {
		err = errors.New("out of range")
	}
	if err != nil {
		return 0, malformed(name, err)
	}
	return t.UnixNano(), nil
}

// v3Params reads the parameters of a search.
func v3Params(v url.Values) (q *jaegerQuery, err error) {
	q = new(jaegerQuery)
	for _, p := range []struct {
		camel, snake string
		read         func(name, text string) error
	}{
		{"query.serviceName", "query.service_name", func(_, text string) error { q.service = text; return nil }},
		{"query.operationName", "query.operation_name", func(_, text string) error { q.operation = text; return nil }},
		{"query.attributes", "query.attributes", func(_, text string) error { return q.readTags(text) }},
		{"query.startTimeMin", "query.start_time_min", func(name, text string) (err error) { q.from, err = rfc3339(name, text); return err }},
		{"query.startTimeMax", "query.start_time_max", func(name, text string) (err error) { q.to, err = rfc3339(name, text); return err }},
		{"query.durationMin", "query.duration_min", func(_, text string) error { return goDuration(&q.shortest, text) }},
		{"query.durationMax", "query.duration_max", func(_, text string) error { return goDuration(&q.longest, text) }},
		{"query.numTraces", "query.num_traces", func(_, text string) error { return atoi(&q.limit, text) }},
		{"query.searchDepth", "query.search_depth", func(_, text string) error { return atoi(&q.limit, text) }},
		{"query.rawTraces", "query.raw_traces", func(_, text string) error { _, err := strconv.ParseBool(text); return err }},
		{"query.pagination.pageSize", "query.pagination.page_size", func(_, text string) error { q.paged = true; return atoi(&q.limit, text) }},
		{"query.pagination.pageToken", "query.pagination.page_token", func(_, text string) (err error) { q.after, err = parsePageToken(text); return err }},
		{"query.filter", "query.filter", func(_, _ string) error {
			return errors.New("not supported; use query.serviceName, .operationName, .attributes and durations")
		}},
	} {
		text, name := either(v, p.camel, p.snake)
		if text == "" {
			continue
		}
		var bad badRequest
		if err := p.read(name, text); errors.As(err, &bad) {
			return nil, err
		} else if err != nil {
			return nil, malformed(name, err)
		}
	}
	if q.from == 0 || q.to == 0 {
		return nil, badRequest{errors.New("query.startTimeMin and query.startTimeMax are required")}
	}
	return q, q.check()
}

func goDuration(to *int64, text string) error {
	d, err := time.ParseDuration(text)
	*to = int64(d)
	return err
}

func atoi(to *int, text string) error {
	n, err := strconv.Atoi(text)
	if err == nil && n <= 0 {
		err = errors.New("it must be more than 0")
	}
	*to = n
	return err
}
