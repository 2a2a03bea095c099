package buckettest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"sync"

	"github.com/everspan/everspan/internal/bucket"
)

// ErrInjected is what [Faulty] fails with.
var ErrInjected = errors.New("injected fault")

// Faults says how often what goes wrong: probabilities from 0 to 1, each drawn
// anew for each call. The zero value is no fault at all.
type Faults struct {
	Before float64 // the call fails and does nothing
	After  float64 // the call does its work and fails nevertheless: a lost answer
	Short  float64 // ReadAt fills half of the buffer and fails

	// Delay is called before every operation ("create", "read", "stat", "list",
	// "delete") and may wait, look, or refuse it by an error. It may be nil.
	Delay func(ctx context.Context, op, key string) error
}

// Faulty is a bucket.Bucket that fails by a seed: the same seed and the same
// order of calls give the same faults.
type Faulty struct {
	b bucket.Bucket

	mu       sync.Mutex
	rnd      *rand.Rand
	faults   Faults
	injected int
}

// NewFaulty wraps b.
func NewFaulty(b bucket.Bucket, seed uint64, faults Faults) *Faulty {
	return &Faulty{b: b, rnd: rand.New(rand.NewPCG(seed, 0)), faults: faults}
}

// Set changes what goes wrong from now on.
func (f *Faulty) Set(faults Faults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = faults
}

// Injected counts the faults so far, without refusals by Delay.
func (f *Faulty) Injected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.injected
}

// draw decides all that may go wrong with one call; always with the same number
// of draws, so that one rate does not move the faults of another.
func (f *Faulty) draw(ctx context.Context, op, key string) (after, short bool, err error) {
	f.mu.Lock()
	faults := f.faults
	before := f.rnd.Float64() < faults.Before
	after = f.rnd.Float64() < faults.After
	short = f.rnd.Float64() < faults.Short && op == "read"
	if before || after || short {
		f.injected++
	}
	f.mu.Unlock()
	if faults.Delay != nil {
		if err := faults.Delay(ctx, op, key); err != nil {
			return false, false, err
		}
	}
	if before {
		return false, false, fmt.Errorf("%s %s: %w", op, key, ErrInjected)
	}
	return after, short, nil
}

func lost(op, key string) error {
	return fmt.Errorf("%s %s: lost answer: %w", op, key, ErrInjected)
}

// Create is part of bucket.Bucket.
func (f *Faulty) Create(ctx context.Context, key string, r io.Reader) (int64, error) {
	after, _, err := f.draw(ctx, "create", key)
	if err != nil {
		return 0, err
	}
	n, err := f.b.Create(ctx, key, r)
	if after {
		return 0, lost("create", key)
	}
	return n, err
}

// ReadAt is part of bucket.Bucket.
func (f *Faulty) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	after, short, err := f.draw(ctx, "read", key)
	if err != nil {
		return err
	}
	if short {
		f.b.ReadAt(ctx, key, p[:len(p)/2], off)
		return fmt.Errorf("read %s: connection reset: %w", key, ErrInjected)
	}
	err = f.b.ReadAt(ctx, key, p, off)
	if after {
		return lost("read", key)
	}
	return err
}

// Stat is part of bucket.Bucket.
func (f *Faulty) Stat(ctx context.Context, key string) (bucket.Info, error) {
	after, _, err := f.draw(ctx, "stat", key)
	if err != nil {
		return bucket.Info{}, err
	}
	info, err := f.b.Stat(ctx, key)
	if after {
		return bucket.Info{}, lost("stat", key)
	}
	return info, err
}

// List is part of bucket.Bucket. A lost answer comes after the first object.
func (f *Faulty) List(ctx context.Context, prefix, after string) iter.Seq2[bucket.Info, error] {
	return func(yield func(bucket.Info, error) bool) {
		cut, _, err := f.draw(ctx, "list", prefix)
		if err != nil {
			yield(bucket.Info{}, err)
			return
		}
		for info, err := range f.b.List(ctx, prefix, after) {
			if !yield(info, err) || err != nil {
				return
			}
			if cut {
				break
			}
		}
		if cut {
			yield(bucket.Info{}, lost("list", prefix))
		}
	}
}

// Delete is part of bucket.Bucket.
func (f *Faulty) Delete(ctx context.Context, key string) error {
	after, _, err := f.draw(ctx, "delete", key)
	if err != nil {
		return err
	}
	err = f.b.Delete(ctx, key)
	if after {
		return lost("delete", key)
	}
	return err
}
