package tempo

// SearchResponse is the traces that a search found.
type SearchResponse struct {
	Traces  []Trace `json:"traces"` // newest first
	Metrics Metrics `json:"metrics"`
}

// Trace is what is told of a trace that was found.
type Trace struct {
	TraceID     string                  `json:"traceID"`
	RootService string                  `json:"rootServiceName,omitempty"`
	RootName    string                  `json:"rootTraceName,omitempty"`
	Start       uint64                  `json:"startTimeUnixNano,string"`
	DurationMs  uint32                  `json:"durationMs,omitempty"`
	SpanSets    []SpanSet               `json:"spanSets,omitempty"`
	Services    map[string]ServiceStats `json:"serviceStats,omitempty"`
}

// SpanSet is some spans of a trace. Attributes are what they have in common, and numbers
// that the query compared.
type SpanSet struct {
	Spans      []Span     `json:"spans"`
	Matched    uint32     `json:"matched"`
	Attributes []KeyValue `json:"attributes,omitempty"`
}

// Span is a span that matched.
type Span struct {
	SpanID     string     `json:"spanID"`
	Name       string     `json:"name,omitempty"`
	Start      uint64     `json:"startTimeUnixNano,string"`
	Duration   uint64     `json:"durationNanos,string"`
	Attributes []KeyValue `json:"attributes,omitempty"`
}

// ServiceStats counts the spans of a service in a trace.
type ServiceStats struct {
	Spans  uint32 `json:"spanCount"`
	Errors uint32 `json:"errorCount,omitempty"`
}

// Metrics is what a query cost. A job is a block.
type Metrics struct {
	InspectedTraces uint32 `json:"inspectedTraces,omitempty"`
	InspectedBytes  uint64 `json:"inspectedBytes,string,omitempty"`
	TotalBlocks     uint32 `json:"totalBlocks,omitempty"`
	CompletedJobs   uint32 `json:"completedJobs,omitempty"`
	TotalJobs       uint32 `json:"totalJobs,omitempty"`
	InspectedSpans  uint64 `json:"inspectedSpans,string,omitempty"`
}

// TagsResponse is the names of attributes, whatever their scope.
type TagsResponse struct {
	Names   []string `json:"tagNames"`
	Metrics Metrics  `json:"metrics"`
}

// TagsV2Response is the names of attributes by scope.
type TagsV2Response struct {
	Scopes  []TagScope `json:"scopes"`
	Metrics Metrics    `json:"metrics"`
}

// TagScope is the names of one scope; it has at least one.
type TagScope struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

// ValuesResponse is the values of a tag as text.
type ValuesResponse struct {
	Values  []string `json:"tagValues"`
	Metrics Metrics  `json:"metrics"`
}

// ValuesV2Response is the values of a tag.
type ValuesV2Response struct {
	Values  []TagValue `json:"tagValues"`
	Metrics Metrics    `json:"metrics"`
}

// TagValue is a value as TraceQL writes it, but strings without quotes. Type is
// string, int, float, duration, bool, or keyword for the words of status and kind.
type TagValue struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// RangeResponse is time series.
type RangeResponse struct {
	Series  []TimeSeries `json:"series"`
	Metrics Metrics      `json:"metrics"`
	Status  Status       `json:"status"`
	Message string       `json:"message,omitempty"` // why it is partial
}

// TimeSeries is a value over time. Where it has no value there is no sample.
type TimeSeries struct {
	Labels    []KeyValue `json:"labels"`
	Samples   []Sample   `json:"samples"`
	Exemplars []Exemplar `json:"exemplars,omitempty"`
}

// Sample is a value at a time, in ms since the Unix epoch.
type Sample struct {
	Time  int64  `json:"timestampMs,string"`
	Value Double `json:"value"`
}

// Exemplar is a span that a sample counts; its labels tell the trace.
type Exemplar struct {
	Labels []KeyValue `json:"labels"`
	Value  Double     `json:"value"`
	Time   int64      `json:"timestampMs,string"`
}

// InstantResponse is one value for each series.
type InstantResponse struct {
	Series  []InstantSeries `json:"series"`
	Metrics Metrics         `json:"metrics"`
	Status  Status          `json:"status"`
	Message string          `json:"message,omitempty"`
}

// InstantSeries is a value over the whole range.
type InstantSeries struct {
	Labels []KeyValue `json:"labels"`
	Value  Double     `json:"value"`
}

// Status says whether an answer is whole.
type Status int32

// Whether an answer is whole.
const (
	Complete Status = 0
	Partial  Status = 1
)

// MarshalText is the status's name.
func (s Status) MarshalText() ([]byte, error) {
	if s == Partial {
		return []byte("PARTIAL"), nil
	}
	return []byte("COMPLETE"), nil
}
