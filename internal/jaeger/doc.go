// Package jaeger turns the spans of Jaeger's own clients into a span.Batch, from
// jaeger.thrift and from jaeger.api_v2, and a span.Batch into the JSON of Jaeger's
// user interface.
//
// What Jaeger says becomes what OpenTelemetry would say:
//
//	trace id, span id        the same
//	references               the parent is parentSpanId, or else the first CHILD_OF, or
//	                         else the first FOLLOWS_FROM of the same trace; all others, and a
//	                         FOLLOWS_FROM that is the parent, are links with
//	                         opentracing.ref_type
//	process                  the resource: serviceName is service.name, the tag hostname is
//	                         host.name, jaeger.version is opencensus.exporterversion
//	logs                     events; the field event is the name
//	tag span.kind            the kind
//	tag error = true         status error; http.status_message is its text if there is no
//	                         otel.status_description
//	tag otel.status_code     the status, unless error is true
//	tag http.status_code     status error from 500 on, and from 400 unless the kind is
//	                         server, when neither of those says anything
//	tags otel.status_description, otel.scope.name and .version (before them otel.library.…),
//	w3c.tracestate           what they are named after
//	all other tags           attributes of the span, with their type
//
// Sources: https://github.com/jaegertracing/jaeger-idl and
// https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/, read backwards.
package jaeger

import "errors"

// ErrMalformed is wrapped by every error that says a body can't be decoded,
// however often it is sent.
var ErrMalformed = errors.New("malformed Jaeger payload")

// Result says what became of the spans of a body that could be decoded.
type Result struct {
	Accepted int    // spans appended
	Rejected int    // spans left out
	Reason   string // why the first of those was left out
}
