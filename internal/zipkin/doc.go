// Package zipkin turns Zipkin v2 spans, JSON or protobuf, into a span.Batch, and a
// span.Batch into Zipkin's JSON.
//
// What Zipkin says becomes what OpenTelemetry would say:
//
//	traceId, id, parentId    the same, short ids padded with zeroes on the left;
//	                         a parent that is the span itself or zero is none
//	kind                     the same; without one the tag span.kind is asked
//	timestamp, duration      µs become ns; without a timestamp the start is 0 and
//	                         otel.zipkin.absentField.startTime is true
//	localEndpoint            serviceName: the resource's service.name; address and
//	                         port: the span's network.local.address and .port
//	remoteEndpoint           peer.service, network.peer.address and .port
//	annotations              events without attributes
//	shared, debug            zipkin.shared and zipkin.debug, if true
//	tag error                status error; its text, unless "true", is the message
//	tag otel.status_code     the status, unless there is an error tag
//	tag otel.status_description, otel.scope.name and .version (before them
//	otel.library.…), otel.dropped_…_count, w3c.tracestate: what they are named after
//	all other tags           attributes of the span, as text
//
// Of two addresses of an endpoint, one of each family, the IPv6 one is kept. Local
// addresses are the span's, not the resource's, because that is where the
// conventions have them, and so a service is one resource.
//
// Sources: https://zipkin.io/zipkin-api/zipkin2-api.yaml,
// https://github.com/openzipkin/zipkin-api/blob/master/zipkin.proto,
// https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/ and
// https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/, the two
// read backwards.
package zipkin

import "errors"

// ErrMalformed is wrapped by every error that says a body can't be decoded,
// however often it is sent.
var ErrMalformed = errors.New("malformed Zipkin payload")

// Result says what became of the spans of a body that could be decoded.
type Result struct {
	Accepted int    // spans appended
	Rejected int    // spans left out
	Reason   string // why the first of those was left out
}
