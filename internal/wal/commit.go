package wal

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
)

// commit is the log's one goroutine: it writes the groups in order until the log
// is closed and none is left.
func (l *Log) commit() {
	defer close(l.stopped)
	for {
		g, number, ok := l.next()
		if !ok {
			break
		}
		var err error
		if number > 0 {
			err = l.begin(number)
		}
		if err == nil && g != nil {
			err = l.write(g)
		}
		if err != nil {
			l.failed(err)
		}
		if g != nil {
			l.finish(g, err)
		}
	}
	if l.file != nil {
		if err := l.file.Close(); err != nil {
			l.closeErr = fmt.Errorf("close log: %w", err)
		}
	}
}

// next waits for work: a group to write, or the number of a segment to begin, or
// both. A segment may be begun ahead of its first record. The number is taken
// right here, under the lock that the group leaves the queue under, so that Rotate
// can tell what numbers may still be taken. It is not ok when the log is closed
// and all is written.
func (l *Log) next() (g *group, number uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case len(l.queue) > 0:
			g = l.queue[0]
			l.queue[0] = nil
			l.queue = l.queue[1:]
			if g == l.open {
				l.open = nil
			}
			l.inflight = g
			if l.cur == nil || l.cur.number < g.first ||
				l.cur.size > headerSize && l.cur.size+int64(len(g.buf)) > l.o.SegmentBytes {
				number = l.take(g.first)
			}
			return g, number, true
		case l.closed:
			return nil, 0, false
		case l.cur != nil && l.cur.number < l.first:
			return nil, l.take(l.first), true
		}
		l.work.Wait()
	}
}

// finish gives the group's waiters their answer.
func (l *Log) finish(g *group, err error) {
	size := int64(len(g.buf))
	l.mu.Lock()
	l.inflight = nil
	l.pending -= size
	if err == nil {
		l.stats.Records += uint64(g.records)
		l.stats.Bytes += uint64(size)
		l.stats.Groups++
	}
	if l.spare == nil && cap(g.buf) <= keepBuffer {
		l.spare = g.buf[:0]
	}
	l.mu.Unlock()
	g.buf = nil
	g.err = err
	close(g.done)
}

// write makes a group durable in the current segment.
func (l *Log) write(g *group) error {
	cur := l.cur // only this goroutine changes it
	cur.seal(g.buf, cur.size)
	if _, err := l.file.Write(g.buf); err != nil {
		l.abandon()
		return fmt.Errorf("write segment %x: %w", cur.number, err)
	}
	if err := l.sync(); err != nil {
		l.abandon()
		return fmt.Errorf("sync segment %x: %w", cur.number, err)
	}
	l.mu.Lock()
	cur.size += int64(len(g.buf))
	l.mu.Unlock()
	return nil
}

// take ends the current segment and gives the number of the one after it. A number
// that was taken is not taken again, whatever became of its file. It is called
// with mu held.
func (l *Log) take(first uint64) uint64 {
	l.cur = nil
	l.last = max(l.last+1, first)
	return l.last
}

// begin makes a new segment, whose name is durable when it returns. Its header is
// synced with the first group.
func (l *Log) begin(number uint64) error {
	s := &segment{number: number, salt: rand.Uint64()}
	if l.file != nil {
		if err := l.file.Close(); err != nil {
			l.log.Warn("close segment", "error", err) // all of it is synced
		}
		l.file = nil
	}
	file, err := l.fs.Create(filepath.Join(l.dir, s.name()))
	if err != nil {
		return fmt.Errorf("create segment %x: %w", s.number, err)
	}
	l.file = file
	l.mu.Lock()
	l.cur = s
	l.made = append(l.made, s)
	l.mu.Unlock()
	if _, err := file.Write(s.header()); err != nil {
		l.abandon()
		return fmt.Errorf("write header of segment %x: %w", s.number, err)
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		l.abandon()
		return fmt.Errorf("sync directory for segment %x: %w", s.number, err)
	}
	l.mu.Lock()
	s.size = headerSize
	l.mu.Unlock()
	return nil
}

func (l *Log) sync() error {
	err := l.file.Sync()
	l.mu.Lock()
	l.stats.Syncs++
	l.mu.Unlock()
	return err
}

// abandon ends the current segment after a failure, at the last offset that is
// known to be durable; without any record there the file is removed, so that a
// disk that stays full does not collect files.
func (l *Log) abandon() {
	l.mu.Lock()
	s := l.cur
	l.cur = nil
	l.mu.Unlock()
	if s.size > headerSize {
		if err := l.file.Truncate(s.size); err != nil {
			l.log.Warn("cut segment after a failure", "file", s.name(), "bytes", s.size, "error", err)
		}
	}
	l.file.Close() // what matters of it is synced
	l.file = nil
	if s.size > headerSize {
		return
	}
	if err := l.fs.Remove(filepath.Join(l.dir, s.name())); err != nil {
		l.log.Warn("remove segment after a failure", "file", s.name(), "error", err)
		return // Truncate will remove it
	}
	l.mu.Lock()
	l.made = l.made[:len(l.made)-1] // Truncate leaves the current one alone
	l.mu.Unlock()
}

func (l *Log) failed(err error) {
	l.log.Error("write log", "error", err)
	l.mu.Lock()
	l.stats.Failures++
	l.mu.Unlock()
}
