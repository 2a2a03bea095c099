package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
)

// query is one query on its way: a view of the store, its limits, and what it has looked
// at.
type query struct {
	e       *Engine
	parent  context.Context // of the caller
	ctx     context.Context // ends at the limit of time as well
	begun   time.Time
	heads   []*span.Batch
	blocks  []*block.Reader // that may have spans of the time, the newest first
	all     []*block.Reader // of the view, whatever their time
	bytes   atomic.Int64
	held    atomic.Int64 // bytes of memory for what is found
	spans   atomic.Int64
	scanned Scanned
	plan    *plan // nil unless it is asked for

	sharing sync.Mutex // guards shared and ids
	shared  map[string]*rowset.Set
	ids     map[string][]byte

	mu      sync.Mutex
	unread  map[string]bool // blocks that could not be read
	stopped string          // why the query was ended before it was done
}

// errStopped ends work whose query has come to one of its limits.
var errStopped = errors.New("the query has come to a limit")

// begin waits for a turn and takes a view of the store. The caller calls the function that
// is returned when the query is done.
func (e *Engine) begin(ctx context.Context, in Range, explain bool) (*query, func(), error) {
	e.waiting.Add(1)
	select {
	case e.slots <- struct{}{}:
		e.waiting.Add(-1)
	case <-ctx.Done():
		e.waiting.Add(-1)
		return nil, nil, ctx.Err()
	}
	q := &query{e: e, parent: ctx, begun: time.Now(), unread: make(map[string]bool), shared: make(map[string]*rowset.Set), ids: make(map[string][]byte)}
	if explain {
		q.plan = new(plan)
	}
	limited, cancel := context.WithTimeout(ctx, e.o.Timeout)
	q.ctx = limited
	heads, blocks, release := e.store.View()
	q.heads, q.all = heads, blocks
	for _, r := range blocks {
		if in.From != 0 && r.Meta.MaxEnd < in.From || in.To != 0 && r.Meta.MinStart >= in.To {
			continue
		}
		q.blocks = append(q.blocks, r)
	}
	slices.SortStableFunc(q.blocks, func(a, b *block.Reader) int { return cmp.Compare(b.Meta.MaxEnd, a.Meta.MaxEnd) })
	q.scanned.Blocks, q.scanned.Pruned = len(blocks), len(blocks)-len(q.blocks)
	if q.plan != nil {
		q.plan.line("%d of %d blocks may have spans of this time; heads: %d", len(q.blocks), len(blocks), len(heads))
	}
	return q, func() {
		cancel()
		release()
		<-e.slots
	}, nil
}

// finish returns what was looked at. The error is that of the caller's context, or one
// of the query itself.
func (q *query) finish(err error) (Scanned, error) {
	if err := q.parent.Err(); err != nil {
		return Scanned{}, err
	}
	if err != nil && !errors.Is(err, errStopped) {
		return Scanned{}, err
	}
	c := &q.e.counts
	c.queries.Add(1)
	c.spans.Add(uint64(q.spans.Load()))
	c.read.Add(uint64(q.bytes.Load()))
	s := q.scanned
	s.Spans, s.Bytes, s.Elapsed = int(q.spans.Load()), q.bytes.Load(), time.Since(q.begun)
	if q.stopped != "" {
		s.Partial = append(s.Partial, q.stopped)
	}
	if q.plan != nil {
		s.Plan = q.plan.b.String()
	}
	return s, nil
}

// check returns errStopped when the query has come to a limit.
func (q *query) check() error {
	if err := q.parent.Err(); err != nil {
		return err
	}
	why, limit := "", &q.e.counts.time
	switch {
	case q.ctx.Err() != nil:
		why = fmt.Sprintf("stopped after %v, the limit of time for a query; narrow the time or the filter", q.e.o.Timeout)
	case q.bytes.Load() > q.e.o.Bytes:
		limit = &q.e.counts.bytes
		why = fmt.Sprintf("stopped after reading %d MiB, the limit for a query; narrow the time or the filter", q.e.o.Bytes>>20)
	case q.held.Load() > q.e.o.Memory:
		limit = &q.e.counts.memory
		why = fmt.Sprintf("stopped at %d MiB of memory, the limit for a query; narrow the time or the filter", q.e.o.Memory>>20)
	}
	if why == "" {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped == "" {
		q.stopped = why
		limit.Add(1)
	}
	return errStopped
}

// failed deals with an error of a block: the answer goes without it. Errors that end
// the query are returned.
func (q *query) failed(r *block.Reader, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errFull):
		return err
	case errors.Is(err, errStopped) || q.ctx.Err() != nil:
		return cmp.Or(q.check(), err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.unread[r.Meta.ID] {
		q.unread[r.Meta.ID] = true
		q.scanned.Partial = append(q.scanned.Partial, q.e.store.Unreadable(r, err))
	}
	return nil
}

// parallel calls do for the numbers below n, on all processors, and returns the first
// error, which keeps others from being begun. All queries take turns, call by call, so
// that a long one does not keep a short one waiting.
func (q *query) parallel(n int, do func(i int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	turn := func(i int) error {
		select {
		case q.e.turns <- struct{}{}:
			defer func() { <-q.e.turns }()
		case <-q.ctx.Done():
			return cmp.Or(q.check(), q.ctx.Err())
		}
		return do(i)
	}
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := turn(i); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// alone reports whether there is nothing but one block.
func (q *query) alone() bool { return len(q.heads) == 0 && len(q.all) == 1 }
