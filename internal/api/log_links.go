package api

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/logs"
	"github.com/everspan/everspan/internal/span"
)

// LogLink leads to the log records of a trace in another log store. Template is an
// address with {trace_id}, and {from}, {to} (RFC 3339), {from_s}, {to_s}, {from_ms},
// {to_ms}, {from_ns} or {to_ns} (since the Unix epoch): the time of the trace with a minute
// before and behind it.
type LogLink struct{ Name, Template string }

// NamedLink is an address and what it leads to.
type NamedLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// around is how much time a link covers before and behind a trace.
const around = time.Minute

// placeholders are what a template may have, and the value of each.
var placeholders = map[string]func(id string, from, to time.Time) string{
	"{trace_id}": func(id string, _, _ time.Time) string { return id },
	"{from}":     func(_ string, from, _ time.Time) string { return url.QueryEscape(from.UTC().Format(time.RFC3339Nano)) },
	"{to}":       func(_ string, _, to time.Time) string { return url.QueryEscape(to.UTC().Format(time.RFC3339Nano)) },
	"{from_s}":   func(_ string, from, _ time.Time) string { return strconv.FormatInt(from.Unix(), 10) },
	"{to_s}":     func(_ string, _, to time.Time) string { return strconv.FormatInt(to.Unix(), 10) },
	"{from_ms}":  func(_ string, from, _ time.Time) string { return strconv.FormatInt(from.UnixMilli(), 10) },
	"{to_ms}":    func(_ string, _, to time.Time) string { return strconv.FormatInt(to.UnixMilli(), 10) },
	"{from_ns}":  func(_ string, from, _ time.Time) string { return nano(from.UnixNano()) },
	"{to_ns}":    func(_ string, _, to time.Time) string { return nano(to.UnixNano()) },
}

// ParseLogLink reads NAME=URL, where the URL is a template of a [LogLink].
func ParseLogLink(text string) (LogLink, error) {
	name, template, ok := strings.Cut(text, "=")
	if !ok || name == "" || template == "" {
		return LogLink{}, errors.New("not NAME=URL")
	}
	l := LogLink{name, template}
	u, err := url.Parse(l.url(strings.Repeat("0", 32), time.Unix(0, 0), time.Unix(0, 0)))
	switch {
	case err != nil:
		return l, err
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return l, errors.New("not an address that begins with http:// or https://")
	case !strings.Contains(template, "{trace_id}"):
		return l, errors.New("the address has no {trace_id}")
	}
	// What looks like a placeholder and is none stays, and would lead nowhere.
	for rest := template; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return l, nil
		}
		word, _, closed := strings.Cut(after, "}")
		if closed && isWord(word) && placeholders["{"+word+"}"] == nil {
			return l, fmt.Errorf("there is no {%s}; there are {trace_id} and {from}, {from_s}, {from_ms}, {from_ns} and the same with to", word)
		}
		rest = after
	}
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
}

func (l LogLink) url(id string, from, to time.Time) string {
	out := l.Template
	for name, value := range placeholders {
		out = strings.ReplaceAll(out, name, value(id, from, to))
	}
	return out
}

// logLinks are the links of a trace; its time is that of its spans, or else of the records
// that were found.
func (s *Server) logLinks(ctx context.Context, id span.TraceID, found logs.Answer) []NamedLink {
	var times []int64
	if t, err := s.Store.Trace(ctx, id); err == nil {
		for row := range uint32(t.Spans.Len()) {
			times = append(times, t.Spans.Start[row], t.Spans.End(row))
		}
	}
	if len(times) == 0 {
		times = found.Records.Time
	}
	if len(times) == 0 {
		return nil
	}
	from, to := time.Unix(0, slices.Min(times)).Add(-around), time.Unix(0, slices.Max(times)).Add(around)
	var out []NamedLink
	for _, l := range s.LogLinks {
		out = append(out, NamedLink{l.Name, l.url(id.String(), from, to)})
	}
	return out
}
