package advise

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// FormatDuration writes a duration (ns) for a person: three significant digits
// and a unit, such as 1.76 s, 12.3 ms, 840 µs; a fraction of zero is left out.
// From two minutes on it writes two units, such as 3 h 12 m.
func FormatDuration(ns int64) string {
	switch d := time.Duration(ns); {
	case ns < 0 && ns != -ns: // the least int64 is its own negative
		return "-" + FormatDuration(-ns)
	case ns < 0:
		return "-106751 d 23 h"
	case ns == 0:
		return "0 s"
	case ns < 1000:
		return strconv.FormatInt(ns, 10) + " ns"
	case ns < 999_500:
		return shortDigits(float64(ns)/1e3) + " µs"
	case ns < 999_500_000:
		return shortDigits(float64(ns)/1e6) + " ms"
	case d < 2*time.Minute:
		return shortDigits(float64(ns)/1e9) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d m %02d s", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %02d m", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%d d %02d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

// shortDigits is ThreeDigits without decimals that are zero.
func shortDigits(v float64) string {
	s := ThreeDigits(v)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimSuffix(s, ".00"), ".0")
	}
	return s
}

// ThreeDigits writes a number below 1000 with three digits; small ones with two
// decimals.
func ThreeDigits(v float64) string {
	decimals := 2
	switch {
	case v >= 99.95:
		decimals = 0
	case v >= 9.995:
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
