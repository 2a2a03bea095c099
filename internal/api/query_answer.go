package api

import (
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/traceql"
)

// QueryAnswer is the answer of GET /api/v1/query: traces, or times and series.
// Times are ns since the Unix epoch, as text, since they exceed what JavaScript's numbers
// hold.
type QueryAnswer struct {
	Query string `json:"query"` // as it was understood
	From  string `json:"from"`
	To    string `json:"to"`

	Traces []FoundTrace `json:"traces,omitzero"` // newest first
	Next   string       `json:"next,omitempty"`  // the parameter after of the next page

	Times []string `json:"times,omitzero"` // of the samples
	Step  int64    `json:"stepNano,omitempty"`
	Unit  string   `json:"unit,omitempty"` // s for seconds, 1/s for spans a second
	// BucketUnit is the unit of the label __bucket.
	BucketUnit string        `json:"bucketUnit,omitempty"`
	Series     []FoundSeries `json:"series,omitzero"`

	Scanned Scanned `json:"scanned"`
	Plan    string  `json:"plan,omitempty"` // a line for each step
	// Partial says why something may be missing; it is absent when nothing is.
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

// FoundTrace is a trace and what the query found in it.
type FoundTrace struct {
	TraceSummary
	Services []FoundService `json:"services,omitempty"`
	SpanSets []FoundSpanset `json:"spanSets"`
}

// FoundService counts the spans of a service in a trace.
type FoundService struct {
	Service string `json:"service"`
	Spans   int    `json:"spanCount"`
	Errors  int    `json:"errorCount"`
}

// FoundSpanset is spans that a query found together: Matched of them, of which some
// are listed. Group is what they have in common, by the expressions of by(…);
// Scalars are numbers that the query compared.
type FoundSpanset struct {
	Matched int         `json:"matched"`
	Group   []FoundAttr `json:"group,omitempty"`
	Scalars []FoundAttr `json:"scalars,omitempty"`
	Spans   []FoundSpan `json:"spans"`
}

// FoundSpan is a span, and the values of what the query names.
type FoundSpan struct {
	SpanID        string      `json:"spanId"`
	Name          string      `json:"name"`
	StartUnixNano string      `json:"startUnixNano"`
	DurationNano  int64       `json:"durationNano"`
	Attributes    []FoundAttr `json:"attributes,omitempty"`
}

// FoundAttr is a value, as TraceQL writes it, but strings without quotes. Several
// values of one name follow each other.
type FoundAttr struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// FoundSeries is a value over time; null where there is none.
type FoundSeries struct {
	Labels    []FoundAttr     `json:"labels"`
	Values    []Number        `json:"values"`
	Exemplars []FoundExemplar `json:"exemplars,omitempty"`
}

// FoundExemplar is a span that a sample counts.
type FoundExemplar struct {
	TraceID      string `json:"traceId"`
	SpanID       string `json:"spanId"`
	TimeUnixNano string `json:"timeUnixNano"`
	Value        Number `json:"value"`
}

// Scanned is what a query cost.
type Scanned struct {
	Blocks  int   `json:"blocks"`
	Pruned  int   `json:"blocksPruned"` // not read, since nothing in them could match
	Done    int   `json:"blocksRead"`
	Traces  int   `json:"traces"`
	Spans   int   `json:"spans"`
	Bytes   int64 `json:"bytes"`
	Elapsed int64 `json:"elapsedNano"`
}

func (a *QueryAnswer) scanned(s *engine.Scanned) {
	a.Scanned = Scanned{s.Blocks, s.Pruned, s.Done, s.Traces, s.Spans, s.Bytes, s.Elapsed.Nanoseconds()}
	a.Plan, a.Partial = s.Plan, s.Partial
}

func (a *QueryAnswer) found(f *engine.Found) {
	a.scanned(&f.Scanned)
	a.Next = cursorText(f.Next)
	a.Traces = make([]FoundTrace, len(f.Traces))
	for i := range f.Traces {
		t := &f.Traces[i]
		to := &a.Traces[i]
		to.TraceSummary = TraceSummary{
			TraceID: t.TraceID.String(), StartUnixNano: nano(t.Start), DurationNano: t.End - t.Start,
			Service: t.Service, Name: t.Name, SpanCount: t.Spans, ErrorCount: t.Errors,
		}
		for _, s := range t.Services {
			to.Services = append(to.Services, FoundService(s))
		}
		for k := range t.Sets {
			to.SpanSets = append(to.SpanSets, spanset(&t.Sets[k]))
		}
	}
}

func spanset(s *engine.Spanset) FoundSpanset {
	out := FoundSpanset{Matched: s.Matched, Group: foundAttrs(s.Group), Scalars: foundAttrs(s.Scalars), Spans: make([]FoundSpan, len(s.Spans))}
	for i := range s.Spans {
		one := &s.Spans[i]
		out.Spans[i] = FoundSpan{one.ID.String(), one.Name, nano(one.Start), one.Duration, foundAttrs(one.Attrs)}
	}
	return out
}

func foundAttrs(attrs []engine.Attr) []FoundAttr {
	out := make([]FoundAttr, len(attrs))
	for i := range attrs {
		v := &attrs[i].Value
		out[i] = FoundAttr{attrs[i].Name, v.Type.String(), v.String()}
		if v.Type == traceql.String {
			out[i].Value = v.Str
		}
	}
	return out
}

func (a *QueryAnswer) series(set *engine.SeriesSet) {
	a.scanned(&set.Scanned)
	a.Times = make([]string, len(set.Times))
	for i, t := range set.Times {
		a.Times[i] = nano(t)
	}
	a.Series = make([]FoundSeries, len(set.Series))
	for i := range set.Series {
		s := &set.Series[i]
		to := FoundSeries{Labels: foundAttrs(s.Labels), Values: make([]Number, len(s.Values))}
		for k, v := range s.Values {
			to.Values[k] = Number(v)
		}
		for _, e := range s.Exemplars {
			to.Exemplars = append(to.Exemplars, FoundExemplar{e.TraceID.String(), e.SpanID.String(), nano(e.Time), Number(e.Value)})
		}
		a.Series[i] = to
	}
}
