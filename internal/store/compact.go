package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
)

const (
	// fanIn is how many blocks of a level are merged into one of the next. A span
	// is written once for each level: many at a time keeps that cheap.
	fanIn = 16
	// fanInIdle is enough when nothing has been flushed for idleTime: then there
	// is time, and fewer blocks are faster to search.
	fanInIdle = 4
	idleTime  = 30 * time.Second
)

// weight is what a block adds to the memory that merging it takes.
func weight(m *block.Meta) int64 {
	return int64(m.Logs) + int64(m.Spans) + int64(m.Events) + int64(m.Links) + 8*int64(m.Traces) + 64*int64(m.Resources+m.Scopes)
}

// choose picks the blocks to merge next: neighbours of one level, oldest first,
// and none that together would be heavier than most. Blocks stand in the order in
// which their spans were received, and levels fall along it, so that a merge
// never brings together what was received far apart. Blocks of more than half the
// weight are done.
func choose(blocks []block.Meta, most int64, now time.Time, skip func(id string) bool) []block.Meta {
	need := fanIn
	if n := len(blocks); n > 0 && now.Sub(blocks[n-1].Created) >= idleTime {
		need = fanInIdle
	}
	done := func(m *block.Meta) bool { return weight(m) > most/2 || skip(m.ID) }
	for from := 0; from < len(blocks); {
		if done(&blocks[from]) {
			from++
			continue
		}
		to, sum := from, int64(0)
		for to < len(blocks) && to-from < fanIn && blocks[to].Level == blocks[from].Level && !done(&blocks[to]) && sum+weight(&blocks[to]) <= most {
			sum += weight(&blocks[to])
			to++
		}
		// What can't grow any more, because no neighbour will join, is merged
		// however few there are.
		least := need
		if to < len(blocks) && (done(&blocks[to]) || blocks[to].Level == blocks[from].Level) {
			least = 2
		}
		if to-from >= least {
			return blocks[from:to]
		}
		from = to
	}
	return nil
}

// pending is how many blocks will be merged next, at the latest when nothing is
// flushed for a while.
func (s *Store) pending() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, list := range s.current().manifest.lists() {
		n += len(choose(*list, s.o.MergeWeight, time.Now().Add(idleTime), s.isBad))
	}
	return n
}

func (s *Store) isBad(id string) bool { return s.bad[id] }

// compactOnce merges one group of blocks of each kind, and reports whether there was one.
func (s *Store) compactOnce(ctx context.Context) (bool, error) {
	snap := s.acquire(nil)
	defer s.release(snap)
	spans, err := s.compactKind(ctx, snap.manifest.Blocks, snap.blocks, block.Merge)
	if err != nil {
		return true, err
	}
	logs, err := s.compactKind(ctx, snap.manifest.Logs, snap.logs, block.MergeLogs)
	return spans || logs, err
}

// mergeFunc merges blocks of one kind, see [block.Merge].
type mergeFunc func(ctx context.Context, bkt bucket.Bucket, id string, created time.Time, inputs []*block.Reader, pause func(context.Context) error) (block.Meta, error)

