package instrument

import (
	"strings"
	"testing"
)

// The table of the specification, for 1 in N with 3, 4 and 5 digits.
// Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/#converting-floating-point-probability-to-threshold-value
func TestThreshold(t *testing.T) {
	tests := []struct {
		n    float64
		want string
	}{
		{1, "0 0 0"},
		{2, "8 8 8"},
		{3, "aab aaab aaaab"},
		{4, "c c c"},
		{5, "ccd cccd ccccd"},
		{8, "e e e"},
		{10, "e66 e666 e6666"},
		{16, "f f f"},
		{100, "fd71 fd70a fd70a4"},
		{1000, "ffbe7 ffbe77 ffbe76d"},
		{10000, "fff972 fff9724 fff97247"},
		{100000, "ffff584 ffff583a ffff583a5"},
		{1000000, "ffffef4 ffffef39 ffffef391"},
	}
	for _, tt := range tests {
		var got []string
		for digits := 3; digits <= 5; digits++ {
			got = append(got, formatThreshold(thresholdDigits(1/tt.n, digits)))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("1 in %v: got %s, want %s", tt.n, s, tt.want)
		}
	}
	for _, ratio := range []float64{1e-18, 1e-300, 1.0 / (1 << 56), 0.999999999} {
		if th := threshold(ratio); th >= maxCount {
			t.Errorf("ratio %g: threshold %x", ratio, th)
		}
	}
}

func TestParseOT(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"th:0", "th:0"},
		{"th:c", "th:c"},
		{"th:fd70a4", "th:fd70a4"},
		{"th:FD70A4", "th:fd70a4"},
		{"th:c00", "th:c"},
		{"th:00000000000001", "th:00000000000001"},
		{"rv:6e6d1a75832a2f", "rv:6e6d1a75832a2f"},
		{"rv:00000000000001", "rv:00000000000001"},
		{"rv:6e6d1a75832a2f;th:8", "th:8;rv:6e6d1a75832a2f"},
		{"p:8;r:62", "p:8;r:62"},
		{"p:8;th:8;r:62", "th:8;p:8;r:62"},
		{"th:123456789abcdef", ""},            // 15 digits
		{"th:", ""},                           // none
		{"th:xyz", ""},                        // no digits
		{"rv:123;th:8", "th:8"},               // rv needs 14
		{"rv:6e6d1a75832a2fa;p:1", "p:1"},     // 15
		{"th", ""},                            // no list
		{"th:8;", "th:8"},                     // the list may end early
		{"Th:8", ""},                          // keys are lower case
		{"8th:8", ""},                         // and begin with a letter
		{"k:a b", ""},                         // no such character
		{"a:" + strings.Repeat("x", 300), ""}, // too long
	}
	for _, tt := range tests {
		if got := parseOT(tt.in).String(); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// What was read is written so that it is read the same.
func FuzzParseOT(f *testing.F) {
	for _, s := range []string{"", "th:0", "th:fd70a4;rv:6e6d1a75832a2f", "p:8;r:62", "th:8;a:b;rv:1", ";;", "th:::", "rv:00000000000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o := parseOT(s)
		if o.th >= maxCount || o.rv >= maxCount {
			t.Fatalf("%q: %+v is beyond 56 bits", s, o)
		}
		written := o.String()
		if len(written) > 256 {
			t.Fatalf("%q: %d characters", s, len(written))
		}
		if written == "" {
			return
		}
		if again := parseOT(written); again != o {
			t.Fatalf("%q: read %+v, written %q, read %+v", s, o, written, again)
		}
	})
}
