package store

import "context"

// Purge deletes every span and log record that was acknowledged before it was called. It is for
// test suites that want an empty store. Readers that are under way keep what they see.
// After an error nothing may be deleted, or all of it.
func (s *Store) Purge(ctx context.Context) error {
	return s.ask(ctx, request{purge: true})
}

// purgeOnce publishes a manifest without blocks, whose log goes on behind what the
// head has now. Until that is done the spans are sealed, as for a flush; if it fails,
// they are flushed.
func (s *Store) purgeOnce(ctx context.Context) error {
	if _, err := s.sealHead(ctx); err != nil {
		return err
	}
	h := s.flushing // nobody but the flusher, and what it publishes, sets it
	err := s.publish(ctx, func(m *manifest) error {
		m.Blocks, m.Logs = nil, nil
		if h != nil {
			m.Log = h.line
		}
		return nil
	}, func() {
		s.flushing = nil
		if h != nil {
			s.spare = h.reset()
		}
	})
	if err != nil {
		return err
	}
	s.o.Logger.Warn("all spans and log records were deleted, as asked")
	s.cutLog()
	return nil
}
