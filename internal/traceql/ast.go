package traceql

import "time"

// Pos is a piece of the query's text: bytes [From, To).
type Pos struct{ From, To int }

// Node is any part of the syntax tree. String returns it as text that parses to
// the same tree.
type Node interface {
	Position() Pos
	String() string
}

// Query is a whole query. Exactly one of Pipeline and Metrics is set.
type Query struct {
	Pos
	Pipeline *Pipeline   // a search: what yields spansets
	Metrics  MetricsExpr // a metrics query: what yields time series
	Hints    []Hint      // with(…), at the end
}

// Hint is one setting of with(…), like sample=true.
type Hint struct {
	Pos
	Name  string
	Value Static
}

// Pipeline is a spanset expression and the stages that follow it, separated by |.
// Each stage takes spansets and yields spansets. It is a SpansetExpr itself, for
// ({…} | …) within a larger expression.
type Pipeline struct {
	Pos
	From   SpansetExpr
	Stages []Stage
}

// SpansetExpr yields spansets, at most one a trace: a Filter, a Combine or a
// Pipeline in parentheses.
type SpansetExpr interface {
	Node
	spansetExpr()
}

// Filter is { Expr }: the spans of a trace for which it is true. Expr is nil for {}.
type Filter struct {
	Pos
	Expr FieldExpr
}

// Combine joins what two expressions find in a trace. A structural operator
// yields the spans of R that have the relation to a span of L; a negated one those of R that
// have it to none; a union one the spans of both sides that take part.
type Combine struct {
	Pos
	Op   SpansetOp
	L, R SpansetExpr
}

// SpansetOp is an operator between spansets.
type SpansetOp uint8

// The relations come in three forms, at a fixed distance: plain, not, union.
const (
	SpansetAnd SpansetOp = iota // && : both sides have spans; yields those of both
	SpansetOr                   // || : one of the sides has spans

	Child      // L > R  : R has a parent in L
	Parent     // L < R  : R has a child in L
	Descendant // L >> R : R has an ancestor in L
	Ancestor   // L << R : R has a descendant in L
	Sibling    // L ~ R  : R has the same parent as another span, in L

	NotChild      // !>
	NotParent     // !<
	NotDescendant // !>>
	NotAncestor   // !<<
	NotSibling    // !~

	UnionChild      // &>
	UnionParent     // &<
	UnionDescendant // &>>
	UnionAncestor   // &<<
	UnionSibling    // &~
)

// Form is how a structural operator is meant.
type Form uint8

const (
	Plain Form = iota
	Not
	Union
)

// Relation splits a structural operator into its plain relation and its form;
// false for && and ||.
func (o SpansetOp) Relation() (relation SpansetOp, form Form, ok bool) {
	if o < Child {
		return o, Plain, false
	}
	return Child + (o-Child)%5, Form((o - Child) / 5), true
}

// Stage is a step of a pipeline: a SpansetStage, ScalarFilter, GroupBy, Coalesce
// or Select.
type Stage interface {
	Node
	stage()
}

// SpansetStage is a spanset expression behind a |: it sees only the spans that came so far.
type SpansetStage struct {
	Pos
	Expr SpansetExpr
}

// ScalarFilter keeps the spansets for which the comparison holds. Op is one of
// = != < <= > >=.
type ScalarFilter struct {
	Pos
	Op   Operator
	L, R ScalarExpr
}

// GroupBy splits each spanset by the values of expressions: by(…).
type GroupBy struct {
	Pos
	By []FieldExpr
}

// Coalesce makes one spanset a trace again: coalesce().
type Coalesce struct{ Pos }

// Select adds attributes to what is returned of each span: select(…).
type Select struct {
	Pos
	Fields []FieldExpr // Attribute or Intrinsic
}

// ScalarExpr is a number for each spanset: an Aggregate, a Static, a ScalarBinary or
// a ScalarPipeline.
type ScalarExpr interface {
	Node
	scalarExpr()
}

// AggregateOp is the function of an Aggregate.
type AggregateOp uint8

const (
	Count AggregateOp = iota
	Min
	Max
	Avg
	Sum
)

// Aggregate is count(), or min, max, avg or sum of an expression over the
// spans of a spanset; spans for which it is not a number are left out.
type Aggregate struct {
	Pos
	Op  AggregateOp
	Arg FieldExpr // nil for count
}

// ScalarBinary is + - * / % ^ between scalars.
type ScalarBinary struct {
	Pos
	Op   Operator
	L, R ScalarExpr
}

// ScalarPipeline is ({…} | … | count()): the value that a pipeline of its own has for
// the same trace.
type ScalarPipeline struct {
	Pos
	Pipeline *Pipeline
	Value    ScalarExpr
}

// FieldExpr is a value for each span: an Attribute, an Intrinsic, a Static, a Unary
// or a Binary.
type FieldExpr interface {
	Node
	fieldExpr()
}

// Scope says where an attribute is looked for.
type Scope uint8

const (
	ScopeAny      Scope = iota // .x : the span's, else the resource's
	ScopeSpan                  // span.x
	ScopeResource              // resource.x
	ScopeEvent                 // event.x : of any of the span's events
	ScopeLink                  // link.x : of any of the span's links
	ScopeInstrumentation
)

// Attribute is an attribute of the span, or of its parent span.
type Attribute struct {
	Pos
	Scope  Scope
	Name   string
	Parent bool // parent.x, parent.span.x, parent.resource.x
}

// Intrinsic is a field that every span has.
type Intrinsic struct {
	Pos
	Field  Field
	Parent bool // of the parent span: parent.duration, parent.span:name …
}

// Field is a field of a span, its trace, its events, its links or its scope.
type Field uint8

