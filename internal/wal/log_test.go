package wal_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/internal/wal/waltest"
)

func open(t testing.TB, dir string, o wal.Options) *wal.Log {
	t.Helper()
	l, err := wal.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func appendTo(t testing.TB, l *wal.Log, recs ...string) {
	t.Helper()
	for _, r := range recs {
		ticket, err := l.Append([]byte(r))
		if err == nil {
			err = ticket.Wait(t.Context())
		}
		if err != nil {
			t.Fatalf("append %.20q: %v", r, err)
		}
	}
}

func rotate(t testing.TB, l *wal.Log) uint64 {
	t.Helper()
	n, err := l.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func replay(t testing.TB, l *wal.Log, from uint64) ([]string, wal.Report) {
	t.Helper()
	var recs []string
	rep, err := l.Replay(t.Context(), from, func(_ uint64, rec []byte) error {
		recs = append(recs, string(rec))
		return nil
	})
	if err != nil {
		t.Fatalf("replay: %v", err)
	}
	if rep.Records != len(recs) {
		t.Fatalf("report says %d records, %d were served", rep.Records, len(recs))
	}
	return recs, rep
}

// reopen closes l, and returns what a new log in its place replays.
func reopen(t testing.TB, l *wal.Log, dir string, o wal.Options) (*wal.Log, []string) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, o)
	recs, rep := replay(t, l, 0)
	if rep.Damaged != 0 {
		t.Fatalf("damage: %v", rep.Damage)
	}
	return l, recs
}

