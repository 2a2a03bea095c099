package block

import (
	"cmp"
	"context"
	"fmt"
)

// verifyRanges holds the table of traces against the other files: every span,
// event and link belongs to exactly one trace.
func verifyRanges(ctx context.Context, r *Reader) error {
	f, err := r.file(ctx, tracesFile)
	if err != nil {
		return err
	}
	spans, events, links := newCoverage(r.Meta.Spans), newCoverage(r.Meta.Events), newCoverage(r.Meta.Links)
	var wrong error
	err = r.Places(ctx, func(p Place) {
		for _, part := range []struct {
			name string
			of   *coverage
			at   [2]int
		}{{spansFile, spans, p.at.spans}, {eventsFile, events, p.at.events}, {linksFile, links, p.at.links}} {
			if err := part.of.take(part.at); err != nil && wrong == nil {
				wrong = f.corrupt(0, fmt.Errorf("trace %s: %s: %w", p.TraceID, part.name, err))
			}
		}
	})
	if err := cmp.Or(err, wrong); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		of   *coverage
	}{{spansFile, spans}, {eventsFile, events}, {linksFile, links}} {
		if part.of.taken != part.of.rows {
			return f.corrupt(0, fmt.Errorf("%d of the %d rows of %s belong to no trace", part.of.rows-part.of.taken, part.of.rows, part.name))
		}
	}
	return nil
}

// verifyLogRanges holds the table of traces of a block of logs against the records:
// those that it leaves out stand before all others and have no trace.
func verifyLogRanges(ctx context.Context, r *Reader) error {
	f, err := r.file(ctx, logsFile)
	if err != nil {
		return err
	}
	m := merger{ctx: ctx, inputs: []*input{{r: r, rows: f}}}
	if m.inputs[0].traces, err = r.file(ctx, tracesFile); err != nil {
		return err
	}
	parts, err := m.logParts()
	if err != nil {
		return err
	}
	logs, first := newCoverage(f.rows), f.rows
	for _, p := range parts {
		if err := logs.take(p.spans); err != nil {
			return m.inputs[0].traces.corrupt(0, fmt.Errorf("trace %s: %w", p.id, err))
		}
		first = min(first, p.spans[0])
	}
	untraced := int64(0)
	if c := f.columns["trace_id"]; c != nil {
		untraced = c.nulls
	}
	if first+logs.taken != f.rows || untraced != int64(first) {
		return f.corrupt(0, fmt.Errorf("%d records of traces behind %d of %d, %d have none", logs.taken, first, f.rows, untraced))
	}
	return nil
}

// coverage notes which rows of a file are taken, a bit each.
type coverage struct {
	rows, taken int
	bits        []uint64
}

func newCoverage(rows int) *coverage {
	return &coverage{rows: rows, bits: make([]uint64, (rows+63)/64)}
}

// take takes rows, which must be there and free.
func (c *coverage) take(at [2]int) error {
	if at[1] > c.rows {
		return fmt.Errorf("rows %d to %d of %d", at[0], at[1], c.rows)
	}
	for row := at[0]; row < at[1]; {
		// As many bits of one word as are wanted.
		first, n := row%64, min(64-row%64, at[1]-row)
		mask := (^uint64(0) >> (64 - n)) << first
		if c.bits[row/64]&mask != 0 {
			return fmt.Errorf("rows %d to %d belong to another trace as well", at[0], at[1])
		}
		c.bits[row/64] |= mask
		row += n
	}
	c.taken += at[1] - at[0]
	return nil
}
