package block

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// MergeLogs writes the records of several blocks of logs as one, as [Merge] does spans:
// column by column along a plan, which takes some sixteen bytes a record without a trace
// and a hundred a trace. Records have no identity: every one is kept.
func MergeLogs(ctx context.Context, bkt bucket.Bucket, id string, created time.Time, inputs []*Reader, pause func(context.Context) error) (Meta, error) {
	m := newMerger(ctx, pause)
	meta := mergedMeta(id, Logs, created, inputs)
	for i, r := range inputs {
		in := &input{r: r}
		var err error
		if in.rows, err = r.file(ctx, logsFile); err != nil {
			return Meta{}, err
		}
		if in.traces, err = r.file(ctx, tracesFile); err != nil {
			return Meta{}, err
		}
		m.inputs = append(m.inputs, in)
		meta.Logs += r.Meta.Logs
		if i == 0 {
			meta.MinStart, meta.MaxEnd = r.Meta.MinStart, r.Meta.MaxEnd
		}
		meta.MinStart, meta.MaxEnd = min(meta.MinStart, r.Meta.MinStart), max(meta.MaxEnd, r.Meta.MaxEnd)
	}
	if err := m.planLogs(); err != nil {
		return Meta{}, fmt.Errorf("merge into block %s: %w", id, err)
	}
	if m.rows != meta.Logs {
		return Meta{}, fmt.Errorf("merge into block %s: %d records of %d", id, m.rows, meta.Logs)
	}
	meta.Traces, meta.Resources, meta.Scopes = len(m.traces), m.resources.sets.Len(), m.scopes.sets.Len()
	return writeLogBlock(ctx, bkt, meta, m.writeLogs, m.traces, &m.resources.sets, &m.scopes.sets)
}

// planLogs puts the rows of the inputs in order.
func (m *merger) planLogs() error {
	times := make([]*cursor, len(m.inputs))
	for i, in := range m.inputs {
		var err error
		if times[i], err = in.rows.cursor(m.ctx, &m.pool, "time", shapeTime); err != nil {
			return err
		}
		defer times[i].close()
	}
	parts, err := m.logParts()
	if err != nil {
		return err
	}
	if err := m.mergeSets(); err != nil {
		return err
	}
	var rows []place
	take := func(input uint32, at [2]int) error {
		for row := at[0]; row < at[1]; row++ {
			t, err := times[input].num(m.ctx, row)
			if err != nil {
				return err
			}
			rows = append(rows, place{t, input, uint32(row)})
		}
		return m.pause(m.ctx)
	}
	lay := func() {
		slices.SortStableFunc(rows, func(x, y place) int { return cmp.Compare(x.start, y.start) })
		for _, p := range rows {
			m.runs = extend(m.runs, run{p.input, p.row, 1})
		}
		m.rows += len(rows)
		rows = rows[:0]
	}
	// Records without a trace stand before all others.
	for i, in := range m.inputs {
		untraced := in.rows.rows
		for _, p := range parts {
			if p.input == uint32(i) {
				untraced -= p.spans[1] - p.spans[0]
			}
		}
		if err := take(uint32(i), [2]int{0, untraced}); err != nil {
			return err
		}
	}
	lay()
	slices.SortFunc(parts, func(x, y part) int {
		return cmp.Or(slices.Compare(x.id[:], y.id[:]), int(x.input)-int(y.input))
	})
	groups := make([]merged, 0, len(parts))
	for at := 0; at < len(parts); {
		end, start := at+1, parts[at].start
		for ; end < len(parts) && parts[end].id == parts[at].id; end++ {
			start = min(start, parts[end].start)
		}
		groups = append(groups, merged{shapeKey{start: start}, at, end - at})
		at = end
	}
	slices.SortStableFunc(groups, func(x, y merged) int { return x.key.compare(y.key) })
	for _, g := range groups {
		t := trace{id: parts[g.first].id, start: g.key.start, spans: [2]int{m.rows}}
		if of := parts[g.first]; g.count == 1 {
			n := of.spans[1] - of.spans[0]
			m.runs = extend(m.runs, run{of.input, uint32(of.spans[0]), uint32(n)})
			m.rows += n
		} else {
			for _, p := range parts[g.first : g.first+g.count] {
				if err := take(p.input, p.spans); err != nil {
					return err
				}
			}
			lay()
		}
		t.spans[1] = m.rows
		m.traces = append(m.traces, t)
	}
	if m.resourceOf, err = m.references("resource", &m.resources); err != nil {
		return err
	}
	m.scopeOf, err = m.references("scope", &m.scopes)
	return err
}

// logParts reads the tables of traces. The rows of a part are spans of it, whatever they
// are called.
func (m *merger) logParts() ([]part, error) {
	var parts []part
	for i, in := range m.inputs {
		rows, err := in.traces.rowsOf(m.ctx, [2]int{0, in.traces.rows})
		if err != nil {
			return nil, err
		}
		ids, starts := rows.column("trace_id", shapeTraceID), rows.column("start", shapeTime)
		first, n := rows.column("first_log", shapeInt64), rows.column("logs", shapeInt64)
		if err := rows.read(); err != nil {
			return nil, err
		}
		for row := range rows.len() {
			from, to := first.num(row), first.num(row)+n.num(row)
			if from < 0 || to <= from || to > int64(in.rows.rows) || len(ids.bytes(row)) != 16 {
				return nil, in.traces.corrupt(0, fmt.Errorf("row %d refers to rows that are not there", row))
			}
			parts = append(parts, part{input: uint32(i), trace: trace{id: span.TraceID(ids.bytes(row)), start: starts.num(row), spans: [2]int{int(from), int(to)}}})
		}
	}
	return parts, nil
}

// writeLogs writes logs.parquet.
func (m *merger) writeLogs(out io.Writer) (File, error) {
	f := newFileWriter(out, m.rows, format.Zstd)
	logs := func(in *input) *fileReader { return in.rows }
	for _, c := range []named{
		{"trace_id", shapeTraceID}, {"span_id", shapeSpanID}, {"time", shapeTime}, {"observed_after", shapeInt64}, {"severity_number", shapeInt64},
		{"severity_text", shapeText}, {"body", shapeText}, {"body_type", shapeText}, {"event_name", shapeText}, {"flags", shapeInt64},
		{"dropped_attributes", shapeInt32},
	} {
		if err := m.copy(f, c.name, c.shape, m.runs, m.same(logs, c.name), nil); err != nil {
			return File{}, err
		}
	}
	reference(f, "resource", nil, m.resourceOf, m.resources.sets.Len())
	reference(f, "scope", nil, m.scopeOf, m.scopes.sets.Len())
	plainText(f, "instrumentation_name", m.scopeOf, m.scopes.sets.Name)
	plainText(f, "instrumentation_version", m.scopeOf, m.scopes.sets.Version)
	return m.attributes(f, "log", m.runs, logs, []attributeSource{
		{scope: "resource", attrs: &m.resources.sets.Attrs, via: m.resourceOf},
		{scope: "instrumentation", attrs: &m.scopes.sets.Attrs, via: m.scopeOf},
	})
}
