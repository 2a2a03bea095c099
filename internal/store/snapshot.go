package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
)

// snapshot is the blocks of one manifest. Who reads holds one from start to end,
// and nothing that it names is deleted before it is released.
type snapshot struct {
	manifest manifest
	blocks   []*block.Reader // those of the manifest, in its order
	logs     []*block.Reader // the same, of log records
	readers  atomic.Int64    // how many hold it
	dropped  []block.Meta    // what the next snapshot does not have
}

// acquire returns the current snapshot, which the caller has to release. Before
// that, look sees each head as it is at the same moment.
func (s *Store) acquire(look func(*head)) *snapshot {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if look != nil {
		for _, h := range []*head{s.flushing, s.head} {
			if h != nil {
				look(h)
			}
		}
	}
	snap := s.current()
	snap.readers.Add(1)
	return snap
}

// View returns what there is at this moment: the heads as batches that do not
// change, the newest last, and the blocks. What it returns is valid until release.
func (s *Store) View() (heads []*span.Batch, blocks []*block.Reader, release func()) {
	snap, release := s.view(func(h *head) bool {
		if h.batch.Len() > 0 {
			heads = append(heads, h.batch.View())
		}
		return h.batch.Len() > 0
	})
	return heads, snap.blocks, release
}

// ViewLogs is View for log records.
func (s *Store) ViewLogs() (heads []*span.Logs, blocks []*block.Reader, release func()) {
	snap, release := s.view(func(h *head) bool {
		if h.logs.Len() > 0 {
			heads = append(heads, h.logs.View())
		}
		return h.logs.Len() > 0
	})
	return heads, snap.logs, release
}

// view acquires a snapshot and the heads that take returns true for.
func (s *Store) view(take func(*head) bool) (snap *snapshot, release func()) {
	s.counts.queries.Add(1)
	s.working.Add(1)
	var held []*head
	snap = s.acquire(func(h *head) {
		if take(h) {
			h.views.Add(1)
			held = append(held, h)
		}
	})
	return snap, func() {
		for _, h := range held {
			h.views.Add(-1)
		}
		s.release(snap)
		s.working.Add(-1)
	}
}

// release gives a snapshot back. Blocks that nobody can be reading any more are
// left to the janitor.
func (s *Store) release(snap *snapshot) {
	if snap.readers.Add(-1) > 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retire()
}

// retire forgets old snapshots without readers. The caller holds mu.
func (s *Store) retire() {
	for len(s.snapshots) > 1 && s.snapshots[0].readers.Load() == 0 {
		s.doomed = append(s.doomed, s.snapshots[0].dropped...)
		s.snapshots = s.snapshots[1:]
	}
}

// install makes a manifest the one that is read. The caller holds mu.
func (s *Store) install(m manifest) {
	next := &snapshot{manifest: m}
	old := make(map[string]*block.Reader)
	if len(s.snapshots) > 0 {
		for _, r := range s.current().all() {
			old[r.Meta.ID] = r
		}
	}
	open := func(metas []block.Meta) (readers []*block.Reader) {
		for _, meta := range metas {
			r := old[meta.ID]
			if r == nil {
				r = block.NewReader(s.bkt, s.cache, meta)
			}
			delete(old, meta.ID)
			readers = append(readers, r)
		}
		return readers
	}
	next.blocks, next.logs = open(m.Blocks), open(m.Logs)
	if len(s.snapshots) > 0 {
		last := s.current()
		for _, r := range last.all() {
			if old[r.Meta.ID] != nil {
				last.dropped = append(last.dropped, r.Meta)
			}
		}
	}
	s.snapshots = append(s.snapshots, next)
	s.retire()
}

// all returns the readers of blocks of all kinds.
func (snap *snapshot) all() []*block.Reader { return slices.Concat(snap.blocks, snap.logs) }

// current is the newest snapshot. The caller holds mu.
func (s *Store) current() *snapshot { return s.snapshots[len(s.snapshots)-1] }

// publication is a change of the manifest on its way.
type publication struct {
	commit    string
	change    func(*manifest) error
	installed func()
}

// publish commits what change makes of the manifest, and calls installed with mu
// held at the moment from which it is read. Flushes and compactions come here one
// after the other. When the error wraps errUnsure, nobody knows whether it was
// published: then what it names must stay, and the next to publish, or to call
// finish, goes on with it until that is known.
func (s *Store) publish(ctx context.Context, change func(*manifest) error, installed func()) error {
	return s.alone(ctx, func() error {
		s.unsure = &publication{newCommit(), change, installed}
		return s.goOn(ctx)
	})
}

// finish ends a publication whose outcome is not known, if there is one.
func (s *Store) finish(ctx context.Context) error {
	return s.alone(ctx, func() error { return nil })
}

// alone calls do when nothing else is being published and nothing is unsure.
func (s *Store) alone(ctx context.Context, do func() error) error {
	select { // no mutex: the bucket may be slow, and who gives up need not wait for it
	case s.publishing <- struct{}{}:
		defer func() { <-s.publishing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.unsure != nil {
		if err := s.goOn(ctx); errors.Is(err, errUnsure) {
			return fmt.Errorf("finish what was begun: %v", err) // without errUnsure: do was not called
		}
	}
	return do()
}

// goOn publishes what is unsure. The caller holds publishing.
func (s *Store) goOn(ctx context.Context) error {
	s.mu.RLock()
	from := s.current().manifest
	s.mu.RUnlock()
	next, err := commit(ctx, s.bkt, s.unsure.commit, from, s.unsure.change)
	if errors.Is(err, errUnsure) {
		return err
	}
	p := s.unsure
	s.unsure = nil
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.install(next)
	if p.installed != nil {
		p.installed()
	}
	s.mu.Unlock()
	pruneManifests(ctx, s.bkt, next.Number)
	return nil
}

// sweep deletes blocks that no snapshot names any more. What fails is tried again.
func (s *Store) sweep(ctx context.Context) error {
	s.mu.Lock()
	doomed := s.doomed
	s.doomed = nil
	s.mu.Unlock()
	for i, b := range doomed {
		if err := s.remove(ctx, b); err != nil {
			s.mu.Lock()
			s.doomed = append(s.doomed, doomed[i:]...)
			s.mu.Unlock()
			return fmt.Errorf("delete block %s: %w", b.ID, err)
		}
	}
	return nil
}

// discard deletes a block that was not published. What fails is left to the janitor.
func (s *Store) discard(ctx context.Context, b block.Meta) {
	if err := s.remove(context.WithoutCancel(ctx), b); err != nil {
		s.mu.Lock()
		s.doomed = append(s.doomed, b)
		s.mu.Unlock()
		s.o.Logger.Warn("could not remove an unfinished block yet", "block", b.ID, "error", err)
	}
}