const (
	SpanDuration      Field = iota // duration, span:duration
	SpanName                       // name, span:name
	SpanKind                       // kind, span:kind
	SpanStatus                     // status, span:status
	SpanStatusMessage              // statusMessage, span:statusMessage
	SpanID                         // span:id, as hex
	SpanParentID                   // span:parentID, as hex, nil for a root
	SpanChildCount                 // childCount, span:childCount
	SpanStart                      // span:start, ns since the Unix epoch

	TraceDuration    // traceDuration, trace:duration
	TraceRootName    // rootName, trace:rootName
	TraceRootService // rootServiceName, trace:rootService
	TraceID          // trace:id, as hex

	EventName           // event:name
	EventTimeSinceStart // event:timeSinceStart
	LinkTraceID         // link:traceID
	LinkSpanID          // link:spanID
	ScopeName           // instrumentation:name
	ScopeVersion        // instrumentation:version

	NestedSetLeft   // nestedSetLeft: 1 for the first root, counted in depth-first order
	NestedSetRight  // nestedSetRight
	NestedSetParent // nestedSetParent: the parent's left; -1 for a root

	NumFields
)

// Static is a constant. Nil is the constant nil.
type Static struct {
	Pos
	Type Type
	Str  string  // String
	Num  int64   // Int, Duration (ns), Bool (0 and 1), Status and Kind (their number in OTLP)
	Flt  float64 // Float
}

// Type is the type of a value.
type Type uint8

const (
	Nil Type = iota
	String
	Int
	Float
	Bool
	Duration
	Status
	Kind
	Any // of an attribute: known only when it is read
)

// Duration is a static duration.
func (s *Static) Duration() time.Duration { return time.Duration(s.Num) }

// Operator is an operator between values.
type Operator uint8

const (
	OpAnd          Operator = iota // &&
	OpOr                           // ||
	OpEqual                        // =
	OpNotEqual                     // !=
	OpLess                         // <
	OpLessEqual                    // <=
	OpGreater                      // >
	OpGreaterEqual                 // >=
	OpMatch                        // =~ : the whole value matches the expression
	OpNotMatch                     // !~
	OpAdd                          // +
	OpSub                          // -
	OpMul                          // *
	OpDiv                          // /
	OpMod                          // %
	OpPow                          // ^
	OpNot                          // ! , of one operand
	OpNeg                          // - , of one operand
)

// Binary joins two values.
type Binary struct {
	Pos
	Op   Operator
	L, R FieldExpr
}

// Join puts an operator between expressions, from left to right; nil is what none of them
// make.
func Join(op Operator, all ...FieldExpr) (joined FieldExpr) {
	for _, e := range all {
		if joined == nil {
			joined = e
		} else {
			joined = &Binary{Op: op, L: joined, R: e}
		}
	}
	return joined
}

// Unary is !x or -x.
type Unary struct {
	Pos
	Op Operator // OpNot or OpNeg
	X  FieldExpr
}

// MetricsExpr yields time series: a Metrics, a MetricsStage, a MetricsBinary or a
// Static number.
type MetricsExpr interface {
	Node
	metricsExpr()
}

// MetricsOp is the function of a Metrics.
type MetricsOp uint8

const (
	Rate MetricsOp = iota
	CountOverTime
	MinOverTime
	MaxOverTime
	AvgOverTime
	SumOverTime
	QuantileOverTime
	HistogramOverTime
	Compare
)

// Metrics turns the spans that a pipeline yields into series.
type Metrics struct {
	Pos
	Pipeline  *Pipeline
	Op        MetricsOp
	Arg       FieldExpr // what min, max, avg, sum, quantile and histogram are of
	Quantiles []float64
	By        []FieldExpr
	// Of compare: which spans are set against the others, how many values of each
	// attribute are returned (DefaultTopN when not given), and the selection's time
	// (ns since the Unix epoch, 0 when not given).
	Selection  *Filter
	TopN       int
	Start, End int64
}

// MetricsStage is a second stage: what it leaves of a MetricsExpr. Either topk or
// bottomk with N, or a comparison with Value.
type MetricsStage struct {
	Pos
	X     MetricsExpr
	Op    StageOp
	N     int      // of topk and bottomk
	Cmp   Operator // of a comparison
	Value float64  // of a duration, seconds
}

// StageOp is the function of a MetricsStage.
type StageOp uint8

const (
	TopK StageOp = iota
	BottomK
	Threshold // > 10
)

// MetricsBinary is + - * / between series of equal labels, or with a number.
type MetricsBinary struct {
	Pos
	Op   Operator
	L, R MetricsExpr
}

// Position returns where the node is in the text.
func (p Pos) Position() Pos { return p }

func (*Filter) spansetExpr()   {}
func (*Combine) spansetExpr()  {}
func (*Pipeline) spansetExpr() {}

func (*SpansetStage) stage() {}
func (*ScalarFilter) stage() {}
func (*GroupBy) stage()      {}
func (*Coalesce) stage()     {}
func (*Select) stage()       {}

func (*Aggregate) scalarExpr()      {}
func (*ScalarBinary) scalarExpr()   {}
func (*ScalarPipeline) scalarExpr() {}
func (*Static) scalarExpr()         {}

func (*Attribute) fieldExpr() {}
func (*Intrinsic) fieldExpr() {}
func (*Static) fieldExpr()    {}
func (*Unary) fieldExpr()     {}
func (*Binary) fieldExpr()    {}

func (*Metrics) metricsExpr()       {}
func (*MetricsStage) metricsExpr()  {}
func (*MetricsBinary) metricsExpr() {}
func (*Static) metricsExpr()        {}
