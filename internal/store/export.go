package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
)

// leftOut is what could not be read of a block.
type leftOut struct {
	block  string
	traces int // 0: all
	err    error
}

// LeftOut says, in a sentence for each block, what the last export could not read.
func (o *Offline) LeftOut() (why []string) {
	for _, l := range o.left {
		what := "all"
		if l.traces > 0 {
			what = fmt.Sprintf("spans of %d traces", l.traces)
		}
		why = append(why, fmt.Sprintf("block %s: %s left out: %v", l.block, what, l.err))
	}
	return why
}

// leave notes that a trace, or with 0 everything, of a block can't be read. It
// returns errors that are no fault of the block.
func (o *Offline) leave(ctx context.Context, id string, traces int, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if o.moved(ctx, id, err) {
		return ErrGone
	}
	i := slices.IndexFunc(o.left, func(l leftOut) bool { return l.block == id })
	if i < 0 {
		o.left = append(o.left, leftOut{id, traces, err})
	} else if o.left[i].traces > 0 {
		o.left[i].traces += traces
	}
	return nil
}

// Trace returns the spans that the blocks have of a trace, each once.
func (o *Offline) Trace(ctx context.Context, id span.TraceID) (*span.Batch, error) {
	for again := false; ; again = true {
		all, err := o.trace(ctx, id)
		if again || !errors.Is(err, ErrGone) {
			return all, err
		}
	}
}

func (o *Offline) trace(ctx context.Context, id span.TraceID) (*span.Batch, error) {
	o.left = nil
	var all span.Batch
	for _, m := range o.Blocks {
		r := block.NewReader(o.bkt, o.cache, m)
		if !r.MayHave(ctx, id) {
			continue
		}
		if _, err := r.Trace(ctx, id, &all); err != nil {
			if err := o.leave(ctx, m.ID, 1, err); err != nil {
				return nil, err
			}
		}
	}
	return unique(&all), nil
}

// unique returns a batch without spans that came twice.
func unique(b *span.Batch) *span.Batch {
	rows := b.Unique(span.Seq(b.Len()))
	if len(rows) == b.Len() {
		return b
	}
	once := new(span.Batch)
	once.AppendRows(b, rows)
	return once
}

// Traces yields all traces that start within a time (ns since the Unix epoch,
// both ends belong to it): several whole ones at a time, the spans of one side by
// side and each once. A batch is valid until each returns. Memory does not grow
// with the number of traces.
func (o *Offline) Traces(ctx context.Context, from, to int64, each func(*span.Batch) error) error {
	o.left = nil
	done := make(map[span.TraceID]bool) // of this window
	for {
		last, err := o.window(ctx, from, to, done, each)
		if errors.Is(err, ErrGone) { // what was yielded is not yielded again
			last, err = o.window(ctx, from, last, done, each)
		} else {
			clear(done)
		}
		if err != nil || last == to {
			return err
		}
		from = last + 1
	}
}
