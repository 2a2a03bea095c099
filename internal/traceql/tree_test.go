package traceql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/traceql"
)

// places says which node is outside of its parent or of the text.
func places(q *traceql.Query, length int) error {
	var err error
	var below func(n traceql.Node)
	below = func(parent traceql.Node) {
		at := parent.Position()
		if at.From < 0 || at.To < at.From || at.To > length {
			err = fmt.Errorf("%T %s at %v of %d", parent, parent, at, length)
		}
		traceql.Walk(parent, func(n traceql.Node) bool {
			if n == parent {
				return true
			}
			if p := n.Position(); p.From < at.From || p.To > at.To {
				err = fmt.Errorf("%T %s at %v in %T %s at %v", n, n, p, parent, parent, at)
			}
			below(n)
			return false
		})
	}
	below(q)
	return err
}

func TestPositions(t *testing.T) {
	for _, file := range golden(t) {
		for _, text := range file.queries {
			q, err := traceql.Parse(text)
			if err != nil {
				continue
			}
			if err := places(q, len(text)); err != nil {
				t.Errorf("%s\n%v", text, err)
			}
			traceql.Walk(q, func(n traceql.Node) bool {
				at := text[n.Position().From:n.Position().To]
				switch n := n.(type) {
				case traceql.FieldExpr:
					if s, ok := n.(*traceql.Static); ok && (s.Type == traceql.Nil || s.Type == traceql.Float) {
						return true // no group, and perhaps a duration of which the seconds count
					}
					again, err := traceql.Parse("{ } | by(" + at + ")")
					if err != nil || !traceql.Equal(again.Pipeline.Stages[0].(*traceql.GroupBy).By[0], n) {
						t.Errorf("%s\n%s is at %q", text, n, at)
					}
				case *traceql.Filter:
					again, err := traceql.Parse(at) // empty where the { } before a number is not written
					if err != nil || !traceql.Equal(again.Pipeline.From, n) {
						t.Errorf("%s\n%s is at %q", text, n, at)
					}
				}
				return true
			})
		}
	}
}

// TestString finds the text of every node in that of the whole.
func TestString(t *testing.T) {
	for _, file := range golden(t) {
		for _, text := range file.queries {
			q, err := traceql.Parse(text)
			if err != nil {
				continue
			}
			whole := q.String()
			traceql.Walk(q, func(n traceql.Node) bool {
				if s := n.String(); s == "" || !strings.Contains(whole, s) {
					t.Errorf("%T %q is not in %s", n, s, whole)
				}
				return true
			})
		}
	}
}

func TestRelation(t *testing.T) {
	for op := traceql.SpansetAnd; op <= traceql.UnionSibling; op++ {
		relation, form, ok := op.Relation()
		want := []string{"", "!", "&"}[form] + relation.String()
		if op.String() != want || ok != (op > traceql.SpansetOr) || relation > traceql.Sibling {
			t.Errorf("%s is %d of %s, %v", op, form, relation, ok)
		}
	}
}

func TestEqual(t *testing.T) {
	parse := func(text string) *traceql.Query {
		q, err := traceql.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{`{.a=1}`, `{  (.a = 1)  }`, true},
		{`{.a=1}`, `{.a=1.0}`, false},
		{`{.a=1}`, `{.a=1}|count()>1`, false},
		{`{}`, `{true}`, false},
		{`{.a}`, `{span.a}`, false},
		{`{.a}`, `{parent.a}`, false},
		{`{}|rate()`, `{}`, false},
		{`{}|rate()`, `{}|rate()by(name)`, false},
		{`{}|quantile_over_time(duration,.5)`, `{}|quantile_over_time(duration,.9)`, false},
		{`{} with(a=1)`, `{} with(a=1)`, true},
		{`{} with(a=1)`, `{} with(a=2)`, false},
		{`{duration>90m}`, "{span:duration>1h30m}", true},
		{`({.a}|count())>1`, `{}|({.a}|count())>1`, true},
	} {
		if got := traceql.Equal(parse(test.a), parse(test.b)); got != test.want {
			t.Errorf("%s, %s: %v", test.a, test.b, got)
		}
	}
	if traceql.Equal(nil, parse("{}")) || !traceql.Equal(nil, nil) {
		t.Error("nil")
	}
}

func TestWalk(t *testing.T) {
	q, err := traceql.Parse(`({ .a } && { .b } | by(.c) | max(.d + 1) > 2 | select(.e) | { !.f } | coalesce() | quantile_over_time(.g, .5) by(.h)) / 2 > 3 with(x=1)`)
	if err != nil {
		t.Fatal(err)
	}
	var names, types strings.Builder
	traceql.Walk(q, func(n traceql.Node) bool {
		if a, ok := n.(*traceql.Attribute); ok {
			names.WriteString(a.Name)
		}
		fmt.Fprintf(&types, "%s ", strings.TrimPrefix(fmt.Sprintf("%T", n), "*traceql."))
		return true
	})
	if names.String() != "abcdefgh" {
		t.Errorf("attributes %s", names.String())
	}
	want := "Query MetricsStage MetricsBinary Metrics Pipeline Combine Filter Attribute Filter Attribute " +
		"GroupBy Attribute ScalarFilter Aggregate Binary Attribute Static Static Select Attribute " +
		"SpansetStage Filter Unary Attribute Coalesce Attribute Attribute Static Hint "
	if types.String() != want {
		t.Errorf("nodes %s", types.String())
	}
	n := 0
	traceql.Walk(q, func(traceql.Node) bool { n++; return false })
	if n != 1 {
		t.Errorf("%d nodes", n)
	}
}

func TestTypeOf(t *testing.T) {
	for text, want := range map[string]traceql.Type{
		"name": traceql.String, "duration": traceql.Duration, "kind": traceql.Kind, "status": traceql.Status,
		"childCount": traceql.Int, ".a": traceql.Any, "1": traceql.Int, "1.": traceql.Float,
		"1 + 2": traceql.Int, "1 / 2": traceql.Float, "2 ^ 2": traceql.Float, "1 % 2.0": traceql.Float,
		"duration * 2": traceql.Duration, "duration / 2s": traceql.Float, "duration % 2s": traceql.Duration,
		"duration / 2": traceql.Duration, "2 * duration": traceql.Duration, ".a + 1": traceql.Any, "-duration": traceql.Duration,
		"!.a": traceql.Bool, ".a = 1": traceql.Bool, ".a =~ `x`": traceql.Bool, ".a && .b": traceql.Bool,
	} {
		q, err := traceql.Parse("{ } | by(" + text + ")")
		if err != nil {
			t.Fatal(err)
		}
		if got := traceql.TypeOf(q.Pipeline.Stages[0].(*traceql.GroupBy).By[0]); got != want {
			t.Errorf("%s is %s", text, got)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{strings.Repeat("{} || ", 8000) + "{}", ""},
		{"{ " + strings.Repeat(".a && ", 8000) + ".a }", ""},
		{"{ .a = 1" + strings.Repeat(" + 1", 8000) + " }", ""},
		{strings.Repeat(" ", traceql.MaxLength+1), "the query has 65537 bytes"},
		{strings.Repeat("(", traceql.MaxDepth-1) + "{", "not closed"},
		{strings.Repeat("(", 60000), "nested more than 128 deep"},
		{"{ " + strings.Repeat("(", 60000), "nested more than 128 deep"},
		{"{ " + strings.Repeat("!", 60000), "nested more than 128 deep"},
		{"{ " + strings.Repeat("2 ^ ", 15000), "nested more than 128 deep"},
		{strings.Repeat("2 ^ ", 15000), "nested more than 128 deep"},
		{strings.Repeat("({} | ", 10000), "nested more than 128 deep"},
	} {
		q, err := traceql.Parse(test.text)
		traceql.ParseLenient(test.text)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.20s…: %.200v", test.text, err)
		}
		if err == nil {
			_ = q.String()
		}
	}
}
