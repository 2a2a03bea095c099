package engine

import (
	"fmt"
	"regexp"
	"testing"
	"unicode/utf8"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{``, `one of ""`},
		{`GET`, `one of "GET"`},
		{`GET|PUT`, `one of "GET" "PUT"`},
		{`GET|GEM`, `one of "GEM" "GET"`},
		{`(api|web)-(eu|us)`, `one of "api-eu" "api-us" "web-eu" "web-us"`},
		{`colou?r`, `one of "color" "colour"`},
		{`5[0-3]2`, `one of "502" "512" "522" "532"`},
		{`a{2}`, `one of "aa"`},
		{`/cart.*`, `begins with "/cart"`},
		{`.*/cart`, `ends with "/cart"`},
		{`.*/cart.*`, `contains "/cart"`},
		{`(.*)/cart(.*)`, `contains "/cart"`},
		{`.*/carts?/.+`, `regexp, contains "/cart"`},
		{`5..`, `regexp, contains "5"`},
		{`[0-9]+`, `regexp`},
		{`(?i)get`, `regexp`},
		{`(?i:get)/cart`, `regexp, contains "/cart"`},
		{`.*`, `regexp`},
		{`(ab)+c`, `regexp, contains "ab"`},
		{`(ab)*c`, `regexp, contains "c"`},
		{`^/cart$`, `regexp, contains "/cart"`},
		{`(?-s).*x`, `regexp, contains "x"`},
		{`(?-s:.*)x`, `regexp, contains "x"`},
	} {
		p, err := NewPattern(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
		} else if got := p.String(); got != c.want {
			t.Errorf("%s: %s; want %s", c.expr, got, c.want)
		}
	}
	if _, err := NewPattern("("); err == nil {
		t.Error("no error of an open bracket")
	}
}

// FuzzPattern holds patterns against the regular expression itself.
func FuzzPattern(f *testing.F) {
	for _, expr := range []string{"", "a|b", ".*a", "a.*", ".*a.*", "(a|b)?c[d-f]", "(?i)a", "a+b*", "^a$", "(?-s).*", "a\nb", ".*\x00", "(?m)^a", "a$|^b", `\bx`, "(?U)a+", ".*日.*"} {
		for _, text := range []string{"", "a", "b", "xa", "ax", "cd", "A", "aab", "a\nb", "日本", "x日x"} {
			f.Add(expr, text)
		}
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 100 || !utf8.ValidString(text) {
			return
		}
		re, err := regexp.Compile(`^(?s:` + expr + `)$`)
		p, perr := NewPattern(expr)
		if perr != nil || err != nil {
			return
		}
		if got, want := p.Match([]byte(text)), re.MatchString(text); got != want {
			t.Errorf("%q of %q: %v (%s), want %v", expr, text, got, p, want)
		}
	})
}

// BenchmarkPattern matches urls, of which one in a hundred matches.
func BenchmarkPattern(b *testing.B) {
	var urls [][]byte
	for i := range 1000 {
		path := "products"
		if i%100 == 0 {
			path = "cart"
		}
		urls = append(urls, fmt.Appendf(nil, "https://shop.example.com/%s/%d?session=%x", path, i*7919, i*104729))
	}
	for _, expr := range []string{".*/cart.*", ".*/cart/[0-9]+.*", ".*/(cart|basket)/[0-9]+.*"} {
		b.Run(expr, func(b *testing.B) {
			p, err := NewPattern(expr)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for _, u := range urls {
					p.Match(u)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(urls)), "ns/value")
		})
	}
}
