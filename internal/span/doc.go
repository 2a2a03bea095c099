// Package span holds what a distributed trace is made of: ids, attribute
// values, the columnar [Batch] that spans live in from the wire to the block,
// and the [Tree] that a trace's spans form.
//
// The words are OpenTelemetry's (span, resource, scope, event, link, kind,
// status): https://opentelemetry.io/docs/specs/otel/trace/api/. Times are
// nanoseconds since the Unix epoch, durations nanoseconds, both int64.
//
// A Batch is columns, never an object per span. A fixed column has one entry a
// span. An attribute column is sparse: the ascending list of rows that carry
// the key, and beside it the values, which are codes into the column's
// dictionary where they are text. Resources and scopes are interned: a span
// holds a number, the set's attributes are stored once.
package span
