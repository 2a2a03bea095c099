package traceql

// fields names the intrinsics: the canonical name, the older one without a scope,
// and the type.
var fields = [NumFields]struct {
	name  string
	short string
	typ   Type
}{
	SpanDuration:        {"span:duration", "duration", Duration},
	SpanName:            {"span:name", "name", String},
	SpanKind:            {"span:kind", "kind", Kind},
	SpanStatus:          {"span:status", "status", Status},
	SpanStatusMessage:   {"span:statusMessage", "statusMessage", String},
	SpanID:              {"span:id", "", String},
	SpanParentID:        {"span:parentID", "parent", String},
	SpanChildCount:      {"span:childCount", "childCount", Int},
	SpanStart:           {"span:start", "", Int},
	TraceDuration:       {"trace:duration", "traceDuration", Duration},
	TraceRootName:       {"trace:rootName", "rootName", String},
	TraceRootService:    {"trace:rootService", "rootServiceName", String},
	TraceID:             {"trace:id", "", String},
	EventName:           {"event:name", "", String},
	EventTimeSinceStart: {"event:timeSinceStart", "", Duration},
	LinkTraceID:         {"link:traceID", "", String},
	LinkSpanID:          {"link:spanID", "", String},
	ScopeName:           {"instrumentation:name", "", String},
	ScopeVersion:        {"instrumentation:version", "", String},
	NestedSetLeft:       {"nestedSetLeft", "nestedSetLeft", Int},
	NestedSetRight:      {"nestedSetRight", "nestedSetRight", Int},
	NestedSetParent:     {"nestedSetParent", "nestedSetParent", Int},
}

// String is the canonical name, like span:duration.
func (f Field) String() string { return fields[f].name }

// Type is the type of the field's values. A field may be missing as well.
func (f Field) Type() Type { return fields[f].typ }

// fieldNames has every name of an intrinsic, shortFields those without a colon.
var fieldNames, shortFields = func() (all, short map[string]Field) {
	all, short = make(map[string]Field), make(map[string]Field)
	for f, n := range fields {
		all[n.name] = Field(f)
		if n.short != "" {
			all[n.short] = Field(f)
			short[n.short] = Field(f)
		}
	}
	return all, short
}()

var scopeNames = [...]string{
	ScopeAny: "", ScopeSpan: "span", ScopeResource: "resource", ScopeEvent: "event",
	ScopeLink: "link", ScopeInstrumentation: "instrumentation",
}

// String is the scope's name, empty for ScopeAny.
func (s Scope) String() string { return scopeNames[s] }

// scopes are the names before a dot.
var scopes = index[Scope](scopeNames[:])

var operatorNames = [...]string{
	OpAnd: "&&", OpOr: "||",
	OpEqual: "=", OpNotEqual: "!=", OpLess: "<", OpLessEqual: "<=", OpGreater: ">", OpGreaterEqual: ">=",
	OpMatch: "=~", OpNotMatch: "!~",
	OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/", OpMod: "%", OpPow: "^",
	OpNot: "!", OpNeg: "-",
}

func (o Operator) String() string { return operatorNames[o] }

// Comparison reports whether o is one of = != < <= > >=.
func (o Operator) Comparison() bool { return o >= OpEqual && o <= OpGreaterEqual }

// Arithmetic reports whether o is one of + - * / % ^.
func (o Operator) Arithmetic() bool { return o >= OpAdd && o <= OpPow }

// operators are those of two operands.
var operators = index[Operator](operatorNames[:OpNot])

var spansetNames = [...]string{
	SpansetAnd: "&&", SpansetOr: "||",
	Child: ">", Parent: "<", Descendant: ">>", Ancestor: "<<", Sibling: "~",
	NotChild: "!>", NotParent: "!<", NotDescendant: "!>>", NotAncestor: "!<<", NotSibling: "!~",
	UnionChild: "&>", UnionParent: "&<", UnionDescendant: "&>>", UnionAncestor: "&<<", UnionSibling: "&~",
}

func (o SpansetOp) String() string { return spansetNames[o] }

var spansetOps = index[SpansetOp](spansetNames[:])

var aggregateNames = [...]string{Count: "count", Min: "min", Max: "max", Avg: "avg", Sum: "sum"}

func (o AggregateOp) String() string { return aggregateNames[o] }

var aggregates = index[AggregateOp](aggregateNames[:])

var metricsNames = [...]string{
	Rate: "rate", CountOverTime: "count_over_time", MinOverTime: "min_over_time", MaxOverTime: "max_over_time",
	AvgOverTime: "avg_over_time", SumOverTime: "sum_over_time", QuantileOverTime: "quantile_over_time",
	HistogramOverTime: "histogram_over_time", Compare: "compare",
}

func (o MetricsOp) String() string { return metricsNames[o] }

var metricsFuncs = index[MetricsOp](metricsNames[:])

var stageNames = [...]string{TopK: "topk", BottomK: "bottomk", Threshold: "threshold"}

func (o StageOp) String() string { return stageNames[o] }

var typeNames = [...]string{
	Nil: "nil", String: "string", Int: "int", Float: "float", Bool: "bool",
	Duration: "duration", Status: "status", Kind: "kind", Any: "any",
}

func (t Type) String() string { return typeNames[t] }

// By number, as in OTLP.
var (
	boolNames   = []string{"false", "true"}
	statusNames = []string{"unset", "ok", "error"}
	kindNames   = []string{"unspecified", "internal", "server", "client", "producer", "consumer"}
)

// constants are the statics that are a word.
var constants = func() map[string]Static {
	m := map[string]Static{"nil": {}}
	for typ, names := range map[Type][]string{Bool: boolNames, Status: statusNames, Kind: kindNames} {
		for i, name := range names {
			m[name] = Static{Type: typ, Num: int64(i)}
		}
	}
	return m
}()

// index maps names to their places.
func index[T ~uint8](names []string) map[string]T {
	m := make(map[string]T, len(names))
	for i, name := range names {
		m[name] = T(i)
	}
	return m
}
