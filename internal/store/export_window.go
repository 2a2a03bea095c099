package store

import (
	"context"
	"slices"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
)

const (
	// windowTraces is how many traces an export has in sight at a time, some
	// 200 bytes each; they start one after the other.
	windowTraces = 50_000
	// exportSpans is about how many spans an export hands on at a time.
	exportSpans = 8192
)

// window yields the first traces of a time, up to the start that it returns.
func (o *Offline) window(ctx context.Context, from, to int64, done map[span.TraceID]bool, each func(*span.Batch) error) (last int64, err error) {
	readers := make([]*block.Reader, len(o.Blocks))
	for i, m := range o.Blocks {
		readers[i] = block.NewReader(o.bkt, o.cache, m)
	}
	traces, last, err := o.starting(ctx, readers, from, to)
	if err != nil {
		return to, err
	}
	for id := range done {
		delete(traces, id)
	}
	parts, err := o.parts(ctx, readers, from, last, traces)
	if err != nil {
		return last, err
	}
	yield := func(b *span.Batch) error {
		for row := range b.Len() {
			done[b.TraceID(uint32(row))] = true
		}
		return each(b)
	}
	for i, r := range readers {
		if err := o.readWhole(ctx, r, parts[i], traces, yield); err != nil {
			return last, err
		}
	}
	return last, o.readSpread(ctx, readers, parts, traces, yield)
}

// starting finds the traces that start within a time, and up to which start: of
// too many, only the first.
func (o *Offline) starting(ctx context.Context, readers []*block.Reader, from, to int64) (traces map[span.TraceID]int, last int64, err error) {
	starts := make(map[span.TraceID]int64)
	limit := 2 * o.most
	for _, r := range readers {
		if r.Meta.MaxEnd < from || r.Meta.MinStart > to {
			continue
		}
		err := r.Places(ctx, func(p block.Place) {
			if p.Start < from || p.Start > to {
				return
			}
			if have, ok := starts[p.TraceID]; ok && have <= p.Start {
				return
			}
			starts[p.TraceID] = p.Start
			if len(starts) > limit {
				to = keepFirst(starts, o.most)
				limit = len(starts) + o.most
			}
		})
		if err != nil {
			if err := o.leave(ctx, r.Meta.ID, 0, err); err != nil {
				return nil, to, err
			}
		}
	}
	if len(starts) > o.most {
		to = keepFirst(starts, o.most)
	}
	traces = make(map[span.TraceID]int, len(starts))
	for id := range starts {
		traces[id] = 0
	}
	return traces, to, nil
}

// keepFirst drops all traces but the first n, and those that start when the last
// of them does; it returns when that is.
func keepFirst(starts map[span.TraceID]int64, n int) (last int64) {
	order := make([]int64, 0, len(starts))
	for _, start := range starts {
		order = append(order, start)
	}
	slices.Sort(order)
	last = order[n-1]
	for id, start := range starts {
		if start > last {
			delete(starts, id)
		}
	}
	return last
}

// parts finds what each block has of the traces, in the order of its files, and
// counts in how many blocks each is. Traces that turn out to start earlier are
// dropped.
func (o *Offline) parts(ctx context.Context, readers []*block.Reader, from, to int64, traces map[span.TraceID]int) ([][]block.Place, error) {
	all := make([][]block.Place, len(readers))
	add := func(i int, p block.Place) {
		if _, ok := traces[p.TraceID]; !ok {
			return
		}
		if p.Start < from {
			delete(traces, p.TraceID)
			return
		}
		traces[p.TraceID]++
		all[i] = append(all[i], p)
	}
	for i, r := range readers {
		var err error
		if r.Meta.MaxEnd < from || r.Meta.MinStart > to {
			// Few traces, if any: its filter knows.
			for id := range traces {
				if !r.MayHave(ctx, id) {
					continue
				}
				p, ok, findErr := r.Place(ctx, id)
				if err = findErr; err != nil {
					break
				}
				if ok {
					add(i, p)
				}
			}
		} else {
			err = r.Places(ctx, func(p block.Place) { add(i, p) })
		}
		if err != nil {
			if err := o.leave(ctx, r.Meta.ID, 0, err); err != nil {
				return nil, err
			}
		}
		slices.SortFunc(all[i], func(x, y block.Place) int { return x.Compare(&y) })
	}
	return all, nil
}

// readWhole yields the traces that are in one block only.
func (o *Offline) readWhole(ctx context.Context, r *block.Reader, places []block.Place, traces map[span.TraceID]int, yield func(*span.Batch) error) error {
	places = slices.DeleteFunc(slices.Clone(places), func(p block.Place) bool { return traces[p.TraceID] != 1 })
	var b span.Batch
	for len(places) > 0 {
		n, spans := 0, 0
		for n < len(places) && (n == 0 || spans+places[n].Spans() <= exportSpans) {
			spans += places[n].Spans()
			n++
		}
		b.Reset()
		if err := o.read(ctx, r, places[:n], &b); err != nil {
			return err
		}
		if b.Len() > 0 {
			if err := yield(&b); err != nil {
				return err
			}
		}
		places = places[n:]
	}
	return nil
}

// read appends traces to b, those that can't be read excepted.
func (o *Offline) read(ctx context.Context, r *block.Reader, places []block.Place, b *span.Batch) error {
	err := r.Read(ctx, places, b)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	for i := range places {
		if err := r.Read(ctx, places[i:i+1], b); err != nil {
			if err := o.leave(ctx, r.Meta.ID, 1, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// readSpread yields the traces that are spread over blocks.
func (o *Offline) readSpread(ctx context.Context, readers []*block.Reader, parts [][]block.Place, traces map[span.TraceID]int, yield func(*span.Batch) error) error {
	type part struct {
		block int
		place block.Place
	}
	spread := make(map[span.TraceID][]part)
	var order []span.TraceID
	for i, places := range parts {
		for _, p := range places {
			if traces[p.TraceID] > 1 {
				if spread[p.TraceID] == nil {
					order = append(order, p.TraceID)
				}
				spread[p.TraceID] = append(spread[p.TraceID], part{i, p})
			}
		}
	}
	for _, id := range order {
		var b span.Batch
		for _, p := range spread[id] {
			if err := o.read(ctx, readers[p.block], []block.Place{p.place}, &b); err != nil {
				return err
			}
		}
		if b.Len() > 0 {
			if err := yield(unique(&b)); err != nil {
				return err
			}
		}
	}
	return nil
}
