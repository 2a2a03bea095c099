package terminal

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

// format writes a value in the chart's unit.
func (c *Chart) format(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.IsInf(v, 0):
		return strings.Replace(strconv.FormatFloat(v, 'g', -1, 64), "Inf", "∞", 1)
	case c.Unit == "s":
		return seconds(v)
	case c.Unit == "1/s":
		return number(v) + "/s"
	}
	return number(v)
}

// bucketName writes the upper end of a bucket; Buckets says that it is a duration.
func (c *Chart) bucketName(v float64) string {
	if c.Buckets == "s" {
		return seconds(v)
	}
	return number(v)
}

// seconds writes seconds as a duration.
func seconds(v float64) string {
	if math.Abs(v) > math.MaxInt64/1e9 {
		return number(v) + " s"
	}
	return advise.FormatDuration(int64(math.Round(v * 1e9)))
}

// number writes a number with three digits, or more if it is whole or large.
func number(v float64) string {
	switch a := math.Abs(v); {
	case v < 0:
		return "-" + number(-v)
	case a >= 1e15 || a < 0.005 && a != 0:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case a >= 1000 || a == math.Trunc(a):
		return grouped(int(math.Round(a)))
	}
	text := advise.ThreeDigits(v)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// Plain writes a duration without the zeroes at its end: 1m, not 1m0s.
func Plain(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}
