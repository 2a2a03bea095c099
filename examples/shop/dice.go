package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// dice is the shop's one source of chance. With the same seed the same
// requests are made in the same order.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func newDice(seed uint64) *dice {
	return &dice{rng: rand.New(rand.NewPCG(seed, 0x5b0b))}
}

// chance is true with probability p.
func (d *dice) chance(p float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64() < p
}

// pick returns a number in [0, n).
func (d *dice) pick(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n)
}

// around spreads a duration by up to 5 % to both sides.
func (d *dice) around(t time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(float64(t) * (0.95 + 0.1*d.rng.Float64()))
}

// pause stands for work that the demo does not really do, such as asking a
// warehouse. It ends early, with the context's error, when the caller gives up.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
