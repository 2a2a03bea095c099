package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/tempo"
	"github.com/everspan/everspan/internal/traceql"
)

// What one query may ask for; more is a job for the blocks themselves.
const (
	maxLimit   = 10_000 // traces, or series
	maxSpans   = 10_000 // of a spanset
	maxSamples = 11_000 // of a series
)

const queryHint = "parameters: q (TraceQL), since (like 15m or 1h) or from and to (unix seconds or like 2026-11-23T08:15:00Z), " +
	"limit (1 to 10000), spans (of each spanset), after (where the page before ended), step (like 1m; 0 for one value), series (at most so many; 1000), exemplars, explain (true)"

// queryRequest is the parameters of GET /api/v1/query.
type queryRequest struct {
	text      string
	since     time.Duration // 0 if from or to are given
	from, to  int64         // ns since the Unix epoch
	limit     int
	spans     int
	after     *engine.Cursor
	step      time.Duration // below 0: one is chosen
	series    int           // 0 is what the engine has as usual
	exemplars int
	explain   bool
}

// query answers GET /api/v1/query with everything that the engine knows.
func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	req, err := parseQuery(r.URL.Query(), time.Now())
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), queryHint)
		return
	}
	q, err := traceql.Parse(req.text)
	if err != nil {
		badQuery(w, err)
		return
	}
	doc := QueryAnswer{Query: q.String(), From: nano(req.from), To: nano(req.to)}
	if q.Metrics == nil {
		found, err := s.Engine.Search(r.Context(), engine.Search{
			Pipeline: q.Pipeline, Range: engine.Range{From: req.from, To: req.to}, Limit: req.limit, SpansPerSet: req.spans,
			After: req.after, ServiceStats: true, Explain: req.explain,
		})
		if err != nil {
			s.queryFailed(w, r, err)
			return
		}
		doc.found(found)
		answer(w, http.StatusOK, doc)
		return
	}
	m := engine.Metrics{Expr: q.Metrics, Range: engine.Range{From: req.from, To: req.to}, Step: req.step, MaxSeries: req.series, Exemplars: req.exemplars, Explain: req.explain}
	if n, ok := tempo.Exemplars(q.Hints); ok && req.step != 0 {
		m.Exemplars = n
	}
	if err := req.metricsRange(&m); err != nil {
		fail(w, http.StatusBadRequest, err.Error(), queryHint)
		return
	}
	set, err := s.Engine.Metrics(r.Context(), m)
	if err != nil {
		s.queryFailed(w, r, err)
		return
	}
	doc.Step, doc.Unit, doc.BucketUnit = m.Step.Nanoseconds(), unit(q.Metrics), bucketUnit(q.Metrics)
	doc.series(set)
	answer(w, http.StatusOK, doc)
}

// metricsRange bounds the samples of a query and chooses their distance.
func (r *queryRequest) metricsRange(m *engine.Metrics) error {
	if m.Range.From >= m.Range.To {
		return errors.New("a metrics query needs a time to begin: give since or from")
	}
	took := time.Duration(m.Range.To - m.Range.From)
	if m.Step < 0 {
		m.Step = tempo.Step(took)
	}
	if m.Step > 0 && (m.Step < time.Millisecond || took/m.Step > maxSamples) {
		return fmt.Errorf("step %s for %s: it is at least 1ms, and a series has at most %d samples", m.Step, took, maxSamples)
	}
	return nil
}

// badQuery answers that a query is wrong, and shows where.
func badQuery(w http.ResponseWriter, err error) {
	var wrong *traceql.Error
	if !errors.As(err, &wrong) {
		fail(w, http.StatusBadRequest, err.Error(), "")
		return
	}
	fail(w, http.StatusBadRequest, "the query is wrong at "+wrong.Error(), wrong.Snippet())
}

func (s *Server) queryFailed(w http.ResponseWriter, r *http.Request, err error) {
	switch status := s.queryStatus(r.Context(), r.URL.Path, err); status {
	case 0:
	case http.StatusBadRequest:
		badQuery(w, err)
	default:
		fail(w, status, err.Error(), "the server's log has more")
	}
}

// parseQuery reads the parameters of a query; unknown ones are refused, because
// a bound with a typing error would otherwise bound nothing.
func parseQuery(v url.Values, now time.Time) (queryRequest, error) {
	q := queryRequest{limit: 20, spans: 3, since: time.Hour, step: -1}
	for name, values := range v {
		if len(values) != 1 {
			return q, fmt.Errorf("parameter %q is given %d times", name, len(values))
		}
		if err := q.set(name, values[0]); err != nil {
			return q, err
		}
	}
	if !v.Has("since") && (v.Has("from") || v.Has("to")) {
		q.since = 0
	}
	switch {
	case v.Has("since") && v.Has("from"):
		return q, errors.New("since and from both say where the time begins: give one of them")
	case q.since != 0:
		end := q.to
		if end == 0 {
			end = now.UnixNano()
		}
		q.from = max(end-int64(q.since), 0)
	}
	if q.to == 0 {
		q.to = now.UnixNano()
	}
	if q.from >= q.to {
		return q, fmt.Errorf("the time is empty: it begins at %s and ends at %s", stamp(q.from), stamp(q.to))
	}
	return q, nil
}

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }
