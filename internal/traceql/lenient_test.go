package traceql_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/traceql"
)

func TestParseLenient(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{``, `{ }`},
		{`{`, `{ }`},
		{`{}`, `{ }`},
		{`{ span.http.route = "/x" && resource.`, `{ span.http.route = "/x" }`},
		{`{ .a = "b" && .c = `, `{ .a = "b" }`},
		{`{ .a = "b" && .c = "d`, `{ .a = "b" }`},
		{`{ .a = "b" && .c = }`, `{ .a = "b" }`},
		{`{ .a = && .b = 2 }`, `{ .b = 2 }`},
		{`{ && .b = 2 && }`, `{ .b = 2 }`},
		{`{ .a = 1 && .b = 2 } `, `{ .a = 1 && .b = 2 }`},
		{`{ .a = 1 && .b`, `{ .a = 1 }`},
		{`{ .a = 1 && .b }`, `{ .a = 1 }`},
		{`{ .a = 1 && (.b || .c = 1) && !.d && !(.e = 1)`, `{ .a = 1 && !(.e = 1) }`},
		{`{ .a = 1 && (.b = 1 || .c = 1)`, `{ .a = 1 && (.b = 1 || .c = 1) }`},
		{`{ .a = 1 && (.b = 1 || .c = `, `{ .a = 1 }`},
		{`{ .a = 1 && (.b = 1 && .c = `, `{ .a = 1 && .b = 1 }`},
		{`{ .a = 1 && (.b = 1 && .c = ) && .d = 1`, `{ .a = 1 && .b = 1 && .d = 1 }`},
		{`{ .a = 1 && !(.b = 1 && .c = ) && .d = 1`, `{ .a = 1 && .d = 1 }`},
		{`{ .a = 1 && (.b = 1 && .c = ) = true && .d = 1`, `{ .a = 1 && .d = 1 }`},
		{`{ .a = 1 || .b = `, `{ }`},
		{`{ .a = 1 && .b = 1 || .c = 1 && `, `{ }`},
		{`{ .a = 1 || .b = 2`, `{ .a = 1 || .b = 2 }`},
		{`{ .a = 1 && duration > "x" && status = error`, `{ .a = 1 && span:status = error }`},
		{`{ .a = 1 ) && .b = 2`, `{ .b = 2 }`},
		{`{ name = "x" } >> { status =`, `{ }`},
		{`{ name = "x" } >> { status = error && .a`, `{ span:status = error }`},
		{`{ name = "x" } >> { status = error }`, `{ }`},
		{`{ name = "x" } | select(.a`, `{ span:name = "x" }`},
		{`{ name = "x" } | count() >`, `{ span:name = "x" }`},
		{`{ name = "x" } > `, `{ span:name = "x" }`},
		{`name = "x"`, `{ }`},
		{`{ .a = "}" && .b = "{`, `{ .a = "}" }`},
		{`{ .a = 1 && not .b = 1`, `{ .a = 1 }`},
		{`{ .a == 1 && .b = 1`, `{ .b = 1 }`},
	} {
		if got := traceql.ParseLenient(test.text).String(); got != test.want {
			t.Errorf("%s\nis %s, want %s", test.text, got, test.want)
		}
	}
}

// TestLenientParts joins whole and broken conditions at random: the whole ones are
// left.
func TestLenientParts(t *testing.T) {
	whole := []string{`.a = 1`, `span.b =~ "x"`, `(.c = 1 || .d = nil)`, `!(.e > 1s)`, `.f + 1 < 3 && duration > 1s`, `"&&" = name`}
	broken := []string{
		``, `.x`, `.x =`, `= 1`, `span.`, `.x == 1`, `.x = 'y'`, `status = 3`, `!.x`, `.x = foo`, `.x =~ "("`, `.x = "\d"`,
		`(.x = 1 || .y = )`, `(.x || .y = 1)`, `()`, `!(.x = 1 && )`, `.x 1`, `.x = 1 .y`, `foo(.x = 1)`, `#`,
	}
	last := []string{`(.x`, `(.x = 1 || `, `.x = "y`, `((`, "`", `!`, `.x = 5m5`}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		var text, want []string
		for range rnd.IntN(5) {
			part := broken[rnd.IntN(len(broken))]
			if rnd.IntN(2) == 0 {
				part = whole[rnd.IntN(len(whole))]
				want = append(want, part)
			}
			text = append(text, part)
		}
		end := " }"
		if rnd.IntN(2) == 0 {
			text, end = append(text, last[rnd.IntN(len(last))]), ""
		}
		query := "{ " + strings.Join(text, " && ") + end
		left := "{ " + strings.Join(want, " && ") + " }"
		q, err := traceql.Parse(left)
		if err != nil {
			t.Fatal(err)
		}
		// As text, since brackets around the parts of an && do not matter.
		if got := traceql.ParseLenient(query).String(); flat(got) != flat(q.String()) {
			t.Fatalf("%s\nis %s, want %s", query, got, q)
		}
	}
}

func flat(s string) string { return strings.NewReplacer("(", "", ")", "").Replace(s) }
