package store

import (
	"context"
	"time"
)

// janitor merges blocks, drops those that retention does not keep, and deletes
// what nobody reads any more. It looks around once a second. What fails is tried
// again, at first after a second, later a minute.
func (s *Store) janitor(ctx context.Context) {
	defer s.ended.Done()
	select { // half a second after the flusher, so that they do not meet
	case <-ctx.Done():
		return
	case <-time.After(time.Second / 2):
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var wait time.Duration
	var notBefore time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if time.Now().Before(notBefore) {
			continue
		}
		if err := s.tidy(ctx); err != nil && ctx.Err() == nil {
			s.counts.compactionErrors.Add(1)
			wait = min(max(2*wait, time.Second), time.Minute)
			notBefore = time.Now().Add(wait)
			s.o.Logger.Error("could not tidy up blocks; nothing is lost, they stay as they are", "error", err, "retry_in", wait)
			continue
		}
		wait = 0
	}
}

// tidy does all there is to do.
func (s *Store) tidy(ctx context.Context) error {
	for {
		if err := s.finish(ctx); err != nil {
			return err
		}
		if err := s.retain(ctx); err != nil {
			return err
		}
		if err := s.sweep(ctx); err != nil {
			return err
		}
		if more, err := s.compactOnce(ctx); err != nil || !more {
			return err
		}
	}
}
