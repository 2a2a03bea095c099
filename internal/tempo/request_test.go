package tempo

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/traceql"
)

var noon = time.Unix(1_767_268_800, 0) // 2026-01-01 12:00 UTC

// TestRequests reads parameters and says what an engine would be asked, or the error.
func TestRequests(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"search?", `{ } limit 20 spans 3`},
		{"search?q={status%3Derror}&limit=7&spss=0", `{ span:status = error } limit 7 spans -1`},
		{"search?q={}&start=1767265200&end=1767268800", `{ } limit 20 spans 3 from -1h0m0s to 0s`},
		{"search?start=1767265200", `{ } limit 20 spans 3 from -1h0m0s`},
		{"search?tags=service.name%3Dcart&minDuration=600ms&maxDuration=1h", `{ .service.name =~ "(?i).*cart.*" && trace:duration >= 600ms && trace:duration <= 1h } limit 20 spans 3`},
		{`search?tags=http.url%3D"a%20b"%20http.status_code%3D500%20error%3Dtrue`, `{ .http.url =~ "(?i).*a b.*" && (.http.status_code =~ "(?i).*500.*" || .http.status_code = 500) && span:status = error } limit 20 spans 3`},
		{"search?tags=name%3Da.b%20status.code%3Dok%20root.name%3Dx%20error%3Dfalse", `{ span:name =~ "(?i).*a\\.b.*" && span:status = ok && trace:rootName =~ "(?i).*x.*" && !(span:status = error) } limit 20 spans 3`},
		{"search?tags=a%3D1%20a%3D2", "tags: a is given twice"},
		{"search?tags=a", `tags: "a" is not key=value`},
		{`search?tags=a%3D"b`, "tags: the quotes of a do not close"},
		{"search?tags=error%3Dperhaps", "tags: error=perhaps: it is true or false"},
		{"search?tags=a%3D1&q={}", "q can't be combined with tags, minDuration or maxDuration: put them into the query"},
		{"search?minDuration=2s&maxDuration=1s", "minDuration must not be more than maxDuration, and neither is negative"},
		{"search?minDuration=fast", `parameter minDuration="fast": a duration is expected, like 500ms or 1h`},
		{"search?limit=0", `parameter limit="0": a number of at least 1 is expected`},
		{"search?limit=-1", `parameter limit="-1": a whole number is expected`},
		{"search?limit=99999", "limit 99999: it is between 1 and 10000"},
		{"search?spss=999999", "spss 999999: it is at most 100000, or 0 for all"},
		{"search?start=2&end=2", "start must be before end, but start is 2 and end is 2"},
		{"search?start=99999999999999&end=0", "start 99999999999999 and end 0: they are seconds since 1970"},
		{"search?q={status=eror}", `invalid TraceQL query: 1:9: unknown name "eror"; did you mean error?`},
		{"search?q={}|rate()", "this is a metrics query, which yields no traces: ask /api/metrics/query_range"},

		{"tags?", "[resource span event link instrumentation]"},
		{"tags?scope=span&limit=5000&q={resource.a%3D1%20%26%26%20.b}", "[span] limit 5000 { resource.a = 1 }"},
		{"tags?scope=intrinsic", "known"},
		{"tags?scope=spam", `invalid scope: "spam"; it is resource, span, event, link, instrumentation or intrinsic`},
		{"tags?limit=9999999", "limit 9999999: it is at most 100000"},

		{"v2 resource.service.name?", "resource.service.name"},
		{"v2 span%2ehttp%2Eroute?q={status%3Derror&limit=10", "span.http.route limit 10 { span:status = error }"},
		{"v2 status?", "span:status"},
		{"v2 span:kind?", "span:kind"},
		{"v2 .a?", ".a"},
		{"v2 span.a b(c)?", `span."a b(c)"`},
		{"v2 event.exception.type?", "event.exception.type"},
		{"v2 parent.a?q={status%3Derror}", ".a"},
		{"v2 parent.span:kind?", "span:kind"},
		{"v2 rootServiceName?q={status%3Derror}", "resource.service.name { span:parentID = nil }"},
		{"v2 trace:rootName?", "span:name { span:parentID = nil }"},
		{"v2 trace:duration?", "none"},
		{"v2 nestedSetLeft?", "none"},
		{"v2 foo?", `"foo" is no attribute or intrinsic of TraceQL, like span.http.route or status: unknown name "foo"; did you mean span.foo or .foo?`},
		{"v2 .a %3D 1 || .b?", `."a = 1 || .b"`},
		{"v2 ?", "the name of a tag has 1 to 4096 bytes"},
		{"v1 service.name?", ".service.name"},
		{"v1 foo?", ".foo"},
		{"v1 name?", "span:name"},
		{"v1 status.code?", "span:status"},
		{"v1 a b?", `."a b"`},

		{"range?q={}|rate()", "{ } | rate() from -1h0m0s to 0s step 15s exemplars 100"},
		{"range?q={}|rate()&since=7d", "{ } | rate() from -168h0m0s to 0s step 1h0m0s exemplars 100"},
		{"range?query={}|rate()&start=1767265200&end=1767268800000000000&step=60&exemplars=5", "{ } | rate() from -1h0m0s to 0s step 1m0s exemplars 5"},
		{"range?q={}|rate()with(exemplars%3Dfalse,sample%3Dtrue)&step=1m&exemplars=5&maxSeries=3", "{ } | rate() from -1h0m0s to 0s step 1m0s series 3"},
		{"range?q={}|rate()with(exemplars%3D7)&start=2026-01-01T11:00:00Z&end=1767268800.5", "{ } | rate() from -1h0m0s to 500ms step 30s exemplars 7"},
		{"range?q={}|rate()with(exemplars%3Dtrue)&step=1m&exemplars=5", "{ } | rate() from -1h0m0s to 0s step 1m0s exemplars 100"},
		{"range?q={}|rate()with(exemplars%3D-1,most_recent%3Dtrue)&step=1m&exemplars=5", "{ } | rate() from -1h0m0s to 0s step 1m0s"},
		{"instant?q={}|rate()&step=nonsense", "{ } | rate() from -1h0m0s to 0s"},
		{"range?", "q, the query, is missing"},
		{"range?q={}", "this query yields traces, not series: add a function, as in | rate(), or ask /api/search"},
		{"range?q={}|rate()&step=1ms", "step 1ms for 1h0m0s: it is at least 1ms, and a series has at most 11000 samples"},
		{"range?q={}|rate()&step=-1", `parameter step="-1": a time of more than nothing is expected`},
		{"range?q={}|rate()&start=noon", `parameter start="noon": a time is expected, in seconds or nanoseconds since 1970 or like 2026-11-23T08:15:00Z`},
		{"range?q={}|rate()&start=1767268800&end=1767265200", "start must be before end, but start is 1767268800000000000 and end is 1767265200000000000"},
		{"range?q={}|rat()", `invalid TraceQL query: 1:4: unknown function "rat"; did you mean rate?`},
	} {
		if got := ask(c.path); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.path, got, c.want)
		}
	}
}

