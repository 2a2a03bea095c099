package traceql

import "reflect"

// Walk calls visit for a node and, where that returns true, for the nodes below it, in the
// order of the text. Hints are nodes too.
func Walk(n Node, visit func(Node) bool) {
	if !visit(n) {
		return
	}
	switch n := n.(type) {
	case *Query:
		if n.Pipeline != nil {
			Walk(n.Pipeline, visit)
		} else if n.Metrics != nil {
			Walk(n.Metrics, visit)
		}
		for i := range n.Hints {
			Walk(&n.Hints[i], visit)
		}
	case *Pipeline:
		Walk(n.From, visit)
		walkAll(n.Stages, visit)
	case *Filter:
		if n.Expr != nil {
			Walk(n.Expr, visit)
		}
	case *Combine:
		Walk(n.L, visit)
		Walk(n.R, visit)
	case *SpansetStage:
		Walk(n.Expr, visit)
	case *ScalarFilter:
		Walk(n.L, visit)
		Walk(n.R, visit)
	case *GroupBy:
		walkAll(n.By, visit)
	case *Select:
		walkAll(n.Fields, visit)
	case *Aggregate:
		if n.Arg != nil {
			Walk(n.Arg, visit)
		}
	case *ScalarBinary:
		Walk(n.L, visit)
		Walk(n.R, visit)
	case *ScalarPipeline:
		Walk(n.Pipeline, visit)
		Walk(n.Value, visit)
	case *Unary:
		Walk(n.X, visit)
	case *Binary:
		Walk(n.L, visit)
		Walk(n.R, visit)
	case *Metrics:
		Walk(n.Pipeline, visit)
		if n.Arg != nil {
			Walk(n.Arg, visit)
		}
		if n.Selection != nil {
			Walk(n.Selection, visit)
		}
		walkAll(n.By, visit)
	case *MetricsStage:
		Walk(n.X, visit)
	case *MetricsBinary:
		Walk(n.L, visit)
		Walk(n.R, visit)
	}
}

func walkAll[N Node](ns []N, visit func(Node) bool) {
	for _, n := range ns {
		Walk(n, visit)
	}
}

// Equal reports whether two trees are the same but for their places in a text.
func Equal(a, b Node) bool { return equal(reflect.ValueOf(a), reflect.ValueOf(b)) }

func equal(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equal(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[Pos]() {
			return true
		}
		for i := range a.NumField() {
			if !equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}
