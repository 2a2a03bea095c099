package block

import (
	"context"
	"fmt"

	"github.com/everspan/everspan/internal/span"
)

// rowReader reads the same rows of several columns and keeps the first error.
type rowReader struct {
	ctx      context.Context
	f        *fileReader
	from, to int
	err      error
}

func (r *rowReader) column(name string, s shape) *values {
	if r.err == nil {
		var v *values
		if v, r.err = r.f.column(r.ctx, name, s, r.from, r.to); r.err == nil {
			return v
		}
	}
	return &values{shape: s, at: make([]uint32, max(0, r.to-r.from))}
}

// rows checks a range against the file before anything is allocated for it.
func (r *Reader) rows(ctx context.Context, name string, at [2]int) (*rowReader, error) {
	f, err := r.file(ctx, name)
	if err != nil {
		return nil, err
	}
	if at[0] < 0 || at[0] > at[1] || at[1] > f.rows {
		return nil, f.corrupt(0, fmt.Errorf("rows %d to %d of %d", at[0], at[1], f.rows))
	}
	return &rowReader{ctx: ctx, f: f, from: at[0], to: at[1]}, nil
}

// appendRows materialises the rows of a trace.
func (r *Reader) appendRows(ctx context.Context, at rowRange, b *span.Batch) error {
	in, err := r.rows(ctx, spansFile, at.spans)
	if err != nil {
		return err
	}
	attrs := in.attributes()
	sets := newSetReader(in, attrs, b)
	n := in.to - in.from
	traces, ids, parents := in.column("trace_id", shapeTraceID), in.column("span_id", shapeSpanID), in.column("parent_span_id", shapeSpanID)
	starts, durations := in.column("start", shapeTime), in.column("duration", shapeInt64)
	names, kinds, statuses := in.column("name", shapeText), in.column("kind", shapeText), in.column("status", shapeText)
	messages, states, flags := in.column("status_message", shapeText), in.column("trace_state", shapeText), in.column("flags", shapeInt64)
	droppedA, droppedE, droppedL := in.column("dropped_attributes", shapeInt32), in.column("dropped_events", shapeInt32), in.column("dropped_links", shapeInt32)
	if in.err != nil {
		return in.err
	}
	base := uint32(b.Len())
	for i := range n {
		if len(traces.text(i)) != 16 || len(ids.text(i)) != 8 {
			return in.f.corrupt(0, fmt.Errorf("row %d has no id", in.from+i))
		}
		row := b.Begin(sets.resource(i), sets.scope(i))
		copy(b.ID[row][:], ids.text(i))
		copy(b.Parent[row][:], parents.text(i))
		b.Start[row], b.Duration[row] = int64(starts.num(i)), int64(durations.num(i))
		b.Name[row] = b.Names.Code(names.text(i))
		b.Kind[row], b.Status[row] = span.ParseKind(string(kinds.text(i))), span.ParseStatus(string(statuses.text(i)))
		b.Message[row] = b.Messages.Code(messages.text(i))
		b.State[row] = b.States.Code(states.text(i))
		b.Flags[row] = uint32(flags.num(i))
		b.SetDropped(row, uint32(droppedA.num(i)), uint32(droppedE.num(i)), uint32(droppedL.num(i)))
		b.Commit(row, span.TraceID(traces.text(i)))
	}
	attrs.appendTo("span", &b.Attrs, base)
	if err := r.appendEvents(ctx, at, b, base); err != nil {
		return err
	}
	return r.appendLinks(ctx, at, b, base)
}

func (r *Reader) appendEvents(ctx context.Context, at rowRange, b *span.Batch, base uint32) error {
	in, err := r.rows(ctx, eventsFile, at.events)
	if err != nil || in.from == in.to {
		return err
	}
	attrs := in.attributes()
	spans, times := in.column("span_row", shapeInt64), in.column("time", shapeTime)
	names, dropped := in.column("name", shapeText), in.column("dropped_attributes", shapeInt32)
	if in.err != nil {
		return in.err
	}
	first := uint32(len(b.Events.Span))
	for i := range in.to - in.from {
		row := int64(spans.num(i)) - int64(at.spans[0])
		if row < 0 || row >= int64(at.spans[1]-at.spans[0]) {
			return in.f.corrupt(0, fmt.Errorf("event %d belongs to another trace", in.from+i))
		}
		b.AddEvent(base+uint32(row), int64(times.num(i)), names.text(i), uint32(dropped.num(i)))
	}
	attrs.appendTo("event", &b.Events.Attrs, first)
	return nil
}

func (r *Reader) appendLinks(ctx context.Context, at rowRange, b *span.Batch, base uint32) error {
	in, err := r.rows(ctx, linksFile, at.links)
	if err != nil || in.from == in.to {
		return err
	}
	attrs := in.attributes()
	spans, traces, ids := in.column("span_row", shapeInt64), in.column("linked_trace_id", shapeTraceID), in.column("linked_span_id", shapeSpanID)
	states, flags, dropped := in.column("trace_state", shapeText), in.column("flags", shapeInt64), in.column("dropped_attributes", shapeInt32)
	if in.err != nil {
		return in.err
	}
	first := uint32(len(b.Links.Span))
	for i := range in.to - in.from {
		row := int64(spans.num(i)) - int64(at.spans[0])
		if row < 0 || row >= int64(at.spans[1]-at.spans[0]) || len(traces.text(i)) != 16 || len(ids.text(i)) != 8 {
			return in.f.corrupt(0, fmt.Errorf("link %d belongs to another trace", in.from+i))
		}
		b.AddLink(base+uint32(row), span.TraceID(traces.text(i)), span.ID(ids.text(i)), states.text(i), uint32(flags.num(i)), uint32(dropped.num(i)))
	}
	attrs.appendTo("link", &b.Links.Attrs, first)
	return nil
}