// ask writes what a request becomes.
func ask(path string) string {
	kind, text, _ := strings.Cut(path, "?")
	v, err := url.ParseQuery(text)
	if err != nil {
		return err.Error()
	}
	kind, tag, _ := strings.Cut(kind, " ")
	var out strings.Builder
	since := func(name string, ns int64) {
		if ns != 0 {
			fmt.Fprintf(&out, " %s %s", name, time.Duration(ns-noon.UnixNano()))
		}
	}
	count := func(name string, n int) {
		if n != 0 {
			fmt.Fprintf(&out, " %s %d", name, n)
		}
	}
	filter := func(f *traceql.Filter) {
		if f != nil {
			out.WriteString(" " + f.String())
		}
	}
	switch kind {
	case "search":
		req, err := ParseSearch(v)
		if err != nil {
			return err.Error()
		}
		q, err := req.Search()
		if err != nil {
			return err.Error()
		}
		out.WriteString(q.Pipeline.String())
		count("limit", q.Limit)
		count("spans", q.SpansPerSet)
		since("from", q.Range.From)
		since("to", q.Range.To)
	case "tags":
		req, err := ParseNames(v)
		if err != nil {
			return err.Error()
		}
		q, ask, err := req.Names()
		switch {
		case err != nil:
			return err.Error()
		case !ask:
			return "known"
		}
		out.WriteString(fmt.Sprint(q.Scopes))
		count("limit", q.Limit)
		filter(q.Filter)
	case "v1", "v2":
		req, err := ParseValues(tag, v)
		if err != nil {
			return err.Error()
		}
		q, ask, err := req.Values(kind == "v1")
		switch {
		case err != nil:
			return err.Error()
		case !ask:
			return "none"
		}
		out.WriteString(q.Fields[0].String())
		count("limit", q.Limit)
		filter(q.Filter)
	default:
		req, err := ParseRange(v, kind == "instant", noon)
		if err != nil {
			return err.Error()
		}
		q, err := req.Question()
		if err != nil {
			return err.Error()
		}
		out.WriteString(q.Expr.String())
		since("from", q.Range.From)
		since("to", q.Range.To)
		if q.Step != 0 {
			out.WriteString(" step " + q.Step.String())
		}
		count("exemplars", q.Exemplars)
		count("series", q.MaxSeries)
	}
	return out.String()
}

func TestStep(t *testing.T) {
	for took := time.Second; took < 250*365*24*time.Hour; took += took/3 + 1 {
		if step := Step(took); step < time.Second || took/step > maxSamples {
			t.Errorf("%s: step %s", took, step)
		}
	}
}

// FuzzParams reads any parameters: what an engine is asked stays within bounds.
func FuzzParams(f *testing.F) {
	for _, s := range []string{"q={}&limit=5", "tags=a%3D1&minDuration=1s", "start=1&end=2&spss=0", "q={}|rate()&since=1w&step=0.5", "scope=span&q={.a", "end=1e18", "since=9999999w"} {
		f.Add(s, "span.a")
	}
	f.Fuzz(func(t *testing.T, text, tag string) {
		v, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		if req, err := ParseSearch(v); err == nil {
			if q, err := req.Search(); err == nil && (q.Limit < 1 || q.Limit > maxLimit || q.SpansPerSet > maxSpans || q.Range.From < 0 || q.Range.To < 0 || q.Pipeline == nil) {
				t.Fatalf("%q: %+v", text, q)
			}
		}
		if req, err := ParseNames(v); err == nil {
			req.Names()
		}
		if req, err := ParseValues(tag, v); err == nil {
			req.Values(len(text)%2 == 0)
		}
		for _, instant := range []bool{true, false} {
			if req, err := ParseRange(v, instant, noon); err == nil {
				if q, err := req.Question(); err == nil && (q.Range.From < 0 || q.Range.To <= q.Range.From || q.Exemplars > maxExemplars || !instant && (q.Range.To-q.Range.From)/int64(q.Step) > maxSamples) {
					t.Fatalf("%q: %+v", text, q)
				}
			}
		}
	})
}
