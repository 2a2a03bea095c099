package engine

import (
	"cmp"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// Store is where spans are read from.
type Store interface {
	// View returns what there is at this moment: batches that do not change while
	// they are read, the newest last, and blocks. The caller calls release when it has
	// done with all of it.
	View() (heads []*span.Batch, blocks []*block.Reader, release func())
	// Unreadable hears of a block that could not be read and returns a sentence for
	// the answer, which leaves the block out.
	Unreadable(r *block.Reader, err error) string
}

// Options are the limits of an Engine. The zero value of each has a default.
type Options struct {
	// Timeout is how long one query may take; then its answer is partial. 0 is 30 s.
	Timeout time.Duration
	// Memory is what one query may hold, in bytes, before its answer is partial. 0 is
	// 128 MiB.
	Memory int64
	// Bytes is how many bytes of columns one query may read. 0 is 16 GiB.
	Bytes int64
	// Parallel is how many queries run at a time; others wait until one is done. 0 is 32.
	Parallel int
}

// Engine answers queries. It is safe for concurrent use.
type Engine struct {
	store   Store
	o       Options
	sharing sharing
	counts  counters
	slots   chan struct{} // taken by queries
	waiting atomic.Int64  // queries that wait for a slot
	turns   chan struct{} // taken by what runs on a processor
}

type counters struct {
	queries, spans, read, time, bytes, memory atomic.Uint64
}

// Stats are counts since the start.
type Stats struct {
	Queries, Spans, Bytes uint64 // answered; looked at and read for them
	// StoppedByTime, StoppedByBytes and StoppedByMemory count the queries that came to a
	// limit, whose answers are partial.
	StoppedByTime, StoppedByBytes, StoppedByMemory uint64
	Running, Waiting                               int // queries that are under way
}

// Stats returns the engine's figures.
func (e *Engine) Stats() Stats {
	c := &e.counts
	return Stats{
		Queries: c.queries.Load(), Spans: c.spans.Load(), Bytes: c.read.Load(),
		StoppedByTime: c.time.Load(), StoppedByBytes: c.bytes.Load(), StoppedByMemory: c.memory.Load(),
		Running: len(e.slots), Waiting: int(e.waiting.Load()),
	}
}

// New returns an engine that reads from a store.
func New(s Store, o Options) *Engine {
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Memory = cmp.Or(o.Memory, 128<<20)
	o.Bytes = cmp.Or(o.Bytes, 16<<30)
	o.Parallel = cmp.Or(o.Parallel, 32)
	return &Engine{store: s, o: o, sharing: sharing{pairs: make(map[[2]string]*shared)}, slots: make(chan struct{}, o.Parallel), turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Scanned says what a query looked at, and whether the answer is whole.
type Scanned struct {
	Blocks  int   // that there are
	Pruned  int   // of them not read: out of the time, or without what was asked for
	Done    int   // of them read
	Traces  int   // looked at
	Spans   int   // looked at
	Bytes   int64 // of columns read from the store
	Elapsed time.Duration
	Plan    string // how the query was run, a line for each step, if that was asked for
	// Partial says why something may be missing, a sentence for each reason; it is
	// empty when the answer is complete.
	Partial []string
}

// Range is a time, ns since the Unix epoch. Zero bounds nothing on its side.
type Range struct {
	From int64 // inclusive
	To   int64 // exclusive
}

// Search asks for traces.
type Search struct {
	Pipeline *traceql.Pipeline
	// Range is when the traces took place: a trace that was under way at any moment of it
	// belongs to it.
	Range        Range
	Limit        int     // at most so many traces; 0 is 20
	SpansPerSet  int     // at most so many spans of a spanset are returned; 0 is 3, below 0 all
	After        *Cursor // go on behind this place: the next page
	ServiceStats bool    // fill in Trace.Services
	Explain      bool    // fill in Found.Plan
	// Progress, if set, is called now and then with what is found so far. The
	// traces may still be displaced by newer ones.
	Progress func(*Found)
}

// Cursor is a place in the list of all traces, newest first. It does not move while
// spans arrive.
type Cursor struct {
	Start   int64 // of the last trace of the page before, ns since the Unix epoch
	TraceID span.TraceID
}

// Found is the answer to a Search.
type Found struct {
	Traces []Trace // newest first
	// Next is where the next page begins; nil when there is none.
	Next *Cursor
	Scanned
}

// Trace is a trace that was found.
type Trace struct {
	block.Summary
	Sets []Spanset // what the query found in it, at least one
	// Services counts the spans of each service, if asked for.
	Services []ServiceCount
}

// ServiceCount is how many spans of a trace a service has.
type ServiceCount struct {
	Service       string
	Spans, Errors int
}

// Spanset is some spans of a trace that a query found together.
type Spanset struct {
	Matched int    // spans, of which Spans are the first
	Group   []Attr // values that the spans have in common, by the expressions of by(…)
	Scalars []Attr // aggregates that the pipeline compared, as count()
	Spans   []Span // by start
}

// Span is a span that was found.
type Span struct {
	ID       span.ID
	Name     string
	Start    int64 // ns since the Unix epoch
	Duration int64 // ns
	// Attrs are the values of what the query names, as far as the span has them.
	Attrs []Attr
}

// Attr is a value with the name that TraceQL has for it, as resource.service.name
// or duration. Several values of one name follow each other.
type Attr struct {
	Name  string
	Value traceql.Static // Nil where it is known to have none
}

// Metrics asks for time series.
type Metrics struct {
	Expr traceql.MetricsExpr
	// Range is of the starts of spans. Both ends must be given.
	Range Range
	// Step is the distance of samples; 0 asks for a single one over the whole
	// range, an instant query. Samples stand at multiples of Step since the Unix epoch, each
	// counts the spans that start in [T-Step, T): the range is widened to whole steps.
	Step      time.Duration
	Exemplars int  // at most so many in all
	MaxSeries int  // at most so many; 0 is 1000
	Explain   bool // fill in SeriesSet.Plan
	// Progress, if set, is called now and then with what is counted so far.
	Progress func(*SeriesSet)
}

// SeriesSet is the answer to Metrics.
type SeriesSet struct {
	Times  []int64 // of the samples, ns since the Unix epoch
	Series []Series
	Scanned
}

// Series is a value over time.
type Series struct {
	Labels    []Attr    // the values of by(…), and what the function adds: p, __bucket, __meta_type
	Values    []float64 // as SeriesSet.Times; NaN where there is none
	Exemplars []Exemplar

	examples []example // by interval
}

// Exemplar is a span that a sample counts.
type Exemplar struct {
	TraceID span.TraceID
	SpanID  span.ID
	Time    int64 // its start, ns since the Unix epoch
	Value   float64
}

// Names asks for the names of attributes.
type Names struct {
	Range Range
	// Scopes bounds the answer to some scopes; empty for all.
	Scopes []traceql.Scope
	// Filter leaves only names that spans carry which match it; nil for all.
	Filter *traceql.Filter
	Limit  int // names a scope; 0 is 10,000
}

// NameSet is the answer to Names, sorted. Intrinsics are not in it.
type NameSet struct {
	Scopes map[traceql.Scope][]string
	Scanned
}

// Values asks for the distinct values of fields, or combinations of them.
type Values struct {
	Fields []traceql.FieldExpr // attributes or intrinsics, at least one
	Filter *traceql.Filter     // only of spans that match; nil for all
	Range  Range
	Limit  int // 0 is 10,000
}

// ValueSet is the answer to Values.
type ValueSet struct {
	// Rows are combinations, each as long as Values.Fields, in the order of the
	// values. A field that is missing is Nil; combinations of Nil alone are left out.
	Rows [][]traceql.Static
	Scanned
}

// Dependency is how often one service calls another.
type Dependency struct {
	Parent, Child string
	Calls         int
	Errors        int // of the calls, those whose span in the child failed
}

// DependencySet is the calls between services, sorted by parent and child.
type DependencySet struct {
	Dependencies []Dependency
	Scanned
}
