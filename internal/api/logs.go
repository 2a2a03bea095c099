package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/logs"
	"github.com/everspan/everspan/internal/span"
)

const logsHint = "parameters: trace, span (ids), service, severity (the least: trace, debug, info, warn, error, fatal), text (in the body or an attribute, in any case), " +
	"attribute (key=value, any number of them), since (like 15m or 1h) or from and to (unix seconds or like 2026-11-23T08:15:00Z), " +
	"limit (1 to 10000), order (newest or oldest), after (where the page before ended)"

// LogAnswer is the answer of GET /api/v1/logs and GET /api/v1/traces/{id}/logs.
type LogAnswer struct {
	Logs []LogRecord `json:"logs"`
	// Next is where the next page begins, for the parameter after; "" if there is none.
	Next string `json:"next,omitempty"`
	// Links lead to the same trace in other log stores.
	Links []NamedLink `json:"links,omitempty"`
	// Partial says why records may be missing; it is absent when none are.
	Partial []string   `json:"partial,omitempty"`
	Scanned LogScanned `json:"scanned"`
}

// LogRecord is a log record. Times are ns since the Unix epoch, in decimal.
type LogRecord struct {
	TimeUnixNano     string `json:"timeUnixNano"`
	ObservedUnixNano string `json:"observedTimeUnixNano,omitempty"`
	TraceID          string `json:"traceId,omitempty"`
	SpanID           string `json:"spanId,omitempty"`
	Service          string `json:"service"`
	// Severity is the name that OpenTelemetry has for SeverityNumber, and SeverityText
	// the source's own.
	Severity       string `json:"severity,omitempty"`
	SeverityNumber int    `json:"severityNumber,omitempty"`
	SeverityText   string `json:"severityText,omitempty"`
	Event          string `json:"eventName,omitempty"`
	// Body is text as it is, or JSON, as BodyType says.
	Body       string      `json:"body"`
	BodyType   string      `json:"bodyType"`
	Attributes []FoundAttr `json:"attributes"`
	Resource   []FoundAttr `json:"resource"`
	Scope      string      `json:"scope,omitempty"`
}

// LogScanned is what a search for log records cost.
type LogScanned struct {
	Blocks  int   `json:"blocks"`
	Pruned  int   `json:"blocksPruned"` // not read, since nothing in them could match
	Logs    int64 `json:"logs"`
	Bytes   int64 `json:"bytes"`
	Elapsed int64 `json:"elapsedNano"`
}

// logs answers GET /api/v1/logs.
func (s *Server) logs(w http.ResponseWriter, r *http.Request) {
	q, err := parseLogQuery(r.URL.Query(), time.Now(), time.Hour)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), logsHint)
		return
	}
	doc, _ := s.searchLogs(r.Context(), q)
	answer(w, http.StatusOK, doc)
}

// traceLogs answers GET /api/v1/traces/{id}/logs: all of a trace, the oldest first.
func (s *Server) traceLogs(w http.ResponseWriter, r *http.Request) {
	id, err := span.ParseTraceID(r.PathValue("id"))
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), "a trace id has 1 to 32 hexadecimal digits")
		return
	}
	v := r.URL.Query()
	if v.Has("trace") {
		fail(w, http.StatusBadRequest, `the trace is in the path: leave the parameter "trace" out`, logsHint)
		return
	}
	for name, value := range map[string]string{"limit": strconv.Itoa(logs.MaxLimit), "order": "oldest"} {
		if !v.Has(name) {
			v.Set(name, value)
		}
	}
	q, err := parseLogQuery(v, time.Now(), 0)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), logsHint)
		return
	}
	q.Trace = id
	doc, found := s.searchLogs(r.Context(), q)
	if len(s.LogLinks) > 0 {
		doc.Links = s.logLinks(r.Context(), id, found)
	}
	answer(w, http.StatusOK, doc)
}

func (s *Server) searchLogs(ctx context.Context, q logs.Query) (LogAnswer, logs.Answer) {
	ctx, cancel := context.WithTimeout(ctx, s.QueryTimeout)
	defer cancel()
	started := time.Now()
	a := logs.Search(ctx, s.Store, q)
	doc := LogAnswer{Logs: make([]LogRecord, len(a.Order)), Partial: a.Partial, Scanned: LogScanned{
		a.Scanned.Blocks, a.Scanned.Pruned, a.Scanned.Records, a.Scanned.Bytes, time.Since(started).Nanoseconds(),
	}}
	attrs := a.Records.Attrs.ByRow(a.Records.Len())
	for i, row := range a.Order {
		doc.Logs[i] = logRecord(a.Records, row)
		for k, v := range attrs.Row(row) {
			doc.Logs[i].Attributes = append(doc.Logs[i].Attributes, valueAttr(k, v))
		}
	}
	if n := len(a.Order); a.More && n > 0 {
		doc.Next = nano(a.Records.Time[a.Order[n-1]])
	}
	return doc, a
}

