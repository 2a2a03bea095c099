package engine

import "github.com/everspan/everspan/internal/traceql"

// local reports whether a condition on a span can be decided without the other spans of
// its trace.
func local(e traceql.FieldExpr) bool {
	ok := true
	traceql.Walk(e, func(n traceql.Node) bool {
		ok = ok && ofSpan(n)
		return ok
	})
	return ok
}

// ofSpan reports whether what a node names is the span's own.
func ofSpan(n traceql.Node) bool {
	switch n := n.(type) {
	case *traceql.Attribute:
		return !n.Parent
	case *traceql.Intrinsic:
		return !n.Parent && !ofTrace(n.Field)
	}
	return true
}

// ofTrace reports whether a field depends on the other spans of the trace.
func ofTrace(f traceql.Field) bool {
	switch f {
	case traceql.SpanChildCount, traceql.TraceDuration, traceql.TraceRootName, traceql.TraceRootService,
		traceql.NestedSetLeft, traceql.NestedSetRight, traceql.NestedSetParent:
		return true
	}
	return false
}

// localPipeline reports whether each span of a pipeline's answer is found for itself, so
// that parts of a trace can be asked one by one.
func localPipeline(p *traceql.Pipeline) bool {
	ok := true
	traceql.Walk(p, func(n traceql.Node) bool {
		switch n := n.(type) {
		case *traceql.Combine:
			ok = ok && n.Op == traceql.SpansetOr
		case *traceql.ScalarFilter:
			ok = false
		case *traceql.Select:
			return false // is not asked
		default:
			ok = ok && ofSpan(n)
		}
		return ok
	})
	return ok
}

// ofTree reports whether one of some expressions depends on the tree of the trace.
func ofTree(all ...traceql.FieldExpr) bool {
	found := false
	for _, e := range all {
		if e == nil {
			continue
		}
		traceql.Walk(e, func(n traceql.Node) bool {
			switch n := n.(type) {
			case *traceql.Attribute:
				found = found || n.Parent
			case *traceql.Intrinsic:
				found = found || n.Parent || treeColumn(n.Field) != nil
			}
			return !found
		})
	}
	return found
}

// never reports whether it is known that nothing that is found here has a part in what
// an expression finds.
func (p *program) never(e traceql.SpansetExpr) bool {
	switch e := e.(type) {
	case *traceql.Filter:
		return p.bound[e].cost() == never && (p.alone || localFilter(e))
	case *traceql.Pipeline:
		return p.never(e.From)
	case *traceql.Combine:
		l, r := p.never(e.L), p.never(e.R)
		if !p.alone {
			return l && r // the other side may be elsewhere
		}
		if _, form, ok := e.Op.Relation(); ok && form == traceql.Not {
			return r
		}
		return l && r || needsLeft(e.Op) && (l || r)
	}
	return false
}
