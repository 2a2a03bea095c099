package traceqltest

import "github.com/everspan/everspan/internal/traceql"

// pipeline makes a pipeline of at least least stages.
func (g *generator) pipeline(depth, least int) *traceql.Pipeline {
	pl := &traceql.Pipeline{}
	for len(pl.Stages) < least || (g.Stages || g.Scalars) && g.one(2) && len(pl.Stages) < 4 {
		pl.Stages = append(pl.Stages, g.stage(depth-1))
	}
	pl.From = g.spansets(depth)
	if inner, ok := pl.From.(*traceql.Pipeline); ok && len(pl.Stages) == 0 {
		return inner
	}
	return pl
}

func (g *generator) spansets(depth int) traceql.SpansetExpr {
	if depth <= 0 {
		return g.filter(1)
	}
	switch g.IntN(6) {
	case 0:
		return &traceql.Combine{Op: traceql.SpansetAnd, L: g.spansets(depth - 1), R: g.spansets(depth - 1)}
	case 1:
		return &traceql.Combine{Op: traceql.SpansetOr, L: g.spansets(depth - 1), R: g.spansets(depth - 1)}
	case 2:
		if g.Structural {
			op := traceql.Child + traceql.SpansetOp(g.IntN(int(traceql.UnionSibling-traceql.Child)+1))
			return &traceql.Combine{Op: op, L: g.spansets(depth - 1), R: g.spansets(depth - 1)}
		}
	case 3:
		if g.Pipelines && g.Scalars {
			return g.pipeline(depth-2, 1)
		}
	}
	return g.filter(depth - 1)
}

func (g *generator) stage(depth int) traceql.Stage {
	n := g.IntN(6)
	if !g.Stages {
		n = 0
	} else if !g.Scalars {
		n = 2 + g.IntN(4)
	}
	switch n {
	case 0, 1:
		durations := g.one(2)
		return &traceql.ScalarFilter{Op: pick(g, orders), L: g.scalar(depth, durations), R: g.scalar(depth, durations)}
	case 2:
		return &traceql.GroupBy{By: g.fields()}
	case 3:
		return &traceql.Select{Fields: g.fields()}
	case 4:
		return &traceql.Coalesce{}
	default:
		return &traceql.SpansetStage{Expr: g.spansets(depth)}
	}
}

// fields makes a list of one to three attributes and intrinsics.
func (g *generator) fields() []traceql.FieldExpr {
	list := []traceql.FieldExpr{g.leaf()}
	for len(list) < 3 && g.one(2) {
		list = append(list, g.leaf())
	}
	return list
}

// scalar makes a number for each spanset, or a duration.
func (g *generator) scalar(depth int, duration bool) traceql.ScalarExpr {
	if depth > 0 && g.one(3) {
		op := traceql.OpAdd + traceql.Operator(g.IntN(5))
		switch {
		case !duration:
			return &traceql.ScalarBinary{Op: op, L: g.scalar(depth-1, false), R: g.scalar(depth-1, false)}
		case op == traceql.OpMul:
			return &traceql.ScalarBinary{Op: op, L: g.scalar(depth-1, false), R: g.scalar(depth-1, true)}
		case op == traceql.OpDiv:
			return &traceql.ScalarBinary{Op: op, L: g.scalar(depth-1, true), R: g.scalar(depth-1, false)}
		case op == traceql.OpMod:
			return &traceql.ScalarBinary{Op: op, L: g.scalar(depth-1, true), R: g.scalar(depth-1, true)}
		}
		op = pick(g, []traceql.Operator{traceql.OpAdd, traceql.OpSub})
		return &traceql.ScalarBinary{Op: op, L: g.scalar(depth-1, true), R: g.scalar(depth-1, true)}
	}
	if depth > 0 && g.Pipelines && g.one(3) {
		return &traceql.ScalarPipeline{Pipeline: g.pipeline(depth-1, 0), Value: g.scalar(depth-1, duration)}
	}
	fn := traceql.Min + traceql.AggregateOp(g.IntN(4))
	switch {
	case duration && g.one(3):
		return g.static(traceql.Duration)
	case !duration && g.one(3):
		return g.static(pick(g, []traceql.Type{traceql.Int, traceql.Float}))
	case duration:
		return &traceql.Aggregate{Op: fn, Arg: g.duration(1)}
	case g.one(2):
		return &traceql.Aggregate{Op: traceql.Count}
	}
	return &traceql.Aggregate{Op: fn, Arg: g.number(1)}
}

// series makes a metrics query.
func (g *generator) series(depth int) traceql.MetricsExpr {
	switch n := g.IntN(6); {
	case depth > 0 && n == 0:
		l, r := g.series(depth-1), g.operand(depth-1)
		if g.one(2) {
			return &traceql.MetricsBinary{Op: g.metricsOp(), L: r, R: l}
		}
		return &traceql.MetricsBinary{Op: g.metricsOp(), L: l, R: r}
	case depth > 0 && n == 1:
		op := pick(g, []traceql.StageOp{traceql.TopK, traceql.BottomK})
		return &traceql.MetricsStage{X: g.series(depth - 1), Op: op, N: 1 + g.IntN(20)}
	case depth > 0 && n == 2:
		value := pick(g, g.Floats)
		return &traceql.MetricsStage{X: g.series(depth - 1), Op: traceql.Threshold, Cmp: pick(g, orders), Value: value}
	}
	return g.metrics()
}

// operand makes series or numbers.
func (g *generator) operand(depth int) traceql.MetricsExpr {
	switch g.IntN(4) {
	case 0, 1:
		return g.static(pick(g, []traceql.Type{traceql.Int, traceql.Float}))
	case 2:
		if depth > 0 {
			return &traceql.MetricsBinary{Op: g.metricsOp(), L: g.operand(depth - 1), R: g.operand(depth - 1)}
		}
	}
	return g.series(depth)
}

func (g *generator) metricsOp() traceql.Operator { return traceql.OpAdd + traceql.Operator(g.IntN(4)) }

func (g *generator) metrics() *traceql.Metrics {
	m := &traceql.Metrics{Op: traceql.MetricsOp(g.IntN(int(traceql.Compare) + 1)), Pipeline: g.pipeline(g.Depth-1, 0)}
	switch m.Op {
	case traceql.Rate, traceql.CountOverTime:
	case traceql.Compare:
		m.Selection, m.TopN = g.filter(2), 1+g.IntN(20)
		if g.one(2) {
			m.Start = g.Int64N(1e18)
			m.End = m.Start + g.Int64N(1e15)
		}
		return m
	default:
		m.Arg = g.number(1)
		if g.one(2) {
			m.Arg = g.duration(1)
		}
	}
	for m.Op == traceql.QuantileOverTime && (len(m.Quantiles) == 0 || g.one(2)) {
		m.Quantiles = append(m.Quantiles, float64(g.IntN(101))/100)
	}
	if g.one(2) {
		m.By = g.fields()
	}
	return m
}
