package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
)

// Query says which traces to list. The zero value of a field asks for nothing.
type Query struct {
	Service     string // a span of this service
	Name        string // a span of this name
	MinDuration int64  // ns, of the whole trace
	Errors      bool   // a span with status error
	From, To    int64  // ns since the Unix epoch; the trace starts within
	Limit       int    // at most so many, 0 means 20
}

// maxCandidates bounds what one listing holds in memory: some 200 bytes each.
const maxCandidates = 1_000_000

// Listing is the answer to a Query.
type Listing struct {
	Traces []block.Summary // newest first
	// Partial says why traces may be missing; it is empty when none are.
	Partial []string
}

// Search lists traces, newest first. Numbers of spans and errors count a span
// that a sender repeated twice until its block is compacted.
//
// Blocks are read from the newest on, until those that are left can't have a trace
// that is newer than those found; what they know of the found ones is looked up.
func (s *Store) Search(ctx context.Context, q Query) (Listing, error) {
	s.counts.queries.Add(1)
	s.working.Add(1)
	defer s.working.Add(-1)
	var found gathered
	snap := s.acquire(func(h *head) { h.summaries(q, found.add) })
	defer s.release(snap)

	blocks := slices.DeleteFunc(slices.Clone(snap.blocks), func(r *block.Reader) bool {
		return q.From != 0 && r.Meta.MaxEnd < q.From || q.To != 0 && r.Meta.MinStart > q.To
	})
	slices.SortStableFunc(blocks, func(a, b *block.Reader) int { return cmp.Compare(b.Meta.MaxEnd, a.Meta.MaxEnd) })
	limit := cmp.Or(q.Limit, 20)
	var l Listing
	only := len(blocks) == 1
	for step := 1; ; step = min(2*step, readers) {
		l.Traces = found.newest(q, limit)
		// No trace of a block begins after the block's end.
		n := 0
		for n < len(blocks) && n < step && (len(l.Traces) < limit || blocks[n].Meta.MaxEnd >= l.Traces[limit-1].Start) {
			n++
		}
		if n == 0 {
			older, err := s.complete(ctx, blocks, &l)
			if err != nil {
				return Listing{}, err
			}
			if !older {
				break
			}
			// A part in an older block moves a trace back, and others may be newer.
			n = min(len(blocks), step)
		}
		if err := s.gather(ctx, q, blocks[:n], only, &found, &l); err != nil {
			return Listing{}, err
		}
		blocks = blocks[n:]
	}
	if found.over {
		l.Partial = append(l.Partial, fmt.Sprintf("more than %d traces in this time: the others were not looked at; narrow the time", maxCandidates))
	}
	return l, nil
}

// gather adds what some blocks have.
func (s *Store) gather(ctx context.Context, q Query, blocks []*block.Reader, only bool, found *gathered, l *Listing) error {
	var mu sync.Mutex
	errs := forEach(ctx, blocks, func(_ int, r *block.Reader) error {
		var part []block.Summary
		err := r.Summaries(ctx, q.Service, q.Name, func(sum block.Summary) { part = append(part, sum) })
		mu.Lock()
		defer mu.Unlock()
		found.addAll(part, only)
		return err
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	l.Partial = append(l.Partial, s.unreadable(blocks, errs)...)
	return nil
}

// complete joins what blocks that were not read know of the traces found. If one
// turns out to have begun earlier, it says so and leaves the list as it is.
func (s *Store) complete(ctx context.Context, blocks []*block.Reader, l *Listing) (older bool, err error) {
	joined := slices.Clone(l.Traces)
	var mu sync.Mutex
	errs := forEach(ctx, blocks, func(_ int, r *block.Reader) error {
		for i := range joined {
			sum, ok, err := r.Summary(ctx, joined[i].TraceID)
			if err != nil {
				return err
			}
			if ok {
				mu.Lock()
				joined[i].Merge(sum)
				mu.Unlock()
			}
		}
		return nil
	})
	if err := ctx.Err(); err != nil {
		return false, err
	}
	l.Partial = append(l.Partial, s.unreadable(blocks, errs)...)
	for i := range joined {
		if joined[i].Start < l.Traces[i].Start {
			return true, nil
		}
	}
	l.Traces = joined
	return false, nil
}

// gathered is what several places know of traces, joined.
type gathered struct {
	all  []block.Summary
	at   map[span.TraceID]int32 // in all
	over bool                   // there were more than maxCandidates
}

// newest returns those that match, the newest first.
func (g *gathered) newest(q Query, limit int) []block.Summary {
	var out []block.Summary
	cut := func() {
		slices.SortFunc(out, func(a, b block.Summary) int {
			return cmp.Or(cmp.Compare(b.Start, a.Start), slices.Compare(a.TraceID[:], b.TraceID[:]))
		})
		out = out[:min(len(out), limit)]
	}
	for i := range g.all {
		if !q.match(&g.all[i]) {
			continue
		}
		// Sorted now and then, not all at the end.
		if out = append(out, g.all[i]); len(out) >= 4*limit+1024 {
			cut()
		}
	}
	cut()
	return out
}

func (g *gathered) add(sum block.Summary) {
	if g.at == nil {
		g.at = make(map[span.TraceID]int32)
	}
	if i, ok := g.at[sum.TraceID]; ok {
		g.all[i].Merge(sum)
		return
	}
	if len(g.all) >= maxCandidates {
		g.over = true
		return
	}
	g.at[sum.TraceID] = int32(len(g.all))
	g.all = append(g.all, sum)
}

// addAll adds what one block has. When there is nothing else, nothing has to be
// looked up.
func (g *gathered) addAll(sums []block.Summary, only bool) {
	if only && len(g.all) == 0 && len(sums) <= maxCandidates {
		g.all = sums
		return
	}
	for _, sum := range sums {
		g.add(sum)
	}
}

func (q Query) match(s *block.Summary) bool {
	return (q.Service == "" || s.HasService) && (q.Name == "" || s.HasName) &&
		s.End-s.Start >= q.MinDuration && (!q.Errors || s.Errors > 0) &&
		(q.From == 0 || s.Start >= q.From) && (q.To == 0 || s.Start <= q.To)
}

// summaries walks the head once.
func (h *head) summaries(q Query, add func(block.Summary)) {
	b := &h.batch
	services := b.Services()
	all := make([]block.Summary, b.Traces.Len())
	for row := range b.Len() {
		r := uint32(row)
		one := block.Summary{
			TraceID: b.TraceID(r), Start: b.Start[r], End: b.End(r), Spans: 1,
			Service: services[b.Resource[r]], Rooted: b.Parent[r].IsZero(), RootStart: b.Start[r],
			HasService: services[b.Resource[r]] == q.Service,
			HasName:    q.Name != "" && string(b.Names.Bytes(b.Name[r])) == q.Name,
		}
		if b.Status[r] == span.StatusError {
			one.Errors = 1
		}
		sum := &all[b.Trace[r]]
		// The name is copied only where it may be the root's.
		if sum.Spans == 0 || one.BetterRoot(sum) {
			one.Name = b.Names.String(b.Name[r])
		}
		if sum.Spans == 0 {
			*sum = one
		} else {
			sum.Merge(one)
		}
	}
	for _, sum := range all {
		if sum.Spans > 0 {
			add(sum)
		}
	}
}
