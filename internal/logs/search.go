package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
)

// Search finds records. When ctx ends before it is done, the answer has what was found
// and says that it is partial; other errors are told in Answer.Partial, too.
func Search(ctx context.Context, src Source, q Query) Answer {
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	q.Limit = min(q.Limit, MaxLimit)
	heads, blocks, release := src.ViewLogs()
	defer release()
	s := &search{q: q, ctx: ctx, heads: heads, blocks: slices.Clone(blocks), broken: make(map[*block.Reader]error)}
	for i, h := range heads {
		s.scanned.Records += int64(h.Len())
		s.head(i, h)
	}
	// Those first that may have what is wanted first.
	slices.SortStableFunc(s.blocks, func(x, y *block.Reader) int {
		if q.Oldest {
			return cmp.Compare(x.Meta.MinStart, y.Meta.MinStart)
		}
		return cmp.Compare(y.Meta.MaxEnd, x.Meta.MaxEnd)
	})
	s.scanned.Blocks = len(blocks)
	for i, r := range s.blocks {
		if s.outside(r) {
			s.scanned.Pruned++
			continue
		}
		if s.failed(r, s.block(i, r)) {
			break
		}
	}
	return s.answer(src)
}

// search is a search under way.
type search struct {
	q       Query
	ctx     context.Context
	heads   []*span.Logs
	blocks  []*block.Reader
	found   []hit
	more    bool
	broken  map[*block.Reader]error
	partial []string
	scanned Scanned
	bytes   atomic.Int64
}

// hit is a record that matches: a row of a head, or of a block behind those.
type hit struct {
	time   int64
	source int
	row    uint32
}

// compare orders hits as they are wanted.
func (s *search) compare(x, y hit) int {
	c := cmp.Compare(y.time, x.time)
	if s.q.Oldest {
		c = -c
	}
	return cmp.Or(c, cmp.Compare(x.source, y.source), cmp.Compare(x.row, y.row))
}

// keep sorts the hits when there are enough, and drops those that can't be in the answer
// any more.
func (s *search) keep() {
	if len(s.found) < s.q.Limit {
		return
	}
	slices.SortFunc(s.found, s.compare)
	n := s.q.Limit
	for n < min(len(s.found), MaxLimit) && s.found[n].time == s.found[s.q.Limit-1].time {
		n++
	}
	if n < len(s.found) {
		s.more = true
		if s.found[n].time == s.found[n-1].time && !slices.Contains(s.partial, tooMany) {
			s.partial = append(s.partial, tooMany)
		}
	}
	s.found = s.found[:n]
}

const tooMany = "more records than an answer can have are of the same nanosecond; some of them are left out"

// outside reports whether a block can't add anything.
func (s *search) outside(r *block.Reader) bool {
	m := &r.Meta
	if m.MaxEnd < s.q.From || s.q.To != 0 && m.MinStart > s.q.To {
		return true
	}
	if len(s.found) < s.q.Limit {
		return false
	}
	last := s.found[len(s.found)-1].time // keep has sorted them
	out := m.MaxEnd < last
	if s.q.Oldest {
		out = m.MinStart > last
	}
	s.more = s.more || out
	return out
}

// failed notes an error of a block and reports whether it ends the search.
func (s *search) failed(r *block.Reader, err error) bool {
	switch {
	case err == nil:
		return false
	case s.ctx.Err() != nil:
		why := "the search was given up"
		if errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
			why = "the search took longer than a query may: ask for less time, or for a trace or a service"
		}
		s.partial = append(s.partial, why)
		return true
	}
	s.broken[r] = err
	return false
}

// answer puts the records together that were found.
func (s *search) answer(src Source) Answer {
	for {
		s.keep()
		records, order, again := s.read()
		if again {
			continue
		}
		a := Answer{Records: records, Order: order, More: s.more, Partial: s.partial, Scanned: s.scanned}
		for _, r := range s.blocks {
			if err := s.broken[r]; err != nil {
				a.Partial = append(a.Partial, src.Unreadable(r, err))
			}
		}
		a.Scanned.Bytes = s.bytes.Load()
		return a
	}
}

// read reads the records that were found and says in which order they are wanted, or that
// it has to be done again, because a block turned out to be unreadable.
func (s *search) read() (records *span.Logs, order []uint32, again bool) {
	var all span.Logs // source by source
	place := make(map[hit]uint32, len(s.found))
	bySource := make([][]hit, len(s.heads)+len(s.blocks))
	for _, h := range s.found {
		bySource[h.source] = append(bySource[h.source], h)
	}
	for i, hits := range bySource {
		if len(hits) == 0 {
			continue
		}
		slices.SortFunc(hits, func(x, y hit) int { return cmp.Compare(x.row, y.row) })
		for k, h := range hits {
			place[h] = uint32(all.Len() + k)
		}
		rows := make([]uint32, len(hits))
		for k := range hits {
			rows[k] = hits[k].row
		}
		if i < len(s.heads) {
			all.AppendRows(s.heads[i], rows)
			continue
		}
		r := s.blocks[i-len(s.heads)]
		set := rowset.New(rows[0], rows[len(rows)-1]+1)
		for _, row := range rows {
			set.Add(row)
		}
		// What was found is worth a little more time than was given.
		if err := r.AppendLogs(context.WithoutCancel(s.ctx), set, &all, &s.bytes); err != nil {
			s.broken[r] = err
			s.found = slices.DeleteFunc(s.found, func(h hit) bool { return h.source == i })
			return nil, nil, true
		}
	}
	slices.SortFunc(s.found, s.compare)
	order = make([]uint32, len(s.found))
	for i, h := range s.found {
		order[i] = place[h]
	}
	return &all, order, false
}

// block looks for records in a block.
func (s *search) block(i int, r *block.Reader) error {
	rows := rowset.Full(0, uint32(r.Meta.Logs))
	if !s.q.Trace.IsZero() {
		var err error
		if rows, err = r.LogsOfTrace(s.ctx, s.q.Trace); err != nil {
			return err
		}
		if rows.Empty() {
			s.scanned.Pruned++
			return nil
		}
	}
	s.scanned.Records += int64(rows.Count())
	t, err := r.Logs(s.ctx, &s.bytes)
	if err != nil {
		return err
	}
	f := &filter{q: &s.q, r: r, t: t, ctx: s.ctx}
	if rows, err = f.apply(rows); err != nil {
		return fmt.Errorf("search records: %w", err)
	}
	if rows.Empty() {
		return nil
	}
	c, err := t.Column("time")
	if err != nil {
		return err
	}
	times, err := c.Read(rows)
	if err != nil {
		return err
	}
	at := 0
	for row := range rows.All() {
		s.found = append(s.found, hit{times.Num(at), len(s.heads) + i, row})
		at++
	}
	times.Free()
	s.keep()
	return nil
}
