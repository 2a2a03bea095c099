package traceql

import (
	"math"
	"strings"
	"time"
)

// parseDuration reads numbers with units, like 1h30m or 1.5d, behind an optional
// sign. The units are those of time.ParseDuration, d for 24 h and w for 7 d.
func parseDuration(text string) (ns int64, ok bool) {
	negative := strings.HasPrefix(text, "-")
	small := strings.TrimPrefix(text, "-")
	// Weeks and days are read as hours of their own, since they are 168 and 24 of them.
	var large int64
	for _, u := range []struct {
		unit  string
		hours int64
	}{{"w", 7 * 24}, {"d", 24}} {
		number, rest, found := strings.Cut(small, u.unit)
		if !found {
			continue
		}
		d, err := time.ParseDuration(number + "h")
		if err != nil || strings.ContainsAny(number, "hmsuµn-+") || int64(d) > (math.MaxInt64-large)/u.hours {
			return 0, false
		}
		large += int64(d) * u.hours
		small = rest
	}
	if small == "" {
		if negative {
			large = -large
		}
		return large, large != 0 || strings.ContainsAny(text, "wd")
	}
	if negative {
		small, large = "-"+small, -large
	}
	if strings.ContainsAny(small[1:], "-+") {
		return 0, false
	}
	d, err := time.ParseDuration(small)
	sum := large + int64(d)
	if err != nil || (sum < large) != (d < 0) {
		return 0, false
	}
	return sum, true
}

// formatDuration writes a duration as parseDuration reads it, without units that are
// zero: 1h30m, not 1h30m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
