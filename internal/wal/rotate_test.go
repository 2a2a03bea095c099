package wal_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/internal/wal/waltest"
)

func TestRotateAndTruncate(t *testing.T) {
	fs := waltest.New(1)
	o := wal.Options{FS: fs}
	l := open(t, "d", o)
	if a, b := rotate(t, l), rotate(t, l); a != b {
		t.Errorf("Rotate of nothing moves from %d to %d", a, b)
	}
	appendTo(t, l, "a", "b")
	line := rotate(t, l)
	if again := rotate(t, l); again != line {
		t.Errorf("a second Rotate says %d; want %d", again, line)
	}
	appendTo(t, l, "c")
	l, got := reopen(t, l, "d", o)
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Fatalf("replay %q", got)
	}
	if got, _ := replay(t, l, line); !slices.Equal(got, []string{"c"}) {
		t.Errorf("replay from the line: %q", got)
	}
	before := l.Stats()
	if err := l.Truncate(line); err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Segments != 1 || s.LiveBytes >= before.LiveBytes {
		t.Errorf("after Truncate: %+v", s)
	}
	if got, _ := replay(t, l, 0); !slices.Equal(got, []string{"c"}) {
		t.Errorf("replay after Truncate: %q", got)
	}
	// All is truncated, yet numbers go on.
	line = rotate(t, l)
	if err := l.Truncate(line); err != nil {
		t.Fatal(err)
	}
	l, _ = reopen(t, l, "d", o)
	if n := rotate(t, l); n < line {
		t.Errorf("numbers fell from %d to %d", line, n)
	}
}

// The files are lost, and the caller alone knows how far it was.
func TestReplayKeepsNumbersRising(t *testing.T) {
	l := open(t, "d", wal.Options{FS: waltest.New(1)})
	replay(t, l, 100)
	appendTo(t, l, "x")
	if n := rotate(t, l); n <= 100 {
		t.Errorf("the segment after the first has number %d; want it over 100", n)
	}
}

// Whatever the committer is doing, what is appended before a Rotate is below its
// line and what is appended after it is not.
func TestRotateUnderLoad(t *testing.T) {
	fs := waltest.New(1)
	o := wal.Options{FS: fs, SegmentBytes: 300}
	l := open(t, "d", o)
	var mu sync.RWMutex // as the caller's: appends share it, Rotate excludes them
	line := uint64(0)
	var wg sync.WaitGroup
	for a := range 4 {
		wg.Go(func() {
			for i := range 300 {
				mu.RLock()
				ticket, err := l.Append(fmt.Appendf(nil, "%d %d %d", line, a, i))
				mu.RUnlock()
				if err != nil {
					t.Error(err)
				}
				if i%10 == 0 {
					ticket.Wait(t.Context())
				}
			}
		})
	}
	lines := []uint64{0}
	for i := range 100 {
		if i%10 == 0 {
			fs.Fail([]waltest.Op{waltest.Write, waltest.Sync, waltest.Create}[i/10%3], 1, errors.New("injected"))
		}
		mu.Lock()
		line = rotate(t, l)
		lines = append(lines, line)
		mu.Unlock()
	}
	wg.Wait()
	l.Close()
	lines = append(slices.Compact(lines), 1<<63)
	if !slices.IsSorted(lines) {
		t.Fatalf("lines fall: %d", lines)
	}
	l = open(t, "d", o)
	if _, err := l.Replay(t.Context(), 0, func(seg uint64, rec []byte) error {
		var line uint64
		var a, i int
		fmt.Sscanf(string(rec), "%d %d %d", &line, &a, &i)
		at, _ := slices.BinarySearch(lines, line)
		if seg < line || seg >= lines[at+1] {
			t.Errorf("record %q is in segment %d; want it from %d to below %d", rec, seg, line, lines[at+1])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
