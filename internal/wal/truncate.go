package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// Truncate deletes the segments below a number, when what they hold is safe
// elsewhere, and makes sure that no later record goes to one below it. Segments
// that are being written, or that records are waiting for, stay. As long as the
// highest number on disk is below before, the last file stays too, for the next
// Open counts on from it. What could not be deleted is tried again by the next
// call. A deletion need not survive a power cut: pass the same number to Replay.
func (l *Log) Truncate(before uint64) error {
	l.truncating.Lock()
	defer l.truncating.Unlock()
	l.mu.Lock()
	l.raise(before)
	all := slices.Concat(l.found, l.made)
	cur := l.cur
	l.mu.Unlock()

	var errs []error
	gone := make(map[*segment]bool)
	for i, s := range all {
		if s.number >= before || s == cur || i == len(all)-1 {
			continue
		}
		err := l.fs.Remove(filepath.Join(l.dir, s.name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("delete segment %x: %w", s.number, err))
			continue
		}
		gone[s] = true
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	is := func(s *segment) bool { return gone[s] }
	// New slices: a Replay may be going over the old one.
	l.found = slices.DeleteFunc(slices.Clone(l.found), is)
	l.made = slices.DeleteFunc(l.made, is)
	return errors.Join(errs...)
}

// Stats are counts since Open, and the state of now.
type Stats struct {
	Records  uint64 // made durable
	Bytes    uint64 // of those, with frames
	Groups   uint64 // written and synced together
	Syncs    uint64 // calls of fsync for them, failed ones too
	Failures uint64 // groups and new segments that failed
	Refused  uint64 // records refused by ErrFull

	Segments     int   // files that are not truncated
	LiveBytes    int64 // their size
	PendingBytes int64 // appended and not yet written
}

// Stats returns the log's counts.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.PendingBytes = l.pending
	s.Segments = len(l.found) + len(l.made)
	for _, seg := range l.found {
		s.LiveBytes += seg.size
	}
	for _, seg := range l.made {
		s.LiveBytes += seg.size
	}
	return s
}
