package api

import (
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/engine"
)

// TestPartial asks an engine whose time is up at once: every answer says that it is not
// whole, each in its way.
func TestPartial(t *testing.T) {
	s := newShop(t)
	if err := s.Store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Engine = engine.New(s.Store, engine.Options{Timeout: 1})
	const in = "&start=1767268800&end=1767270000"
	for _, c := range []struct {
		path         string
		header, body string
	}{
		{"/api/search?q=%7Bstatus%3Derror%7D" + in, " ", `"traces":[`},
		{"/api/v2/search/tag/span.http.route/values?q=%7Bstatus%3Derror%7D" + in, " ", `"tagValues":[`},
		{"/api/metrics/query_range?q=%7Bstatus%3Derror%7D%7Crate()" + in, "", `"status":"PARTIAL","message":"`},
		{"/api/metrics/query?q=%7Bstatus%3Derror%7D%7Crate()" + in, "", `"status":"PARTIAL","message":"`},
		{"/api/v1/query?q=%7Bstatus%3Derror%7D&from=1767268800", "", `"partial":["`},
	} {
		w := send(s.Handler(), "GET", c.path, "", "", nil)
		if w.Code != 200 || !strings.Contains(w.Body.String(), c.body) || !strings.Contains(w.Header().Get("X-Everspan-Partial"), c.header) || (c.header == "") != (w.Header().Get("X-Everspan-Partial") == "") {
			t.Errorf("%s: %d %q %.300s", c.path, w.Code, w.Header().Get("X-Everspan-Partial"), w.Body)
		}
	}
}
