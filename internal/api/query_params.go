package api

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
)

// set reads one parameter of a query.
func (q *queryRequest) set(name, text string) (err error) {
	switch name {
	case "q":
		q.text = text
	case "since":
		if q.since, err = duration(text); err == nil && q.since == 0 {
			err = errors.New("not more than nothing")
		}
	case "from":
		q.from, err = moment(text)
	case "to":
		q.to, err = moment(text)
	case "limit":
		q.limit, err = between(text, 1, maxLimit)
	case "spans":
		q.spans, err = between(text, 1, maxSpans)
	case "series":
		q.series, err = between(text, 1, maxLimit)
	case "exemplars":
		q.exemplars, err = between(text, 0, maxLimit)
	case "after":
		q.after, err = parseCursor(text)
	case "step":
		q.step, err = duration(text)
	case "explain":
		q.explain, err = strconv.ParseBool(text)
	default:
		return fmt.Errorf("unknown parameter %q", name)
	}
	if err != nil {
		return fmt.Errorf("parameter %q: %.80q: %w", name, text, err)
	}
	return nil
}

func between(text string, least, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && (n < least || n > most) {
		err = fmt.Errorf("not between %d and %d", least, most)
	}
	return n, err
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = errors.New("negative")
	}
	return d, err
}

// moment reads a time as seconds since the Unix epoch or RFC 3339, as ns.
func moment(text string) (int64, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		if t.Year() < 1970 || t.Year() > 2261 { // what 64 bits of ns hold
			return 0, errors.New("out of range")
		}
		return t.UnixNano(), nil
	}
	return unixSeconds(text)
}

// unixSeconds reads a moment in seconds since the Unix epoch, as ns.
func unixSeconds(text string) (int64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, err
	}
	if !(f >= 0 && f < math.MaxInt64/1e9) { // NaN is neither
		return 0, errors.New("out of range")
	}
	return int64(f * 1e9), nil
}

// cursorText writes a place in the list of traces: its start and its id.
func cursorText(c *engine.Cursor) string {
	if c == nil {
		return ""
	}
	return nano(c.Start) + "-" + c.TraceID.String()
}

func parseCursor(text string) (*engine.Cursor, error) {
	start, id, ok := strings.Cut(text, "-")
	if strings.HasPrefix(text, "-") { // a trace before 1970
		start, id, ok = strings.Cut(text[1:], "-")
		start = "-" + start
	}
	ns, err := strconv.ParseInt(start, 10, 64)
	if !ok || err != nil {
		return nil, errors.New("not what an answer has as next")
	}
	trace, err := span.ParseTraceID(id)
	return &engine.Cursor{Start: ns, TraceID: trace}, err
}

func nano(ns int64) string { return strconv.FormatInt(ns, 10) }
