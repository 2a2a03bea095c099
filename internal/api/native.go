package api

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

// TraceList is the answer of GET /api/v1/traces.
type TraceList struct {
	Traces []TraceSummary `json:"traces"` // newest first
	// Partial says why traces may be missing; it is absent when none are.
	Partial []string `json:"partial,omitempty"`
}

// TraceSummary is one trace of a list. Service and Name are the root's, or the
// earliest span's while the root is missing.
type TraceSummary struct {
	TraceID       string `json:"traceId"`
	StartUnixNano string `json:"startUnixNano"`
	DurationNano  int64  `json:"durationNano"`
	Service       string `json:"service"`
	Name          string `json:"name"`
	SpanCount     int    `json:"spanCount"`
	ErrorCount    int    `json:"errorCount"`
}

// maxLimit bounds a list; more is a job for the blocks themselves.
const maxLimit = 10_000

const listHint = "parameters: service, name, minDuration and since (like 500ms or 1h), errors (true), start and end (unix seconds), limit (1 to 10000)"

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	q, err := parseQuery(r.URL.Query(), time.Now())
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), listHint)
		return
	}
	found, err := s.Store.Search(r.Context(), q)
	if err != nil {
		s.internal(w, r, err)
		return
	}
	list := TraceList{Traces: []TraceSummary{}, Partial: found.Partial}
	for _, t := range found.Traces {
		list.Traces = append(list.Traces, TraceSummary{
			TraceID: t.TraceID.String(), StartUnixNano: strconv.FormatInt(t.Start, 10), DurationNano: t.End - t.Start,
			Service: t.Service, Name: t.Name, SpanCount: t.Spans, ErrorCount: t.Errors,
		})
	}
	answer(w, http.StatusOK, list)
}

// parseQuery reads the parameters of a list; unknown ones are refused, because
// a filter with a typing error would otherwise match everything.
func parseQuery(v url.Values, now time.Time) (store.Query, error) {
	var q store.Query
	for name, values := range v {
		if len(values) != 1 {
			return q, fmt.Errorf("parameter %q is given %d times", name, len(values))
		}
		text := values[0]
		var err error
		switch name {
		case "service":
			q.Service = text
		case "name":
			q.Name = text
		case "minDuration":
			var d time.Duration
			d, err = duration(text)
			q.MinDuration = int64(d)
		case "since":
			var d time.Duration
			d, err = duration(text)
			q.From = now.Add(-d).UnixNano()
		case "start":
			q.From, err = unixSeconds(text)
		case "end":
			q.To, err = unixSeconds(text)
		case "errors":
			q.Errors, err = strconv.ParseBool(text)
		case "limit":
			q.Limit, err = strconv.Atoi(text)
			if err == nil && (q.Limit < 1 || q.Limit > maxLimit) {
				err = fmt.Errorf("not between 1 and %d", maxLimit)
			}
		default:
			return q, fmt.Errorf("unknown parameter %q", name)
		}
		if err != nil {
			return q, fmt.Errorf("parameter %q: %q: %w", name, text, err)
		}
	}
	return q, nil
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = fmt.Errorf("negative")
	}
	return d, err
}

// unixSeconds reads a moment in seconds since the Unix epoch, as ns.
func unixSeconds(text string) (int64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, err
	}
	if !(f >= 0 && f < math.MaxInt64/1e9) { // NaN is neither
		return 0, fmt.Errorf("out of range")
	}
	return int64(f * 1e9), nil
}

func (s *Server) waterfall(w http.ResponseWriter, r *http.Request) {
	id, err := span.ParseTraceID(r.PathValue("id"))
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), "a trace id has 1 to 32 hexadecimal digits")
		return
	}
	t, err := s.Store.Trace(r.Context(), id)
	if err != nil {
		s.internal(w, r, err)
		return
	}
	if t.Spans.Len() == 0 {
		s.unknown(w, id, t)
		return
	}
	doc := advise.NewWaterfall(t.Spans)
	doc.Partial = t.Partial
	answer(w, http.StatusOK, doc)
}

// unknown says that a trace is not here, or that this can't be said.
func (s *Server) unknown(w http.ResponseWriter, id span.TraceID, t store.Trace) {
	if len(t.Partial) > 0 {
		fail(w, http.StatusInternalServerError, fmt.Sprintf("trace %s was not found, but not everything could be read: %s", id, t.Partial[0]), "the server's log has more")
		return
	}
	fail(w, http.StatusNotFound, fmt.Sprintf("trace %s is not known", id),
		"spans can be read as soon as they are acknowledged; SDKs send them some seconds after they end, and only if the trace is sampled")
}
