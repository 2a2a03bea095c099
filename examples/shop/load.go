package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// load sends a gentle stream of visits and says, now and then, how it goes.
type load struct {
	shop     *Shop
	customer *customer
	dice     *dice
	rate     float64     // visits per second
	out      io.Writer   // one line every summaryEvery, and one for each slow visit
	slow     func(visit) // called for each slow visit

	mu       sync.Mutex
	visits   int
	errors   int
	refused  int
	slowest  visit
	answered sync.WaitGroup
}

const (
	slowVisit    = time.Second
	summaryEvery = 10 * time.Second

	// maxOpen bounds the visits under way; past it the stream waits.
	maxOpen = 64
)

// run returns once the context ends and every visit is answered.
func (l *load) run(ctx context.Context) {
	tick := time.NewTicker(time.Duration(float64(time.Second) / l.rate))
	defer tick.Stop()
	summary := time.NewTicker(summaryEvery)
	defer summary.Stop()
	open := make(chan struct{}, maxOpen)
	// A visit that has begun is answered, also when the stream stops.
	visitCtx := context.WithoutCancel(ctx)
	for {
		select {
		case <-ctx.Done():
			l.answered.Wait()
			l.summarise()
			return
		case <-summary.C:
			l.summarise()
		case <-tick.C:
			select {
			case open <- struct{}{}:
			case <-ctx.Done():
				continue
			}
			visit := l.next()
			l.answered.Go(func() {
				defer func() { <-open }()
				l.note(visit(visitCtx))
			})
		}
	}
}

// next draws what somebody does now. What is drawn depends on the seed alone.
func (l *load) next() func(context.Context) (visit, error) {
	user := users[l.dice.pick(len(users))]
	it := item{catalogue[l.dice.pick(len(catalogue)-1)].SKU, 1 + l.dice.pick(2)}
	switch n := l.dice.pick(100); {
	case n < 40:
		return l.customer.products
	case n < 62:
		return func(ctx context.Context) (visit, error) { return l.customer.addItem(ctx, user, it) }
	case n < 65:
		antique := item{"pot-antique", 1}
		return func(ctx context.Context) (visit, error) { return l.customer.addItem(ctx, user, antique) }
	case n < 68:
		return func(ctx context.Context) (visit, error) {
			stranger := *l.customer
			stranger.key = []byte("not ours")
			return stranger.checkout(ctx, user)
		}
	default:
		return func(ctx context.Context) (visit, error) {
			if v, err := l.customer.addItem(ctx, user, it); err != nil || v.status >= 400 {
				return v, err
			}
			return l.customer.checkout(ctx, user)
		}
	}
}

func (l *load) note(v visit, err error) {
	l.mu.Lock()
	l.visits++
	switch {
	case err != nil || v.status >= 500:
		l.errors++
	case v.status >= 400:
		l.refused++
	}
	if v.took > l.slowest.took {
		l.slowest = v
	}
	l.mu.Unlock()
	if err != nil {
		fmt.Fprintf(l.out, "%s  %v\n", time.Now().Format(time.TimeOnly), err)
		return
	}
	if v.took >= slowVisit {
		fmt.Fprintf(l.out, "%s  slow: %s took %.2f s, trace %s\n", time.Now().Format(time.TimeOnly), v.name, v.took.Seconds(), v.traceID)
		l.slow(v)
	}
}

func (l *load) summarise() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.visits == 0 {
		return
	}
	fmt.Fprintf(l.out, "%s  %d requests, %d failed, %d refused, slowest %s %.2f s\n", time.Now().Format(time.TimeOnly),
		l.visits, l.errors, l.refused, l.slowest.name, l.slowest.took.Seconds())
	l.visits, l.errors, l.refused, l.slowest = 0, 0, 0, visit{}
}
