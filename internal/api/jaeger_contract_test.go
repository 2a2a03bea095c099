package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newJaegerShop returns a server with the spans of testdata/shop.json: three traces of two
// services, one of which lacks its root.
func newJaegerShop(t *testing.T) *Server {
	t.Helper()
	s := newServer(t, 0)
	body, err := os.ReadFile("testdata/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	if w := send(s.Handler(), "POST", "/v1/traces", "application/json", "", body); w.Code != 200 {
		t.Fatalf("send: %d %s", w.Code, w.Body)
	}
	return s
}

// goldenAnswers asks each path, and compares the answers with a golden file: the status,
// what is remarkable of the header, and the body.
func goldenAnswers(t *testing.T, file string, h http.Handler, paths []string) {
	t.Helper()
	var got strings.Builder
	for _, path := range paths {
		w := send(h, "GET", path, "", "", nil)
		fmt.Fprintf(&got, "GET %s\n%d %s\n", path, w.Code, w.Header().Get("Content-Type"))
		if why := w.Header().Get("X-Everspan-Partial"); why != "" {
			fmt.Fprintf(&got, "X-Everspan-Partial: %s\n", why)
		}
		var out bytes.Buffer
		if json.Indent(&out, w.Body.Bytes(), "", "  ") != nil {
			out = *w.Body
		}
		fmt.Fprintf(&got, "%s\n\n", strings.TrimSpace(out.String()))
	}
	goldenText(t, file, got.String())
}

// goldenText compares a text with a file, or makes the file of it.
func goldenText(t *testing.T, file, got string) {
	t.Helper()
	file = "testdata/" + file
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); -update rewrites it:\n%s", file, diff)
	}
}
