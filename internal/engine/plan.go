package engine

import (
	"fmt"
	"strings"

	"github.com/everspan/everspan/internal/block"

	"github.com/everspan/everspan/internal/traceql"
)

// plan is the text that says how a query is run.
type plan struct {
	b      strings.Builder
	indent int
}

func (p *plan) line(format string, args ...any) {
	for range p.indent {
		p.b.WriteString("  ")
	}
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

// in writes what do writes below a line.
func (p *plan) in(do func()) {
	p.indent++
	do()
	p.indent--
}

func (always) explain(p *plan)    { p.line("all spans") }
func (n nothing) explain(p *plan) { p.line("nothing: %s", n.why) }

func (m *match) explain(p *plan) {
	how := m.p.op.String() + " " + m.p.want.String()
	if m.p.pattern != nil {
		how = m.p.pattern.String()
		if m.p.op.String() == "!~" {
			how = "not " + how
		}
	}
	p.line("%s %s  [%s, %s]", m.e, how, m.c.label(), size(m.c.cost()))
}

func (x *exists) explain(p *plan) {
	p.line("%s is there  [%s, %s]", x.e, x.c.label(), size(x.c.cost()))
}

func (n *not) explain(p *plan) {
	p.line("not")
	p.in(func() { n.x.explain(p) })
}

func (a and) explain(p *plan) {
	p.line("all of, the cheapest first")
	p.in(func() {
		for _, c := range a {
			c.explain(p)
		}
	})
}

func (o *or) explain(p *plan) {
	p.line("any of")
	p.in(func() {
		o.l.explain(p)
		o.r.explain(p)
	})
}

func (c *computed) explain(p *plan) { p.line("%s, span by span", c.e) }

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", max(n, 0))
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	case n < 1<<40:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return "every row"
}

// explain writes how a block is searched, if that was asked for.
func (q *query) explain(r *block.Reader, prog *program, p *traceql.Pipeline) {
	if q.plan == nil {
		return
	}
	q.plan.line("block %s, %d spans", r.Meta.ID, r.Meta.Spans)
	q.plan.in(func() {
		prog.explain(q.plan, p)
		if prog.never(p.From) {
			q.plan.line("nothing can match: not read")
		}
	})
}

// explain writes what is bound to the filters of a pipeline.
func (p *program) explain(to *plan, pipe *traceql.Pipeline) {
	p.explainSpans(to, pipe.From)
	for _, stage := range pipe.Stages {
		if s, ok := stage.(*traceql.SpansetStage); ok {
			to.line("then, of these")
			to.in(func() { p.explainSpans(to, s.Expr) })
			continue
		}
		to.line("then %s", stage)
	}
}

func (p *program) explainSpans(to *plan, e traceql.SpansetExpr) {
	switch e := e.(type) {
	case *traceql.Filter:
		p.bound[e].explain(to)
	case *traceql.Pipeline:
		p.explain(to, e)
	case *traceql.Combine:
		to.line("%s by rows of the parent", e.Op)
		to.in(func() {
			p.explainSpans(to, e.L)
			p.explainSpans(to, e.R)
		})
	}
}
