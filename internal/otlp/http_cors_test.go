package otlp

import (
	"net/http"
	"testing"
)

func TestHTTPPreflight(t *testing.T) {
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodOptions, serveHTTP(t, NewReceiver(nil, Options{}))+"/v1/traces", nil)
	req.Header.Set("Origin", "https://shop.example")
	req.Header.Set("Access-Control-Request-Method", "POST")
	req.Header.Set("Access-Control-Request-Headers", "content-type,X-Team, x-evil\tname,cookie")
	res, _ := do(t, req)
	if res.StatusCode != http.StatusNoContent {
		t.Error(res.Status)
	}
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":  "*",
		"Access-Control-Allow-Methods": "POST, OPTIONS",
		"Access-Control-Allow-Headers": allowedHeaders + ", x-team",
		"Access-Control-Max-Age":       "7200",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
