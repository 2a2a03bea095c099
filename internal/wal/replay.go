package wal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// Replay reads the segments that Open found and that are numbered from or above,
// in order, and calls fn for each record; rec is valid only during the call. An
// error from fn ends it and is returned as it is. Damage is no error but part of
// the report. A file that cannot be read is an error, and so is one in a newer
// format: what it holds was acknowledged.
//
// It also promises that no new segment is numbered below from, even if the files
// that would tell the number are lost. So call it before the first Append.
func (l *Log) Replay(ctx context.Context, from uint64, fn func(seg uint64, rec []byte) error) (Report, error) {
	l.mu.Lock()
	l.raise(from)
	found := l.found
	l.mu.Unlock()
	var rep Report
	for _, s := range found {
		if s.number < from {
			continue
		}
		if err := l.replay(ctx, s, &rep, fn); err != nil {
			return rep, err
		}
	}
	for _, d := range rep.Damage {
		l.log.Warn("damage in the log", "file", d.File, "kind", d.Kind.String(), "offset", d.Offset, "bytes", d.Bytes)
	}
	return rep, nil
}

// truncated reports whether a segment is gone because Truncate was called.
func (l *Log) truncated(s *segment) bool {
	l.truncating.Lock() // wait for the end of one that is under way
	defer l.truncating.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.found {
		if f == s {
			return false
		}
	}
	return true
}

func (l *Log) replay(ctx context.Context, s *segment, rep *Report, fn func(uint64, []byte) error) error {
	name := s.name()
	r, err := l.fs.Open(filepath.Join(l.dir, name))
	if errors.Is(err, fs.ErrNotExist) && l.truncated(s) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("replay: open segment: %w", err)
	}
	defer r.Close()
	rep.Segments++
	damage := func(kind Kind, off, end int64) {
		rep.add(Damage{Segment: s.number, File: name, Offset: off, Bytes: end - off, Kind: kind})
	}
	sc := scanner{segment: *s, w: window{r: r, size: s.size}}

	if s.size < headerSize {
		if s.size > 0 {
			damage(Torn, 0, s.size)
		}
		return nil
	}
	b, err := sc.w.at(0, headerSize)
	if err != nil {
		return fmt.Errorf("replay: %s: read header: %w", name, err)
	}
	switch h, version, ok := parseHeader(b); {
	case !ok:
		damage(Header, 0, headerSize) // number and salt are known by the name
	case version != format:
		return fmt.Errorf("replay: %s: format %d is not known to this version", name, version)
	case h.number != s.number || h.salt != s.salt:
		damage(Misplaced, 0, s.size)
		return nil
	}

	for off := int64(headerSize); off < s.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec, ok, err := sc.record(off)
		if err == nil && !ok {
			bad := off
			off, rec, err = sc.resync(ctx, bad)
			if err == nil {
				if off == s.size {
					kind, kerr := sc.tail(bad)
					if kerr != nil {
						return fmt.Errorf("replay: %s: %w", name, kerr)
					}
					damage(kind, bad, off)
					return nil
				}
				damage(Corrupt, bad, off)
			}
		}
		if err != nil {
			return fmt.Errorf("replay: %s: %w", name, err)
		}
		if err := fn(s.number, rec); err != nil {
			return err
		}
		rep.Records++
		rep.Bytes += int64(len(rec))
		off += int64(frameSize + len(rec))
	}
	return nil
}

// scanner finds the records of one segment.
type scanner struct {
	segment
	w window
}

// record reads the record at off, if there is a good one.
func (c *scanner) record(off int64) (rec []byte, ok bool, err error) {
	if c.size-off < frameSize {
		return nil, false, nil
	}
	b, err := c.w.at(off, frameSize)
	if err != nil {
		return nil, false, err
	}
	seed, n, ok := c.frame(b, off)
	if !ok || int64(n) > c.size-off-frameSize {
		return nil, false, nil
	}
	if b, err = c.w.at(off, frameSize+int(n)); err != nil {
		return nil, false, err
	}
	rec, ok = payload(b, seed)
	return rec, ok, nil
}

// resync finds the next good record after a bad one at off, or the end.
func (c *scanner) resync(ctx context.Context, off int64) (int64, []byte, error) {
	for off++; off < c.size; off++ {
		if off&(1<<20-1) == 0 && ctx.Err() != nil {
			return 0, nil, ctx.Err()
		}
		if rec, ok, err := c.record(off); err != nil || ok {
			return off, rec, err
		}
	}
	return c.size, nil, nil
}

// tail says what the end of the segment from off on looks like.
func (c *scanner) tail(off int64) (Kind, error) {
	if c.size-off >= frameSize {
		b, err := c.w.at(off, frameSize)
		if err != nil {
			return 0, err
		}
		if _, n, ok := c.frame(b, off); ok && int64(n) <= c.size-off-frameSize {
			return Flipped, nil
		}
	}
	for ; off < c.size; off++ {
		b, err := c.w.at(off, 1)
		if err != nil {
			return 0, err
		}
		if b[0] != 0 {
			return Torn, nil
		}
	}
	return Zeroes, nil
}

// windowSize is the read size: large enough to be sequential for a disk.
const windowSize = 1 << 20

// window reads a file through one buffer.
type window struct {
	r    io.ReaderAt
	size int64  // of the file
	base int64  // offset of buf
	buf  []byte // what is read
}

// at returns n bytes at off, which lie in the file; valid until the next call.
func (w *window) at(off int64, n int) ([]byte, error) {
	if off < w.base || off+int64(n) > w.base+int64(len(w.buf)) {
		want := int(min(max(int64(n), windowSize), w.size-off))
		if cap(w.buf) < want {
			w.buf = make([]byte, want)
		}
		w.buf = w.buf[:want]
		w.base = off
		if got, err := w.r.ReadAt(w.buf, off); got < want {
			w.buf = w.buf[:0]
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("read %d bytes at %d: %w", want, off, err)
		}
	}
	i := off - w.base
	return w.buf[i : i+int64(n)], nil
}
