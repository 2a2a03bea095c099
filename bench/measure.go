//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

// measure does everything, in this order: encode, start, send, wait until the
// server is quiet, start it again, read back, ask.
func measure(ctx context.Context, o *options) (r *report, err error) {
	dir, err := os.MkdirTemp("", "everspan-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	var own *server
	if o.target != "" {
		err = o.checkTarget()
	} else {
		own, err = newServer(ctx, o, dir)
	}
	if err != nil {
		return nil, err
	}
	all, sent, figures, err := prepare(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	r = newReport(o, figures)
	t := &target{otlp: o.target, process: process(o.pid), data: o.data, query: strings.TrimSuffix(o.query, "/")}
	if own != nil {
		if err := own.start(ctx); err != nil {
			return nil, err
		}
		defer func() {
			if e := own.stop(); e != nil {
				err = errors.Join(err, fmt.Errorf("stop the server: %w", e))
			}
		}()
		t.use(own, o.protocol)
	}
	if t.query != "" {
		r.Server = buildOf(t.query)
	}
	if own != nil {
		r.Server += " " + cmp.Or(o.binary, tree())
	}
	if o.queryAPI == "everspan" {
		t.metrics = t.query
	}
	if err := r.measureLoad(ctx, o, t, all); err != nil {
		return nil, err
	}
	if err := all.close(); err != nil {
		return nil, err
	}
	if own != nil {
		if err := r.measureRestart(ctx, own); err != nil {
			return nil, err
		}
		t.use(own, o.protocol)
	}
	if t.query == "" {
		say("no --query: nothing is read back or asked")
		return r, nil
	}
	a := &asker{rng: rand.New(rand.NewPCG(o.seed, 0xa5c)), base: t.query, api: o.queryAPI, sent: sent, end: epoch + int64(figures.SpanSeconds*1e9), process: t.process}
	if own != nil {
		a.restart = func() error { return r.restartFor(ctx, own, t, a, o.protocol) }
	}
	if o.verify != "none" {
		say("reading traces back")
		if r.Verified, err = a.verify(ctx, o.verify); err != nil {
			return nil, err
		}
	}
	if o.queries > 0 {
		say("asking %d queries of each kind", o.queries)
		if r.Queries, err = a.askAll(ctx, o.queries); err != nil {
			return nil, err
		}
		if err = r.queryMemory(t.process); err != nil {
			return nil, err
		}
	}
	if own != nil {
		r.Trouble = own.trouble()
	}
	return r, nil
}

// measureLoad sends everything and waits until the server is quiet.
func (r *report) measureLoad(ctx context.Context, o *options, t *target, all *payloads) error {
	before, err := t.process.cpu()
	if err != nil {
		return err
	}
	others, err := othersSince(before)
	if err != nil {
		return err
	}
	say("sending over %d connections to %s", o.connections, t.otlp)
	if r.Load, err = load(ctx, o, t.otlp, all); err != nil {
		return err
	}
	acked, err := t.process.cpu()
	if err != nil {
		return err
	}
	if r.Load.Others, err = others(acked); err != nil {
		return err
	}
	if r.Memory.AfterLoad, err = t.process.peak(); err != nil {
		return err
	}
	say("sent in %.1f s; waiting until the server is quiet", r.Load.Seconds)
	took, err := waitQuiet(ctx, t.process, t.metrics, o.settle)
	if err != nil {
		return err
	}
	done, err := t.process.cpu()
	if err != nil {
		return err
	}
	r.QuietSeconds = took.Seconds()
	r.CPU.UntilAck, r.CPU.AfterAck = perMillion(acked-before, all.spans), perMillion(done-acked, all.spans)
	r.CPU.Total = perMillion(done-before, all.spans)
	r.CPU.PdataRatio = r.CPU.Total / r.Workload.PdataPerMillion
	if r.Memory.AfterQuiet, err = t.process.peak(); err != nil {
		return err
	}
	if t.data != "" {
		if r.Disk, err = measureDisk(t.data, all.spans, t.metrics != ""); err != nil {
			return err
		}
	}
	return nil
}

// othersSince begins to watch what neither the server nor we use. The function it
// returns says how many cores that was.
func othersSince(server time.Duration) (func(server time.Duration) (float64, error), error) {
	all, err := busy()
	own, start := ownCPU(), time.Now()
	return func(serverNow time.Duration) (float64, error) {
		now, err := busy()
		rest := now - all - (ownCPU() - own) - (serverNow - server)
		return max(rest.Seconds()/time.Since(start).Seconds(), 0), err
	}, err
}

// restartFor begins our server anew, so that the asker's next query is the first.
func (r *report) restartFor(ctx context.Context, own *server, t *target, a *asker, protocol string) error {
	if err := r.queryMemory(t.process); err != nil {
		return err
	}
	if err := own.stop(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	if err := own.start(ctx); err != nil {
		return err
	}
	t.use(own, protocol)
	a.base, a.process = t.query, t.process
	return nil
}

// queryMemory notes the most memory of the processes that answered queries.
func (r *report) queryMemory(p process) error {
	peak, err := p.peak()
	r.Memory.AfterQueries = max(r.Memory.AfterQueries, peak)
	return err
}

// measureRestart stops our server and starts it again on the same folder.
func (r *report) measureRestart(ctx context.Context, s *server) error {
	say("stopping and starting again")
	began := time.Now()
	if err := s.stop(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	stopped := time.Now()
	if err := s.start(ctx); err != nil {
		return err
	}
	r.Restart = &restartFigures{Stop: float64(stopped.Sub(began)) / 1e6, Start: float64(time.Since(stopped)) / 1e6}
	return nil
}
