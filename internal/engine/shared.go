package engine

import (
	"encoding/binary"
	"sync"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
)

// sharing remembers which traces two blocks have both parts of. Blocks do not change, so
// that it is found out once for each two.
type sharing struct {
	mu    sync.Mutex
	pairs map[[2]string]*shared
}

// shared is the traces that two blocks share, as rows of their tables of traces.
type shared struct {
	first, second []uint32
}

// maxPairs is how many pairs of blocks are remembered.
const maxPairs = 100_000

// idBytes is how many bytes of trace ids one query holds while it compares blocks.
const idBytes = 64 << 20

// sharedTraces returns the traces of a block, as rows of its table of traces, of which
// another block has a part.
func (q *query) sharedTraces(r *block.Reader) (*rowset.Set, error) {
	q.sharing.Lock()
	defer q.sharing.Unlock()
	if s, ok := q.shared[r.Meta.ID]; ok {
		return s, nil
	}
	all := rowset.New(0, uint32(r.Meta.Traces))
	for _, other := range q.all {
		if other == r {
			continue
		}
		rows, err := q.pair(r, other)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			all.Add(row)
		}
	}
	q.shared[r.Meta.ID] = all
	return all, nil
}

// pair returns the rows of the traces of a that b has as well.
func (q *query) pair(a, b *block.Reader) ([]uint32, error) {
	known := &q.e.sharing
	key, turned := [2]string{a.Meta.ID, b.Meta.ID}, a.Meta.ID > b.Meta.ID
	if turned {
		key[0], key[1] = key[1], key[0]
	}
	known.mu.Lock()
	s := known.pairs[key]
	known.mu.Unlock()
	if s == nil {
		first, ok, err := q.traceIDs(a)
		if err != nil || !ok {
			return nil, err
		}
		second, ok, err := q.traceIDs(b)
		if err != nil || !ok {
			return nil, err
		}
		if turned {
			first, second = second, first
		}
		s = common(first, second)
		known.mu.Lock()
		if len(known.pairs) >= maxPairs {
			clear(known.pairs) // most are of blocks that are merged by now
		}
		known.pairs[key] = s
		known.mu.Unlock()
	}
	if turned {
		return s.second, nil
	}
	return s.first, nil
}

// traceIDs returns the ids of a block's traces; false if they can't be read and the answer
// goes without the block.
func (q *query) traceIDs(r *block.Reader) (ids []byte, ok bool, err error) {
	if ids, ok := q.ids[r.Meta.ID]; ok {
		return ids, true, nil
	}
	if err := q.check(); err != nil {
		return nil, false, err
	}
	if ids, err = r.TraceIDs(q.ctx); err != nil {
		return nil, false, q.failed(r, err)
	}
	held := 0
	for _, ids := range q.ids {
		held += len(ids)
	}
	if held+len(ids) > idBytes {
		clear(q.ids)
	}
	q.ids[r.Meta.ID] = ids
	q.bytes.Add(int64(len(ids)))
	return ids, true, nil
}

// common finds the ids that two ascending lists both have.
func common(a, b []byte) *shared {
	s := new(shared)
	for i, k := 0, 0; i < len(a) && k < len(b); {
		x, y := binary.BigEndian.Uint64(a[i:]), binary.BigEndian.Uint64(b[k:])
		if x == y {
			x, y = binary.BigEndian.Uint64(a[i+8:]), binary.BigEndian.Uint64(b[k+8:])
		}
		switch {
		case x < y:
			i += 16
		case x > y:
			k += 16
		default:
			s.first, s.second = append(s.first, uint32(i/16)), append(s.second, uint32(k/16))
			i += 16
			k += 16
		}
	}
	return s
}

// apart says which traces of a block have to be put together, by their number in the
// block: those of which there are parts in other places.
func (q *query) apart(src *blockSource) (func(trace int) (bool, error), error) {
	if q.alone() {
		return func(int) (bool, error) { return false, nil }, nil
	}
	rows, err := q.sharedTraces(src.r)
	if err != nil {
		return nil, err
	}
	return func(trace int) (bool, error) {
		if rows.Has(src.rows.Row[trace]) {
			return true, nil
		}
		if len(q.heads) == 0 {
			return false, nil
		}
		id, err := src.r.TraceIDAt(q.ctx, src.rows, trace)
		return err == nil && q.inHead(id), err
	}, nil
}

// inHead reports whether a head has a part of a trace.
func (q *query) inHead(id span.TraceID) bool {
	for _, h := range q.heads {
		if _, ok := h.Traces.Find(id); ok {
			return true
		}
	}
	return false
}
