package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
	"github.com/everspan/everspan/internal/traceql"
)

// jaegerQuery is a search as all APIs of Jaeger have it: conditions on one span of a
// trace. What is zero asks nothing.
type jaegerQuery struct {
	service, operation string
	tags               []jaegerTag
	from, to           int64 // of the span's start, ns since the Unix epoch; to is exclusive
	shortest, longest  int64 // duration of the span, ns, both inclusive
	limit              int
	paged              bool // the answer says where the next page begins
	after              *engine.Cursor
}

// jaegerTag is an attribute of the span, its resource, its scope, or any of its events
// or links. The value is its text, whatever the attribute's type.
type jaegerTag struct{ key, value string }

const (
	jaegerLimit     = 100    // traces, when nobody says how many
	maxJaegerTraces = 10_000 // of one answer
	maxJaegerTags   = 100
)

// filter is the query as TraceQL's tree.
func (q *jaegerQuery) filter() *traceql.Filter {
	var all []traceql.FieldExpr
	if q.service != "" {
		all = append(all, equals(serviceName, text(q.service)))
	}
	if q.operation != "" {
		all = append(all, equals(field(traceql.SpanName), text(q.operation)))
	}
	for _, t := range q.tags {
		all = append(all, t.expr())
	}
	for _, bound := range []struct {
		field traceql.Field
		op    traceql.Operator
		value int64
	}{
		{traceql.SpanStart, traceql.OpGreaterEqual, q.from},
		{traceql.SpanStart, traceql.OpLess, q.to},
		{traceql.SpanDuration, traceql.OpGreaterEqual, q.shortest},
		{traceql.SpanDuration, traceql.OpLessEqual, q.longest},
	} {
		if bound.value != 0 {
			all = append(all, compare(field(bound.field), bound.op, traceql.Static{Type: bound.field.Type(), Num: bound.value}))
		}
	}
	return &traceql.Filter{Expr: traceql.Join(traceql.OpAnd, all...)}
}

// tagScopes are where Jaeger looks for a tag.
var tagScopes = []traceql.Scope{traceql.ScopeSpan, traceql.ScopeResource, traceql.ScopeInstrumentation, traceql.ScopeEvent, traceql.ScopeLink}

// expr is true for spans that have the tag. Some keys also mean a field of the span:
// those by which Jaeger has always shown it as a tag.
func (t jaegerTag) expr() traceql.FieldExpr {
	var any []traceql.FieldExpr
	for _, value := range readings(t.value) {
		for _, scope := range tagScopes {
			any = append(any, equals(&traceql.Attribute{Scope: scope, Name: t.key}, value))
		}
	}
	if key, ok := strings.CutPrefix(t.key, "resource."); ok {
		for _, value := range readings(t.value) {
			any = append(any, equals(&traceql.Attribute{Scope: traceql.ScopeResource, Name: key}, value))
		}
	}
	word := strings.ToLower(t.value)
	switch t.key {
	case "error":
		if failed, err := strconv.ParseBool(word); err == nil {
			op := traceql.OpNotEqual
			if failed {
				op = traceql.OpEqual
			}
			any = append(any, compare(field(traceql.SpanStatus), op, traceql.Static{Type: traceql.Status, Num: int64(span.StatusError)}))
		}
	case "otel.status_code", "span.status":
		any = append(any, equals(field(traceql.SpanStatus), traceql.Static{Type: traceql.Status, Num: int64(span.ParseStatus(word))}))
	case "otel.status_description":
		any = append(any, equals(field(traceql.SpanStatusMessage), text(t.value)))
	case "span.kind":
		any = append(any, equals(field(traceql.SpanKind), traceql.Static{Type: traceql.Kind, Num: int64(span.ParseKind(word))}))
	case "otel.scope.name", "otel.library.name", "scope.name":
		any = append(any, equals(field(traceql.ScopeName), text(t.value)))
	case "otel.scope.version", "otel.library.version", "scope.version":
		any = append(any, equals(field(traceql.ScopeVersion), text(t.value)))
	}
	return traceql.Join(traceql.OpOr, any...)
}

// readings are the constants that a text may stand for.
func readings(value string) []traceql.Static {
	all := []traceql.Static{text(value)}
	if value == "true" || value == "false" {
		return append(all, traceql.Static{Type: traceql.Bool, Num: int64(len("false") - len(value))})
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return append(all, traceql.Static{Type: traceql.Int, Num: n})
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil {
		return append(all, traceql.Static{Type: traceql.Float, Flt: f})
	}
	return all
}

// serviceName is the attribute that names a span's service.
var serviceName = &traceql.Attribute{Scope: traceql.ScopeResource, Name: "service.name"}

func field(f traceql.Field) *traceql.Intrinsic { return &traceql.Intrinsic{Field: f} }

func text(s string) traceql.Static { return traceql.Static{Type: traceql.String, Str: s} }

func compare(l traceql.FieldExpr, op traceql.Operator, r traceql.Static) traceql.FieldExpr {
	return &traceql.Binary{Op: op, L: l, R: &r}
}

func equals(l traceql.FieldExpr, r traceql.Static) traceql.FieldExpr {
	return compare(l, traceql.OpEqual, r)
}

// find runs the query.
func (q *jaegerQuery) find(ctx context.Context, s *Server) (*engine.Found, error) {
	return s.Engine.Search(ctx, engine.Search{
		Pipeline:    &traceql.Pipeline{From: q.filter()},
		Range:       engine.Range{From: q.from, To: q.to},
		Limit:       q.limit,
		SpansPerSet: 1,
		After:       q.after,
	})
}

// findTraces runs the query and hands over each trace as a whole. It returns why
// something may be missing.
func (q *jaegerQuery) findTraces(ctx context.Context, s *Server, each func(engine.Trace, store.Trace) error) ([]string, error) {
	found, err := q.find(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.wholeTraces(ctx, found, each)
}

// wholeTraces reads the traces that were found.
func (s *Server) wholeTraces(ctx context.Context, found *engine.Found, each func(engine.Trace, store.Trace) error) ([]string, error) {
	why := found.Partial
	for _, f := range found.Traces {
		t, err := s.Store.Trace(ctx, f.TraceID)
		if err != nil {
			return why, err
		}
		if t.Spans.Len() == 0 {
			continue // deleted meanwhile
		}
		why = append(why, t.Partial...)
		if err := each(f, t); err != nil {
			return why, err
		}
	}
	return why, nil
}
