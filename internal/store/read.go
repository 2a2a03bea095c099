package store

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
)

// Trace is what the store has of one trace.
type Trace struct {
	Spans *span.Batch
	// Partial says why spans may be missing, one sentence for each reason; it is
	// empty when the answer is complete.
	Partial []string
	// Duplicates is how many spans were dropped because they came twice.
	Duplicates int
	// Blocks is how many blocks had spans of the trace.
	Blocks int
}

// readers is how many blocks are read at the same time for one query.
const readers = 4

// Trace returns all spans of a trace, none if it is not known. A block that
// can't be read makes the answer partial, not wrong.
func (s *Store) Trace(ctx context.Context, id span.TraceID) (Trace, error) {
	s.counts.queries.Add(1)
	all := new(span.Batch)
	s.working.Add(1)
	defer s.working.Add(-1)
	snap := s.acquire(func(h *head) { all.AppendRows(&h.batch, h.batch.Rows(id)) })
	defer s.release(snap)

	t := Trace{Spans: all}
	var blocks []*block.Reader
	for _, r := range snap.blocks {
		if r.MayHave(ctx, id) {
			blocks = append(blocks, r)
		}
	}
	parts := make([]*span.Batch, len(blocks))
	errs := forEach(ctx, blocks, func(i int, r *block.Reader) error {
		part := new(span.Batch)
		n, err := r.Trace(ctx, id, part)
		if n > 0 {
			parts[i] = part
		}
		return err
	})
	if err := ctx.Err(); err != nil {
		return Trace{}, err
	}
	t.Partial = s.unreadable(blocks, errs)
	found := slices.DeleteFunc(parts, func(part *span.Batch) bool { return part == nil })
	t.Blocks = len(found)
	if len(found) == 1 && all.Len() == 0 {
		t.Spans = found[0] // as nearly always; a block has nothing twice
		return t, nil
	}
	for _, part := range found {
		all.AppendRows(part, span.Seq(part.Len()))
	}
	t.Spans = unique(all)
	t.Duplicates = all.Len() - t.Spans.Len()
	return t, nil
}

// unreadable notes the blocks that could not be read, and says so for an answer.
func (s *Store) unreadable(blocks []*block.Reader, errs []error) (why []string) {
	for i, err := range errs {
		if err == nil {
			continue
		}
		why = append(why, s.Unreadable(blocks[i], err))
	}
	return why
}

// Unreadable notes that a block could not be read, and returns a sentence about it for
// an answer that leaves it out.
func (s *Store) Unreadable(r *block.Reader, err error) string {
	s.counts.corrupt.Add(1)
	s.o.Logger.Error("could not read a block; answers leave it out", "block", r.Meta.ID, "error", err)
	return fmt.Sprintf("block %s could not be read and is left out: %v", r.Meta.ID, err)
}

// forEach calls do for every block, a few at a time, and returns an error for
// each.
func forEach(ctx context.Context, blocks []*block.Reader, do func(i int, r *block.Reader) error) []error {
	errs := make([]error, len(blocks))
	var wg sync.WaitGroup
	slots := make(chan struct{}, readers)
	for i, r := range blocks {
		if ctx.Err() != nil {
			errs[i] = ctx.Err()
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(i, r)
		})
	}
	wg.Wait()
	return errs
}

// Stats are counts since the start, and what is live now.
type Stats struct {
	Payloads, Spans, Refused, Queries uint64
	Flushes, FlushErrors              uint64
	UnreadableBlocks                  uint64 // times a block could not be read
	Duplicates                        uint64 // spans left out of blocks
	Compactions, CompactedSpans       uint64
	CompactionErrors                  uint64
	ExpiredBlocks, ExpiredSpans       uint64
	Pending                           int // blocks that wait to be merged
	CacheBytes                        int64
	Logs, CompactedLogs, ExpiredLogs  uint64 // log records
	Blocks, BlockSpans                int
	LogBlocks, BlockLogs, HeadLogs    int
	BlockBytes                        int64
	HeadSpans                         int
	HeadBytes                         int64
}

// Stats returns the store's figures.
func (s *Store) Stats() Stats {
	c := &s.counts
	st := Stats{
		Payloads: c.payloads.Load(), Spans: c.spans.Load(), Refused: c.refused.Load(), Queries: c.queries.Load(),
		Flushes: c.flushes.Load(), FlushErrors: c.flushErrors.Load(), UnreadableBlocks: c.corrupt.Load(), Duplicates: c.duplicates.Load(),
	}
	st.Compactions, st.CompactedSpans, st.CompactionErrors = c.compactions.Load(), c.compacted.Load(), c.compactionErrors.Load()
	st.Logs, st.CompactedLogs, st.ExpiredLogs = c.logs.Load(), c.compactedLogs.Load(), c.expiredLogs.Load()
	st.ExpiredBlocks, st.ExpiredSpans = c.expiredBlocks.Load(), c.expiredSpans.Load()
	st.Pending, st.CacheBytes = s.pending(), s.cache.Held()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, h := range []*head{s.head, s.flushing} {
		if h != nil {
			st.HeadSpans += h.batch.Len()
			st.HeadLogs += h.logs.Len()
			st.HeadBytes += h.size
		}
	}
	m := &s.current().manifest
	st.Blocks, st.LogBlocks = len(m.Blocks), len(m.Logs)
	for _, b := range m.all() {
		st.BlockSpans += b.Spans
		st.BlockLogs += b.Logs
		st.BlockBytes += b.Bytes()
	}
	return st
}
