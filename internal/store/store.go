package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/wal"
)

// Options are the settings of a Store. The zero value is usable.
type Options struct {
	// Memory bounds what the heads and the readers' caches hold, in bytes; past
	// it payloads are refused with otlp.ErrOverloaded. 0 is 512 MiB.
	Memory int64
	// FlushBytes is the size of a head, in bytes of memory, at which it is
	// written as a block; 0 is a quarter of Memory. Two heads exist at a time:
	// one is written while the other grows.
	FlushBytes int64
	// FlushAge is the age at which a head is written however small it is; 0 is
	// ten minutes. Older spans cost disk and time at a restart, nothing else.
	FlushAge time.Duration
	// RetainAge is how long spans are kept after they were received, and
	// RetainBytes how many bytes of blocks: what is older or more is deleted, in
	// whole blocks, oldest first. 0 is no bound.
	RetainAge   time.Duration
	RetainBytes int64
	// MergeWeight bounds what is merged into one block: spans, and some more for
	// traces and resources. 0 is one for each 64 bytes of Memory, which merging
	// then takes about a third of.
	MergeWeight int64
	// Logger hears of flushes, damage and retries; nil is silence.
	Logger *slog.Logger
}

// Store keeps spans and log records in a log, heads and blocks. It is safe for concurrent use.
type Store struct {
	o     Options
	bkt   bucket.Bucket
	log   *wal.Log
	cache *block.Cache

	// mu guards the heads and what is live. Appending holds it while a payload
	// is decoded, about a millisecond; readers share it.
	mu        sync.RWMutex
	head      *head
	flushing  *head        // being written as a block, still readable
	spare     *head        // reset and ready to be the next
	snapshots []*snapshot  // the last is current; those before it are still read
	doomed    []block.Meta // to be deleted
	bad       map[string]bool
	closed    bool

	publishing chan struct{} // of one: held while a manifest is made of the one before
	unsure     *publication  // one that may have been published; publishing guards it
	working    atomic.Int64  // payloads and queries being worked on

	flush   chan request
	stopped chan struct{}  // closed when the flusher takes no more requests
	ended   sync.WaitGroup // of flusher and janitor
	stop    context.CancelFunc

	counts counters
}

// head is the newest spans and log records.
type head struct {
	batch span.Batch
	logs  span.Logs
	since time.Time // when the first of them came
	size  int64     // bytes, of both, as of the last append
	line  uint64    // once sealed: the first log segment behind it

	reserved bool         // there is room for what it will become
	views    atomic.Int64 // views of both that are being read
}

func (h *head) empty() bool { return h.batch.Len() == 0 && h.logs.Len() == 0 }

type counters struct {
	payloads, spans, logs, refused, queries, flushes, flushErrors, corrupt, duplicates                atomic.Uint64
	compactions, compacted, compactedLogs, compactionErrors, expiredBlocks, expiredSpans, expiredLogs atomic.Uint64
}

// Report says what opening a store found.
type Report struct {
	Blocks int
	Spans  int        // in blocks
	Logs   int        // log records in blocks
	Log    wal.Report // what was replayed into the head
	Head   int        // spans in the head after the replay
	// HeadLogs is how many log records are in the head after the replay.
	HeadLogs int
	// Damaged lists manifests that could not be read, and Adopted the blocks
	// that were found without one for that reason.
	Damaged []string
	Adopted []string
	// Aside lists records of the log that could not be decoded, why, and under
	// which key of the bucket they are kept.
	Aside []string
	// Removed lists unfinished blocks, left by a crash, that were deleted.
	Removed []string
}

// Open opens the store that log and bkt hold together and replays the log. The
// caller keeps other processes away, and closes log and bkt after the Store.
func Open(ctx context.Context, bkt bucket.Bucket, log *wal.Log, o Options) (*Store, Report, error) {
	o.Memory = cmp.Or(o.Memory, 512<<20)
	o.FlushBytes = cmp.Or(o.FlushBytes, o.Memory/4)
	o.FlushAge = cmp.Or(o.FlushAge, 10*time.Minute)
	o.MergeWeight = cmp.Or(o.MergeWeight, o.Memory/64)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{
		o: o, bkt: bkt, log: log, cache: block.NewCache(o.Memory / 8), head: new(head), bad: make(map[string]bool),
		publishing: make(chan struct{}, 1), flush: make(chan request), stopped: make(chan struct{}),
	}
	var report Report
	m, damaged, err := loadManifest(ctx, bkt)
	if err != nil {
		return nil, report, fmt.Errorf("open store: %w", err)
	}
	report.Damaged = damaged
	if err := confirm(ctx, bkt, m); err != nil {
		return nil, report, fmt.Errorf("open store: %w", err)
	}
	if m, err = s.settle(ctx, m, &report); err != nil {
		return nil, report, fmt.Errorf("open store: %w", err)
	}
	s.install(m)
	for _, b := range m.all() {
		report.Blocks++
		report.Spans += b.Spans
		report.Logs += b.Logs
	}
	if err := s.replay(ctx, m.Log, &report); err != nil {
		return nil, report, fmt.Errorf("open store: replay the log: %w", err)
	}
	report.Head, report.HeadLogs = s.head.batch.Len(), s.head.logs.Len()
	s.cutLog() // what a crash kept from being deleted
	run, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.ended.Add(2)
	go s.flusher(run)
	go s.janitor(run)
	return s, report, nil
}

