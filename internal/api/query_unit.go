package api

import "github.com/everspan/everspan/internal/traceql"

// unit is what the samples of a metrics query count: s for seconds, 1/s for
// spans a second, and empty for numbers of any kind.
func unit(e traceql.MetricsExpr) string {
	switch e := e.(type) {
	case *traceql.MetricsStage:
		return unit(e.X)
	case *traceql.MetricsBinary:
		l, r := unit(e.L), unit(e.R)
		_, lNumber := e.L.(*traceql.Static)
		_, rNumber := e.R.(*traceql.Static)
		switch {
		case rNumber, l == r && (e.Op == traceql.OpAdd || e.Op == traceql.OpSub):
			return l
		case lNumber && e.Op != traceql.OpDiv:
			return r
		}
	case *traceql.Metrics:
		switch e.Op {
		case traceql.Rate:
			return "1/s"
		case traceql.MinOverTime, traceql.MaxOverTime, traceql.AvgOverTime, traceql.SumOverTime, traceql.QuantileOverTime:
			if traceql.TypeOf(e.Arg) == traceql.Duration {
				return "s"
			}
		}
	}
	return ""
}

// bucketUnit is what the buckets of a histogram are: s for seconds.
func bucketUnit(e traceql.MetricsExpr) (unit string) {
	traceql.Walk(e, func(n traceql.Node) bool {
		if m, ok := n.(*traceql.Metrics); ok && m.Op == traceql.HistogramOverTime && traceql.TypeOf(m.Arg) == traceql.Duration {
			unit = "s"
		}
		return unit == ""
	})
	return unit
}
