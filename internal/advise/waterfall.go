package advise

// Waterfall is the document of one trace, as the page and the terminal draw it.
// Offsets and durations are ns, as JSON numbers: exact up to 2^53, which is 104
// days. Node numbers are positions in Nodes.
type Waterfall struct {
	TraceID  string `json:"traceId"`
	Start    string `json:"startUnixNano"` // of the earliest span, decimal: offsets count from here
	Duration int64  `json:"durationNano"`  // from the earliest start to the latest end of all spans

	SpanCount    int `json:"spanCount"`
	ServiceCount int `json:"serviceCount"`
	ErrorCount   int `json:"errorCount"` // spans with status error

	Root         Root       `json:"root"`
	Verdict      *Verdict   `json:"verdict,omitempty"`
	FirstError   *Failure   `json:"firstError,omitempty"` // if the main root failed
	Gaps         []Stretch  `json:"gaps"`                 // in drawing order of their nodes
	CriticalPath []Stretch  `json:"criticalPath"`         // in order of time
	Flags        FlagCounts `json:"flags"`
	Nodes        []Node     `json:"nodes"` // in drawing order: a parent stands before its children

	// Partial says why something may be missing, one reason an entry. It is for
	// who reads the spans to fill in.
	Partial []string `json:"partial,omitempty"`
}

// Root is the main root: the request itself. Node is -1 if there are no spans.
type Root struct {
	Node     int32  `json:"node"`
	Service  string `json:"service"`
	Name     string `json:"name"`
	Duration int64  `json:"durationNano"`
}

// Stretch is a part of a node's time; Start is an offset.
type Stretch struct {
	Node     int32 `json:"node"`
	Start    int64 `json:"startNano"`
	Duration int64 `json:"durationNano"`
}

// FlagCounts counts the nodes that are remarkable.
type FlagCounts struct {
	Roots             int `json:"roots"` // nodes without parent, placeholders among them
	MissingParents    int `json:"missingParents"`
	Duplicates        int `json:"duplicates"`
	Cycles            int `json:"cycles"` // spans that name themselves among them
	OutsideParent     int `json:"outsideParent"`
	NegativeDurations int `json:"negativeDurations"`
}

// Node is a row of the waterfall: a span, or the placeholder of a missing one,
// which has neither service nor kind. Fields that are omitted are empty, false
// or zero.
type Node struct {
	Index         int32      `json:"index"`
	Parent        int32      `json:"parent"` // -1 for a top
	Depth         int32      `json:"depth"`
	Children      int32      `json:"children"` // how many
	SpanID        string     `json:"spanId"`
	ParentSpanID  string     `json:"parentSpanId,omitempty"` // as received, wherever the node hangs
	Service       string     `json:"service"`
	Name          string     `json:"name"`
	Kind          string     `json:"kind"`   // span.Kind.String
	Status        string     `json:"status"` // span.Status.String
	StatusMessage string     `json:"statusMessage,omitempty"`
	Error         string     `json:"error,omitempty"` // of status error: the message, else what else the span says about it
	StartOffset   int64      `json:"startOffsetNano"`
	Duration      int64      `json:"durationNano"`
	Self          int64      `json:"selfNano"`     // covered by no child
	Critical      int64      `json:"criticalNano"` // its own on the critical path
	Flags         []string   `json:"flags,omitempty"`
	Missing       bool       `json:"missing,omitempty"`
	Events        int        `json:"events,omitempty"` // how many
	Exception     *Exception `json:"exception,omitempty"`
	Links         []Link     `json:"links,omitempty"`
}

// Exception is the first exception that a span recorded.
type Exception struct {
	Type    string `json:"type,omitempty"`
	Message string `json:"message,omitempty"`
}

// Link is a span's link to another span, which may be of another trace.
type Link struct {
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
}
