package block

import (
	"cmp"
	"context"
	"errors"

	"github.com/everspan/everspan/internal/span"
)

// Place is a trace of a block, and where it stands.
type Place struct {
	TraceID span.TraceID
	Start   int64 // ns since the Unix epoch, of the spans in this block
	at      rowRange
}

// Spans is how many spans of the trace the block has.
func (p *Place) Spans() int { return p.at.spans[1] - p.at.spans[0] }

// Compare orders places as they stand in the block's files.
func (p *Place) Compare(o *Place) int { return cmp.Compare(p.at.spans[0], o.at.spans[0]) }

// chunkRows is how many rows of the table of traces are held at a time.
const chunkRows = 1 << 16

// Places yields the place of every trace in the block, by trace id.
func (r *Reader) Places(ctx context.Context, each func(Place)) error {
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return err
	}
	for from := 0; from < f.rows; from += chunkRows {
		in, err := f.rowsOf(ctx, [2]int{from, min(from+chunkRows, f.rows)})
		if err != nil {
			return err
		}
		ids, starts, ranges := in.column("trace_id", shapeTraceID), in.column("start", shapeTime), newRangeReader(in)
		if err := in.read(); err != nil {
			return err
		}
		for i := range in.len() {
			at, err := ranges.at(i)
			if err != nil {
				return err
			}
			if len(ids.bytes(i)) != 16 {
				return f.corrupt(0, "a trace without an id")
			}
			each(Place{span.TraceID(ids.bytes(i)), starts.num(i), at})
		}
	}
	return nil
}

// Read appends the traces at places, which ascend, to b. Neighbours are read
// together, which is many times faster than one trace at a time.
func (r *Reader) Read(ctx context.Context, places []Place, b *span.Batch) error {
	rows := b.Len()
	for len(places) > 0 {
		n, at := together(places)
		if err := r.appendTraces(ctx, places[:n], at, Whole, b); err != nil {
			b.Truncate(rows)
			return err
		}
		places = places[n:]
	}
	return nil
}

// together counts the places from the first on that stand one after the other, and
// returns their rows.
func together(places []Place) (n int, at rowRange) {
	at = places[0].at
	for n = 1; n < len(places) && places[n].at.spans[0] == at.spans[1]; n++ {
		next := &places[n].at
		at.spans[1] = next.spans[1]
		at.events, at.links = join(at.events, next.events), join(at.links, next.links)
	}
	return n, at
}

// join puts two ranges together, either of which may be empty.
func join(x, y [2]int) [2]int {
	switch {
	case x[0] == x[1]:
		return y
	case y[0] == y[1]:
		return x
	}
	return [2]int{x[0], y[1]}
}

// Place finds a trace; false means that the block does not have it. Its Start is
// that of the block's first span, which is never later than the trace's.
func (r *Reader) Place(ctx context.Context, id span.TraceID) (Place, bool, error) {
	at, err := r.find(ctx, id)
	if errors.Is(err, errNotHere) {
		return Place{}, false, nil
	}
	return Place{id, r.Meta.MinStart, at}, err == nil, err
}
