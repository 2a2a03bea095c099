package engine

import (
	"fmt"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// spanFields are the columns of what a span has itself.
var spanFields = map[traceql.Field]struct {
	column string
	as     meaning
}{
	traceql.SpanDuration:      {"duration", meaning{typ: traceql.Duration}},
	traceql.SpanStart:         {"start", meaning{typ: traceql.Int}},
	traceql.SpanName:          {"name", meaning{typ: traceql.String}},
	traceql.SpanStatusMessage: {"status_message", meaning{typ: traceql.String}},
	traceql.SpanKind:          {"kind", meaning{typ: traceql.Kind, text: func(v []byte) int64 { return int64(span.ParseKind(string(v))) }}},
	traceql.SpanStatus:        {"status", meaning{typ: traceql.Status, text: func(v []byte) int64 { return int64(span.ParseStatus(string(v))) }}},
	traceql.SpanID:            {"span_id", meaning{typ: traceql.String, hex: true}},
}

func (s *blockSource) intrinsic(f traceql.Field) (column, error) {
	if field, ok := spanFields[f]; ok {
		c, err := s.spans.Column(field.column)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, fmt.Errorf("block %s has no column %s", s.r.Meta.ID, field.column)
		}
		return newBlockColumn(c, field.as), nil
	}
	if c := treeColumn(f); c != nil {
		return c, nil
	}
	if f == traceql.TraceID && !s.whole {
		c, err := s.spans.Column("trace_id")
		if err != nil || c == nil {
			return layer(nil), err
		}
		return newBlockColumn(c, meaning{typ: traceql.String, hex: true}), nil
	}
	switch f {
	case traceql.SpanParentID:
		return s.parentID()
	case traceql.ScopeName, traceql.ScopeVersion:
		sets, err := s.r.Scopes(s.ctx)
		if err != nil {
			return nil, err
		}
		texts := sets.Name
		if f == traceql.ScopeVersion {
			texts = sets.Version
		}
		return s.setColumn(f.String(), "scope", textValues(texts))
	case traceql.EventName:
		return s.child(traceql.ScopeEvent, "name", meaning{typ: traceql.String})
	case traceql.EventTimeSinceStart:
		return s.sinceStart()
	case traceql.LinkTraceID:
		return s.child(traceql.ScopeLink, "linked_trace_id", meaning{typ: traceql.String, hex: true})
	case traceql.LinkSpanID:
		return s.child(traceql.ScopeLink, "linked_span_id", meaning{typ: traceql.String, hex: true})
	case traceql.TraceDuration:
		return &traceNumber{f.String(), s}, nil
	case traceql.TraceRootName:
		return s.traceText("root_name", meaning{typ: traceql.String})
	case traceql.TraceRootService:
		return s.traceText("root_service", meaning{typ: traceql.String})
	case traceql.TraceID:
		return s.traceText("trace_id", meaning{typ: traceql.String, hex: true})
	}
	return nil, fmt.Errorf("engine: unknown field %s", f)
}

// listColumn is a column that is computed for many rows at once.
type listColumn struct {
	name  string
	bytes int64
	get   func(w *window, in *rowset.Set) (list, error)
	has   func(in, out *rowset.Set) error // present, where that takes less; may be nil
}

func (c *listColumn) match(w *window, p *Predicate, in, out *rowset.Set) error {
	return c.where(w, in, out, p.matches)
}

func (c *listColumn) present(w *window, in, out *rowset.Set) error {
	if c.has != nil {
		return c.has(in, out)
	}
	return c.where(w, in, out, func(v values) bool { return v.there })
}

func (c *listColumn) where(w *window, in, out *rowset.Set, is func(values) bool) error {
	v, err := c.get(w, in)
	if err != nil {
		return err
	}
	i := 0
	for row := range in.All() {
		if is(v[i]) {
			out.Add(row)
		}
		i++
	}
	return nil
}

func (c *listColumn) read(w *window, in *rowset.Set) (vector, error) { return c.get(w, in) }
func (c *listColumn) never(*Predicate) bool                          { return false }
func (c *listColumn) cost() int64                                    { return c.bytes }
func (c *listColumn) label() string                                  { return c.name }
