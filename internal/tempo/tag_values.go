package tempo

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/traceql"
)

// maxName bounds the name of a tag, in bytes.
const maxName = 4096

// ValuesRequest asks for the values of a tag.
type ValuesRequest struct {
	Tag        string // as in a path, once unescaped
	Query      string // only of spans that match; it may be unfinished
	Limit      int    // 0 for the engine's default
	Start, End int64  // seconds since the Unix epoch
}

// Values returns the question that an engine is asked. The tag is an identifier of
// TraceQL; with bare, the name of an attribute without its scope is one as well. ask is
// false for what has no values to choose from.
func (r *ValuesRequest) Values(bare bool) (q engine.Values, ask bool, err error) {
	field, err := identifier(r.Tag, bare)
	if err != nil {
		return q, false, err
	}
	if r.Limit < 0 || r.Limit > maxNames {
		return q, false, fmt.Errorf("limit %d: it is at most %d", r.Limit, maxNames)
	}
	if q.Range, err = seconds(r.Start, r.End); err != nil {
		return q, false, err
	}
	q.Limit, q.Filter = r.Limit, lenient(r.Query)
	switch f := field.(type) {
	case *traceql.Attribute:
		if f.Parent {
			// Those of all spans: every parent is one.
			field, q.Filter = &traceql.Attribute{Scope: f.Scope, Name: f.Name}, nil
		}
	case *traceql.Intrinsic:
		if f.Parent {
			f, q.Filter = &traceql.Intrinsic{Field: f.Field}, nil
		}
		switch field = f; f.Field {
		case traceql.TraceRootName, traceql.TraceRootService:
			// Those of the roots, whichever of their spans match.
			root := &traceql.Binary{Op: traceql.OpEqual, L: &traceql.Intrinsic{Field: traceql.SpanParentID}, R: &traceql.Static{}}
			field, q.Filter = &traceql.Intrinsic{Field: traceql.SpanName}, &traceql.Filter{Expr: root}
			if f.Field == traceql.TraceRootService {
				field = &traceql.Attribute{Scope: traceql.ScopeResource, Name: "service.name"}
			}
		case traceql.TraceDuration, traceql.SpanChildCount, traceql.NestedSetLeft, traceql.NestedSetRight, traceql.NestedSetParent:
			return q, false, nil
		}
	}
	q.Fields = []traceql.FieldExpr{field}
	return q, true, nil
}

// identifier reads an attribute or an intrinsic. Grafana escapes it twice.
func identifier(tag string, bare bool) (traceql.FieldExpr, error) {
	if again, err := url.PathUnescape(tag); err == nil {
		tag = again
	}
	if tag == "" || len(tag) > maxName {
		return nil, fmt.Errorf("the name of a tag has 1 to %d bytes", maxName)
	}
	if bare {
		switch tag {
		case "status.code": // what they are called in a search by tags
			tag = "status"
		case "root.name":
			tag = "trace:rootName"
		case "root.service.name":
			tag = "trace:rootService"
		}
	}
	q, err := traceql.Parse("{ " + tag + " != nil }")
	if err == nil {
		if filter, ok := q.Pipeline.From.(*traceql.Filter); ok && len(q.Pipeline.Stages) == 0 {
			if b, ok := filter.Expr.(*traceql.Binary); ok && b.Op == traceql.OpNotEqual {
				switch b.L.(type) {
				case *traceql.Attribute, *traceql.Intrinsic:
					return b.L, nil
				}
			}
		}
		err = errors.New("it is more than one name")
	}
	// Names with blanks and brackets come without the quotes that TraceQL wants.
	for _, scope := range append(scopes, traceql.ScopeAny) {
		if name, ok := strings.CutPrefix(tag, scope.String()+"."); ok && name != "" {
			return &traceql.Attribute{Scope: scope, Name: name}, nil
		}
	}
	if bare {
		return &traceql.Attribute{Name: tag}, nil
	}
	var wrong *traceql.Error
	if errors.As(err, &wrong) {
		err = errors.New(wrong.Msg)
		if wrong.Hint != "" {
			err = fmt.Errorf("%s; %s", wrong.Msg, wrong.Hint)
		}
	}
	return nil, fmt.Errorf("%.80q is no attribute or intrinsic of TraceQL, like span.http.route or status: %w", tag, err)
}

// ValuesV2 lists values with their types. Without a set there are none.
func ValuesV2(set *engine.ValueSet) *ValuesV2Response {
	out := &ValuesV2Response{Values: []TagValue{}}
	if set == nil {
		return out
	}
	out.Metrics = metrics(&set.Scanned, true)
	for _, row := range set.Rows {
		v := TagValue{row[0].Type.String(), row[0].String()}
		switch row[0].Type {
		case traceql.String:
			v.Value = row[0].Str
		case traceql.Status, traceql.Kind:
			v.Type = "keyword"
		case traceql.Nil:
			continue
		}
		out.Values = append(out.Values, v)
	}
	return out
}

// Values lists values as text, each once.
func Values(set *engine.ValueSet) *ValuesResponse {
	v2 := ValuesV2(set)
	out := &ValuesResponse{Values: []string{}, Metrics: v2.Metrics}
	seen := make(map[string]bool)
	for _, v := range v2.Values {
		if !seen[v.Value] {
			seen[v.Value] = true
			out.Values = append(out.Values, v.Value)
		}
	}
	return out
}
