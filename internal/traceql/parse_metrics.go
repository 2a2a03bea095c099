package traceql

// DefaultTopN is how many values of each attribute compare returns if the query
// does not say.
const DefaultTopN = 10

// metrics reads a metrics function and its by(…).
func (p *parser) metrics(pl *Pipeline, op MetricsOp) *Metrics {
	name := p.take().text
	m := &Metrics{Op: op, Pipeline: settled(pl)}
	p.expect("(", name)
	switch op {
	case Rate, CountOverTime:
		if p.op() != ")" && p.tok().kind != tokEnd {
			fail(p.tok().Pos, name+" has no arguments", "groups are like "+name+"() by (…)")
		}
	case Compare:
		p.compare(m)
	default:
		if p.op() == ")" {
			fail(p.tok().Pos, name+" lacks an argument", "like "+name+"(duration)")
		}
		m.Arg = p.field(precOr)
		if op == QuantileOverTime {
			p.quantiles(m)
		}
	}
	p.expect(")", "the arguments of "+name)
	if p.word() == "by" {
		if op == Compare {
			fail(p.tok().Pos, "compare has no groups", "")
		}
		p.take()
		m.By = p.fields("by")
	}
	m.Pos = p.since(pl.Pos.From)
	return m
}

// quantiles reads what follows the first argument of quantile_over_time.
func (p *parser) quantiles(m *Metrics) {
	for p.accept(",") {
		if p.tok().kind != tokNumber && !p.signed() {
			p.unexpected("a quantile, like .99")
		}
		s := p.number()
		q := seconds(s)
		if s.Type == Duration || !(q >= 0 && q <= 1) {
			fail(s.Pos, "a quantile is between 0 and 1", "")
		}
		m.Quantiles = append(m.Quantiles, q)
	}
	if len(m.Quantiles) == 0 {
		fail(p.tok().Pos, "quantile_over_time lacks a quantile", "like quantile_over_time(duration, .5, .99)")
	}
}

// compare reads the arguments of compare.
func (p *parser) compare(m *Metrics) {
	if p.op() != "{" {
		p.unexpected("a filter, like compare({ status = error })")
	}
	m.Selection, m.TopN = p.filter(), DefaultTopN
	if !p.accept(",") {
		return
	}
	m.TopN = int(p.whole("the number of values", 1))
	if !p.accept(",") {
		return
	}
	m.Start = p.whole("the start", 0)
	p.expect(",", "the start")
	at := p.tok().Pos
	m.End = p.whole("the end", 0)
	if m.End < m.Start {
		fail(at, "the end is before the start", "")
	}
}

// secondStage reads what follows a | behind series.
func (p *parser) secondStage(x MetricsExpr, start int) *MetricsStage {
	s := &MetricsStage{X: x}
	word := p.word()
	switch word {
	case "topk":
		s.Op = TopK
	case "bottomk":
		s.Op = BottomK
	default:
		p.unexpected("topk or bottomk")
	}
	p.take()
	p.expect("(", word)
	s.N = int(p.whole("the number of series", 1))
	p.expect(")", "the number of series")
	s.Pos = p.since(start)
	return s
}
