package api

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var packed = regexp.MustCompile(`<script type="text/plain" id="([^"]+)">([^<]*)</script>`)

// TestShare reads the documents of a shared file, and looks for what was left out.
func TestShare(t *testing.T) {
	s := newShop(t)
	s.Page = fstest.MapFS{
		"shared/shared.js":  {Data: []byte(`const end = "</script><!-- x"`)},
		"shared/shared.css": {Data: []byte("body { margin: 0 }")},
	}
	for _, c := range []struct {
		query   string
		has     []string
		without []string
	}{
		{"", []string{`"name":"user.id"`, `"name":"retry.count"`, "Timeout of the ledger"}, nil},
		{"?without=span.retry.count&without=.user.id", []string{`"without":["span.retry.count",".user.id"]`, "Timeout of the ledger"}, []string{"u-1", `"name":"retry.count"`}},
		{"?without=log.user.id&without=resource.service.name", []string{"u-1", `"service":""`}, []string{`"name":"service.name"`, `"service":"shop"`}},
		{"?without=event.exception.type&logs=0", []string{`"logs":[]`, "u-1"}, []string{`"value":"Timeout"`, "Timeout of the ledger"}},
	} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/traces/1/html"+c.query, nil))
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Disposition"), `attachment; filename="trace-0000`) {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
		html := w.Body.String()
		if strings.Count(html, "</script>") != strings.Count(html, "<script") || strings.Contains(html, "<!--") || !strings.Contains(html, `"<\/script><\!-- x"`) {
			t.Errorf("the script ends early:\n%s", html)
		}
		var all strings.Builder
		for _, m := range packed.FindAllStringSubmatch(html, -1) {
			raw, err := base64.StdEncoding.DecodeString(m[2])
			if err != nil {
				t.Fatal(err)
			}
			z, err := gzip.NewReader(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			if m[1] != "columns" {
				all.Write(text)
			}
		}
		for _, want := range c.has {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s lacks %s:\n%s", c.query, want, &all)
			}
		}
		for _, gone := range c.without {
			if strings.Contains(all.String(), gone) {
				t.Errorf("%s has %s:\n%s", c.query, gone, &all)
			}
		}
	}
}
