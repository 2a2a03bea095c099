package tempo

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/traceql"
)

const (
	// DefaultSince is the time of a metrics query that names none.
	DefaultSince = time.Hour

	maxSamples       = 11_000 // of a series, as Prometheus
	maxSeries        = 10_000
	maxExemplars     = 10_000
	defaultExemplars = 100
)

// RangeRequest asks for time series, or with Instant for one value of each.
type RangeRequest struct {
	Query      string
	Start, End int64 // ns since the Unix epoch; both are needed
	Step       time.Duration
	Instant    bool
	Exemplars  int // 0 is 100
	MaxSeries  int // 0 is the engine's default
}

// Question is a metrics query, parsed.
type Question struct {
	engine.Metrics
	name    string            // of series without labels
	written map[string]string // what by(…) names, by its canonical form
}

// Question returns what an engine is asked. Without a step one is chosen.
func (r *RangeRequest) Question() (q Question, err error) {
	if r.Query == "" {
		return q, errors.New("q, the query, is missing")
	}
	query, err := traceql.Parse(r.Query)
	switch {
	case err != nil:
		return q, fmt.Errorf("invalid TraceQL query: %w", err)
	case query.Metrics == nil:
		return q, errors.New("this query yields traces, not series: add a function, as in | rate(), or ask /api/search")
	case r.Start < 0 || r.End < 0 || r.Start >= r.End:
		return q, fmt.Errorf("start must be before end, but start is %d and end is %d", r.Start, r.End)
	case r.Exemplars < 0 || r.MaxSeries < 0 || r.MaxSeries > maxSeries:
		return q, fmt.Errorf("exemplars and maxSeries can't be negative, and maxSeries is at most %d", maxSeries)
	}
	q.Expr, q.Range, q.MaxSeries = query.Metrics, engine.Range{From: r.Start, To: r.End}, r.MaxSeries
	q.name, q.written = seriesName(query.Metrics), writtenGroups(query.Metrics, r.Query)
	if r.Instant {
		return q, nil
	}
	took := time.Duration(r.End - r.Start)
	q.Step = r.Step
	if q.Step == 0 {
		q.Step = Step(took)
	}
	if q.Step < time.Millisecond || int64(took/q.Step) > maxSamples {
		return q, fmt.Errorf("step %s for %s: it is at least 1ms, and a series has at most %d samples", q.Step, took, maxSamples)
	}
	q.Exemplars = r.exemplars(query.Hints)
	return q, nil
}

// exemplars is how many are wanted: by the hint exemplars, or the parameter.
func (r *RangeRequest) exemplars(hints []traceql.Hint) int {
	if n, ok := Exemplars(hints); ok {
		return n
	}
	if r.Exemplars == 0 {
		return defaultExemplars
	}
	return min(r.Exemplars, maxExemplars)
}

// Exemplars is how many exemplars a query's hint asks for; false if it has none, or says
// something else than a number, true or false.
func Exemplars(hints []traceql.Hint) (n int, ok bool) {
	for i := range hints {
		switch h := &hints[i]; {
		case h.Name != "exemplars":
		case h.Value.Type == traceql.Int:
			return int(min(max(h.Value.Num, 0), maxExemplars)), true
		case h.Value.Type == traceql.Bool && h.Value.Num == 0:
			return 0, true
		case h.Value.Type == traceql.Bool:
			return defaultExemplars, true
		}
	}
	return 0, false
}

// steps are those that Step chooses from.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute,
	5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// Step chooses the distance of samples for a time, so that there are at most 240
// of them, or a thousand days' worth of days.
func Step(took time.Duration) time.Duration {
	for _, step := range steps {
		if took <= 240*step {
			return step
		}
	}
	return max(steps[len(steps)-1], (took / 240).Truncate(24*time.Hour))
}

// seriesName is the function of a query, which names a series that has no labels.
func seriesName(e traceql.MetricsExpr) (name string) {
	traceql.Walk(e, func(n traceql.Node) bool {
		if m, ok := n.(*traceql.Metrics); ok && name == "" {
			name = m.Op.String()
		}
		return name == ""
	})
	return name
}

// writtenGroups are the groups of a query as they are written: clients look for labels
// by what they asked for, name or span:name.
func writtenGroups(e traceql.MetricsExpr, query string) map[string]string {
	written := make(map[string]string)
	traceql.Walk(e, func(n traceql.Node) bool {
		if m, ok := n.(*traceql.Metrics); ok {
			for _, by := range m.By {
				at := by.Position()
				written[by.String()] = query[at.From:at.To]
			}
		}
		return true
	})
	return written
}

// label is what a label is called: as the query has it, or by its older name.
func (q *Question) label(name string) string {
	if text, ok := q.written[name]; ok {
		return text
	}
	return shortName(name)
}

// Response is the series that an engine computed.
func (q *Question) Response(set *engine.SeriesSet, final bool) *RangeResponse {
	out := &RangeResponse{Series: make([]TimeSeries, len(set.Series)), Metrics: metrics(&set.Scanned, final)}
	out.Status, out.Message = status(&set.Scanned)
	for i := range set.Series {
		s := &set.Series[i]
		one := TimeSeries{Labels: q.labels(s.Labels), Samples: []Sample{}}
		for k, v := range s.Values {
			if !math.IsNaN(v) && k < len(set.Times) {
				one.Samples = append(one.Samples, Sample{set.Times[k] / int64(time.Millisecond), Double(v)})
			}
		}
		for k := range s.Exemplars {
			e := &s.Exemplars[k]
			height := q.height(set, s, e)
			if math.IsNaN(height) {
				continue // its sample fell to a comparison
			}
			one.Exemplars = append(one.Exemplars, Exemplar{
				Labels: []KeyValue{{"trace:id", Text(e.TraceID.String())}, {"span:id", Text(e.SpanID.String())}},
				Value:  Double(height), Time: e.Time / int64(time.Millisecond),
			})
		}
		out.Series[i] = one
	}
	return out
}

// height is where an exemplar is drawn: at its value, or where spans are counted at the
// sample that counts it, since a duration has no place on an axis of counts.
func (q *Question) height(set *engine.SeriesSet, s *engine.Series, e *engine.Exemplar) float64 {
	switch q.name {
	case traceql.Rate.String(), traceql.CountOverTime.String(), traceql.HistogramOverTime.String(), traceql.Compare.String():
		// The first sample behind its time.
		at, found := slices.BinarySearch(set.Times, e.Time)
		if found {
			at++
		}
		if at < len(s.Values) {
			return s.Values[at]
		}
	}
	return e.Value
}

// Instant is the single value of each series that an engine computed.
func (q *Question) Instant(set *engine.SeriesSet, final bool) *InstantResponse {
	out := &InstantResponse{Series: []InstantSeries{}, Metrics: metrics(&set.Scanned, final)}
	out.Status, out.Message = status(&set.Scanned)
	for i := range set.Series {
		s := &set.Series[i]
		if len(s.Values) > 0 && !math.IsNaN(s.Values[0]) {
			out.Series = append(out.Series, InstantSeries{q.labels(s.Labels), Double(s.Values[0])})
		}
	}
	return out
}

func (q *Question) labels(attrs []engine.Attr) []KeyValue {
	if len(attrs) == 0 {
		return []KeyValue{{"__name__", Text(q.name)}}
	}
	return attributes(attrs, q.label)
}

func status(s *engine.Scanned) (Status, string) {
	if len(s.Partial) == 0 {
		return Complete, ""
	}
	return Partial, strings.Join(s.Partial, "; ")
}
