package instrument

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Stats counts spans and log records since the start.
type Stats struct {
	SpansSent, SpansDropped int64
	LogsSent, LogsDropped   int64
}

// reporter says in the log, once, that telemetry is not taken, and once that
// it is taken again. It writes past the kit's own log handler: a line about
// log records that are not taken must not become such a record.
type reporter struct {
	out *slog.Logger

	mu         sync.Mutex
	deliveries []*delivery
	down       map[string]*outage // by host, or by host and signal if it answers but refuses
	lastOther  time.Time
}

type outage struct {
	since   time.Time
	dropped Stats // as counted when it began
}

// delivery brings one signal to its host and counts.
type delivery struct {
	report  *reporter
	signal  string
	host    string
	limit   int64        // how many may wait
	waiting atomic.Int64 // accepted, and neither sent nor dropped
	sent    atomic.Int64
	dropped atomic.Int64
	full    atomic.Int64 // when it was said that the queue is full, Unix nanoseconds
	stop    chan struct{}
	stopped sync.Once
}

func (r *reporter) delivery(signal, host string, limit int64) *delivery {
	d := &delivery{report: r, signal: signal, host: host, limit: limit, stop: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deliveries = append(r.deliveries, d)
	return d
}

// admit reports whether one more may wait to be sent.
func (d *delivery) admit() bool {
	if d.waiting.Add(1) <= d.limit {
		return true
	}
	d.waiting.Add(-1)
	d.dropped.Add(1)
	now, said := time.Now().UnixNano(), d.full.Load()
	if now-said > int64(time.Minute) && d.full.CompareAndSwap(said, now) {
		d.report.out.Warn("telemetry comes faster than it is sent; some is dropped", "signal", d.signal, "endpoint", d.host, "queue", d.limit)
	}
	return false
}

const (
	retryFirst = 250 * time.Millisecond
	retryMost  = 4 * time.Second
)

// deliver exports a batch of n. A collector that can't be reached, or asks to come
// back later, is tried until ctx ends, so that its restart loses nothing that the queue can hold.
// It returns no error: the SDK would print it each time.
func (d *delivery) deliver(ctx context.Context, n int, export func(context.Context) error) {
	defer d.waiting.Add(-int64(n))
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		last := d.isStopping()
		err := export(ctx)
		if err == nil || partial(err) {
			d.sent.Add(int64(n))
			d.report.taken(d, err)
			return
		}
		away := unreachable(err)
		d.report.failed(d, away, err)
		after, again := busy(err)
		if !away && !again || last || !d.pause(ctx, max(wait, after)) {
			d.dropped.Add(int64(n))
			return
		}
	}
}

// pause waits for the next try, or for the end, at which there is one more. It
// returns false when it is time to give up.
func (d *delivery) pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.stop:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *delivery) isStopping() bool {
	select {
	case <-d.stop:
		return true
	default:
		return false
	}
}

// partial reports whether the collector took a batch and had something to say
// about it.
func partial(err error) bool { return strings.Contains(err.Error(), "partial success") }

// unreachable reports whether nobody answered, unlike a refusal.
func unreachable(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded:
		return true
	}
	return false
}

// busy reports whether the collector asks over gRPC to come back later, and when; over
// HTTP the exporter does as it is asked.
// Source: https://opentelemetry.io/docs/specs/otlp/#failures
func busy(err error) (after time.Duration, again bool) {
	s, ok := status.FromError(err)
	if !ok {
		return 0, false
	}
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration(), true
		}
	}
	switch s.Code() {
	case codes.Canceled, codes.Aborted, codes.OutOfRange, codes.DataLoss:
		return 0, true
	}
	return 0, false
}

func (d *delivery) key(away bool) string {
	if away {
		return d.host
	}
	return d.host + " " + d.signal
}

func (r *reporter) failed(d *delivery, away bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := d.key(away)
	if r.down[key] != nil {
		return
	}
	if r.down == nil {
		r.down = map[string]*outage{}
	}
	r.down[key] = &outage{time.Now(), r.count()}
	what := "telemetry is refused by the collector"
	if away {
		what = "the collector can't be reached; the service goes on, telemetry that waits too long is dropped"
	}
	r.out.Warn(what, "signal", d.signal, "endpoint", d.host, "error", err)
}

func (r *reporter) taken(d *delivery, remark error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if remark != nil {
		r.remark(remark)
	}
	for _, away := range []bool{true, false} {
		o := r.down[d.key(away)]
		if o == nil {
			continue
		}
		delete(r.down, d.key(away))
		now := r.count()
		r.out.Info("telemetry is taken again", "signal", d.signal, "endpoint", d.host, "after", time.Since(o.since).Round(time.Millisecond),
			"spans_dropped", now.SpansDropped-o.dropped.SpansDropped, "logs_dropped", now.LogsDropped-o.dropped.LogsDropped)
	}
}

// other takes errors of OpenTelemetry that are about nothing that is sent, as
// an instrument with an invalid name.
func (r *reporter) other(err error) {
	if strings.HasPrefix(err.Error(), "unsupported sampler:") && strings.HasSuffix(err.Error(), "jaeger_remote") {
		return // unsupported by the SDK, which looks even if it is given one
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remark(err)
}

// remark is for what may come with every batch: one line in ten seconds.
func (r *reporter) remark(err error) {
	if time.Since(r.lastOther) < 10*time.Second {
		return
	}
	r.lastOther = time.Now()
	r.out.Warn("telemetry", "error", err)
}

// stopping ends the patience with collectors that can't be reached.
func (r *reporter) stopping() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.deliveries {
		d.stopped.Do(func() { close(d.stop) })
	}
}

func (r *reporter) stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count()
}

func (r *reporter) count() (s Stats) {
	for _, d := range r.deliveries {
		switch d.signal {
		case "traces":
			s.SpansSent += d.sent.Load()
			s.SpansDropped += d.dropped.Load()
		case "logs":
			s.LogsSent += d.sent.Load()
			s.LogsDropped += d.dropped.Load()
		}
	}
	return s
}