func logRecord(l *span.Logs, row uint32) LogRecord {
	r := LogRecord{
		TimeUnixNano: nano(l.Time[row]), Service: l.Service(row),
		Severity: l.Severity[row].String(), SeverityNumber: int(l.Severity[row]), SeverityText: l.Levels.String(l.Level[row]),
		Event: l.Events.String(l.Event[row]), Body: l.BodyText(row), BodyType: l.BodyType[row].String(),
		Scope: l.Scopes.Name[l.Scope[row]], Attributes: []FoundAttr{}, Resource: attrsOf(&l.Resources.Attrs, l.Resource[row]),
	}
	if l.Observed[row] != 0 {
		r.ObservedUnixNano = nano(l.Observed[row])
	}
	if id := l.TraceID(row); !id.IsZero() {
		r.TraceID = id.String()
	}
	if id := l.ID[row]; !id.IsZero() {
		r.SpanID = id.String()
	}
	return r
}

func valueAttr(key string, v span.Value) FoundAttr {
	return FoundAttr{key, v.Type.String(), v.Display()}
}

// parseLogQuery reads the parameters of a search for log records. since is how far it
// looks back if nothing is said, 0 for all time; a trace or a span asks for all time.
func parseLogQuery(v url.Values, now time.Time, since time.Duration) (q logs.Query, err error) {
	for name, values := range v {
		if len(values) != 1 && name != "attribute" {
			return q, fmt.Errorf("parameter %q is given %d times", name, len(values))
		}
		for _, text := range values {
			if err := setLogParameter(&q, &since, name, text, v); err != nil {
				return q, fmt.Errorf("parameter %q: %.80q: %w", name, text, err)
			}
		}
	}
	if v.Has("since") && v.Has("from") {
		return q, errors.New("since and from both say where the time begins: give one of them")
	}
	if since > 0 && !v.Has("from") && (v.Has("since") || !v.Has("trace") && !v.Has("span") && !v.Has("to") && !v.Has("after")) {
		q.From = max(now.UnixNano()-int64(since), 0)
	}
	if q.To != 0 && q.From > q.To {
		return q, fmt.Errorf("the time is empty: it begins at %s and ends at %s", stamp(q.From), stamp(q.To))
	}
	return q, nil
}

// setLogParameter reads one parameter.
func setLogParameter(q *logs.Query, since *time.Duration, name, text string, all url.Values) (err error) {
	switch name {
	case "trace":
		q.Trace, err = span.ParseTraceID(text)
	case "span":
		q.Span, err = span.ParseID(text)
	case "service":
		q.Service = text
	case "severity":
		var ok bool
		if q.Severity, ok = span.ParseSeverity(text); !ok {
			err = errors.New("not trace, debug, info, warn, error or fatal")
		}
	case "text":
		q.Text = text
	case "attribute":
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return errors.New("not key=value")
		}
		q.Attributes = append(q.Attributes, logs.Attribute{Key: key, Value: value})
	case "since":
		if *since, err = duration(text); err == nil && *since == 0 {
			err = errors.New("not more than nothing")
		}
	case "from":
		var from int64
		from, err = moment(text)
		q.From = max(q.From, from)
	case "to":
		var to int64
		to, err = moment(text)
		if q.To == 0 || to < q.To {
			q.To = to
		}
	case "after":
		return setLogPage(q, text, all.Get("order") == "oldest")
	case "limit":
		q.Limit, err = between(text, 1, logs.MaxLimit)
	case "order":
		q.Oldest = text == "oldest"
		if text != "oldest" && text != "newest" {
			err = errors.New("not newest or oldest")
		}
	default:
		return errors.New("unknown parameter")
	}
	return err
}

// setLogPage goes on behind the record with which a page ended: all of its nanosecond were
// in it.
func setLogPage(q *logs.Query, text string, oldest bool) error {
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errors.New("not what an answer has as next")
	}
	if oldest {
		q.From = max(q.From, at+1)
	} else if q.To == 0 || at-1 < q.To {
		q.To = at - 1
	}
	return nil
}
