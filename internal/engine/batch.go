package engine

import (
	"fmt"
	"math"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// batchSource is spans in memory: a head, or traces that were put together from
// several places.
type batchSource struct {
	b      *span.Batch
	traces *batchTraces // nil for a head, whose traces may go on elsewhere
}

// headWindow is a head, all of it.
func headWindow(b *span.Batch) *window {
	return &window{src: newScan(&batchSource{b: b}), from: 0, to: uint32(b.Len())}
}

// batchTraces is what is known of the traces of a batch that has all of them.
type batchTraces struct {
	first  []uint32 // first row of each trace, and the number of rows
	start  []int64
	end    []int64
	root   []uint32 // the row that names the trace
	forest *forest
}

func (t *batchTraces) of(row uint32) int {
	i := lowerBound(t.first, row+1)
	return i - 1
}

// newBatchTraces takes a batch whose traces stand one after the other.
func newBatchTraces(b *span.Batch, first []uint32) *batchTraces {
	n := len(first) - 1
	t := &batchTraces{first: first, start: make([]int64, n), end: make([]int64, n), root: make([]uint32, n)}
	for i := range n {
		t.start[i], t.end[i] = math.MaxInt64, math.MinInt64
		root := first[i]
		for row := first[i]; row < first[i+1]; row++ {
			t.start[i], t.end[i] = min(t.start[i], b.Start[row]), max(t.end[i], b.End(row))
			top, best := b.Parent[row].IsZero(), b.Parent[root].IsZero()
			if top && !best || top == best && b.Start[row] < b.Start[root] {
				root = row
			}
		}
		t.root[i] = root
	}
	return t
}

func (s *batchSource) attribute(scope traceql.Scope, name string) (layer, error) {
	b := s.b
	switch scope {
	case traceql.ScopeResource:
		return layer{&setColumn{"resource." + name, memoryReference(b.Resource), setValues(&b.Resources.Attrs, b.Resources.Len(), name)}}, nil
	case traceql.ScopeInstrumentation:
		return layer{&setColumn{"instrumentation." + name, memoryReference(b.Scope), setValues(&b.Scopes.Attrs, b.Scopes.Len(), name)}}, nil
	case traceql.ScopeEvent:
		return layer{s.children("event."+name, b.EventsOf, func(i uint32, _ uint32) values { return memoryValue(&b.Events.Attrs, i, name) })}, nil
	case traceql.ScopeLink:
		return layer{s.children("link."+name, b.LinksOf, func(i uint32, _ uint32) values { return memoryValue(&b.Links.Attrs, i, name) })}, nil
	}
	var all layer
	for typ := span.String; typ <= span.JSON; typ++ {
		for _, c := range b.Attrs.Columns {
			if c.Key == name && c.Type == typ && len(c.Rows) > 0 {
				all = append(all, &sparseColumn{"span." + name, c})
			}
		}
	}
	if hasKey(&b.Attrs.Rest, name) {
		all = append(all, &rowColumn{"span." + name, func(_ *window, row uint32) (values, error) { return restValue(&b.Attrs.Rest, row, name), nil }})
	}
	return all, nil
}

func memoryValue(a *span.Attrs, row uint32, key string) values {
	if v, ok := a.Get(row, key); ok {
		return attributeValue(v)
	}
	return values{}
}

func hasKey(r *span.Rest, key string) bool {
	for code := range r.KeyDict.Len() {
		if string(r.KeyDict.Bytes(uint32(code))) == key {
			return true
		}
	}
	return false
}

func restValue(r *span.Rest, row uint32, key string) values {
	for i := lowerBound(r.Rows, row); i < len(r.Rows) && r.Rows[i] == row; i++ {
		if string(r.KeyDict.Bytes(r.Keys[i])) == key {
			return attributeValue(span.ParseText(r.ValDict.String(r.Vals[i])))
		}
	}
	return values{}
}

// children is what the events or links of a span have, together.
func (s *batchSource) children(name string, of func(row uint32) (from, to int), get func(i, row uint32) values) column {
	return &rowColumn{name, func(_ *window, row uint32) (all values, err error) {
		from, to := of(row)
		for i := from; i < to; i++ {
			v := get(uint32(i), row)
			all.there = all.there || v.there
			all.list = append(all.list, v.list...)
		}
		return all, nil
	}}
}

func textValue(s string) values { return single(traceql.Static{Type: traceql.String, Str: s}) }

func integerValue(n int64) values { return single(traceql.Static{Type: traceql.Int, Num: n}) }

func durationValue(n int64) values { return single(traceql.Static{Type: traceql.Duration, Num: n}) }

func (s *batchSource) intrinsic(f traceql.Field) (column, error) {
	b := s.b
	name := f.String()
	row := func(get func(row uint32) values) (column, error) {
		return &rowColumn{name, func(_ *window, row uint32) (values, error) { return get(row), nil }}, nil
	}
	switch f {
	case traceql.SpanDuration:
		return &numberColumn{name, traceql.Duration, func(row uint32) int64 { return b.Duration[row] }}, nil
	case traceql.SpanStart:
		return &numberColumn{name, traceql.Int, func(row uint32) int64 { return b.Start[row] }}, nil
	case traceql.SpanKind:
		return &numberColumn{name, traceql.Kind, func(row uint32) int64 { return int64(b.Kind[row]) }}, nil
	case traceql.SpanStatus:
		return &numberColumn{name, traceql.Status, func(row uint32) int64 { return int64(b.Status[row]) }}, nil
	case traceql.SpanName:
		return &textColumn{name, &b.Names, func(row uint32) uint32 { return b.Name[row] }}, nil
	case traceql.SpanStatusMessage:
		return &textColumn{name, &b.Messages, func(row uint32) uint32 { return b.Message[row] }}, nil
	case traceql.SpanID:
		return row(func(row uint32) values { return textValue(b.ID[row].String()) })
	case traceql.SpanParentID:
		return row(func(row uint32) values {
			if b.Parent[row].IsZero() {
				return values{}
			}
			return textValue(b.Parent[row].String())
		})
	case traceql.TraceID:
		return row(func(row uint32) values { return textValue(b.TraceID(row).String()) })
	case traceql.EventName:
		return s.children(name, b.EventsOf, func(i, _ uint32) values { return textValue(b.Events.Names.String(b.Events.Name[i])) }), nil
	case traceql.EventTimeSinceStart:
		return s.children(name, b.EventsOf, func(i, row uint32) values { return durationValue(b.Events.Time[i] - b.Start[row]) }), nil
	case traceql.LinkTraceID:
		return s.children(name, b.LinksOf, func(i, _ uint32) values { return textValue(b.Links.TraceID[i].String()) }), nil
	case traceql.LinkSpanID:
		return s.children(name, b.LinksOf, func(i, _ uint32) values { return textValue(b.Links.ID[i].String()) }), nil
	case traceql.ScopeName:
		return &setColumn{name, memoryReference(b.Scope), textValues(b.Scopes.Name)}, nil
	case traceql.ScopeVersion:
		return &setColumn{name, memoryReference(b.Scope), textValues(b.Scopes.Version)}, nil
	}
	if c := treeColumn(f); c != nil {
		return c, nil
	}
	t := s.traces
	if t == nil {
		return nil, fmt.Errorf("engine: %s of a part of a trace", f)
	}
	switch f {
	case traceql.TraceDuration:
		return row(func(row uint32) values { i := t.of(row); return durationValue(t.end[i] - t.start[i]) })
	case traceql.TraceRootName:
		return row(func(row uint32) values { return textValue(b.Names.String(b.Name[t.root[t.of(row)]])) })
	case traceql.TraceRootService:
		return row(func(row uint32) values { return textValue(b.Service(b.Resource[t.root[t.of(row)]])) })
	}
	return nil, fmt.Errorf("engine: unknown field %s", f)
}

func textValues(texts []string) []values {
	out := make([]values, len(texts))
	for i, t := range texts {
		out[i] = textValue(t)
	}
	return out
}

// forest reads the trees of the batch's traces, as they are drawn.
func (s *batchSource) forest(*window) (*forest, error) {
	if s.traces == nil {
		return nil, fmt.Errorf("engine: the tree of a part of a trace")
	}
	if s.traces.forest == nil {
		s.traces.forest = drawnForest(s.b, s.traces.first)
	}
	return s.traces.forest, nil
}
