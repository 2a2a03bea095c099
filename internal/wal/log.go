package wal

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
)

// The errors that callers branch on.
var (
	// ErrFull says that the disk is behind by Options.PendingBytes. It may be
	// retried when a group has been written.
	ErrFull = errors.New("log is full: too much is waiting for the disk")
	// ErrTooLarge says that a record is over 256 MiB. It is final.
	ErrTooLarge = errors.New("record is too large for the log")
	// ErrClosed says that the log is closed.
	ErrClosed = errors.New("log is closed")
)

// Options are the settings of a Log. The zero value is usable.
type Options struct {
	// SegmentBytes is the size past which the log begins a new segment by itself;
	// 0 is 64 MiB. A group is never split, so one segment may be larger by a group.
	SegmentBytes int64

	// PendingBytes bounds what is appended and not yet written; past it Append
	// returns ErrFull. 0 is 64 MiB. A record larger than that is accepted when
	// nothing else is pending. Buffers may take up to twice as much memory.
	PendingBytes int64

	// FS is where the files are; nil is the operating system's file system.
	FS FS

	// Logger hears of failures and of damage; nil is silence.
	Logger *slog.Logger
}

// defaultBytes is about a second of writing for a common disk: long enough that
// files are few, short enough that a replay of the last one is quick.
const defaultBytes = 64 << 20

// keepBuffer is the largest buffer kept for the next group. A burst's is given
// back.
const keepBuffer = 8 << 20

// Log is a record log in one directory. Its methods may be called from many
// goroutines.
type Log struct {
	dir string
	o   Options
	fs  FS
	log *slog.Logger

	mu       sync.Mutex
	work     sync.Cond  // there is something for the committer
	found    []*segment // those that Open found, in order, less those truncated
	made     []*segment // those that this Log wrote, in order, less those truncated
	cur      *segment   // the last of made, if it may be appended to
	last     uint64     // highest number that any segment ever had or was tried with
	first    uint64     // lowest number for what is appended from now on
	queue    []*group   // waiting, in order
	open     *group     // the last of queue, if it takes more records
	inflight *group     // being written
	pending  int64      // bytes of queue and inflight
	spare    []byte     // a buffer for the next group
	closed   bool
	stats    Stats

	truncating sync.Mutex
	stopped    chan struct{} // closed when the committer has ended
	file       File          // of cur; the committer's own
	closeErr   error         // of file; set before stopped is closed
}

// group is a number of records that are written and synced together.
type group struct {
	first   uint64 // lowest number of the segment it may go to
	buf     []byte // frames (still without checksums) and payloads
	records int
	done    chan struct{}
	err     error // set before done is closed
}

// Open opens the log in dir, making the directory if it is missing. It looks for
// segments, but neither reads nor writes one: a full disk or a damaged file does
// not keep it from opening. The Log has one goroutine, which Close ends.
func Open(dir string, o Options) (*Log, error) {
	o.SegmentBytes = cmp.Or(o.SegmentBytes, defaultBytes)
	o.PendingBytes = cmp.Or(o.PendingBytes, defaultBytes)
	l := &Log{dir: dir, o: o, fs: o.FS, log: o.Logger, stopped: make(chan struct{})}
	l.work.L = &l.mu
	if l.fs == nil {
		l.fs = osFS{}
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if err := l.fs.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("open log: make directory: %w", err)
	}
	entries, err := l.fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("open log: list directory: %w", err)
	}
	for _, e := range entries {
		if s, ok := parseName(e.Name); ok {
			s.size = e.Size
			l.found = append(l.found, &s)
			l.last = max(l.last, s.number)
		}
	}
	slices.SortFunc(l.found, func(a, b *segment) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.salt, b.salt))
	})
	l.first = l.last + 1
	go l.commit()
	return l, nil
}

// Ticket stands for an appended record.
type Ticket struct{ g *group }

// Wait returns nil once the record is durable. An error other than the context's
// says that writing or syncing failed: the caller may append the record again,
// and either may then be in a replay. After the context's error the outcome is
// unknown, and Wait may be called again.
func (t Ticket) Wait(ctx context.Context) error {
	if t.g == nil {
		return errors.New("wait for a record: it was not appended")
	}
	select {
	case <-t.g.done:
		return t.g.err
	default:
	}
	select {
	case <-t.g.done:
		return t.g.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Append copies a record, whose bytes are those of all parts in a row, to the
// group that is written next. It never waits for the disk. Errors are ErrFull,
// ErrTooLarge and ErrClosed.
func (l *Log) Append(parts ...[]byte) (Ticket, error) {
	n := 0
	for _, p := range parts {
		if len(p) > maxRecord-n {
			return Ticket{}, ErrTooLarge
		}
		n += len(p)
	}
	need := int64(frameSize + n)

	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return Ticket{}, ErrClosed
	}
	if l.pending > 0 && l.pending+need > l.o.PendingBytes {
		l.stats.Refused++
		return Ticket{}, ErrFull
	}
	g := l.open
	if g == nil {
		g = &group{first: l.first, buf: l.spare, done: make(chan struct{})}
		l.spare = nil
		l.open = g
		l.queue = append(l.queue, g)
		l.work.Signal()
	}
	g.buf = binary.LittleEndian.AppendUint32(g.buf, uint32(n))
	g.buf = append(g.buf, make([]byte, frameSize-4)...) // filled in by seal
	for _, p := range parts {
		g.buf = append(g.buf, p...)
	}
	g.records++
	l.pending += need
	return Ticket{g}, nil
}

// Rotate draws a line: records whose Append returned before Rotate was called go
// to segments below the returned number, and records appended after it returns go
// to that segment or later ones. It does not wait for the disk, and may be called
// with the caller's own lock held. Numbers may skip. The error is ErrClosed.
func (l *Log) Rotate() (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, ErrClosed
	}
	l.open = nil
	if l.inflight == nil && len(l.queue) == 0 && l.cur != nil && l.cur.size <= headerSize && l.cur.number >= l.first {
		return l.cur.number, nil // nothing was written since it began
	}
	// Each group in the queue may yet begin one new segment, and no more.
	n := l.last
	for _, g := range l.queue {
		n = max(n+1, g.first)
	}
	l.raise(n + 1)
	return l.first, nil
}

// raise makes first at least n. The committer begins the segment ahead of the
// first record, if it has nothing better to do. It is called with mu held.
func (l *Log) raise(n uint64) {
	if n > l.first {
		l.first = n
		l.open = nil
	}
	l.work.Signal()
}

// Close writes what is pending, and ends the goroutine. Those who wait get their
// answer. A second call does nothing but wait for the first.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closed = true
	l.work.Signal()
	l.mu.Unlock()
	<-l.stopped
	return l.closeErr
}
