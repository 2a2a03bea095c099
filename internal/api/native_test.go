package api

import (
	"math"
	"net/url"
	"testing"
	"time"
)

// FuzzParseQuery reads the parameters of a list from any query string.
func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{
		"", "service=a&name=b", "minDuration=500ms&since=1h", "errors=true&limit=10000", "limit=0", "limit=1&limit=2", "start=1700000000&end=1700003600.5",
		"start=9223372036.854775807", "end=NaN", "end=Inf", "start=1e300", "since=-1h", "since=2562047h47m16.854775807s", "minDuration=9223372036854775807ns", "x=%zz",
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
		if q.MinDuration < 0 || q.Limit < 0 || q.Limit > maxLimit || q.To < 0 || q.From == math.MinInt64 {
			t.Fatalf("%q: %+v", text, q)
		}
		if values.Has("start") && !values.Has("since") && q.From < 0 {
			t.Fatalf("%q: start %d", text, q.From)
		}
	})
}
