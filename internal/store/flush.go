package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/everspan/everspan/internal/block"
)

// request asks the flusher for something.
type request struct {
	purge  bool       // delete all spans, or else flush
	answer chan error // gets the outcome; nil if nobody wants it
}

// flusher writes heads as blocks when they are asked for, too large or too old.
// A flush that fails is tried again, at first after a second, later a minute.
func (s *Store) flusher(ctx context.Context) {
	defer s.ended.Done()
	defer close(s.stopped)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var retry backoff
	for {
		var asked request
		select {
		case <-ctx.Done():
			return
		case asked = <-s.flush:
		case <-tick.C:
			s.mu.RLock()
			due := s.flushing != nil || s.head.size > s.o.FlushBytes ||
				!s.head.since.IsZero() && time.Since(s.head.since) >= s.o.FlushAge
			s.mu.RUnlock()
			if !due {
				if s.log.Stats().Segments > 1 {
					s.cutLog() // the last flush had to leave the newest segment
				}
				continue
			}
		}
		if asked.answer == nil && retry.early() {
			continue
		}
		do := s.flushOnce
		if asked.purge {
			do = s.purgeOnce
		}
		err := do(ctx)
		if asked.answer != nil {
			asked.answer <- err
		}
		if err == nil {
			retry = backoff{}
			continue
		}
		s.counts.flushErrors.Add(1)
		s.o.Logger.Error("could not write a block; spans stay in memory and in the log", "error", err, "retry_in", retry.failed())
	}
}

// Flush writes what is in the head as a block, and returns when it is published.
func (s *Store) Flush(ctx context.Context) error { return s.ask(ctx, request{}) }

// ask has the flusher do something, and returns its outcome.
func (s *Store) ask(ctx context.Context, r request) error {
	answer := make(chan error, 1)
	r.answer = answer
	select {
	case s.flush <- r:
	case <-s.stopped:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flushOnce seals the head and writes it, after the one whose flush failed, if
// there is one.
func (s *Store) flushOnce(ctx context.Context) error {
	if sealed, err := s.sealHead(ctx); err != nil || !sealed {
		return err
	}
	return s.writeFlushing(ctx)
}

// sealHead seals the head, and reports whether it had anything.
func (s *Store) sealHead(ctx context.Context) (bool, error) {
	// Its block may be published by now, or may have been all the time.
	if err := s.finish(ctx); err != nil {
		return false, err
	}
	s.mu.RLock()
	again := s.flushing != nil
	s.mu.RUnlock()
	if again {
		if err := s.writeFlushing(ctx); err != nil {
			return false, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head.empty() {
		s.head = s.head.reset() // it may have what malformed payloads left in dictionaries
		return false, nil
	}
	// Appending holds the same lock: what is in this head is in segments before
	// the line, and what comes later is behind it.
	line, err := s.log.Rotate()
	if err != nil {
		return false, err
	}
	s.seal(line)
	return true, nil
}

// flushHead is flushOnce for a replay, where the line is known and nobody else
// is about.
func (s *Store) flushHead(ctx context.Context, line uint64) error {
	s.seal(line)
	return s.writeFlushing(ctx)
}

func (s *Store) seal(line uint64) {
	s.flushing, s.head = s.head, s.spare
	s.flushing.line = line
	s.spare = nil
	if s.head == nil {
		s.head = new(head)
	}
}

// writeFlushing writes the sealed head, publishes the block and cuts the log.
func (s *Store) writeFlushing(ctx context.Context) error {
	h := s.flushing // nobody but the flusher, and what it publishes, sets it
	start := time.Now()
	metas, err := s.writeHead(ctx, h, start)
	if err == nil {
		err = s.publish(ctx, func(m *manifest) error {
			for _, meta := range metas {
				m.add(meta)
			}
			m.Log = h.line
			return nil
		}, func() {
			s.flushing = nil
			s.spare = h.reset()
			s.counts.flushes.Add(1)
			for _, meta := range metas {
				s.counts.duplicates.Add(uint64(meta.Duplicates))
			}
		})
	}
	if err != nil {
		if !errors.Is(err, errUnsure) {
			for _, meta := range metas {
				s.discard(ctx, meta)
			}
		}
		return err
	}
	for _, meta := range metas {
		s.o.Logger.LogAttrs(ctx, slog.LevelDebug, "block written", slog.String("block", meta.ID), slog.Int("spans", meta.Spans), slog.Int("logs", meta.Logs),
			slog.Int64("bytes", meta.Bytes()), slog.Duration("took", time.Since(start)))
	}
	s.cutLog()
	return nil
}

// writeHead writes a block of the spans and one of the log records, as far as there are
// any. After an error, what is returned has to be discarded.
func (s *Store) writeHead(ctx context.Context, h *head, now time.Time) (metas []block.Meta, err error) {
	verified := func(meta block.Meta, err error) error {
		if err != nil {
			return err
		}
		return block.Verify(ctx, s.bkt, meta)
	}
	if n := h.batch.Len(); n > 0 {
		metas = append(metas, block.Meta{ID: newBlockID(now)})
		meta, err := block.Write(ctx, s.bkt, metas[0].ID, h.since, now, &h.batch)
		if err := verified(meta, err); err != nil {
			return metas, err
		}
		metas[0] = meta
		if meta.Spans+meta.Duplicates != n {
			return metas, fmt.Errorf("block %s has %d spans and %d duplicates of %d: refused", meta.ID, meta.Spans, meta.Duplicates, n)
		}
	}
	if n := h.logs.Len(); n > 0 {
		at := len(metas)
		metas = append(metas, block.Meta{ID: newBlockID(now), Kind: block.Logs})
		meta, err := block.WriteLogs(ctx, s.bkt, metas[at].ID, h.since, now, &h.logs)
		if err := verified(meta, err); err != nil {
			return metas, err
		}
		metas[at] = meta
		if meta.Logs != n {
			return metas, fmt.Errorf("block %s has %d log records of %d: refused", meta.ID, meta.Logs, n)
		}
	}
	return metas, nil
}

// cutLog deletes the segments of which all is in blocks.
func (s *Store) cutLog() {
	s.mu.RLock()
	line := s.current().manifest.Log
	s.mu.RUnlock()
	if err := s.log.Truncate(line); err != nil {
		s.o.Logger.Warn("could not delete old log segments; they are skipped at the next start", "error", err)
	}
}

// reset returns an empty head, with the memory of h unless views of that are still
// read. The caller holds mu, so that no view can be taken meanwhile.
func (h *head) reset() *head {
	if h.views.Load() > 0 {
		return new(head)
	}
	h.since, h.size, h.line, h.reserved = time.Time{}, 0, 0, false
	h.batch.Reset()
	h.logs.Reset()
	return h
}

// newBlockID is unique, and ids sort by time.
func newBlockID(now time.Time) string {
	tail := make([]byte, 5)
	rand.Read(tail)
	return now.UTC().Format("20060102t150405.000") + "-" + hex.EncodeToString(tail)
}
