package otlp

import "sync/atomic"

// Transport is a way that requests come in.
type Transport uint8

// The transports.
const (
	GRPC Transport = iota
	HTTP
	Zipkin // over HTTP as well; only traces
	Jaeger // Thrift over HTTP, and gRPC; only traces
	transports
)

// String is the transport's name in metrics.
func (t Transport) String() string { return [transports]string{"grpc", "http", "zipkin", "jaeger"}[t] }

// Signal is a kind of telemetry.
type Signal uint8

// The signals.
const (
	Traces Signal = iota
	Logs
	Metrics
	signals
)

// String is the signal's name, as in the path of its endpoint.
func (s Signal) String() string { return [signals]string{"traces", "logs", "metrics"}[s] }

// stored says whether the signal goes to the sink.
func (s Signal) stored() bool { return s != Metrics }

// Stats is what a [Receiver] has counted since it was made.
type Stats struct {
	InFlight int64 // bytes of requests being worked on
	Counts   [transports][signals]Counts
}

// Counts is what came in by one transport for one signal.
type Counts struct {
	Requests  int64 // all, whatever their answer
	WireBytes int64 // as sent; over gRPC of messages that arrived whole
	Bytes     int64 // decompressed protobuf
	Dropped   int64 // requests that were acknowledged and not stored
	Accepted  int64 // spans or log records that were acknowledged
	Rejected  int64 // spans with invalid ids, told as partial success
	Refused   [reasons]int64
	// RefusedRecords counts spans or log records of refused requests, as far as they
	// came to be known: a request that was refused unread has none.
	RefusedRecords [reasons]int64
}

// Received is the number of spans or log records that came in: the sum of those that
// were accepted, rejected and refused.
func (c *Counts) Received() int64 {
	n := c.Accepted + c.Rejected
	for _, refused := range c.RefusedRecords {
		n += refused
	}
	return n
}

type counters struct {
	requests, wire, bytes, dropped, accepted, rejected atomic.Int64
	refused, refusedRecords                            [reasons]atomic.Int64
}

// Stats returns the counters. They are read one by one while requests go on.
func (r *Receiver) Stats() Stats {
	s := Stats{InFlight: r.inFlight.Load()}
	for t := range r.counts {
		for i := range r.counts[t] {
			from, to := &r.counts[t][i], &s.Counts[t][i]
			*to = Counts{
				Requests: from.requests.Load(), WireBytes: from.wire.Load(), Bytes: from.bytes.Load(),
				Dropped: from.dropped.Load(), Accepted: from.accepted.Load(), Rejected: from.rejected.Load(),
			}
			for i := range reasons {
				to.Refused[i], to.RefusedRecords[i] = from.refused[i].Load(), from.refusedRecords[i].Load()
			}
		}
	}
	return s
}
