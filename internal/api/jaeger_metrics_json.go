package api

import (
	"math"
	"strconv"
	"time"

	"github.com/everspan/everspan/internal/engine"
)

// metricFamily is the answer, in the JSON form of its message.
type metricFamily struct {
	Name    string         `json:"name"`
	Type    string         `json:"type"`
	Help    string         `json:"help"`
	Metrics []jaegerMetric `json:"metrics"`
}

type jaegerMetric struct {
	Labels []metricLabel `json:"labels"`
	Points []metricPoint `json:"metricPoints"`
}

type metricLabel struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type metricPoint struct {
	Gauge struct {
		Value float64 `json:"doubleValue"`
	} `json:"gaugeValue"`
	Time string `json:"timestamp"`
}

func newFamily(what string, byName bool, set *engine.SeriesSet) metricFamily {
	prefix, suffix := "service_", ""
	if byName {
		prefix, suffix = "service_operation_", " & operation"
	}
	f := metricFamily{Name: prefix + metricTexts[what][0], Type: "GAUGE", Help: metricTexts[what][1] + suffix, Metrics: []jaegerMetric{}}
	for i := range set.Series {
		series := &set.Series[i]
		m := jaegerMetric{Points: []metricPoint{}}
		for _, l := range series.Labels {
			switch l.Name {
			case "resource.service.name":
				m.Labels = append(m.Labels, metricLabel{"service_name", l.Value.Str})
			case "name", "span:name":
				m.Labels = append(m.Labels, metricLabel{"operation", l.Value.Str})
			}
		}
		for j, value := range series.Values {
			if math.IsNaN(value) || math.IsInf(value, 0) {
				continue
			}
			var p metricPoint
			p.Gauge.Value = value
			p.Time = time.Unix(0, set.Times[j]).UTC().Format(time.RFC3339Nano)
			m.Points = append(m.Points, p)
		}
		f.Metrics = append(f.Metrics, m)
	}
	return f
}

func scale(set *engine.SeriesSet, by float64) {
	for i := range set.Series {
		for j := range set.Series[i].Values {
			set.Series[i].Values[j] *= by
		}
	}
}

// ratio replaces the values of all by the part of them that failed.
func ratio(failed, all *engine.SeriesSet) {
	values := make(map[string][]float64)
	for _, f := range failed.Series {
		values[labelKey(f.Labels)] = f.Values
	}
	for _, a := range all.Series {
		f := values[labelKey(a.Labels)]
		for j := range a.Values {
			part := 0.0
			if j < len(f) && !math.IsNaN(f[j]) {
				part = f[j]
			}
			a.Values[j] = part / a.Values[j] // nothing of nothing is not a number: no point
		}
	}
}

func labelKey(labels []engine.Attr) string {
	key := ""
	for _, l := range labels {
		key += strconv.Quote(l.Value.Str)
	}
	return key
}
