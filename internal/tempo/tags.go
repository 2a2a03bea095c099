package tempo

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/everspan/everspan/internal/traceql"
)

// maxTags bounds a search by tags.
const maxTags = 100

// ParseTags reads tags as logfmt writes them: key=value, in quotes where the value has
// blanks.
func ParseTags(text string) ([]Tag, error) {
	var tags []Tag
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeft(text, " \t") {
		key, rest, ok := strings.Cut(text, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \t\"") {
			return nil, fmt.Errorf("tags: %.40q is not key=value", text)
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("tags: the quotes of %s do not close", key)
			}
			value, _ = strconv.Unquote(quoted)
			text = rest[len(quoted):]
		} else {
			value, text, _ = strings.Cut(rest, " ")
		}
		for _, t := range tags {
			if t.Key == key {
				return nil, fmt.Errorf("tags: %s is given twice", key)
			}
		}
		if tags = append(tags, Tag{key, value}); len(tags) > maxTags {
			return nil, fmt.Errorf("tags: more than %d", maxTags)
		}
	}
	return tags, nil
}

// pipeline is the tags and durations as a query: one filter, which a span has to match
// as a whole.
func (r *SearchRequest) pipeline() (*traceql.Pipeline, error) {
	if r.MinDuration < 0 || r.MaxDuration < 0 || r.MaxDuration != 0 && r.MaxDuration < r.MinDuration {
		return nil, errors.New("minDuration must not be more than maxDuration, and neither is negative")
	}
	var all []traceql.FieldExpr
	for _, t := range r.Tags {
		e, err := t.condition()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	took := &traceql.Intrinsic{Field: traceql.TraceDuration}
	if r.MinDuration > 0 {
		all = append(all, &traceql.Binary{Op: traceql.OpGreaterEqual, L: took, R: &traceql.Static{Type: traceql.Duration, Num: int64(r.MinDuration)}})
	}
	if r.MaxDuration > 0 {
		all = append(all, &traceql.Binary{Op: traceql.OpLessEqual, L: took, R: &traceql.Static{Type: traceql.Duration, Num: int64(r.MaxDuration)}})
	}
	return &traceql.Pipeline{From: &traceql.Filter{Expr: traceql.Join(traceql.OpAnd, all...)}}, nil
}

// condition is the tag as a condition. Text contains the value, in any case; numbers
// and booleans are the value. Some keys mean fields rather than attributes.
func (t Tag) condition() (traceql.FieldExpr, error) {
	equal := func(f traceql.Field, s traceql.Static) traceql.FieldExpr {
		return &traceql.Binary{Op: traceql.OpEqual, L: &traceql.Intrinsic{Field: f}, R: &s}
	}
	switch t.Key {
	case "name":
		return contains(&traceql.Intrinsic{Field: traceql.SpanName}, t.Value), nil
	case "root.name":
		return contains(&traceql.Intrinsic{Field: traceql.TraceRootName}, t.Value), nil
	case "root.service.name":
		return contains(&traceql.Intrinsic{Field: traceql.TraceRootService}, t.Value), nil
	case "error":
		failed := equal(traceql.SpanStatus, traceql.Static{Type: traceql.Status, Num: 2})
		switch t.Value {
		case "true":
			return failed, nil
		case "false":
			return &traceql.Unary{Op: traceql.OpNot, X: failed}, nil
		}
		return nil, fmt.Errorf("tags: error=%s: it is true or false", t.Value)
	case "status", "status.code":
		for i, word := range []string{"unset", "ok", "error"} {
			if t.Value == word || t.Value == strconv.Itoa(i) {
				return equal(traceql.SpanStatus, traceql.Static{Type: traceql.Status, Num: int64(i)}), nil
			}
		}
		return nil, fmt.Errorf("tags: %s=%s: it is unset, ok or error", t.Key, t.Value)
	}
	a := &traceql.Attribute{Name: t.Key}
	e := contains(a, t.Value)
	if s, ok := number(t.Value); ok {
		e = &traceql.Binary{Op: traceql.OpOr, L: e, R: &traceql.Binary{Op: traceql.OpEqual, L: a, R: &s}}
	}
	return e, nil
}

// contains asks for a text within another, in upper or lower case.
func contains(e traceql.FieldExpr, text string) traceql.FieldExpr {
	return &traceql.Binary{Op: traceql.OpMatch, L: e, R: &traceql.Static{Type: traceql.String, Str: "(?i).*" + regexp.QuoteMeta(text) + ".*"}}
}

// number reads a text as the constant of another type that it looks like.
func number(text string) (traceql.Static, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return traceql.Static{Type: traceql.Int, Num: n}, true
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f-f == 0 {
		return traceql.Static{Type: traceql.Float, Flt: f}, true
	}
	if text == "true" {
		return traceql.Static{Type: traceql.Bool, Num: 1}, true
	}
	return traceql.Static{Type: traceql.Bool}, text == "false"
}
