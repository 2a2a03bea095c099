package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"github.com/google/go-cmp/cmp"
)

func TestParseLogLink(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Loki=https://grafana.example/explore?q={trace_id}", ""},
		{`Loki=http://g/explore?left={"queries":[{"expr":"{app=~\".%2b\"} |= \"{trace_id}\""}],"range":{"from":"{from_ms}","to":"{to_ms}"}}`, ""},
		{"Loki", "not NAME=URL"},
		{"=https://x/{trace_id}", "not NAME=URL"},
		{"Loki=javascript:alert({trace_id})", "not an address"},
		{"Loki=https://x/", "no {trace_id}"},
		{"Loki=https://x/{trace_id}?{until}", "there is no {until}"},
	} {
		_, err := ParseLogLink(c.text)
		if got := errorText(err); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A link has the id and the time of the trace, whether it has log records here or not.
func TestLogLinks(t *testing.T) {
	s := newShop(t)
	for _, text := range []string{"Loki=https://loki/?t={trace_id}&from={from_ms}&to={to_ns}", "Kibana=https://kibana/{trace_id}?_g=(from:{from},to:{to})"} {
		l, err := ParseLogLink(text)
		if err != nil {
			t.Fatal(err)
		}
		s.LogLinks = append(s.LogLinks, l)
	}
	links := func(id string) (doc LogAnswer) {
		w := send(s.Handler(), "GET", "/api/v1/traces/"+id+"/logs", "", "", nil)
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return doc
	}
	three := span.TraceID{15: 3}.String()
	want := []NamedLink{
		{"Loki", "https://loki/?t=" + three + "&from=1767268860000&to=1767268980070000123"},
		{"Kibana", "https://kibana/" + three + "?_g=(from:2026-01-01T12%3A01%3A00.000000123Z,to:2026-01-01T12%3A03%3A00.070000123Z)"},
	}
	if diff := cmp.Diff(want, links("3").Links); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := links("99").Links; got != nil {
		t.Errorf("a trace that is not known has the links %v", got)
	}
}
