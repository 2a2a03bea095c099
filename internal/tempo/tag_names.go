package tempo

import (
	"fmt"
	"slices"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/traceql"
)

// maxNames bounds names of a scope and values of a tag.
const maxNames = 100_000

// TagsRequest asks for the names of attributes.
type TagsRequest struct {
	Scope      string // empty, none or all for every scope
	Query      string // only of spans that match; it may be unfinished
	Limit      int    // names a scope; 0 for the engine's default
	Start, End int64  // seconds since the Unix epoch
}

// Names returns the question that an engine is asked. ask is false if only intrinsics are
// wanted, which are known.
func (r *TagsRequest) Names() (q engine.Names, ask bool, err error) {
	if q.Range, err = seconds(r.Start, r.End); err != nil {
		return q, false, err
	}
	if r.Limit < 0 || r.Limit > maxNames {
		return q, false, fmt.Errorf("limit %d: it is at most %d", r.Limit, maxNames)
	}
	q.Limit = r.Limit
	switch r.Scope {
	case "", "none", "all":
		q.Scopes = scopes
	case "intrinsic":
		return q, false, nil
	default:
		i := slices.IndexFunc(scopes, func(s traceql.Scope) bool { return s.String() == r.Scope })
		if i < 0 {
			return q, false, fmt.Errorf("invalid scope: %.40q; it is resource, span, event, link, instrumentation or intrinsic", r.Scope)
		}
		q.Scopes = scopes[i : i+1]
	}
	q.Filter = lenient(r.Query)
	return q, true, nil
}

// lenient is the filter of an editor's query, as far as it is written; nil for all spans.
func lenient(query string) *traceql.Filter {
	if f := traceql.ParseLenient(query); f.Expr != nil {
		return f
	}
	return nil
}

// ResponseV2 lists names by scope. names is nil if an engine was not asked.
func (r *TagsRequest) ResponseV2(names *engine.NameSet) *TagsV2Response {
	out := &TagsV2Response{Scopes: []TagScope{}}
	if names != nil {
		out.Metrics = metrics(&names.Scanned, true)
		for _, s := range scopes {
			// Grafana fails on a scope without tags.
			if tags := names.Scopes[s]; len(tags) > 0 {
				out.Scopes = append(out.Scopes, TagScope{s.String(), tags})
			}
		}
	}
	switch r.Scope {
	case "", "none", "all", "intrinsic":
		tags := intrinsicTags
		if r.Limit > 0 {
			tags = tags[:min(r.Limit, len(tags))]
		}
		out.Scopes = append(out.Scopes, TagScope{"intrinsic", tags})
	}
	return out
}

// Response lists the names of all scopes, sorted.
func (r *TagsRequest) Response(names *engine.NameSet) *TagsResponse {
	v2 := r.ResponseV2(names)
	out := &TagsResponse{Names: []string{}, Metrics: v2.Metrics}
	for _, s := range v2.Scopes {
		out.Names = append(out.Names, s.Tags...)
	}
	slices.Sort(out.Names)
	out.Names = slices.Compact(out.Names)
	if r.Limit > 0 {
		out.Names = out.Names[:min(r.Limit, len(out.Names))]
	}
	return out
}
