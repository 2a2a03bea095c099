package store

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/everspan/everspan/internal/block"
)

// snapshot is the blocks of one manifest. Who reads holds one from start to end,
// and nothing that it names is deleted before it is released.
type snapshot struct {
	manifest manifest
	blocks   []*block.Reader // those of the manifest, in its order
	readers  atomic.Int64    // how many hold it
	dropped  []string        // blocks that the next snapshot does not have
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
		for _, r := range s.snapshots[len(s.snapshots)-1].blocks {
			old[r.Meta.ID] = r
		}
	}
	for _, meta := range m.Blocks {
		r := old[meta.ID]
		if r == nil {
			r = block.NewReader(s.bkt, s.cache, meta)
		}
		delete(old, meta.ID)
		next.blocks = append(next.blocks, r)
	}
	if len(s.snapshots) > 0 {
		last := s.snapshots[len(s.snapshots)-1]
		for id := range old {
			last.dropped = append(last.dropped, id)
		}
	}
	s.snapshots = append(s.snapshots, next)
	s.retire()
}

// current is the newest snapshot. The caller holds mu.
func (s *Store) current() *snapshot { return s.snapshots[len(s.snapshots)-1] }

// publish commits what change makes of the manifest, and calls installed with mu
// held at the moment from which it is read. Flushes and compactions come here one
// after the other.
func (s *Store) publish(ctx context.Context, change func(*manifest) error, installed func()) error {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	s.mu.RLock()
	from := s.current().manifest
	s.mu.RUnlock()
	next, err := commit(ctx, s.bkt, from, change)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.install(next)
	if installed != nil {
		installed()
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
	for i, id := range doomed {
		if err := s.remove(ctx, id); err != nil {
			s.mu.Lock()
			s.doomed = append(s.doomed, doomed[i:]...)
			s.mu.Unlock()
			return fmt.Errorf("delete block %s: %w", id, err)
		}
	}
	return nil
}
