package api

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The times of testdata/shop.json, in µs and as RFC 3339.
const (
	uiTimes = "start=1699999999000000&end=1700001000000000"
	v3Times = "query.startTimeMin=2023-11-14T22:13:19Z&query.startTimeMax=2023-11-14T23:00:00.5Z"
)

func TestJaegerTraces(t *testing.T) {
	goldenAnswers(t, "jaeger_traces.txt", newJaegerShop(t).Handler(), []string{
		"/jaeger/api/traces/4bf92f3577b34da6a3ce929d0e0e4736",
		"/api/traces/abcd",
		"/api/traces/abce",
		"/api/traces/xyz",
		"/api/traces?traceID=abcd&traceID=abce",
		"/api/traces?traceID=xyz",
	})
}

func TestJaegerNames(t *testing.T) {
	goldenAnswers(t, "jaeger_names.txt", newJaegerShop(t).Handler(), []string{
		"/api/services",
		"/api/services/gateway/operations",
		"/api/services/nobody/operations",
		"/api/operations?service=gateway",
		"/jaeger/api/operations?service=gateway&spanKind=client",
		"/api/dependencies?endTs=1700001000000&lookback=3600000",
		"/api/dependencies?endTs=1700001000000&lookback=3600000&service=nobody",
		"/api/v3/services",
		"/api/v3/operations?service=gateway&spanKind=server",
		"/api/v3/operations?service=cart&span_kind=CLIENT",
		"/api/v3/dependencies?startTime=2023-11-14T22:13:19Z&endTime=2023-11-14T23:00:00Z",
	})
}

// TestJaegerMetrics asks about the three minutes of testdata/shop.json.
func TestJaegerMetrics(t *testing.T) {
	const when = "&endTs=1700000160000&lookback=180000&step=60000"
	goldenAnswers(t, "jaeger_metrics.txt", newJaegerShop(t).Handler(), []string{
		"/api/metrics/calls?service=gateway&service=cart" + when,
		"/api/metrics/calls?service=gateway&groupByOperation=true&spanKind=client&spanKind=server" + when,
		"/api/metrics/errors?service=gateway&service=cart&ratePer=600000" + when,
		"/api/metrics/latencies?service=cart&quantile=0.95" + when,
		"/api/metrics/calls?service=nobody" + when,
		"/api/metrics/minstep",
	})
}

