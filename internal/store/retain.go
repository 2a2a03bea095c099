package store

import (
	"context"
	"log/slog"
	"time"

	"github.com/everspan/everspan/internal/block"
)

// expired counts the oldest blocks that retention does not keep: those whose last
// span was received longer ago than age, and as many as it takes for the others
// to fit into size bytes. Zero means no bound.
func expired(blocks []block.Meta, now time.Time, age time.Duration, size int64) int {
	var total int64
	for i := range blocks {
		total += blocks[i].Bytes()
	}
	n := 0
	for n < len(blocks) && (age > 0 && now.Sub(blocks[n].ReceivedTo) > age || size > 0 && total > size) {
		total -= blocks[n].Bytes()
		n++
	}
	return n
}

// retain drops the oldest blocks from the manifest. They are deleted when nobody
// reads them any more.
func (s *Store) retain(ctx context.Context) error {
	var dropped []block.Meta
	drop := func(m *manifest) error {
		n := expired(m.Blocks, time.Now(), s.o.RetainAge, s.o.RetainBytes)
		dropped = m.Blocks[:n]
		m.Blocks = m.Blocks[n:]
		return nil
	}
	s.mu.RLock()
	now := s.current().manifest
	s.mu.RUnlock()
	if drop(&now); len(dropped) == 0 {
		return nil
	}
	return s.publish(ctx, drop, func() {
		spans, bytes := 0, int64(0)
		for i := range dropped {
			spans += dropped[i].Spans
			bytes += dropped[i].Bytes()
		}
		s.counts.expiredBlocks.Add(uint64(len(dropped)))
		s.counts.expiredSpans.Add(uint64(spans))
		s.o.Logger.LogAttrs(ctx, slog.LevelInfo, "blocks expired", slog.Int("blocks", len(dropped)), slog.Int("spans", spans), slog.Int64("bytes", bytes))
	})
}
