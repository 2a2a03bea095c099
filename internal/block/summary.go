package block

import (
	"context"
	"fmt"
	"slices"

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
	// HasService and HasName say whether a span matches the filter's.
	HasService, HasName bool
}

// Merge joins what two places know of one trace.
func (s *Summary) Merge(o Summary) {
	if o.Rooted && !s.Rooted || o.Rooted == s.Rooted && o.RootStart < s.RootStart {
		s.Service, s.Name, s.Rooted, s.RootStart = o.Service, o.Name, o.Rooted, o.RootStart
	}
	s.Start, s.End = min(s.Start, o.Start), max(s.End, o.End)
	s.Spans += o.Spans
	s.Errors += o.Errors
	s.HasService = s.HasService || o.HasService
	s.HasName = s.HasName || o.HasName
}

// Summaries yields a summary of every trace in the block. With a service or a
// span name given, HasService and HasName are filled in, which reads one more
// column each.
func (r *Reader) Summaries(ctx context.Context, service, name string, each func(Summary)) error {
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return err
	}
	in := &rowReader{ctx: ctx, f: f, to: f.rows}
	ids, starts, durations := in.column("trace_id", shapeTraceID), in.column("start", shapeTime), in.column("duration", shapeInt64)
	spans, errs, first := in.column("spans", shapeInt64), in.column("errors", shapeInt64), in.column("first_span", shapeInt64)
	roots := in.column("root_start", shapeTime)
	services, names, parents := in.column("root_service", shapeText), in.column("root_name", shapeText), in.column("root_parent_span_id", shapeSpanID)
	if in.err != nil {
		return in.err
	}
	hasService, err := r.matching(ctx, "resource.service.name", service)
	if err != nil {
		return err
	}
	hasName, err := r.matching(ctx, "name", name)
	if err != nil {
		return err
	}
	for i := range f.rows {
		if len(ids.text(i)) != 16 {
			return f.corrupt(0, fmt.Errorf("row %d has no trace id", i))
		}
		from, to := int(first.num(i)), int(first.num(i)+spans.num(i))
		each(Summary{
			TraceID: span.TraceID(ids.text(i)),
			Start:   int64(starts.num(i)), End: int64(starts.num(i) + durations.num(i)),
			Spans: int(spans.num(i)), Errors: int(errs.num(i)),
			Service: string(services.text(i)), Name: string(names.text(i)),
			Rooted: parents.text(i) == nil, RootStart: int64(roots.num(i)),
			HasService: anyIn(hasService, from, to), HasName: anyIn(hasName, from, to),
		})
	}
	return nil
}

// matching lists the rows of spans.parquet whose column has the value. The
// comparison is made once for each entry of the dictionary.
func (r *Reader) matching(ctx context.Context, column, value string) ([]int, error) {
	if value == "" {
		return nil, nil
	}
	f, err := r.file(ctx, spansFile)
	if err != nil {
		return nil, err
	}
	v, err := f.column(ctx, column, shapeText, 0, f.rows)
	if err != nil {
		return nil, err
	}
	var hits []bool
	if v.dict != nil {
		hits = make([]bool, v.dict.len())
		for i := range hits {
			hits[i] = string(v.dict.value(uint32(i))) == value
		}
	}
	var rows []int
	for row, at := range v.at {
		if at != 0 && (v.dict != nil && hits[v.codes[at-1]] || v.dict == nil && string(v.bytes[at-1]) == value) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// anyIn reports whether one of the ascending rows lies in [from, to).
func anyIn(rows []int, from, to int) bool {
	i, _ := slices.BinarySearch(rows, from)
	return i < len(rows) && rows[i] < to
}
