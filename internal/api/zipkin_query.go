package api

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// zipkinQuery is a search for traces as Zipkin has it: each condition holds for some
// span of the service, not all of them for one.
type zipkinQuery struct {
	service, remote, name string
	annotations           []string // key, or key=value
	shortest, longest     int64    // ns
	in                    engine.Range
	limit                 int
}

const (
	zipkinLimit      = 10 // traces, when nobody says how many
	zipkinLookback   = 24 * time.Hour
	maxZipkinTraces  = 10_000
	maxZipkinClauses = 100
)

// parseZipkin reads the parameters of a search: durations in µs, times in ms.
func parseZipkin(v url.Values) (*zipkinQuery, error) {
	q := &zipkinQuery{service: v.Get("serviceName"), remote: v.Get("remoteServiceName")}
	if q.name = v.Get("spanName"); q.name == "all" {
		q.name = ""
	}
	for clause := range strings.SplitSeq(v.Get("annotationQuery"), " and ") {
		if clause = strings.TrimSpace(clause); clause != "" {
			q.annotations = append(q.annotations, clause)
		}
	}
	if len(q.annotations) > maxZipkinClauses {
		return nil, badRequest{fmt.Errorf("annotationQuery has more than %d parts", maxZipkinClauses)}
	}
	var err error
	if q.in, err = zipkinTimes(v, false); err != nil {
		return nil, err
	}
	const mostMicros = 1 << 53
	for name, to := range map[string]*int64{"minDuration": &q.shortest, "maxDuration": &q.longest} {
		n, err := whole(v, name, 0, mostMicros)
		if err != nil {
			return nil, err
		}
		*to = n * 1000
	}
	if q.longest > 0 && q.longest < q.shortest {
		return nil, badRequest{errors.New("maxDuration is less than minDuration")}
	}
	limit, err := whole(v, "limit", zipkinLimit, maxZipkinTraces)
	if err == nil && limit == 0 {
		err = unparsed("limit", errors.New("it must be more than 0"))
	}
	q.limit = int(limit)
	return q, err
}

// zipkinTimes reads endTs and lookback.
func zipkinTimes(v url.Values, endRequired bool) (engine.Range, error) {
	if endRequired && v.Get("endTs") == "" {
		return engine.Range{}, unparsed("endTs", errors.New("it is required"))
	}
	in, err := lookback(v, zipkinLookback)
	in.To += 1e6 // the last ms counts
	return in, err
}

// expr is the query as TraceQL's tree.
func (q *zipkinQuery) expr() traceql.SpansetExpr {
	var of []traceql.FieldExpr // what every span that counts has
	if q.service != "" {
		of = append(of, equals(serviceName, text(q.service)))
	}
	bound := func(f traceql.Field, op traceql.Operator, n int64) traceql.FieldExpr {
		return compare(field(f), op, traceql.Static{Type: f.Type(), Num: n})
	}
	// The first is about when: a span of the service starts in the time.
	conditions := []traceql.FieldExpr{traceql.Join(traceql.OpAnd,
		bound(traceql.SpanStart, traceql.OpGreaterEqual, q.in.From), bound(traceql.SpanStart, traceql.OpLess, q.in.To),
	)}
	if q.name != "" {
		conditions = append(conditions, equals(field(traceql.SpanName), text(q.name)))
	}
	if q.remote != "" {
		conditions = append(conditions, equals(peerService, text(q.remote)))
	}
	if q.shortest > 0 || q.longest > 0 { // of one span
		var both []traceql.FieldExpr
		if q.shortest > 0 {
			both = append(both, bound(traceql.SpanDuration, traceql.OpGreaterEqual, q.shortest))
		}
		if q.longest > 0 {
			both = append(both, bound(traceql.SpanDuration, traceql.OpLessEqual, q.longest))
		}
		conditions = append(conditions, traceql.Join(traceql.OpAnd, both...))
	}
	for _, a := range q.annotations {
		conditions = append(conditions, annotationExpr(a))
	}
	var all traceql.SpansetExpr
	for _, c := range conditions {
		f := &traceql.Filter{Expr: traceql.Join(traceql.OpAnd, append(of[:len(of):len(of)], c)...)}
		if all == nil {
			all = f
		} else {
			all = &traceql.Combine{Op: traceql.SpansetAnd, L: all, R: f}
		}
	}
	return all
}

// peerService is the attribute that names the service at the other end.
var peerService = &traceql.Attribute{Scope: traceql.ScopeSpan, Name: "peer.service"}

// annotationExpr is true for spans with an annotation or a tag key, or with a tag
// key=value.
func annotationExpr(clause string) traceql.FieldExpr {
	key, value, isTag := strings.Cut(clause, "=")
	var any []traceql.FieldExpr
	for _, scope := range []traceql.Scope{traceql.ScopeSpan, traceql.ScopeResource} {
		a := &traceql.Attribute{Scope: scope, Name: key}
		if !isTag {
			any = append(any, compare(a, traceql.OpNotEqual, traceql.Static{Type: traceql.Nil}))
			continue
		}
		for _, v := range readings(value) {
			any = append(any, equals(a, v))
		}
	}
	failed := equals(field(traceql.SpanStatus), traceql.Static{Type: traceql.Status, Num: int64(span.StatusError)})
	switch {
	case key == "error" && !isTag:
		any = append(any, failed)
	case key == "error":
		any = append(any, traceql.Join(traceql.OpAnd, failed, equals(field(traceql.SpanStatusMessage), text(value))))
	case !isTag:
		any = append(any, equals(field(traceql.EventName), text(key)))
	case key == "otel.status_code":
		any = append(any, equals(field(traceql.SpanStatus), traceql.Static{Type: traceql.Status, Num: int64(span.ParseStatus(strings.ToLower(value)))}))
	}
	return traceql.Join(traceql.OpOr, any...)
}

// traceIDs reads a list of ids, each once.
func traceIDs(text string) (ids []span.TraceID, err error) {
	seen := make(map[span.TraceID]bool)
	for part := range strings.SplitSeq(text, ",") {
		id, err := span.ParseTraceID(strings.TrimSpace(part))
		if err != nil {
			return nil, badRequest{err}
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
		if len(ids) > jaegerLimit {
			return nil, badRequest{fmt.Errorf("more than %d trace ids", jaegerLimit)}
		}
	}
	if len(ids) < 2 {
		return nil, badRequest{errors.New("traceIds must have at least two ids, " + strconv.Quote("a,b"))}
	}
	return ids, nil
}
