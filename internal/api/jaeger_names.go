package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// jaegerOperation is the name of a span, and its kind as Jaeger writes it: empty when
// it is not specified.
type jaegerOperation struct{ name, kind string }

// jaegerServices lists all services, sorted.
func (s *Server) jaegerServices(ctx context.Context) ([]string, []string, error) {
	found, err := s.Engine.Values(ctx, engine.Values{Fields: []traceql.FieldExpr{serviceName}})
	if err != nil {
		return nil, nil, err
	}
	names := []string{}
	for _, row := range found.Rows {
		if row[0].Type == traceql.String {
			names = append(names, row[0].Str)
		}
	}
	return names, found.Partial, nil
}

// jaegerOperations lists the operations of a service, of all services if it is empty,
// and of all kinds if that is.
func (s *Server) jaegerOperations(ctx context.Context, service, kind string) ([]jaegerOperation, []string, error) {
	var all []traceql.FieldExpr
	if service != "" {
		all = append(all, equals(serviceName, text(service)))
	}
	if kind != "" {
		k := span.ParseKind(strings.ToLower(kind))
		if k == span.KindUnspecified && !strings.EqualFold(kind, k.String()) {
			return nil, nil, badRequest{fmt.Errorf("unsupported span kind: %.40q", kind)}
		}
		all = append(all, equals(field(traceql.SpanKind), traceql.Static{Type: traceql.Kind, Num: int64(k)}))
	}
	q := engine.Values{Fields: []traceql.FieldExpr{field(traceql.SpanName), field(traceql.SpanKind)}}
	if len(all) > 0 {
		q.Filter = &traceql.Filter{Expr: traceql.Join(traceql.OpAnd, all...)}
	}
	found, err := s.Engine.Values(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	operations := []jaegerOperation{}
	for _, row := range found.Rows {
		op := jaegerOperation{name: row[0].Str}
		if k := span.Kind(row[1].Num); k != span.KindUnspecified {
			op.kind = k.String()
		}
		operations = append(operations, op)
	}
	return operations, found.Partial, nil
}
