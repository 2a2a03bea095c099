package block

import (
	"context"
	"fmt"

	"github.com/everspan/everspan/internal/span"
)

// appendTraces materialises the rows of traces that stand one after the other, and
// together take the rows at.
func (r *Reader) appendTraces(ctx context.Context, traces []Place, at rowRange, part Part, b *span.Batch) error {
	in, err := r.rows(ctx, spansFile, at.spans)
	if err != nil {
		return err
	}
	attrs := in.attributesOf("span", part.Attribute)
	ids, distances, parents := in.column("span_id", shapeSpanID), in.column("parent_distance", shapeInt32), in.column("parent_span_id", shapeSpanID)
	starts, durations := in.column("start", shapeTime), in.column("duration", shapeInt64)
	names, kinds, statuses := in.column("name", shapeText), in.column("kind", shapeText), in.column("status", shapeText)
	messages, states, flags := in.column("status_message", shapeText), in.column("trace_state", shapeText), in.column("flags", shapeInt64)
	resources, scopes := in.column("resource", shapeInt32), in.column("scope", shapeInt32)
	droppedA, droppedE, droppedL := in.column("dropped_attributes", shapeInt32), in.column("dropped_events", shapeInt32), in.column("dropped_links", shapeInt32)
	if err := in.read(); err != nil {
		return err
	}
	resource, err := r.sets(ctx, resourcesFile, "resource", resources, in.len(), &b.Resources)
	if err != nil {
		return err
	}
	scope, err := r.sets(ctx, scopesFile, "instrumentation", scopes, in.len(), &b.Scopes)
	if err != nil {
		return err
	}
	base := uint32(b.Len())
	for i := range in.len() {
		if len(ids.bytes(i)) != 8 {
			return in.f.corrupt(0, fmt.Errorf("row %d has no id", in.from+i))
		}
		if in.from+i >= traces[0].at.spans[1] {
			traces = traces[1:]
		}
		row := b.Begin(resource[resources.num(i)], scope[scopes.num(i)])
		copy(b.ID[row][:], ids.bytes(i))
		if !distances.has(i) {
			copy(b.Parent[row][:], parents.bytes(i))
		} else if at := in.from + i - int(distances.num(i)); at >= traces[0].at.spans[0] && at < traces[0].at.spans[1] {
			copy(b.Parent[row][:], ids.bytes(at-in.from))
		} else {
			return in.f.corrupt(0, fmt.Errorf("the parent of row %d is in another trace", in.from+i))
		}
		b.Start[row], b.Duration[row] = starts.num(i), durations.num(i)
		b.Name[row] = b.Names.Code(names.bytes(i))
		b.Kind[row], b.Status[row] = span.ParseKind(string(kinds.bytes(i))), span.ParseStatus(string(statuses.bytes(i)))
		b.Message[row] = b.Messages.Code(messages.bytes(i))
		b.State[row] = b.States.Code(states.bytes(i))
		b.Flags[row] = uint32(flags.num(i))
		b.SetDropped(row, uint32(droppedA.num(i)), uint32(droppedE.num(i)), uint32(droppedL.num(i)))
		b.Commit(row, traces[0].TraceID)
	}
	if err := attrs.appendTo(&b.Attrs, base); err != nil {
		return err
	}
	if part.Events {
		if err := r.appendEvents(ctx, at, b, base); err != nil {
			return err
		}
	}
	if !part.Links {
		return nil
	}
	return r.appendLinks(ctx, at, b, base)
}

func (r *Reader) appendEvents(ctx context.Context, at rowRange, b *span.Batch, base uint32) error {
	if at.events[0] == at.events[1] {
		return nil
	}
	in, err := r.rows(ctx, eventsFile, at.events)
	if err != nil {
		return err
	}
	attrs := in.attributes("event")
	spans, times := in.column("span_row", shapeInt64), in.column("time", shapeTime)
	names, dropped := in.column("name", shapeText), in.column("dropped_attributes", shapeInt32)
	if err := in.read(); err != nil {
		return err
	}
	first := uint32(len(b.Events.Span))
	for i := range in.len() {
		row := spans.num(i) - int64(at.spans[0])
		if row < 0 || row >= int64(at.spans[1]-at.spans[0]) {
			return in.f.corrupt(0, fmt.Errorf("event %d belongs to another trace", in.from+i))
		}
		b.AddEvent(base+uint32(row), times.num(i), names.bytes(i), uint32(dropped.num(i)))
	}
	return attrs.appendTo(&b.Events.Attrs, first)
}

func (r *Reader) appendLinks(ctx context.Context, at rowRange, b *span.Batch, base uint32) error {
	if at.links[0] == at.links[1] {
		return nil
	}
	in, err := r.rows(ctx, linksFile, at.links)
	if err != nil {
		return err
	}
	attrs := in.attributes("link")
	spans, traces, ids := in.column("span_row", shapeInt64), in.column("linked_trace_id", shapeTraceID), in.column("linked_span_id", shapeSpanID)
	states, flags, dropped := in.column("trace_state", shapeText), in.column("flags", shapeInt64), in.column("dropped_attributes", shapeInt32)
	if err := in.read(); err != nil {
		return err
	}
	first := uint32(len(b.Links.Span))
	for i := range in.len() {
		row := spans.num(i) - int64(at.spans[0])
		if row < 0 || row >= int64(at.spans[1]-at.spans[0]) || len(traces.bytes(i)) != 16 || len(ids.bytes(i)) != 8 {
			return in.f.corrupt(0, fmt.Errorf("link %d belongs to another trace", in.from+i))
		}
		b.AddLink(base+uint32(row), span.TraceID(traces.bytes(i)), span.ID(ids.bytes(i)), states.bytes(i), uint32(flags.num(i)), uint32(dropped.num(i)))
	}
	return attrs.appendTo(&b.Links.Attrs, first)
}

// sets interns the resources or scopes that rows refer to, and returns the row
// of each by its number in the block.
func (r *Reader) sets(ctx context.Context, file, scope string, refs *values, n int, to *span.Sets) (map[int64]uint32, error) {
	rows := make(map[int64]uint32)
	for i := range n {
		ref := refs.num(i)
		if _, ok := rows[ref]; ok {
			continue
		}
		set, err := r.set(ctx, file, scope, int(ref))
		if err != nil {
			return nil, err
		}
		rows[ref] = to.InternSet(set.set, func(a *span.Attrs) { a.AppendRow(&set.attrs, 0) })
	}
	return rows, nil
}

// loadedSet is a resource or scope as it stands in its table.
type loadedSet struct {
	set   span.Set
	attrs span.Attrs
}

func (s *loadedSet) held() int { return 200 + s.attrs.Size() }

// set reads one resource or scope.
func (r *Reader) set(ctx context.Context, file, scope string, row int) (*loadedSet, error) {
	// Behind the footer's place in the cache.
	return lookup(r.cache, r.Meta.Key(file), int64(-2-row), func() (*loadedSet, error) {
		in, err := r.rows(ctx, file, [2]int{row, row + 1})
		if err != nil {
			return nil, err
		}
		attrs := in.attributes(scope)
		name, version := in.column("name", shapeText), in.column("version", shapeText)
		schema, dropped := in.column("schema_url", shapeText), in.column("dropped_attributes", shapeInt32)
		if err := in.read(); err != nil {
			return nil, err
		}
		s := &loadedSet{set: span.Set{Name: string(name.bytes(0)), Version: string(version.bytes(0)), Schema: string(schema.bytes(0)), Dropped: uint32(dropped.num(0))}}
		return s, attrs.appendTo(&s.attrs, 0)
	})
}
