package block

import (
	"context"
	"fmt"
	"slices"

	"github.com/everspan/everspan/internal/span"
)

// TraceRows is where the traces of a block stand and when they were, in the order of
// their rows.
type TraceRows struct {
	First []uint32 // the first row of each trace in the table of spans, and at the end their number
	Start []int64  // ns since the Unix epoch
	End   []int64
	Row   []uint32 // in the table of traces
	// Repeated says whether several spans of the trace have the same id, or may have.
	Repeated []bool

	// sums are the summaries of the traces where only some are known: what lies between
	// those counts as one trace each, of which nothing is known.
	sums map[int]Summary
}

// Len is the number of traces.
func (t *TraceRows) Len() int { return len(t.Start) }

func (t *TraceRows) held() int { return 25 * len(t.Start) }

// Of returns the trace that a row of the table of spans belongs to.
func (t *TraceRows) Of(row uint32) int {
	i, ok := slices.BinarySearch(t.First, row)
	if !ok {
		i--
	}
	return i
}

// TraceRows returns where the traces stand.
func (r *Reader) TraceRows(ctx context.Context) (*TraceRows, error) {
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return nil, err
	}
	return lookup(r.cache, f.key, -3, func() (*TraceRows, error) {
		in, err := f.rowsOf(ctx, [2]int{0, f.rows})
		if err != nil {
			return nil, err
		}
		first, n := in.column("first_span", shapeInt64), in.column("spans", shapeInt64)
		starts, durations := in.column("start", shapeTime), in.column("duration", shapeInt64)
		repeats := in.column("repeated_ids", shapeBool)
		if err := in.read(); err != nil {
			return nil, err
		}
		t := &TraceRows{
			First: make([]uint32, 0, f.rows+1), Start: make([]int64, f.rows), End: make([]int64, f.rows),
			Row: make([]uint32, f.rows), Repeated: make([]bool, f.rows),
		}
		// Traces fill the table of spans: where one ends the next one begins.
		begins := make([]uint32, r.Meta.Spans) // by row: the trace that begins there, + 1
		for i := range f.rows {
			at := first.num(i)
			if at < 0 || at >= int64(len(begins)) {
				return nil, f.corrupt(0, fmt.Errorf("trace %d begins at row %d of %d", i, at, len(begins)))
			}
			begins[at] = uint32(i) + 1
		}
		at := int64(0)
		for i := range f.rows {
			if at >= int64(len(begins)) || begins[at] == 0 || n.num(int(begins[at])-1) <= 0 {
				return nil, f.corrupt(0, fmt.Errorf("no trace begins at row %d", at))
			}
			row := int(begins[at]) - 1
			t.Row[i] = uint32(row)
			t.Repeated[i] = repeats.absent || repeats.num(row) != 0
			t.Start[i] = starts.num(row)
			t.End[i] = t.Start[i] + durations.num(row)
			t.First = append(t.First, uint32(at))
			at += n.num(row)
		}
		if at != int64(r.Meta.Spans) {
			return nil, f.corrupt(0, fmt.Errorf("traces of %d spans in a block of %d", at, r.Meta.Spans))
		}
		t.First = append(t.First, uint32(at))
		return t, nil
	})
}

// HasTraceRows reports whether [Reader.TraceRows] need not read anything.
func (r *Reader) HasTraceRows() bool {
	_, ok := r.cache.entries.GetIfPresent(cacheKey{r.Meta.Key(tracesFile), -3})
	return ok
}

// noRow stands for the row of what lies between traces that are known.
const noRow = ^uint32(0)

// TraceRowsAt returns where the traces of some rows of the table of spans, which ascend,
// stand. It takes a few page reads for each, where [Reader.TraceRows] reads a table. What
// lies between those traces counts as a trace of which nothing is known.
func (r *Reader) TraceRowsAt(ctx context.Context, spans []uint32) (*TraceRows, error) {
	f, err := r.file(ctx, spansFile)
	if err != nil {
		return nil, err
	}
	t := &TraceRows{sums: make(map[int]Summary)}
	end := uint32(0) // of what is known
	add := func(first uint32, start, finish int64, row uint32) {
		t.First = append(t.First, first)
		t.Start, t.End = append(t.Start, start), append(t.End, finish)
		t.Row, t.Repeated = append(t.Row, row), append(t.Repeated, false)
	}
	for _, at := range spans {
		if at < end {
			continue
		}
		in, err := f.rowsOf(ctx, [2]int{int(at), int(at) + 1})
		if err != nil {
			return nil, err
		}
		ids := in.column("trace_id", shapeTraceID)
		if err := in.read(); err != nil {
			return nil, err
		}
		if len(ids.bytes(0)) != 16 {
			return nil, f.corrupt(0, fmt.Errorf("row %d has no trace id", at))
		}
		row, err := r.traceRow(ctx, span.TraceID(ids.bytes(0)))
		if err != nil {
			return nil, fmt.Errorf("%w: the trace of row %d: %w", ErrCorrupt, at, err)
		}
		trace := newTraceReader(row)
		if err := row.read(); err != nil {
			return nil, err
		}
		sum, rows, err := trace.summary()
		if err != nil {
			return nil, err
		}
		from, to := uint32(rows.spans[0]), uint32(rows.spans[1])
		if from < end || at < from || at >= to || int(to) > f.rows {
			return nil, f.corrupt(0, fmt.Errorf("row %d is not in its trace", at))
		}
		if from > end {
			add(end, 0, 0, noRow)
		}
		t.sums[len(t.Start)] = sum
		add(from, sum.Start, sum.End, uint32(row.from))
		end = to
	}
	if int(end) < f.rows {
		add(end, 0, 0, noRow)
	}
	t.First = append(t.First, uint32(f.rows))
	return t, nil
}
