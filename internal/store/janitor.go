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
	var retry backoff
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if retry.early() {
			continue
		}
		if err := s.tidy(ctx); err != nil && ctx.Err() == nil {
			s.counts.compactionErrors.Add(1)
			s.o.Logger.Error("could not tidy up blocks; nothing is lost, they stay as they are", "error", err, "retry_in", retry.failed())
			continue
		}
		retry = backoff{}
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

// backoff says when what failed is tried again: at first after a second, later a
// minute.
type backoff struct {
	wait      time.Duration
	notBefore time.Time
}

// failed returns how long to wait now.
func (b *backoff) failed() time.Duration {
	b.wait = min(max(2*b.wait, time.Second), time.Minute)
	b.notBefore = time.Now().Add(b.wait)
	return b.wait
}

// early reports whether it is too early to try again.
func (b *backoff) early() bool { return time.Now().Before(b.notBefore) }
