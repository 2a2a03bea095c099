package wal_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/internal/wal/waltest"
)

// world is what a simulation knows of the records it appended.
type world struct {
	mu    sync.RWMutex // appends share it, Rotate excludes them
	line  uint64       // replays start here
	epoch int          // number of lines drawn

	recs  sync.Mutex
	state map[string]*record
}

type record struct {
	appender, seq, epoch int
	acked                bool
}

// TestCrash lets appenders, rotations, truncations and failures run on a disk
// that crashes at a random call, several lives in a row, and checks at each start
// that what was acknowledged is there, in order, once, and nothing else.
func TestCrash(t *testing.T) {
	seeds := 2000
	if testing.Short() {
		seeds = 150
	}
	for seed := range seeds {
		crashes(t, uint64(seed))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func crashes(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	w := &world{state: make(map[string]*record)}
	fs := waltest.New(seed)
	for life := range 4 {
		l := open(t, "d", wal.Options{FS: fs, SegmentBytes: int64(200 + rnd.IntN(2000))})
		w.check(t, l, life)
		fs = w.live(t, l, fs, rnd, life)
	}
}

// live runs one life until the disk crashes, and returns what is left of it.
func (w *world) live(t *testing.T, l *wal.Log, fs *waltest.FS, rnd *rand.Rand, life int) *waltest.FS {
	var once sync.Once
	var after *waltest.FS
	var mu sync.Mutex
	left := 1 + rnd.IntN(60)
	fs.Hook(func(waltest.Op, string) error {
		mu.Lock()
		defer mu.Unlock()
		if left--; left <= 0 {
			once.Do(func() { after = fs.Crash() })
		}
		return nil
	})
	for _, op := range []waltest.Op{waltest.Write, waltest.Sync, waltest.SyncDir, waltest.Create, waltest.Cut, waltest.Remove} {
		if rnd.IntN(4) == 0 {
			fs.Fail(op, 1+rnd.IntN(10), errors.New("injected"))
		}
	}
	var wg sync.WaitGroup
	for a := range 3 {
		batch, size := 1+rnd.IntN(5), rnd.IntN(200)
		wg.Go(func() { w.append(t, l, life*10+a, batch, size) })
	}
	for range 3 {
		w.mu.Lock()
		line, err := l.Rotate()
		if err != nil {
			t.Error(err)
		}
		w.epoch++
		w.line = line
		w.mu.Unlock()
		l.Truncate(line)
	}
	wg.Wait()
	l.Close()
	fs.Hook(nil)
	once.Do(func() { after = fs.Crash() })
	return after
}

func (w *world) append(t *testing.T, l *wal.Log, appender, batch, size int) {
	type sent struct {
		ticket wal.Ticket
		rec    *record
	}
	var open []sent
	for seq := range 30 {
		key := fmt.Sprintf("%d/%d/%s", appender, seq, strings.Repeat("p", size))
		w.mu.RLock()
		rec := &record{appender: appender, seq: seq, epoch: w.epoch}
		w.recs.Lock()
		w.state[key] = rec
		w.recs.Unlock()
		ticket, err := l.Append([]byte(key[:len(key)/2]), []byte(key[len(key)/2:]))
		w.mu.RUnlock()
		if err != nil {
			t.Error(err)
			return
		}
		open = append(open, sent{ticket, rec})
		if len(open) < batch {
			continue
		}
		for _, s := range open {
			err := s.ticket.Wait(t.Context())
			if errors.Is(err, waltest.ErrCrashed) {
				return
			}
			s.rec.acked = err == nil
		}
		open = open[:0]
	}
}

func (w *world) check(t *testing.T, l *wal.Log, life int) {
	seen := make(map[string]bool)
	next := make(map[int]int)
	if _, err := l.Replay(t.Context(), w.line, func(seg uint64, b []byte) error {
		key := string(b)
		rec := w.state[key]
		switch {
		case rec == nil:
			t.Errorf("life %d: invented: %q", life, key)
			return nil
		case seen[key]:
			t.Errorf("life %d: twice: %q", life, key)
		case rec.epoch < w.epoch:
			t.Errorf("life %d: %q was appended before the line %d and is in segment %d", life, key, w.line, seg)
		case rec.seq < next[rec.appender]:
			t.Errorf("life %d: out of order: %q", life, key)
		}
		seen[key] = true
		next[rec.appender] = rec.seq + 1
		return nil
	}); err != nil {
		t.Errorf("life %d: %v", life, err)
	}
	for key, rec := range w.state {
		if rec.acked && rec.epoch == w.epoch && !seen[key] {
			t.Errorf("life %d: acknowledged and lost: %q", life, key)
		}
	}
}