// settle deals with what a crash left behind. Blocks that no manifest names are
// unfinished flushes, whose spans are still in the log. But when a newer
// manifest is damaged, they may be what it named: then complete ones are
// adopted, and spans that come twice are dropped on reading.
func (s *Store) settle(ctx context.Context, m manifest, report *Report) (manifest, error) {
	stray, err := strayBlocks(ctx, s.bkt, m)
	if err != nil {
		return m, err
	}
	var adopted []block.Meta
	for _, b := range stray {
		if len(report.Damaged) > 0 && b.complete {
			meta, err := block.ReadMeta(ctx, s.bkt, b.kind, b.id)
			if err != nil { // to remove it might be to remove what was live
				return m, fmt.Errorf("adopt block %s: %w", b.id, err)
			}
			adopted = append(adopted, meta)
			report.Adopted = append(report.Adopted, b.id)
			continue
		}
		if err := s.remove(ctx, block.Meta{ID: b.id, Kind: b.kind}); err != nil {
			return m, fmt.Errorf("remove unfinished block %s: %w", b.id, err)
		}
		report.Removed = append(report.Removed, b.id)
	}
	if len(adopted) == 0 {
		return m, nil
	}
	return commit(ctx, s.bkt, newCommit(), m, func(m *manifest) error {
		for _, meta := range adopted {
			m.add(meta)
		}
		for _, list := range m.lists() {
			slices.SortStableFunc(*list, func(x, y block.Meta) int { return x.ReceivedFrom.Compare(y.ReceivedFrom) })
		}
		return nil
	})
}

func (s *Store) remove(ctx context.Context, b block.Meta) error {
	for _, file := range b.FileNames() {
		if err := s.bkt.Delete(ctx, b.Key(file)); err != nil {
			return err
		}
	}
	return nil
}

// replay rebuilds the head from the log. It flushes between segments when the
// head has grown large, so that memory is bounded here as well.
func (s *Store) replay(ctx context.Context, from uint64, report *Report) (err error) {
	var at uint64
	records := 0 // of the segment
	report.Log, err = s.log.Replay(ctx, from, func(segment uint64, rec []byte) error {
		if segment != at {
			if s.head.size > s.o.FlushBytes {
				if err := s.flushHead(ctx, segment); err != nil {
					return err
				}
			}
			at, records = segment, 0
		}
		records++
		kind, payload, err := unpackRecord(rec)
		if errors.Is(err, errNewer) {
			return err
		}
		if err == nil {
			_, err = s.head.append(kind, payload)
			s.grown(time.Now())
		}
		if err != nil {
			return s.setAside(ctx, fmt.Sprintf("aside/log-%x-%d", segment, records), rec, err, report)
		}
		return nil
	})
	return err
}

// setAside keeps a record that was accepted once and can't be decoded now. That
// takes a fault of ours, which must neither keep the server from starting nor
// cost the sender's data.
func (s *Store) setAside(ctx context.Context, key string, rec []byte, why error, report *Report) error {
	if _, err := s.bkt.Create(ctx, key, bytes.NewReader(rec)); err != nil && !errors.Is(err, bucket.ErrExists) {
		return fmt.Errorf("set a record aside (%w): %w", why, err)
	}
	report.Aside = append(report.Aside, fmt.Sprintf("%s: %v", key, why))
	return nil
}

// grown notes the head's size after an append, and also after one that failed:
// what a payload has put into dictionaries stays when its spans are taken back.
func (s *Store) grown(now time.Time) {
	if s.head.since.IsZero() && !s.head.empty() {
		s.head.since = now
	}
	s.head.size = int64(s.head.batch.Size() + s.head.logs.Size())
	if !s.head.reserved && s.head.size > s.o.FlushBytes/reserveAt {
		s.head.reserved = true
		s.head.batch.Reserve(reserveAt + 1)
	}
}

// reserveAt is the part of its full size at which a head makes room for the rest.
// Less than that, and it is no good sample of what will come.
const reserveAt = 16

// ErrClosed is returned by the methods of a Store that is closed.
var ErrClosed = errors.New("store is closed")

// Close writes the head as a block and ends the flusher. If that fails, the log
// still has everything, and the error says why.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	err := s.Flush(ctx)
	s.stop()
	s.ended.Wait()
	return err
}