// compactKind merges one group of the blocks of a kind, and reports whether there was one.
func (s *Store) compactKind(ctx context.Context, blocks []block.Meta, readers []*block.Reader, merge mergeFunc) (bool, error) {
	s.mu.RLock()
	group := choose(blocks, s.o.MergeWeight, time.Now(), s.isBad)
	s.mu.RUnlock()
	if group == nil {
		return false, nil
	}
	start := time.Now()
	at := slices.IndexFunc(blocks, func(m block.Meta) bool { return m.ID == group[0].ID })
	inputs := readers[at : at+len(group)]
	unfinished := block.Meta{ID: newBlockID(start), Kind: group[0].Kind}
	p := &pacer{s: s, since: time.Now()}
	meta, err := merge(ctx, s.bkt, unfinished.ID, start, inputs, p.pause)
	if err == nil {
		err = block.Verify(ctx, s.bkt, meta)
	}
	if err == nil {
		err = conserved(group, meta)
	}
	if err == nil {
		err = s.publish(ctx, func(m *manifest) error { return m.replace(group, meta) }, func() {
			s.counts.compactions.Add(1)
			s.counts.compacted.Add(uint64(meta.Spans))
			s.counts.compactedLogs.Add(uint64(meta.Logs))
			s.counts.duplicates.Add(uint64(meta.Duplicates))
		})
	}
	if errors.Is(err, errUnsure) {
		return true, err // the block must stay, in case it is named
	}
	if errors.Is(err, errChanged) { // by a purge
		s.discard(ctx, unfinished)
		return true, nil
	}
	if err != nil {
		s.discard(ctx, unfinished)
		if errors.Is(err, block.ErrCorrupt) || errors.Is(err, errConservation) {
			s.setBad(group)
		}
		return true, err
	}
	s.o.Logger.LogAttrs(ctx, slog.LevelDebug, "blocks merged", slog.String("block", meta.ID), slog.Int("from", len(group)), slog.Int("level", meta.Level),
		slog.Int("spans", meta.Spans), slog.Int("logs", meta.Logs), slog.Int("duplicates", meta.Duplicates), slog.Int64("bytes", meta.Bytes()), slog.Duration("took", time.Since(start)))
	return true, nil
}

// setBad leaves blocks that can't be merged alone, so that one damaged page does
// not keep all others from being merged. Until the next start.
func (s *Store) setBad(group []block.Meta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range group {
		s.bad[m.ID] = true
	}
}

var errConservation = errors.New("what was merged does not add up")

// conserved holds the law of conservation: what went in, without what came twice,
// came out.
func conserved(inputs []block.Meta, out block.Meta) error {
	var spans, events, links, logs int
	for _, m := range inputs {
		logs += m.Logs
		spans += m.Spans
		events += m.Events
		links += m.Links
	}
	if spans != out.Spans+out.Duplicates {
		return fmt.Errorf("%w: %d spans in, %d out and %d duplicates: refused", errConservation, spans, out.Spans, out.Duplicates)
	}
	if logs != out.Logs {
		return fmt.Errorf("%w: %d log records in, %d out: refused", errConservation, logs, out.Logs)
	}
	if events < out.Events || links < out.Links || out.Duplicates == 0 && (events != out.Events || links != out.Links) {
		return fmt.Errorf("%w: %d events and %d links in, %d and %d out: refused", errConservation, events, links, out.Events, out.Links)
	}
	return nil
}

var errChanged = errors.New("the blocks are not live any more")

// replace puts one block in the place of several neighbours.
func (m *manifest) replace(group []block.Meta, by block.Meta) error {
	blocks := m.lists()[by.Kind]
	at := slices.IndexFunc(*blocks, func(b block.Meta) bool { return b.ID == group[0].ID })
	if at < 0 || at+len(group) > len(*blocks) {
		return errChanged
	}
	for i, g := range group {
		if (*blocks)[at+i].ID != g.ID {
			return errChanged
		}
	}
	*blocks = slices.Replace(*blocks, at, at+len(group), by)
	return nil
}

// pacer keeps a merge from taking the machine from those who wait for it: while
// payloads or queries are being worked on, it rests as long as it works. When
// blocks pile up because of that, it stops resting.
type pacer struct {
	s     *Store
	since time.Time
}

// maxRest bounds one rest.
const maxRest = 20 * time.Millisecond

func (p *pacer) pause(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	worked := time.Since(p.since)
	if worked < time.Millisecond {
		return nil
	}
	if p.s.working.Load() > 0 && !p.s.piledUp() {
		rest := time.NewTimer(min(worked, maxRest))
		defer rest.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-rest.C:
		}
	}
	p.since = time.Now()
	return nil
}

// piledUp reports whether so many blocks wait to be merged that ingest has to
// give way.
func (s *Store) piledUp() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, list := range s.current().manifest.lists() {
		n := 0
		for _, m := range slices.Backward(*list) {
			if m.Level > 0 {
				break
			}
			n++
		}
		if n > 2*fanIn {
			return true
		}
	}
	return false
}
