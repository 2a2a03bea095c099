package otlp

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a [Receiver]; the zero value is usable.
type Options struct {
	// MaxBody is the largest request in bytes, as sent and decompressed alike.
	// 0: 64 MiB.
	MaxBody int64
	// MaxInFlight is how many bytes of requests are worked on at once, over all
	// transports; past it senders are told to retry. 0: 256 MiB.
	MaxInFlight int64
	// Logger gets what an operator should hear of. nil: slog.Default().
	Logger *slog.Logger
}

const (
	defaultMaxBody     = 64 << 20
	defaultMaxInFlight = 256 << 20
)

// Receiver serves OTLP over gRPC ([Receiver.GRPCServer]) and HTTP (it is an
// http.Handler) and hands traces and logs to a [Sink]. Metrics are answered and
// not stored.
//
// Memory is bounded by counting the bytes of requests, as sent and decompressed,
// as they grow. Reserving MaxBody for each request instead would be simpler, but
// would refuse the fifth sender of a small batch. What is counted is content,
// not the room that buffers have in reserve, which is at most as much again. Over
// gRPC a message is counted when it has arrived and is decompressed, because
// grpc-go does both; until then it is bounded by MaxBody, a connection's number
// of streams, and as many decompressions at once as there are processors.
type Receiver struct {
	sink     Sink
	o        Options
	inFlight atomic.Int64
	counts   [transports][signals]counters
	told     [signals]sync.Once // that the signal is not stored
	warned   atomic.Int64       // when the last warning was logged, Unix ns
}

// NewReceiver returns a receiver that hands what it reads to sink.
func NewReceiver(sink Sink, o Options) *Receiver {
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = defaultMaxInFlight
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Receiver{sink: sink, o: o}
}

// lease is a request's share of MaxInFlight.
type lease struct {
	r *Receiver
	n int64
}

// hold adds n bytes to the lease. It never blocks.
func (l *lease) hold(n int) error {
	if l.n+int64(n) > l.r.o.MaxInFlight {
		return l.r.tooLarge(l.r.o.MaxInFlight) // waiting would not help
	}
	if l.r.inFlight.Add(int64(n)) > l.r.o.MaxInFlight {
		l.r.inFlight.Add(-int64(n))
		return errFull
	}
	l.n += int64(n)
	return nil
}

// free gives n bytes back.
func (l *lease) free(n int) {
	l.r.inFlight.Add(-int64(n))
	l.n -= int64(n)
}

func (l *lease) release() { l.free(int(l.n)) }

// full says whether there is no room for another request, however small.
func (r *Receiver) full() bool { return r.inFlight.Load() >= r.o.MaxInFlight }

// append hands a payload of a signal that is stored to the sink and counts what becomes
// of it.
func (r *Receiver) append(ctx context.Context, c *counters, s Signal, p Payload) (Result, error) {
	c.bytes.Add(int64(len(p.Raw)))
	if len(p.Raw) == 0 {
		return Result{}, nil // an empty request is a valid one
	}
	store := r.sink.AppendTraces
	if s == Logs {
		store = r.sink.AppendLogs
	}
	res, err := store(ctx, p)
	if err != nil {
		err := classify(ctx, err)
		c.refusedRecords[err.reason].Add(int64(countRecords(p.Raw)))
		return Result{}, err
	}
	c.accepted.Add(int64(res.Accepted))
	c.rejected.Add(int64(res.Rejected))
	return res, nil
}

// refuse counts a refusal, and logs now and then why nothing can be stored.
func (r *Receiver) refuse(c *counters, err *refusal) {
	c.refused[err.reason].Add(1)
	if err.reason != Unavailable {
		return
	}
	const every = 10 * time.Second // one line tells as much as a thousand
	now, last := time.Now().UnixNano(), r.warned.Load()
	if now-last > int64(every) && r.warned.CompareAndSwap(last, now) {
		r.o.Logger.Warn("telemetry is refused, senders are told to retry", "error", err.cause)
	}
}

// drop counts a request of a signal that is not stored.
func (r *Receiver) drop(c *counters, s Signal) {
	c.dropped.Add(1)
	r.told[s].Do(func() {
		r.o.Logger.Info("OTLP " + s.String() + " are acknowledged and dropped: only traces and logs are stored")
	})
}
