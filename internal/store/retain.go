package store

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/everspan/everspan/internal/block"
)

// expired counts the oldest blocks of spans and of log records that retention does not
// keep: those of which the last was received longer ago than age, and as many, oldest
// first, as it takes for the others to fit into size bytes together. Zero means no bound.
func expired(spans, logs []block.Meta, now time.Time, age time.Duration, size int64) (n, k int) {
	var total int64
	for _, list := range [][]block.Meta{spans, logs} {
		for i := range list {
			total += list[i].Bytes()
		}
	}
	for {
		list, at := spans, &n
		if n == len(spans) || k < len(logs) && logs[k].ReceivedTo.Before(spans[n].ReceivedTo) {
			list, at = logs, &k
		}
		if *at == len(list) {
			return n, k
		}
		oldest := &list[*at]
		if !(age > 0 && now.Sub(oldest.ReceivedTo) > age || size > 0 && total > size) {
			return n, k
		}
		total -= oldest.Bytes()
		*at++
	}
}

// retain drops the oldest blocks from the manifest. They are deleted when nobody
// reads them any more.
func (s *Store) retain(ctx context.Context) error {
	var dropped []block.Meta
	drop := func(m *manifest) error {
		n, k := expired(m.Blocks, m.Logs, time.Now(), s.o.RetainAge, s.o.RetainBytes)
		dropped = slices.Concat(m.Blocks[:n], m.Logs[:k])
		m.Blocks, m.Logs = m.Blocks[n:], m.Logs[k:]
		return nil
	}
	s.mu.RLock()
	now := s.current().manifest
	s.mu.RUnlock()
	if drop(&now); len(dropped) == 0 {
		return nil
	}
	return s.publish(ctx, drop, func() {
		spans, logs, bytes := 0, 0, int64(0)
		for i := range dropped {
			spans += dropped[i].Spans
			logs += dropped[i].Logs
			bytes += dropped[i].Bytes()
		}
		s.counts.expiredBlocks.Add(uint64(len(dropped)))
		s.counts.expiredSpans.Add(uint64(spans))
		s.counts.expiredLogs.Add(uint64(logs))
		s.o.Logger.LogAttrs(ctx, slog.LevelInfo, "blocks expired", slog.Int("blocks", len(dropped)), slog.Int("spans", spans), slog.Int("logs", logs), slog.Int64("bytes", bytes))
	})
}
