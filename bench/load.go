//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// sender sends bodies over one connection.
type sender interface {
	// send returns nil when the server has acknowledged the whole body, and a
	// *refusal when the body may be sent again.
	send(ctx context.Context, body []byte) error
	close()
}

// loadFigures are what a load came to.
type loadFigures struct {
	Seconds   float64 `json:"seconds"` // from the first request to the last answer
	PerSecond float64 `json:"spansPerSecond"`
	SentBytes int64   `json:"sentBytes"`
	Retries   int64   `json:"refusalsRetried"`
	AckP50    float64 `json:"ackP50Ms"` // of one payload, retries included
	AckP99    float64 `json:"ackP99Ms"`
	AckMax    float64 `json:"ackMaxMs"`
	SenderCPU float64 `json:"senderCPUSecondsPerMillion"`
	// Others is how many cores other processes kept busy meanwhile. Figures of a
	// run with much of it are worth little.
	Others     float64 `json:"othersCores"`
	Compressed string  `json:"compression"`
	Protocol   string  `json:"protocol"`
}

// load sends all payloads over several connections, one request at a time on each.
func load(ctx context.Context, o *options, addr string, all *payloads) (*loadFigures, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sent, retries atomic.Int64
	errs, times := make([]error, o.connections), make([][]time.Duration, o.connections)
	var wg sync.WaitGroup
	start, cpu := time.Now(), ownCPU()
	for c := range o.connections {
		wg.Go(func() {
			to, err := newSender(o, addr)
			if err == nil {
				defer to.close()
				l := lane{to: to, all: all, start: start, rate: o.rate, sent: &sent, retries: &retries}
				err = l.run(ctx)
				times[c] = l.times
			}
			if errs[c] = err; err != nil {
				cancel() // the others need not go on
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for tick := time.Tick(10 * time.Second); ; {
		select {
		case <-tick:
			say("  %d of %d acknowledged, %d refusals retried", sent.Load(), all.spans, retries.Load())
			continue
		case <-done:
		}
		break
	}
	took := time.Since(start)
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ms := milliseconds(slices.Concat(times...))
	return &loadFigures{
		Seconds: took.Seconds(), PerSecond: float64(all.spans) / took.Seconds(), SentBytes: all.bytes, Retries: retries.Load(),
		AckP50: quantile(ms, 0.5), AckP99: quantile(ms, 0.99), AckMax: ms[len(ms)-1],
		SenderCPU: perMillion(ownCPU()-cpu, all.spans), Compressed: o.compression, Protocol: o.protocol,
	}, nil
}

func newSender(o *options, addr string) (sender, error) {
	if o.protocol == "http" {
		return newHTTPSender(addr, cmp.Or(o.path, "/v1/traces"), o.compression)
	}
	return newGRPCSender(addr)
}

// lane is what one connection does.
type lane struct {
	to            sender
	all           *payloads
	start         time.Time
	rate          float64
	sent, retries *atomic.Int64
	times         []time.Duration
}

func (l *lane) run(ctx context.Context) error {
	var buffer []byte
	for {
		p, past, err := l.all.next(buffer)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the payloads: %w", err)
		}
		buffer = p.bytes[:0]
		if l.rate > 0 {
			due := l.start.Add(time.Duration(float64(past) / l.rate * float64(time.Second)))
			if err := sleep(ctx, time.Until(due)); err != nil {
				return err
			}
		}
		began := time.Now()
		n, err := sendPatiently(ctx, l.to, p.bytes)
		l.retries.Add(int64(n))
		if err != nil {
			return fmt.Errorf("send a payload of %d spans after %d acknowledged ones: %w", p.spans, l.sent.Load(), err)
		}
		l.times = append(l.times, time.Since(began))
		l.sent.Add(int64(p.spans))
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
