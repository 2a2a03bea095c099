package api

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// either returns a parameter by its name in camel case, or else by that in snake case.
func either(v url.Values, camel, snake string) (text, name string) {
	if text := v.Get(camel); text != "" {
		return text, camel
	}
	return v.Get(snake), snake
}

func malformed(name string, err error) error {
	return badRequest{fmt.Errorf("malformed parameter %s: %w", name, err)}
}

func rfc3339(name, text string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err == nil && (t.Year() < 1970 || t.Year() > 2261) {
		err = errors.New("out of range")
	}
	if err != nil {
		return 0, malformed(name, err)
	}
	return t.UnixNano(), nil
}

// v3Params reads the parameters of a search.
func v3Params(v url.Values) (q *jaegerQuery, err error) {
	q = new(jaegerQuery)
	for _, p := range []struct {
		camel, snake string
		read         func(name, text string) error
	}{
		{"query.serviceName", "query.service_name", func(_, text string) error { q.service = text; return nil }},
		{"query.operationName", "query.operation_name", func(_, text string) error { q.operation = text; return nil }},
		{"query.attributes", "query.attributes", func(_, text string) error { return q.readTags(text) }},
		{"query.startTimeMin", "query.start_time_min", func(name, text string) (err error) { q.from, err = rfc3339(name, text); return err }},
		{"query.startTimeMax", "query.start_time_max", func(name, text string) (err error) { q.to, err = rfc3339(name, text); return err }},
		{"query.durationMin", "query.duration_min", func(_, text string) error { return goDuration(&q.shortest, text) }},
		{"query.durationMax", "query.duration_max", func(_, text string) error { return goDuration(&q.longest, text) }},
		{"query.numTraces", "query.num_traces", func(_, text string) error { return atoi(&q.limit, text) }},
		{"query.searchDepth", "query.search_depth", func(_, text string) error { return atoi(&q.limit, text) }},
		{"query.rawTraces", "query.raw_traces", func(_, text string) error { _, err := strconv.ParseBool(text); return err }},
		{"query.pagination.pageSize", "query.pagination.page_size", func(_, text string) error { q.paged = true; return atoi(&q.limit, text) }},
		{"query.pagination.pageToken", "query.pagination.page_token", func(_, text string) (err error) { q.after, err = parsePageToken(text); return err }},
		{"query.filter", "query.filter", func(_, _ string) error {
			return errors.New("not supported; use query.serviceName, .operationName, .attributes and durations")
		}},
	} {
		text, name := either(v, p.camel, p.snake)
		if text == "" {
			continue
		}
		var bad badRequest
		if err := p.read(name, text); errors.As(err, &bad) {
			return nil, err
		} else if err != nil {
			return nil, malformed(name, err)
		}
	}
	if q.from == 0 || q.to == 0 {
		return nil, badRequest{errors.New("query.startTimeMin and query.startTimeMax are required")}
	}
	return q, q.check()
}

func goDuration(to *int64, text string) error {
	d, err := time.ParseDuration(text)
	*to = int64(d)
	return err
}

func atoi(to *int, text string) error {
	n, err := strconv.Atoi(text)
	if err == nil && n <= 0 {
		err = errors.New("it must be more than 0")
	}
	*to = n
	return err
}
