package api

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"testing"
)

// TestDrilldown asks what Grafana's Traces Drilldown asks, view by view: all has to be
// answered, and something found where there is something.
func TestDrilldown(t *testing.T) {
	s := newShop(t)
	const search, series = "/api/search", "/api/metrics/query_range"
	for _, from := range []string{"head", "block"} {
		for _, c := range []struct {
			path, q, step string
			found         int // traces or series, at least
		}{
			{series, "{nestedSetParent<0 && true} | rate()  with(sample=true)", "15s", 1},
			{series, "{nestedSetParent<0 && true && status=error} | rate()  with(sample=true)", "15s", 1},
			{series, "{nestedSetParent<0 && true} | histogram_over_time(duration) with(sample=true)", "15s", 3},
			{series, "{nestedSetParent<0 && true && resource.service.name != nil} | rate() by(resource.service.name)", "60s", 1},
			{series, "{nestedSetParent<0 && true && status=error && resource.service.name != nil} | rate() by(resource.service.name)", "60s", 1},
			{series, "{nestedSetParent<0 && true && span.http.route != nil} | quantile_over_time(duration, 0.9) by(span.http.route)", "60s", 2},
			{series, `{true && true && resource.service.name="bank"} | rate() by(resource.service.name)`, "60s", 1},
			{series, "{kind=server && true} | rate()", "60s", 1},
			{series, "{nestedSetParent<0 && true} | compare({status = error}, 10)", "1200s", 10},
			{series, "{nestedSetParent<0 && true} | compare({duration >= 1.2s && duration <= 3s}, 10, 1767268800000000000, 1767270000000000000)", "1200s", 10},
			{series, "{} | rate()", "60s", 1},
			{search, "{nestedSetParent<0 && true}", "", 3},
			{search, "{nestedSetParent<0 && true && status = error}", "", 1},
			{search, "{nestedSetParent<0 && true && duration > 60ms} | select(span.http.route, resource.service.name)", "", 2},
			{search, "({nestedSetParent<0 && true  && status = error} &>> { status = error }) || ({nestedSetParent<0 && true  && status = error}) | select(status, resource.service.name, name, nestedSetParent, nestedSetLeft, nestedSetRight)", "", 1},
			{search, "({nestedSetParent<0 && true} &>> { kind = server }) || ({nestedSetParent<0 && true}) | select(status, resource.service.name, name, nestedSetParent, nestedSetLeft, nestedSetRight)", "", 3},
			{search, "{nestedSetParent<0 && true && status = error} | select(resource.service.name, event.exception.message,event.exception.stacktrace,event.exception.type) with(most_recent=true)", "", 1},
			{search, `{span.db.system.name!="" && true}`, "", 0},
		} {
			v := url.Values{"q": {c.q}, "start": {"1767268800"}, "end": {"1767270000"}, "limit": {"200"}, "spss": {"20"}}
			if c.step != "" {
				v.Set("step", c.step)
			}
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest("GET", c.path+"?"+v.Encode(), nil))
			var doc struct {
				Traces []json.RawMessage
				Series []struct{ Samples []json.RawMessage }
				Status string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 || doc.Status == "PARTIAL" {
				t.Errorf("%s: %d %s", c.q, w.Code, w.Body)
				continue
			}
			n := len(doc.Traces)
			for _, one := range doc.Series {
				if len(one.Samples) > 0 {
					n++
				}
			}
			if n < c.found || c.found == 0 && n > 0 {
				t.Errorf("%s: %d traces or series, from a %s: %s", c.q, n, from, w.Body)
			}
		}
		if err := s.Store.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
