package otlp

import (
	"context"
	"errors"
)

// Encoding is how a payload's bytes are compressed.
type Encoding uint8

// The encodings of payloads, with the numbers that the log stores.
const (
	Identity Encoding = iota
	Gzip
	Zstd
)

// Payload is an ExportTraceServiceRequest or ExportLogsServiceRequest in protobuf, as it
// came in.
type Payload struct {
	Raw []byte // decompressed
	// Packed is the request's body as it was sent, in Encoding, if that is of
	// use to who stores it; nil when the body was JSON or not compressed.
	Packed   []byte
	Encoding Encoding
}

// ErrOverloaded is wrapped by errors of a Sink that has no room right now: the
// sender should come back after a while.
var ErrOverloaded = errors.New("overloaded")

// Sink takes the payloads that a [Receiver] reads.
type Sink interface {
	// AppendTraces returns when the spans are durable. The payload's memory
	// belongs to the caller again after the return. An error that wraps
	// ErrMalformed is final; after any other the sender should try again, later
	// if it wraps ErrOverloaded.
	AppendTraces(ctx context.Context, p Payload) (Result, error)
	// AppendLogs is the same for log records.
	AppendLogs(ctx context.Context, p Payload) (Result, error)
}
