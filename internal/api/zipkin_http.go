package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
	"github.com/everspan/everspan/internal/zipkin"
)

// Zipkin's queries. https://zipkin.io/zipkin-api/zipkin2-api.yaml

// zipkinQueries routes the paths where spans go out.
func (s *Server) zipkinQueries(mux *http.ServeMux) {
	for path, h := range map[string]func(*http.Request) (body any, why []string, err error){
		"services": func(r *http.Request) (any, []string, error) {
			return names3(s.jaegerServices(r.Context()))
		},
		"spans":              s.zipkinSpanNames,
		"remoteServices":     s.zipkinRemotes,
		"traces":             s.zipkinTraces,
		"trace/{id}":         s.zipkinTrace,
		"traceMany":          s.zipkinTraceMany,
		"dependencies":       s.zipkinDependencies,
		"autocompleteKeys":   s.zipkinKeys,
		"autocompleteValues": s.zipkinValues,
	} {
		mux.HandleFunc("GET /api/v2/"+path, func(w http.ResponseWriter, r *http.Request) {
			body, why, err := h(r)
			if err != nil {
				if status := s.jaegerStatus(r, err); status != 0 {
					http.Error(w, err.Error(), status)
				}
				return
			}
			partial(w, why)
			if raw, ok := body.([]byte); ok {
				w.Header().Set("Content-Type", "application/json")
				w.Write(raw)
				return
			}
			answer(w, http.StatusOK, body)
		})
	}
}

func names3(all []string, why []string, err error) (any, []string, error) { return all, why, err }

// required returns a parameter, or why it is missing.
func required(r *http.Request, name string) (string, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return "", badRequest{fmt.Errorf("parameter %q is required", name)}
	}
	return text, nil
}

// distinct lists the texts of an attribute or a field in the spans of a service, or
// in all spans.
func (s *Server) distinct(ctx context.Context, f traceql.FieldExpr, service string) ([]string, []string, error) {
	q := engine.Values{Fields: []traceql.FieldExpr{f}}
	if service != "" {
		q.Filter = &traceql.Filter{Expr: equals(serviceName, text(service))}
	}
	found, err := s.Engine.Values(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	names := []string{}
	for _, row := range found.Rows {
		name := row[0].Str
		if row[0].Type != traceql.String {
			name = row[0].String()
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), found.Partial, nil
}

func (s *Server) zipkinSpanNames(r *http.Request) (any, []string, error) {
	service, err := required(r, "serviceName")
	if err != nil {
		return nil, nil, err
	}
	return names3(s.distinct(r.Context(), field(traceql.SpanName), service))
}

func (s *Server) zipkinRemotes(r *http.Request) (any, []string, error) {
	service, err := required(r, "serviceName")
	if err != nil {
		return nil, nil, err
	}
	return names3(s.distinct(r.Context(), peerService, service))
}

// zipkinKeys lists the keys of tags.
func (s *Server) zipkinKeys(r *http.Request) (any, []string, error) {
	found, err := s.Engine.Names(r.Context(), engine.Names{Scopes: []traceql.Scope{traceql.ScopeSpan}})
	if err != nil {
		return nil, nil, err
	}
	return append([]string{}, found.Scopes[traceql.ScopeSpan]...), found.Partial, nil
}

func (s *Server) zipkinValues(r *http.Request) (any, []string, error) {
	key, err := required(r, "key")
	if err != nil {
		return nil, nil, err
	}
	return names3(s.distinct(r.Context(), &traceql.Attribute{Scope: traceql.ScopeSpan, Name: key}, ""))
}

func (s *Server) zipkinTraces(r *http.Request) (any, []string, error) {
	q, err := parseZipkin(r.URL.Query())
	if err != nil {
		return nil, nil, err
	}
	found, err := s.Engine.Search(r.Context(), engine.Search{
		Pipeline: &traceql.Pipeline{From: q.expr()}, Range: q.in, Limit: q.limit, SpansPerSet: 1,
	})
	if err != nil {
		return nil, nil, err
	}
	traces, why, err := s.collect(r.Context(), found)
	if err != nil {
		return nil, nil, err
	}
	var batches []*span.Batch
	for _, t := range traces {
		batches = append(batches, t.Spans)
	}
	return zipkinLists(batches), why, nil
}

// zipkinLists is a list of traces.
func zipkinLists(traces []*span.Batch) []byte {
	out := []byte("[")
	for i, b := range traces {
		if i > 0 {
			out = append(out, ',')
		}
		out = zipkin.AppendSpans(out, b)
	}
	return append(out, ']')
}

func (s *Server) zipkinTrace(r *http.Request) (any, []string, error) {
	id, err := span.ParseTraceID(r.PathValue("id"))
	if err != nil {
		return nil, nil, badRequest{err}
	}
	t, err := s.knownTrace(r.Context(), id)
	if err != nil {
		return nil, nil, err
	}
	return zipkin.AppendSpans(nil, t.Spans), t.Partial, nil
}

// zipkinTraceMany answers with those of several traces that are known.
func (s *Server) zipkinTraceMany(r *http.Request) (any, []string, error) {
	text, err := required(r, "traceIds")
	if err != nil {
		return nil, nil, err
	}
	ids, err := traceIDs(text)
	if err != nil {
		return nil, nil, err
	}
	var traces []*span.Batch
	var why []string
	for _, id := range ids {
		t, err := s.knownTrace(r.Context(), id)
		if errors.Is(err, errNoTrace) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		traces, why = append(traces, t.Spans), append(why, t.Partial...)
	}
	return zipkinLists(traces), why, nil
}

func (s *Server) zipkinDependencies(r *http.Request) (any, []string, error) {
	in, err := zipkinTimes(r.URL.Query(), true)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.Engine.Dependencies(r.Context(), in)
	if err != nil {
		return nil, nil, err
	}
	type link struct {
		Parent string `json:"parent"`
		Child  string `json:"child"`
		Calls  int    `json:"callCount"`
		Errors int    `json:"errorCount,omitempty"`
	}
	links := []link{}
	for _, d := range found.Dependencies {
		links = append(links, link(d))
	}
	return links, found.Partial, nil
}
