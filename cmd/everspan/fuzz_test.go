package main

import (
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/span"
)

func FuzzFindTraceID(f *testing.F) {
	for _, s := range []string{
		"", "abc", "4bf92f3577b34da6a3ce929d0e0e4736", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		`{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}`, "trace_id = abc", "http://h/trace/4bf92f3577b34da6a3ce929d0e0e4736?x", "deadbeef\n", "é",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := findTraceID(text)
		if !ok {
			if id != "" {
				t.Fatalf("%q: no id, but %q", text, id)
			}
			return
		}
		// It goes into the path of a request as it is.
		if strings.Trim(id, "0123456789abcdefABCDEF") != "" || len(id) == 0 || len(id) > 32 || !strings.Contains(text, id) {
			t.Fatalf("%q: the id %q", text, id)
		}
		if _, err := span.ParseTraceID(id); err != nil && strings.Trim(id, "0") != "" {
			t.Fatalf("%q: the id %q: %v", text, id, err)
		}
	})
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{"", "$", "${", "${A}", "${EVERSPAN_FUZZ}", "${EVERSPAN_FUZZ:-x}", "a${NOT_SET:-b}c", "${NOT_SET:-${EVERSPAN_FUZZ}}", "${A:-}", "${1}"} {
		f.Add(s)
	}
	f.Setenv("EVERSPAN_FUZZ", "value")
	f.Fuzz(func(t *testing.T, text string) {
		out, err := expand(text)
		if err != nil && out != "" {
			t.Fatalf("%q: %q and %v", text, out, err)
		}
		if !strings.Contains(text, "${") && (err != nil || out != text) {
			t.Fatalf("%q: %q, %v", text, out, err)
		}
	})
}

func FuzzSize(f *testing.F) {
	for _, s := range []string{"", "0", "1", "512MiB", "1 GiB", "-1", "+1kB", "9223372036854775807", "4611686018427387904", "8589934591GiB", "B", "1e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := size(-7)
		if err := s.UnmarshalText([]byte(text)); err != nil {
			if s != -7 {
				t.Fatalf("%q: an error and %d", text, s)
			}
		} else if s < 0 {
			t.Fatalf("%q: %d", text, s)
		}
	})
}
