package api

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

const zipkinSpan = `[{"traceId":"5af7183fb1d4cf5f0123456789abcdef","parentId":"00f067aa0ba90221","id":"00f067aa0ba90222","kind":"CLIENT","name":"query",
	"timestamp":1700000120000100,"duration":300,"localEndpoint":{"serviceName":"cart","ipv4":"10.0.0.1"},"remoteEndpoint":{"serviceName":"mysql","port":3306},
	"annotations":[{"timestamp":1700000120000200,"value":"ws"}],"tags":{"sql.rows":"12","error":""}}]`

// newZipkin is newJaegerShop with one span that came from Zipkin.
func newZipkin(t *testing.T) *Server {
	s := newJaegerShop(t)
	if w := send(s.Handler(), "POST", "/api/v2/spans", "application/json", "", []byte(zipkinSpan)); w.Code != 202 {
		t.Fatalf("send: %d %s", w.Code, w.Body)
	}
	return s
}

func TestZipkinQueries(t *testing.T) {
	s := newZipkin(t)
	paths := []string{
		"/api/v2/services",
		"/api/v2/spans?serviceName=cart",
		"/api/v2/spans",
		"/api/v2/remoteServices?serviceName=cart",
		"/api/v2/remoteServices?serviceName=gateway",
		"/api/v2/trace/5af7183fb1d4cf5f0123456789abcdef",
		"/api/v2/trace/abcd",
		"/api/v2/trace/abce",
		"/api/v2/trace/xyz",
		"/api/v2/traceMany?traceIds=abcd,0000abcd,abce,5af7183fb1d4cf5f0123456789abcdef",
		"/api/v2/traceMany?traceIds=abcd",
		"/api/v2/traceMany",
		"/api/v2/dependencies?endTs=1700001000000&lookback=3600000",
		"/api/v2/dependencies",
		"/api/v2/autocompleteKeys",
		"/api/v2/autocompleteValues?key=sql.rows",
		"/api/v2/autocompleteValues?key=http.status_code",
		"/api/v2/autocompleteValues",
		"/api/v2/traces?limit=0",
		"/api/v2/traces?limit=x",
		"/api/v2/traces?minDuration=1ms",
		"/api/v2/traces?minDuration=5&maxDuration=4",
		"/api/v2/traces?endTs=-1",
		"/api/v2/traces?lookback=0",
		"/api/v2/traces?serviceName=nobody",
	}
	goldenAnswers(t, "zipkin.txt", s.ZipkinHandler(), paths)
	goldenAnswers(t, "zipkin.txt", s.Handler(), paths)
}

func TestZipkinSearch(t *testing.T) {
	s := newZipkin(t)
	const a, b, c = "4bf92f3577b34da6a3ce929d0e0e4736", "000000000000abcd", "5af7183fb1d4cf5f0123456789abcdef"
	for query, want := range map[string]string{
		"":                                       c + " " + b + " " + a,
		"limit=1":                                c,
		"serviceName=gateway":                    b + " " + a,
		"serviceName=gateway&spanName=call+cart": a,
		"serviceName=gateway&spanName=all":       b + " " + a,
		"serviceName=gateway&spanName=load":      "",
		"remoteServiceName=mysql":                c,
		"serviceName=gateway&remoteServiceName=mysql":                         "",
		"minDuration=26000":                                                   c + " " + a,
		"minDuration=300&maxDuration=300":                                     c,
		"annotationQuery=ws":                                                  c,
		"annotationQuery=exception":                                           a,
		"annotationQuery=error":                                               c + " " + a,
		"annotationQuery=" + url.QueryEscape("error=no such cart"):            a,
		"annotationQuery=" + url.QueryEscape("sql.rows=12 and ws"):            c,
		"annotationQuery=" + url.QueryEscape("http.status_code=200"):          a,
		"annotationQuery=" + url.QueryEscape("http.status_code"):              b + " " + a,
		"annotationQuery=" + url.QueryEscape("host.name=box and cached"):      a,
		"annotationQuery=" + url.QueryEscape("cached=false and blob=AAH/"):    a, // of two spans
		"serviceName=cart&annotationQuery=" + url.QueryEscape("cached=false"): "",
		"lookback=60000&endTs=1700000060000":                                  b + " " + a,
		"lookback=100&endTs=1700000060500":                                    "",
	} {
		if !strings.Contains(query, "endTs=") {
			query += "&endTs=1700001000000"
		}
		w := send(s.Handler(), "GET", "/api/v2/traces?"+query, "", "", nil)
		var traces [][]struct{ TraceID string }
		if err := json.Unmarshal(w.Body.Bytes(), &traces); err != nil {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		var ids []string
		for _, spans := range traces {
			ids = append(ids, spans[0].TraceID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// FuzzZipkinQuery reads the parameters of a search from any query string.
func FuzzZipkinQuery(f *testing.F) {
	for _, s := range []string{
		"", "serviceName=a&spanName=b&annotationQuery=c=d+and+e&limit=3&minDuration=1&maxDuration=2", "endTs=1&lookback=9007199254740993", "endTs=8796093022208",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		q, err := parseZipkin(v)
		if err != nil {
			return
		}
		if q.limit < 1 || q.limit > maxZipkinTraces || q.in.From < 0 || q.in.To <= q.in.From || q.shortest < 0 || q.longest < 0 {
			t.Fatalf("%q: %+v", text, q)
		}
		q.expr()
	})
}
