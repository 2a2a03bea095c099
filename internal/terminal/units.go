package terminal

import (
	"fmt"
	"strconv"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

// byteSize writes a number of bytes in three digits: 840 B, 1.25 KiB, 15.1 MiB.
func byteSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1024, 0
	for v >= 1000 && unit < 4 {
		v /= 1024
		unit++
	}
	return advise.ThreeDigits(v) + " " + []string{"KiB", "MiB", "GiB", "TiB", "PiB"}[unit]
}

// perSpan writes bytes a span.
func perSpan(bytes int64, spans int) string {
	if spans == 0 {
		return "-"
	}
	return advise.ThreeDigits(float64(bytes) / float64(spans))
}

// percent writes a share; what is more than nothing is never 0 %.
func percent(part, whole int64) string {
	switch p := 100 * float64(part) / float64(max(whole, 1)); {
	case part == 0:
		return "0 %"
	case p < 0.1:
		return "<0.1 %"
	case p < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	default:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	}
}

// timeRange writes a time from and to, in UTC. The day is said once when it is the
// same, and the year only when it is not the one given, or changes.
func timeRange(from, to time.Time, year int) string {
	from, to = from.UTC(), to.UTC()
	day, clock := "01-02 ", "15:04:05"
	if from.Year() != year || to.Year() != year {
		day = "2006-01-02 "
	}
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		return from.Format(day+clock) + "–" + to.Format(clock)
	}
	return from.Format(day+clock) + "–" + to.Format(day+clock)
}
