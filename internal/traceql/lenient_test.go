package traceql_test

import (
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
