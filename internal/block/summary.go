package block

import (
	"github.com/everspan/everspan/internal/span"
)

// Summary is what a block, or any other set of spans, knows of one trace. A
// trace may be spread over several: see [Summary.Merge].
type Summary struct {
	TraceID    span.TraceID
	Start, End int64 // ns since the Unix epoch, of the spans seen here
	Spans      int
	Errors     int // spans with status error
	// Service and Name are those of the root, or of the earliest span where the
	// root is not among the spans; Rooted tells which.
	Service, Name string
	Rooted        bool
	RootStart     int64
}

// Merge joins what two places know of one trace.
func (s *Summary) Merge(o Summary) {
	if o.BetterRoot(s) {
		s.Service, s.Name, s.Rooted, s.RootStart = o.Service, o.Name, o.Rooted, o.RootStart
	}
	s.Start, s.End = min(s.Start, o.Start), max(s.End, o.End)
	s.Spans += o.Spans
	s.Errors += o.Errors
}

// BetterRoot reports whether the root that s knows of is the trace's rather than
// o's: a real one before a span that only is the earliest, and then the earlier.
func (s *Summary) BetterRoot(o *Summary) bool {
	return betterRoot(s.Rooted, s.RootStart, o.Rooted, o.RootStart)
}

func betterRoot(real bool, start int64, otherReal bool, otherStart int64) bool {
	if real != otherReal {
		return real
	}
	return start < otherStart
}

// traceReader reads the table of traces.
type traceReader struct {
	in                              *rowReader
	ids, starts, durations, errs    *values
	roots, services, names, parents *values
	repeats                         *values
	ranges                          *rangeReader
}

func newTraceReader(in *rowReader) *traceReader {
	return &traceReader{
		in: in, ids: in.column("trace_id", shapeTraceID),
		starts: in.column("start", shapeTime), durations: in.column("duration", shapeInt64), errs: in.column("errors", shapeInt64),
		roots: in.column("root_offset", shapeInt64), services: in.column("root_service", shapeText), names: in.column("root_name", shapeText),
		parents: in.column("root_parent_span_id", shapeSpanID),
		repeats: in.column("repeated_ids", shapeBool),
		ranges:  newRangeReader(in),
	}
}

// repeated reports whether several spans of a trace have the same id, or may have: the
// first blocks did not say.
func (t *traceReader) repeated(row int) bool { return t.repeats.absent || t.repeats.num(row) != 0 }
