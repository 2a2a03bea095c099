package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// What Jaeger's Monitor tab shows, computed from spans.
// https://www.jaegertracing.io/docs/latest/architecture/spm/

// monitorQuery is a question about services over time.
type monitorQuery struct {
	services []string
	kinds    []span.Kind
	byName   bool
	in       engine.Range
	step     time.Duration
}

const (
	maxMonitorServices = 100
	maxMonitorPoints   = 11_000 // of a series, as Prometheus has it
)

// parseMonitor reads the parameters that all three questions share. Times are in ms.
// ratePer, over which Prometheus would smooth, is taken and means nothing: a sample is
// of all spans of its step.
func parseMonitor(v url.Values) (*monitorQuery, error) {
	q := &monitorQuery{services: v["service"], kinds: []span.Kind{span.KindServer}}
	switch {
	case len(q.services) == 0:
		return nil, unparsed("service", errors.New("please provide at least one service name"))
	case len(q.services) > maxMonitorServices:
		return nil, unparsed("service", fmt.Errorf("%d services, at most %d are taken", len(q.services), maxMonitorServices))
	}
	if names := v["spanKind"]; len(names) > 0 {
		q.kinds = nil
		for _, name := range names {
			kind := span.ParseKind(strings.ToLower(name))
			if kind == span.KindUnspecified && !strings.EqualFold(name, kind.String()) {
				return nil, unparsed("spanKind", fmt.Errorf("unsupported span kind: '%.40s'", name))
			}
			q.kinds = append(q.kinds, kind)
		}
		if len(q.kinds) > maxMonitorServices {
			return nil, unparsed("spanKind", errors.New("too many"))
		}
	}
	if text := v.Get("groupByOperation"); text != "" {
		var err error
		if q.byName, err = strconv.ParseBool(text); err != nil {
			return nil, unparsed("groupByOperation", err)
		}
	}
	var err error
	if q.in, err = lookback(v, time.Hour); err != nil {
		return nil, err
	}
	step, err := whole(v, "step", 5000, 1<<43)
	if err != nil {
		return nil, err
	}
	if _, err := whole(v, "ratePer", 1, 1<<43); err != nil {
		return nil, err
	}
	q.step = time.Duration(step) * time.Millisecond
	if q.step <= 0 || (q.in.To-q.in.From)/int64(q.step) > maxMonitorPoints {
		return nil, unparsed("step", fmt.Errorf("lookback must be 1 to %d steps", maxMonitorPoints))
	}
	return q, nil
}

// pipeline is the spans that the query is about, or only those that failed.
func (q *monitorQuery) pipeline(failed bool) *traceql.Pipeline {
	var services, kinds []traceql.FieldExpr
	for _, name := range q.services {
		services = append(services, equals(serviceName, text(name)))
	}
	for _, kind := range q.kinds {
		kinds = append(kinds, equals(field(traceql.SpanKind), traceql.Static{Type: traceql.Kind, Num: int64(kind)}))
	}
	all := []traceql.FieldExpr{traceql.Join(traceql.OpOr, services...), traceql.Join(traceql.OpOr, kinds...)}
	if failed {
		all = append(all, equals(field(traceql.SpanStatus), traceql.Static{Type: traceql.Status, Num: int64(span.StatusError)}))
	}
	return &traceql.Pipeline{From: &traceql.Filter{Expr: traceql.Join(traceql.OpAnd, all...)}}
}

// ask computes a rate, or a quantile of durations.
func (s *Server) ask(r *http.Request, q *monitorQuery, failed bool, quantile float64) (*engine.SeriesSet, error) {
	m := &traceql.Metrics{Pipeline: q.pipeline(failed), Op: traceql.Rate, By: []traceql.FieldExpr{serviceName}}
	if quantile >= 0 {
		m.Op, m.Arg, m.Quantiles = traceql.QuantileOverTime, field(traceql.SpanDuration), []float64{quantile}
	}
	if q.byName {
		m.By = append(m.By, field(traceql.SpanName))
	}
	return s.Engine.Metrics(r.Context(), engine.Metrics{Expr: m, Range: q.in, Step: q.step})
}

var metricTexts = map[string][2]string{
	"latencies": {"latencies", "quantile latency in ms, grouped by service"},
	"calls":     {"call_rate", "calls/sec, grouped by service"},
	"errors":    {"error_rate", "error rate, computed as a fraction of errors/sec over calls/sec, grouped by service"},
}

// uiMetrics answers one of the questions latencies, calls and errors.
func (s *Server) uiMetrics(what string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, err := parseMonitor(r.URL.Query())
		quantile := -1.0
		if err == nil && what == "latencies" {
			quantile, err = strconv.ParseFloat(r.URL.Query().Get("quantile"), 64)
			if err == nil && !(quantile > 0 && quantile < 1) {
				err = errors.New("it must be between 0 and 1")
			}
			if err != nil {
				err = unparsed("quantile", err)
			}
		}
		if err != nil {
			s.uiFail(w, r, err)
			return
		}
		set, err := s.ask(r, q, false, quantile)
		why := []string(nil)
		if err == nil {
			why = set.Partial
			switch what {
			case "latencies":
				scale(set, 1000) // s to ms
			case "errors":
				var failed *engine.SeriesSet
				if failed, err = s.ask(r, q, true, -1); err == nil {
					why = append(why, failed.Partial...)
					ratio(failed, set)
				}
			}
		}
		if err != nil {
			s.uiFail(w, r, err)
			return
		}
		partial(w, why)
		answer(w, http.StatusOK, newFamily(what, q.byName, set))
	}
}

// uiMinStep answers with the least step that makes sense, in ms.
func (s *Server) uiMinStep(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, envelope{Data: 1, Total: 1})
}
