package block

import (
	"context"
	"fmt"

	"github.com/everspan/everspan/internal/span"
)

// traceNames is the rest of what the table of traces says, by its rows.
type traceNames struct {
	names, services *values
	errors          []uint32
	offsets         []int64
	rooted          []bool
}

func (t *traceNames) held() int {
	return 8*len(t.errors) + 8*len(t.offsets) + len(t.rooted) + len(t.names.text) + len(t.services.text) + 4*len(t.names.codes) + 4*len(t.services.codes)
}

// Sum is the summary of a trace by its number in t.
func (r *Reader) Sum(ctx context.Context, t *TraceRows, trace int) (Summary, error) {
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return Summary{}, err
	}
	if sum, ok := t.sums[trace]; ok {
		return sum, nil
	}
	all, err := lookup(r.cache, f.key, -4, func() (*traceNames, error) {
		in, err := f.rowsOf(ctx, [2]int{0, f.rows})
		if err != nil {
			return nil, err
		}
		n := &traceNames{
			names: in.column("root_name", shapeText), services: in.column("root_service", shapeText),
			errors: make([]uint32, f.rows), offsets: make([]int64, f.rows), rooted: make([]bool, f.rows),
		}
		errs, offsets, parents := in.column("errors", shapeInt64), in.column("root_offset", shapeInt64), in.column("root_parent_span_id", shapeSpanID)
		if err := in.read(); err != nil {
			return nil, err
		}
		for i := range f.rows {
			n.errors[i], n.offsets[i], n.rooted[i] = uint32(errs.num(i)), offsets.num(i), !parents.has(i)
		}
		return n, nil
	})
	if err != nil {
		return Summary{}, err
	}
	row := int(t.Row[trace])
	id, err := r.traceIDAt(ctx, f, row)
	if err != nil {
		return Summary{}, err
	}
	return Summary{
		TraceID: id, Start: t.Start[trace], End: t.End[trace], Spans: int(t.First[trace+1] - t.First[trace]),
		Errors: int(all.errors[row]), Service: string(all.services.bytes(row)), Name: string(all.names.bytes(row)),
		Rooted: all.rooted[row], RootStart: t.Start[trace] + all.offsets[row],
	}, nil
}

// summary is what the row that was read alone says.
func (t *traceReader) summary() (Summary, rowRange, error) {
	at, err := t.ranges.at(0)
	if err != nil {
		return Summary{}, at, err
	}
	if len(t.ids.bytes(0)) != 16 {
		return Summary{}, at, t.in.f.corrupt(0, fmt.Errorf("row %d has no trace id", t.in.from))
	}
	start := t.starts.num(0)
	return Summary{
		TraceID: span.TraceID(t.ids.bytes(0)), Start: start, End: start + t.durations.num(0),
		Spans: at.spans[1] - at.spans[0], Errors: int(t.errs.num(0)),
		Service: string(t.services.bytes(0)), Name: string(t.names.bytes(0)),
		Rooted: !t.parents.has(0), RootStart: start + t.roots.num(0),
	}, at, nil
}

// TraceIDAt is the id of a trace by its number in t.
func (r *Reader) TraceIDAt(ctx context.Context, t *TraceRows, trace int) (span.TraceID, error) {
	if sum, ok := t.sums[trace]; ok {
		return sum.TraceID, nil
	}
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return span.TraceID{}, err
	}
	return r.traceIDAt(ctx, f, int(t.Row[trace]))
}

func (r *Reader) traceIDAt(ctx context.Context, f *fileReader, row int) (span.TraceID, error) {
	in, err := f.rowsOf(ctx, [2]int{row, row + 1})
	if err != nil {
		return span.TraceID{}, err
	}
	ids := in.column("trace_id", shapeTraceID)
	if err := in.read(); err != nil {
		return span.TraceID{}, err
	}
	if len(ids.bytes(0)) != 16 {
		return span.TraceID{}, f.corrupt(0, fmt.Errorf("row %d has no trace id", row))
	}
	return span.TraceID(ids.bytes(0)), nil
}

// TraceIDs returns the ids of all traces, 16 bytes each, in ascending order: row n of the
// table of traces has the n'th. It reads 16 bytes a trace.
func (r *Reader) TraceIDs(ctx context.Context) ([]byte, error) {
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return nil, err
	}
	in, err := f.rowsOf(ctx, [2]int{0, f.rows})
	if err != nil {
		return nil, err
	}
	ids := in.column("trace_id", shapeTraceID)
	if err := in.read(); err != nil {
		return nil, err
	}
	if ids.absent && f.rows > 0 || !ids.absent && len(ids.fixed) != 16*f.rows {
		return nil, f.corrupt(0, "traces without an id")
	}
	return ids.fixed, nil
}