func TestReplayEqualsAppended(t *testing.T) {
	dir := t.TempDir() + "/a/b"
	l := open(t, dir, wal.Options{SegmentBytes: 10_000})
	var want []string
	for i := range 200 {
		want = append(want, fmt.Sprintf("%d:%s", i, strings.Repeat("x", i*i%3000)))
	}
	want = append(want, "", strings.Repeat("large", 700_000), "last")
	ctx := t.Context()
	var tickets []wal.Ticket
	for _, r := range want {
		ticket, err := l.Append([]byte(r[:len(r)/2]), nil, []byte(r[len(r)/2:]))
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
		if len(tickets)%20 == 0 {
			if err := ticket.Wait(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	l, got := reopen(t, l, dir, wal.Options{})
	for i, ticket := range tickets {
		if err := ticket.Wait(ctx); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("replay (-want +got):\n%.2000s", diff)
	}
	if n := l.Stats().Segments; n < 5 {
		t.Errorf("%d segments; want the log to rotate by itself", n)
	}
	appendTo(t, l, "again")
	if _, got = reopen(t, l, dir, wal.Options{}); !slices.Equal(got, append(want, "again")) {
		t.Error("a second life's record is not after those of the first")
	}
}

// TestGroupCommit appends records while the disk is busy with the first one: they
// all share the next sync.
func TestGroupCommit(t *testing.T) {
	fs := waltest.New(1)
	reached, release := block(fs)
	defer release()
	l := open(t, "d", wal.Options{FS: fs})
	var tickets []wal.Ticket
	for i := range 16 {
		ticket, err := l.Append([]byte{byte(i)})
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
		if i == 0 {
			<-reached
		}
	}
	release()
	for _, ticket := range tickets {
		if err := ticket.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s := l.Stats(); s.Records != 16 || s.Groups != 2 || s.Syncs != 2 || s.PendingBytes != 0 {
		t.Errorf("stats %+v; want 16 records in 2 groups with a sync each", s)
	}
}

func TestConcurrentAppenders(t *testing.T) {
	const appenders, each = 16, 50
	fs := waltest.New(1)
	l := open(t, "d", wal.Options{FS: fs})
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Go(func() {
			for i := range each {
				appendTo(t, l, fmt.Sprintf("%d/%d", a, i))
			}
		})
	}
	wg.Wait()
	s := l.Stats()
	if s.Records != appenders*each || s.Syncs > s.Records || s.Groups != s.Syncs || s.PendingBytes != 0 {
		t.Errorf("stats %+v; want %d records and a sync a group", s, appenders*each)
	}
	_, got := reopen(t, l, "d", wal.Options{FS: fs})
	next := make([]int, appenders)
	for _, rec := range got {
		var a, i int
		fmt.Sscanf(rec, "%d/%d", &a, &i)
		if i != next[a] {
			t.Fatalf("appender %d: record %d where %d was due", a, i, next[a])
		}
		next[a]++
	}
	if len(got) != appenders*each {
		t.Errorf("%d records; want %d", len(got), appenders*each)
	}
}

// block makes the file system wait in sync until release is called.
func block(fs *waltest.FS) (reached <-chan struct{}, release func()) {
	in, out := make(chan struct{}, 1000), make(chan struct{})
	fs.Hook(func(op waltest.Op, _ string) error {
		if op == waltest.Sync {
			in <- struct{}{}
			<-out
		}
		return nil
	})
	return in, sync.OnceFunc(func() { close(out) })
}

func TestFull(t *testing.T) {
	fs := waltest.New(1)
	reached, release := block(fs)
	l := open(t, "d", wal.Options{FS: fs, PendingBytes: 1000})
	defer release()
	big := make([]byte, 5000)
	if _, err := l.Append(big); err != nil {
		t.Fatalf("a record over the bound, when nothing is pending: %v", err)
	}
	<-reached
	if _, err := l.Append([]byte("x")); !errors.Is(err, wal.ErrFull) {
		t.Fatalf("Append past the bound: %v; want ErrFull", err)
	}
	if s := l.Stats(); s.Refused != 1 || s.PendingBytes != 5016 {
		t.Errorf("stats %+v", s)
	}
	release()
	for {
		ticket, err := l.Append([]byte("x"))
		if err == nil {
			if err := ticket.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if _, err := l.Append(make([]byte, 200<<20), make([]byte, 57<<20)); !errors.Is(err, wal.ErrTooLarge) {
		t.Errorf("Append of 257 MiB: %v; want ErrTooLarge", err)
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	fs := waltest.New(1)
	_, release := block(fs)
	l := open(t, "d", wal.Options{FS: fs})
	ticket, err := l.Append([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ticket.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v; want context.Canceled", err)
	}
	release()
	if err := ticket.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if err := ticket.Wait(ctx); err != nil {
		t.Errorf("Wait for what is done, with an ended context: %v", err)
	}
	if err := (wal.Ticket{}).Wait(ctx); err == nil {
		t.Error("the zero Ticket is durable")
	}
}

// The bubble fails if the log's goroutine outlives Close.
func TestCloseEndsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := waltest.New(1)
		l, err := wal.Open("d", wal.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		ticket, err := l.Append([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { l.Close() })
		}
		wg.Wait()
		if err := ticket.Wait(t.Context()); err != nil {
			t.Errorf("what was pending at Close: %v", err)
		}
		if _, err := l.Append([]byte("y")); !errors.Is(err, wal.ErrClosed) {
			t.Errorf("Append after Close: %v", err)
		}
		if _, err := l.Rotate(); !errors.Is(err, wal.ErrClosed) {
			t.Errorf("Rotate after Close: %v", err)
		}
	})
}

func TestFailureThenRecovery(t *testing.T) {
	broken := errors.New("input/output error")
	for _, c := range []struct {
		name   string
		broken func(*waltest.FS)
		mend   func(*waltest.FS)
		want   error
	}{
		{"disk full", func(fs *waltest.FS) { fs.SetCapacity(500) }, func(fs *waltest.FS) { fs.SetCapacity(-1) }, syscall.ENOSPC},
		{"write", func(fs *waltest.FS) { fs.Fail(waltest.Write, 1, broken) }, func(*waltest.FS) {}, broken},
		{"sync", func(fs *waltest.FS) { fs.Fail(waltest.Sync, 1, broken) }, func(*waltest.FS) {}, broken},
		{"sync, and no cutting", func(fs *waltest.FS) { fs.Fail(waltest.Sync, 1, broken); fs.Fail(waltest.Cut, 1, broken) }, func(*waltest.FS) {}, broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := waltest.New(1)
			l := open(t, "d", wal.Options{FS: fs})
			rec := func(i int) string { return fmt.Sprintf("%d%s", i, strings.Repeat(".", 100)) }
			appendTo(t, l, rec(0), rec(1))
			c.broken(fs)
			failed := 0
			for i := 2; i < 20; i++ {
				ticket, err := l.Append([]byte(rec(i)))
				if err != nil {
					t.Fatal(err)
				}
				if err := ticket.Wait(t.Context()); err != nil {
					failed++
					if !errors.Is(err, c.want) {
						t.Errorf("Wait: %v; want %v", err, c.want)
					}
				}
			}
			if failed == 0 || l.Stats().Failures != uint64(failed) {
				t.Errorf("%d records failed, %d counted", failed, l.Stats().Failures)
			}
			if n := l.Stats().Segments; n > 2 {
				t.Errorf("failures left %d segments", n)
			}
			c.mend(fs)
			appendTo(t, l, rec(20))
			l.Close()
			got, _ := replay(t, open(t, "d", wal.Options{FS: fs.Crash()}), 0)
			for _, i := range []int{0, 1, 20} {
				if !slices.Contains(got, rec(i)) {
					t.Errorf("record %d is lost", i)
				}
			}
		})
	}
}

// An unsynced directory must not make a record durable.
func TestNewSegmentNeedsItsName(t *testing.T) {
	broken := errors.New("input/output error")
	for _, op := range []waltest.Op{waltest.Create, waltest.SyncDir} {
		fs := waltest.New(1)
		l := open(t, "d", wal.Options{FS: fs})
		fs.Fail(op, 1, broken)
		ticket, _ := l.Append([]byte("x"))
		if err := ticket.Wait(t.Context()); !errors.Is(err, broken) {
			t.Errorf("%s failed, and Wait says %v", op, err)
		}
		appendTo(t, l, "y")
		if _, got := reopen(t, l, "d", wal.Options{FS: fs}); !slices.Equal(got, []string{"y"}) {
			t.Errorf("%s: replay %q", op, got)
		}
	}
}
