// Package otlp turns OTLP payloads into spans and back, and receives them.
//
// [AppendTraces] walks a protobuf payload once and writes what it finds straight
// into the columns of a span.Batch: no object a span, no map a span. Resources
// and scopes are recognised by their encoded bytes, so that their attributes are
// decoded once for each distinct one. [Encode] goes the other
// way, for the query APIs. [Receiver] serves the two transports, and lets other
// protocols in under the same limits, see [Foreign].
//
// Specification: https://opentelemetry.io/docs/specs/otlp/ and
// https://github.com/open-telemetry/opentelemetry-proto.
package otlp
