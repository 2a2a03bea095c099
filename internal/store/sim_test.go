package store

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	simSeed  = flag.Int64("seed", -1, "TestSimulation: live this life and print its steps; with -seeds the first of many")
	simSeeds = flag.Int64("seeds", 0, "TestSimulation: how many lives")
)

// remembered are lives that found something; they are always lived. That holds as
// long as a seed means the same life: publish_test.go has the faults themselves.
var remembered = []int64{
	20,  // a wrong bit in a manifest, read once, led back to an older one
	26,  // a manifest without an answer: its spans came twice
	58,  // a block that could not be deleted at once stayed
	190, // a manifest without an answer: the block that it names was removed
}

// TestSimulation lives thousands of lives of a store: payloads, queries, flushes,
// merges, retention, crashes and restarts on a disk and a bucket that fail, under
// a virtual clock. What it answers is held against plain spans, and what it does
// to the bucket against what it may do. A seed decides all that happens in a life.
func TestSimulation(t *testing.T) {
	first, n := max(*simSeed, 0), int64(1200)
	var seeds []int64 // 800 of them have the remembered ones
	switch {
	case *simSeeds > 0:
		n = *simSeeds
	case *simSeed >= 0:
		n = 1
	case testing.Short():
		n = 16
		seeds = remembered
	}
	for i := range n {
		seeds = append(seeds, first+i)
	}
	// What compresses has channels that it makes when first used; that must not
	// be in a bubble, for other bubbles use them too.
	w := newWorld(t, Options{})
	w.flushes(fanIn)
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}

	t.Setenv("GODEBUG", "tracebacklabels=1") // a panic, of whichever goroutine, tells its seed
	gc := debug.SetGCPercent(800)            // a life is short, and what it leaves is dead
	t.Cleanup(func() { debug.SetGCPercent(gc) })

	var next atomic.Int64
	var mu sync.Mutex
	total := make(tally)
	t.Cleanup(func() { t.Log(total) })
	for worker := range runtime.GOMAXPROCS(0) {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			defer func() {
				if t.Failed() {
					next.Store(int64(len(seeds))) // one is enough
				}
			}()
			for {
				i := next.Add(1) - 1
				if i >= int64(len(seeds)) {
					return
				}
				got := simulate(t, uint64(seeds[i]))
				mu.Lock()
				total.add(got)
				mu.Unlock()
			}
		})
	}
}

// simulate lives one life in a bubble of its own.
func simulate(t *testing.T, seed uint64) (total tally) {
	repeat := fmt.Sprintf("go test ./internal/store -run TestSimulation -seed %d", seed)
	// A mutex that is held while something waits for the clock stops the clock.
	stuck := time.AfterFunc(time.Minute, func() {
		debug.SetTraceback("all")
		panic("the life is stuck; repeat it by\n\t" + repeat)
	})
	defer stuck.Stop()
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Sprintf("%v\nrepeat it by\n\t%s", r, repeat))
		}
	}()
	defer pprof.SetGoroutineLabels(context.Background())
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("seed", fmt.Sprint(seed))))
	synctest.Test(t, func(t *testing.T) {
		broken, notes, tally := live(t, seed)
		total = tally
		if broken != "" {
			if *simSeeds != 0 || *simSeed < 0 {
				notes = notes[max(0, len(notes)-keepNotes):]
			}
			t.Fatalf("%s\n\nin life %d; the last steps:\n%s\n\n%s\n\nrepeat it by\n\t%s", broken, seed, strings.Join(notes, "\n"), broken, repeat)
		}
		if *simSeed >= 0 && *simSeeds == 0 {
			t.Log("\n" + strings.Join(notes, "\n"))
		}
	})
	return total
}
