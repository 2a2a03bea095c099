package tempo

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/traceql"
)

// What one search may ask for.
const (
	DefaultLimit = 20 // traces
	DefaultSpans = 3  // of a spanset

	maxLimit = 10_000
	maxSpans = 100_000
)

// SearchRequest asks for traces: by a query, or by tags and durations, or for all.
type SearchRequest struct {
	Query       string
	Tags        []Tag
	MinDuration time.Duration // of a trace; 0 for none
	MaxDuration time.Duration
	Limit       int // 0 is DefaultLimit
	Spans       int // of each spanset; 0 is DefaultSpans, below 0 all
	Start, End  int64
}

// Tag is what an attribute has to contain.
type Tag struct{ Key, Value string }

// Search returns the question that an engine is asked. Start and End are seconds
// since the Unix epoch; without them all traces are searched, where Tempo takes only
// recent ones.
func (r *SearchRequest) Search() (engine.Search, error) {
	q := engine.Search{Limit: r.Limit, SpansPerSet: r.Spans, ServiceStats: true}
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	if q.SpansPerSet == 0 {
		q.SpansPerSet = DefaultSpans
	}
	var err error
	switch {
	case r.Limit < 0 || r.Limit > maxLimit:
		return q, fmt.Errorf("limit %d: it is between 1 and %d", r.Limit, maxLimit)
	case r.Spans > maxSpans:
		return q, fmt.Errorf("spss %d: it is at most %d, or 0 for all", r.Spans, maxSpans)
	case r.Query != "" && (len(r.Tags) > 0 || r.MinDuration != 0 || r.MaxDuration != 0):
		return q, errors.New("q can't be combined with tags, minDuration or maxDuration: put them into the query")
	}
	if q.Range, err = seconds(r.Start, r.End); err != nil {
		return q, err
	}
	if r.Query == "" {
		q.Pipeline, err = r.pipeline()
		return q, err
	}
	query, err := traceql.Parse(r.Query)
	switch {
	case err != nil:
		return q, fmt.Errorf("invalid TraceQL query: %w", err)
	case query.Metrics != nil:
		return q, errors.New("this is a metrics query, which yields no traces: ask /api/metrics/query_range")
	}
	q.Pipeline = query.Pipeline
	return q, nil
}

// seconds makes a range of two times in seconds, of which 0 bounds nothing.
func seconds(start, end int64) (engine.Range, error) {
	const last = math.MaxInt64 / int64(time.Second)
	switch {
	case start < 0 || end < 0 || start > last || end > last:
		return engine.Range{}, fmt.Errorf("start %d and end %d: they are seconds since 1970", start, end)
	case end != 0 && start >= end:
		return engine.Range{}, fmt.Errorf("start must be before end, but start is %d and end is %d", start, end)
	}
	return engine.Range{From: start * int64(time.Second), To: end * int64(time.Second)}, nil
}

// Response is what an engine found. A final one says that all jobs are done.
func Response(found *engine.Found, final bool) *SearchResponse {
	r := &SearchResponse{Traces: make([]Trace, len(found.Traces)), Metrics: metrics(&found.Scanned, final)}
	for i := range found.Traces {
		r.Traces[i] = trace(&found.Traces[i])
	}
	return r
}

func trace(t *engine.Trace) Trace {
	out := Trace{
		TraceID: t.TraceID.String(), RootService: t.Service, RootName: t.Name,
		Start: positive(t.Start), DurationMs: small(max(t.End-t.Start, 0) / int64(time.Millisecond)),
	}
	for i := range t.Sets {
		out.SpanSets = append(out.SpanSets, spanSet(&t.Sets[i]))
	}
	for _, s := range t.Services {
		if out.Services == nil {
			out.Services = make(map[string]ServiceStats)
		}
		out.Services[s.Service] = ServiceStats{small(int64(s.Spans)), small(int64(s.Errors))}
	}
	return out
}

func spanSet(s *engine.Spanset) SpanSet {
	out := SpanSet{Spans: make([]Span, len(s.Spans)), Matched: small(int64(s.Matched))}
	out.Attributes = attributes(s.Group, func(name string) string { return "by(" + shortName(name) + ")" })
	out.Attributes = append(out.Attributes, attributes(s.Scalars, func(name string) string { return name })...)
	for i := range s.Spans {
		one := &s.Spans[i]
		out.Spans[i] = Span{
			SpanID: one.ID.String(), Name: one.Name, Start: positive(one.Start), Duration: positive(one.Duration),
			Attributes: attributes(one.Attrs, spanKey),
		}
	}
	return out
}

func metrics(s *engine.Scanned, final bool) Metrics {
	m := Metrics{
		InspectedTraces: small(int64(s.Traces)), InspectedBytes: positive(s.Bytes), InspectedSpans: positive(int64(s.Spans)),
		TotalBlocks: small(int64(s.Blocks)), TotalJobs: small(int64(s.Blocks - s.Pruned)), CompletedJobs: small(int64(s.Done)),
	}
	if final {
		m.CompletedJobs = m.TotalJobs
	}
	return m
}

// positive and small fit a number into a field of a message.
func positive(n int64) uint64 { return uint64(max(n, 0)) }
func small(n int64) uint32    { return uint32(min(max(n, 0), math.MaxUint32)) }
