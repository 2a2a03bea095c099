package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/jaeger"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

// maxJaegerSpans bounds the spans of one answer in JSON; more traces are left out.
const maxJaegerSpans = 1 << 16

var errEnough = errors.New("enough")

// collect gathers the traces that were found until they have maxJaegerSpans spans.
func (s *Server) collect(ctx context.Context, found *engine.Found) (traces []store.Trace, why []string, err error) {
	spans := 0
	why, err = s.wholeTraces(ctx, found, func(_ engine.Trace, t store.Trace) error {
		if spans += t.Spans.Len(); spans > maxJaegerSpans && len(traces) > 0 {
			return errEnough
		}
		traces = append(traces, t)
		return nil
	})
	if errors.Is(err, errEnough) {
		return traces, append(why, fmt.Sprintf("the first %d traces have about %d spans; the others are left out", len(traces), maxJaegerSpans)), nil
	}
	return traces, why, err
}

// uiSearch answers with the traces that a search finds, or that are named.
func (s *Server) uiSearch(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	data := []json.RawMessage{}
	if ids := v["traceID"]; len(ids) > 0 {
		var failed []uiError
		if len(ids) > jaegerLimit {
			s.uiFail(w, r, badRequest{fmt.Errorf("%d trace ids, at most %d are taken", len(ids), jaegerLimit)})
			return
		}
		for _, text := range ids {
			id, err := span.ParseTraceID(text)
			if err != nil {
				s.uiFail(w, r, badRequest{err})
				return
			}
			switch t, err := s.knownTrace(r.Context(), id); {
			case err == nil:
				data = append(data, jaeger.AppendJSON(nil, t.Spans, t.Partial...))
			case errors.Is(err, errNoTrace):
				failed = append(failed, uiError{Code: http.StatusNotFound, Msg: err.Error(), TraceID: text})
			default:
				s.uiFail(w, r, err)
				return
			}
		}
		answer(w, http.StatusOK, envelope{Data: data, Total: len(data), Errors: failed})
		return
	}
	q, err := uiQuery(v, time.Now())
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	found, err := q.find(r.Context(), s)
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	traces, why, err := s.collect(r.Context(), found)
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	for _, t := range traces {
		data = append(data, jaeger.AppendJSON(nil, t.Spans, t.Partial...))
	}
	partial(w, why)
	answer(w, http.StatusOK, envelope{Data: data, Total: len(data), Limit: q.limit})
}

// uiQuery reads the parameters of a search. Without times it is over the last two
// days, as Jaeger's is.
func uiQuery(v url.Values, now time.Time) (*jaegerQuery, error) {
	q := jaegerQuery{service: v.Get("service"), operation: v.Get("operation")}
	from, err := micros(v, "start", now.Add(-48*time.Hour).UnixMicro())
	if err != nil {
		return nil, err
	}
	to, err := micros(v, "end", now.UnixMicro())
	if err != nil {
		return nil, err
	}
	q.from, q.to = from*1000, to*1000+1000 // the whole of the last µs
	for name, d := range map[string]*int64{"minDuration": &q.shortest, "maxDuration": &q.longest} {
		if text := v.Get(name); text != "" {
			parsed, err := time.ParseDuration(text)
			if err != nil {
				return nil, unparsed(name, err)
			}
			*d = int64(parsed)
		}
	}
	if text := v.Get("limit"); text != "" {
		if q.limit, err = strconv.Atoi(text); err != nil || q.limit <= 0 {
			return nil, unparsed("limit", fmt.Errorf("%.20q is no number of traces", text))
		}
	}
	for _, text := range v["tag"] {
		key, value, ok := strings.Cut(text, ":")
		if !ok || key == "" {
			return nil, badRequest{fmt.Errorf("malformed 'tag' parameter, expecting key:value, received: %.100s", text)}
		}
		q.tags = append(q.tags, jaegerTag{key, value})
	}
	for _, text := range v["tags"] {
		if err := q.readTags(text); err != nil {
			return nil, badRequest{fmt.Errorf("malformed 'tags' parameter, cannot unmarshal JSON: %w", err)}
		}
	}
	return &q, q.check()
}

// readTags reads an object with a value for each key. Values are texts; a number or
// a bool is its text as well.
func (q *jaegerQuery) readTags(text string) error {
	var tags map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &tags); err != nil {
		return err
	}
	for key, raw := range tags {
		value := string(raw)
		switch raw[0] {
		case '"':
			if err := json.Unmarshal(raw, &value); err != nil {
				return err
			}
		case '{', '[', 'n':
			return fmt.Errorf("the value of %.40q is no text", key)
		}
		q.tags = append(q.tags, jaegerTag{key, value})
	}
	return nil
}

// unparsed is a parameter that can't be read.
func unparsed(name string, err error) error {
	return badRequest{fmt.Errorf("unable to parse param '%s': %w", name, err)}
}

// micros reads a time in µs since the Unix epoch.
func micros(v url.Values, name string, otherwise int64) (int64, error) {
	return whole(v, name, otherwise, 1<<53)
}

// whole reads a whole number from 0 to most.
func whole(v url.Values, name string, otherwise, most int64) (int64, error) {
	text := v.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && (n < 0 || n > most) {
		err = fmt.Errorf("%d is out of range", n)
	}
	if err != nil {
		return 0, unparsed(name, err)
	}
	return n, nil
}
