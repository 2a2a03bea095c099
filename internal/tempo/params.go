package tempo

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// params reads parameters of an address. The first that is wrong is remembered. Those that are
// not known are passed over, since Grafana's plugins send more than is documented.
type params struct {
	url.Values
	err error
}

// integer is a whole number; 0 without the parameter.
func (p *params) integer(name string) int64 {
	text := p.Get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		p.fail("%s=%.40q: a whole number is expected", name, text)
		return 0
	}
	return n
}

func (p *params) count(name string) int {
	return int(min(p.integer(name), math.MaxInt32))
}

func (p *params) duration(name string) time.Duration {
	text := p.Get(name)
	if text == "" {
		return 0
	}
	d, err := parseDuration(text)
	if err != nil {
		p.fail("%s=%.40q: a duration is expected, like 500ms or 1h", name, text)
	}
	return d
}

func (p *params) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("parameter "+format, args...)
	}
}

// ParseSearch reads the parameters of /api/search.
func ParseSearch(v url.Values) (*SearchRequest, error) {
	p := params{Values: v}
	r := &SearchRequest{
		Query: p.Get("q"), MinDuration: p.duration("minDuration"), MaxDuration: p.duration("maxDuration"),
		Limit: p.count("limit"), Spans: p.count("spss"), Start: p.integer("start"), End: p.integer("end"),
	}
	if p.Has("limit") && r.Limit == 0 {
		p.fail("limit=%.40q: a number of at least 1 is expected", p.Get("limit"))
	}
	if p.Get("spss") != "" && r.Spans == 0 {
		r.Spans = -1
	}
	if p.err == nil {
		r.Tags, p.err = ParseTags(p.Get("tags"))
	}
	return r, p.err
}

// ParseNames reads the parameters of /api/search/tags and /api/v2/search/tags.
func ParseNames(v url.Values) (*TagsRequest, error) {
	p := params{Values: v}
	r := &TagsRequest{Scope: p.Get("scope"), Query: p.Get("q"), Limit: p.count("limit"), Start: p.integer("start"), End: p.integer("end")}
	return r, p.err
}

// ParseValues reads the parameters for the values of a tag.
func ParseValues(tag string, v url.Values) (*ValuesRequest, error) {
	p := params{Values: v}
	r := &ValuesRequest{Tag: tag, Query: p.Get("q"), Limit: p.count("limit"), Start: p.integer("start"), End: p.integer("end")}
	return r, p.err
}

// ParseRange reads the parameters of /api/metrics/query_range, or of
// /api/metrics/query, which is instant.
func ParseRange(v url.Values, instant bool, now time.Time) (*RangeRequest, error) {
	p := params{Values: v}
	r := &RangeRequest{Query: p.Get("q"), Instant: instant, Exemplars: p.count("exemplars"), MaxSeries: p.count("maxSeries")}
	if r.Query == "" {
		r.Query = p.Get("query")
	}
	since := p.duration("since")
	if since == 0 {
		since = DefaultSince
	}
	if r.End = p.time("end"); r.End == 0 {
		r.End = now.UnixNano()
	}
	if r.Start = p.time("start"); r.Start == 0 {
		r.Start = r.End - int64(since)
	}
	if !instant {
		r.Step = p.step("step")
	}
	return r, p.err
}

// time reads a time as ns since the Unix epoch. It is given in seconds, which may have a
// fraction, in nanoseconds, which have more than ten digits, or as RFC 3339.
func (p *params) time(name string) int64 {
	text := p.Get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err == nil && len(text) > 10:
	case err == nil:
		n *= int64(time.Second)
	case strings.ContainsAny(text, ":"):
		var t time.Time
		if t, err = time.Parse(time.RFC3339Nano, text); err == nil {
			n = t.UnixNano()
		}
	default:
		var f float64
		if f, err = strconv.ParseFloat(text, 64); err == nil && f < math.MaxInt64/1e9 {
			n = int64(f * 1e9)
		}
	}
	if err != nil || n <= 0 {
		p.fail("%s=%.40q: a time is expected, in seconds or nanoseconds since 1970 or like 2026-11-23T08:15:00Z", name, text)
		return 0
	}
	return n
}

// step reads seconds, or a duration.
func (p *params) step(name string) time.Duration {
	text := p.Get(name)
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		if !(f > 0 && f < math.MaxInt64/1e9) {
			p.fail("%s=%.40q: a time of more than nothing is expected", name, text)
			return 0
		}
		return time.Duration(f * 1e9)
	}
	return p.duration(name)
}

// parseDuration reads a duration like 1h30m, with d for days and w for weeks.
func parseDuration(text string) (time.Duration, error) {
	number, unit := strings.TrimRight(text, "dw"), time.Duration(0)
	switch {
	case strings.HasSuffix(text, "d"):
		unit = 24 * time.Hour
	case strings.HasSuffix(text, "w"):
		unit = 7 * 24 * time.Hour
	default:
		d, err := time.ParseDuration(text)
		if err == nil && d < 0 {
			err = errors.New("negative")
		}
		return d, err
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || len(number) != len(text)-1 || time.Duration(n) > math.MaxInt64/unit {
		return 0, errors.New("not a duration")
	}
	return time.Duration(n) * unit, nil
}
