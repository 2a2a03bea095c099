package api

import (
	"math"
	"net/url"
	"testing"
	"time"
)

// FuzzParseQuery reads the parameters of a query from any query string.
func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{
		"", "q={}&since=1h", "q={status=error}&limit=10000&spans=5&explain=true", "limit=0", "limit=1&limit=2", "from=1700000000&to=1700003600.5",
		"from=9223372036.854775807", "to=NaN", "to=Inf", "from=1e300", "since=-1h", "since=2562047h47m16.854775807s", "step=9223372036854775807ns",
		"step=0&exemplars=7", "series=0", "from=2026-11-23T08:15:00Z", "after=1700000000000000000-4bf92f3577b34da6a3ce929d0e0e4736", "after=--1", "x=%zz",
	} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		values, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		q, err := parseQuery(values, now)
		if err != nil {
			return
		}
		if q.limit < 1 || q.limit > maxLimit || q.spans < 1 || q.spans > maxSpans || q.from < 0 || q.to <= q.from || q.from == math.MinInt64 {
			t.Fatalf("%q: %+v", text, q)
		}
		if q.after != nil {
			if again, err := parseCursor(cursorText(q.after)); err != nil || *again != *q.after {
				t.Fatalf("%q: %+v becomes %+v, %v", text, q.after, again, err)
			}
		}
	})
}