// TestJaegerSearch asks for traces by what they have, and compares which are found.
func TestJaegerSearch(t *testing.T) {
	s := newJaegerShop(t)
	for query, want := range map[string]string{
		"":                                         "5af7183fb1d4cf5f0123456789abcdef 000000000000abcd 4bf92f3577b34da6a3ce929d0e0e4736",
		"limit=1":                                  "5af7183fb1d4cf5f0123456789abcdef",
		"service=gateway":                          "000000000000abcd 4bf92f3577b34da6a3ce929d0e0e4736",
		"service=gateway&operation=call+cart":      "4bf92f3577b34da6a3ce929d0e0e4736",
		"service=gateway&operation=load":           "", // of one span
		"service=nobody":                           "",
		"minDuration=26ms":                         "5af7183fb1d4cf5f0123456789abcdef 4bf92f3577b34da6a3ce929d0e0e4736",
		"minDuration=30ms&maxDuration=30ms":        "4bf92f3577b34da6a3ce929d0e0e4736",
		"maxDuration=2ms":                          "000000000000abcd",
		"tag=http.status_code:200":                 "4bf92f3577b34da6a3ce929d0e0e4736", // a number
		"tag=http.status_code:404":                 "000000000000abcd",                 // a text
		"tag=ratio:0.5&tag=cached:false":           "4bf92f3577b34da6a3ce929d0e0e4736",
		"tag=ratio:0.5&tag=blob:AAH/":              "", // of two spans
		"tag=blob:AAH/&tag=items:b":                "4bf92f3577b34da6a3ce929d0e0e4736",
		"tag=host.name:box":                        "000000000000abcd 4bf92f3577b34da6a3ce929d0e0e4736",
		"tag=exception.type:NotFound":              "4bf92f3577b34da6a3ce929d0e0e4736",
		"tag=why:retry":                            "4bf92f3577b34da6a3ce929d0e0e4736",
		"tag=error:true":                           "4bf92f3577b34da6a3ce929d0e0e4736",
		"service=cart&tag=error:false":             "5af7183fb1d4cf5f0123456789abcdef",
		"tag=otel.status_code:OK":                  "5af7183fb1d4cf5f0123456789abcdef",
		"tag=span.kind:client":                     "4bf92f3577b34da6a3ce929d0e0e4736",
		"tag=otel.scope.name:net/http":             "000000000000abcd 4bf92f3577b34da6a3ce929d0e0e4736",
		"tag=otel.status_description:no+such+cart": "4bf92f3577b34da6a3ce929d0e0e4736",
		"tags=" + url.QueryEscape(`{"http.status_code":200,"cached":false,"ratio":0.50}`): "4bf92f3577b34da6a3ce929d0e0e4736",
		"tags=" + url.QueryEscape(`{"http.status_code":"200","cached":"false"}`):          "4bf92f3577b34da6a3ce929d0e0e4736",
		"start=1700000000001000&end=1700000060000000":                                     "000000000000abcd 4bf92f3577b34da6a3ce929d0e0e4736", // both ends count
		"start=1700000000002001&end=1700000059999999":                                     "",
	} {
		if !strings.Contains(query, "start=") {
			query += "&" + uiTimes
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/api/traces?"+query, nil))
		if got := strings.Join(foundIDs(t, w.Body.Bytes()), " "); w.Code != 200 || got != want {
			t.Errorf("%s: %d %q, want %q", query, w.Code, got, want)
		}
	}
}

func TestJaegerBadParameters(t *testing.T) {
	goldenAnswers(t, "jaeger_bad.txt", newJaegerShop(t).Handler(), []string{
		"/api/traces?limit=0",
		"/api/traces?limit=many",
		"/api/traces?start=yesterday",
		"/api/traces?start=-1",
		"/api/traces?start=2&end=1",
		"/api/traces?minDuration=5",
		"/api/traces?minDuration=5s&maxDuration=4s",
		"/api/traces?tag=x",
		"/api/traces?tags=x",
		"/api/traces?tags={\"a\":null}",
		"/api/operations",
		"/api/operations?service=cart&spanKind=odd",
		"/api/dependencies?endTs=x",
		"/api/dependencies?lookback=0",
		"/api/metrics/calls",
		"/api/metrics/calls?service=a&spanKind=odd",
		"/api/metrics/calls?service=a&step=0",
		"/api/metrics/calls?service=a&step=1",
		"/api/metrics/calls?service=a&groupByOperation=perhaps",
		"/api/metrics/latencies?service=a",
		"/api/metrics/latencies?service=a&quantile=95",
		"/api/v3/traces/xyz",
		"/api/v3/operations",
		"/api/v3/dependencies?startTime=2023-11-14T22:13:19Z",
		"/api/v3/traces",
		"/api/v3/traces?query.startTimeMin=now&query.startTimeMax=now",
		"/api/v3/traces?query.startTimeMin=2023-11-14T22:13:19Z&query.start_time_max=2023-11-14T22:13:19Z",
		"/api/v3/traces?query.searchDepth=x&" + v3Times,
		"/api/v3/traces?query.attributes=x&" + v3Times,
		"/api/v3/traces?query.durationMin=5&" + v3Times,
		"/api/v3/traces?query.filter=x&" + v3Times,
		"/api/v3/trace-summaries?query.pagination.pageSize=1&query.pagination.pageToken=x&" + v3Times,
	})
}

func TestJaegerV3(t *testing.T) {
	goldenAnswers(t, "jaeger_v3.txt", newJaegerShop(t).Handler(), []string{
		"/api/v3/traces/4bf92f3577b34da6a3ce929d0e0e4736",
		"/api/v3/traces/abce",
		"/api/v3/traces?query.service_name=gateway&query.num_traces=1&" + v3Times,
		"/api/v3/traces?query.serviceName=nobody&" + v3Times,
		"/api/v3/trace-summaries?" + v3Times,
		"/api/v3/trace-summaries?query.attributes=" + url.QueryEscape(`{"error":"true"}`) + "&" + v3Times,
		"/api/v3/trace-summaries?query.pagination.pageSize=1&" + v3Times,
		"/api/v3/trace-summaries?query.pagination.pageSize=2&query.pagination.page_token=cwyvqxq1m8zk-5af7183fb1d4cf5f0123456789abcdef&" + v3Times,
	})
}

// FuzzJaegerQuery reads the parameters of a search from any query string.
func FuzzJaegerQuery(f *testing.F) {
	for _, s := range []string{
		"", "service=a&operation=b&tag=c:d&limit=3&minDuration=1ms", "start=9007199254740993", "end=0", `tags={"a":"b"}`, "limit=99999999999",
		v3Times, "query.pagination.pageSize=3&query.pagination.pageToken=-1-00000000000000000000000000000001&" + v3Times,
	} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		for _, parse := range []func() (*jaegerQuery, error){
			func() (*jaegerQuery, error) { return uiQuery(v, now) }, func() (*jaegerQuery, error) { return v3Params(v) },
		} {
			q, err := parse()
			if err != nil {
				continue
			}
			if q.limit < 1 || q.limit > maxJaegerTraces || q.from < 0 || q.to <= q.from || q.shortest < 0 || q.longest < 0 || len(q.tags) > maxJaegerTags {
				t.Fatalf("%q: %+v", text, q)
			}
			q.filter()
		}
	})
}

// foundIDs returns the ids of the traces in an envelope.
func foundIDs(t *testing.T, body []byte) (ids []string) {
	t.Helper()
	var e struct {
		Data []struct{ TraceID string }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	for _, d := range e.Data {
		ids = append(ids, d.TraceID)
	}
	return ids
}
