// Package logs finds log records: by trace, span, service, severity, time, text and
// attributes, in heads and blocks, newest first.
//
// Of a block only the columns are read that a question names, on sets of rows that get
// smaller with each; what is left is compared by time, and only records that are in the
// answer are put together. Blocks are looked at newest first, until none can have a record
// that is newer than what was found.
package logs

import (
	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
)

// Source is where log records are. A store is one.
type Source interface {
	// ViewLogs returns heads, which do not change, and blocks of one moment, all valid
	// until release.
	ViewLogs() (heads []*span.Logs, blocks []*block.Reader, release func())
	// Unreadable notes that a block can't be read, and returns a sentence that says so.
	Unreadable(r *block.Reader, err error) string
}

// Query is what to look for; what is zero does not matter. All that is given must match.
type Query struct {
	Trace   span.TraceID
	Span    span.ID
	Service string
	// Severity is the least one. Records without a severity match none.
	Severity span.Severity
	// From and To are the first and the last moment, in ns since the Unix epoch.
	From, To int64
	// Text is within the body or the value of an attribute, in whatever case.
	Text string
	// Attributes of the record or of its resource that have these values.
	Attributes []Attribute
	// Limit is how many records there may be, 0 means [DefaultLimit]. Records of the same
	// nanosecond as the last one are added to it, so that the next page can begin
	// behind it.
	Limit int
	// Oldest asks for the oldest records instead of the newest, in that order.
	Oldest bool
}

// Attribute is an attribute's key and value, as a person writes it.
type Attribute struct{ Key, Value string }

const (
	// DefaultLimit is how many records an answer has if nothing is said.
	DefaultLimit = 100
	// MaxLimit is how many it has at most.
	MaxLimit = 10_000
)

// Answer is what was found.
type Answer struct {
	// Records are what was found, and Order are their rows in the order that was asked
	// for.
	Records *span.Logs
	Order   []uint32
	// More says that there are more than the limit.
	More bool
	// Partial says why records may be missing, a sentence for each reason.
	Partial []string
	Scanned Scanned
}

// Scanned is what it took to find an answer.
type Scanned struct {
	Blocks, Pruned int   // how many there are, and how many of them were not looked at
	Records        int64 // that were looked at
	Bytes          int64 // of columns that were read
}
