package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// demo sends visits until the context ends or the duration is over, and shows
// the waterfall of the first slow checkout.
func demo(ctx context.Context, cfg config, s *Shop, b *backend, out io.Writer) error {
	out = &lineWriter{w: out}
	started := "already there"
	if b.process != nil {
		started = "started, data in " + b.process.address("data")
	}
	fmt.Fprintf(out, "\n  shop      %s\n  everspan  %s  (%s)\n\nCtrl-C stops it.\n\n", s.URL(), b.url, started)
	if cfg.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, cfg.duration)
		defer cancel()
	}
	// A server that ends takes the demo with it.
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if b.process != nil {
		go func() {
			select {
			case <-b.process.exited:
				end(fmt.Errorf("the server has ended: %w\n%s", b.process.ended(), b.process.lastLines()))
			case <-ctx.Done():
			}
		}()
	}
	var first sync.Once
	var shown sync.WaitGroup
	l := &load{shop: s, customer: s.customer(), dice: newDice(cfg.seed + 1), rate: cfg.rate, out: out}
	l.slow = func(v visit) {
		if v.name != "POST /checkout" || v.status != http.StatusOK {
			return
		}
		first.Do(func() { shown.Go(func() { show(ctx, s, b, v, out) }) })
	}
	l.run(ctx)
	shown.Wait()
	if b.process != nil {
		select {
		case <-b.process.exited:
			return context.Cause(ctx)
		default:
		}
	}
	fmt.Fprintln(out, "The shop is closed.")
	return nil
}

func show(ctx context.Context, s *Shop, b *backend, v visit, out io.Writer) {
	err := awaitTrace(ctx, s, b.url, v.traceID)
	if err == nil {
		fmt.Fprintln(out)
		err = printTrace(ctx, b, v.traceID, out)
		fmt.Fprintln(out)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(out, "%s  no waterfall: %v\n", time.Now().Format(time.TimeOnly), err)
	}
}

// lineWriter keeps writers from mixing inside a line.
type lineWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lineWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
