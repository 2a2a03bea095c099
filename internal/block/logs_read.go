package block

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
)

// LogsOfTrace returns the rows of a trace's records in a block of logs, none if it has
// none.
func (r *Reader) LogsOfTrace(ctx context.Context, id span.TraceID) (*rowset.Set, error) {
	if may, err := r.mayHave(ctx, id); !may && err == nil {
		return rowset.New(0, 0), nil
	}
	in, err := r.traceRow(ctx, id)
	if errors.Is(err, errNotHere) {
		return rowset.New(0, 0), nil
	}
	if err != nil {
		return nil, err
	}
	first, n := in.column("first_log", shapeInt64), in.column("logs", shapeInt64)
	if err := in.read(); err != nil {
		return nil, err
	}
	from, to := first.num(0), first.num(0)+n.num(0)
	if from < 0 || to <= from || to > int64(r.Meta.Logs) {
		return nil, in.f.corrupt(0, fmt.Errorf("records %d to %d of %d", from, to, r.Meta.Logs))
	}
	return rowset.Full(uint32(from), uint32(to)), nil
}

// AppendLogs appends records of a block of logs, those of a set of rows in their order, to
// out. What is read of columns is added to bytes.
func (r *Reader) AppendLogs(ctx context.Context, rows *rowset.Set, out *span.Logs, bytes *atomic.Int64) error {
	if rows.Empty() {
		return nil
	}
	t, err := r.Logs(ctx, bytes)
	if err != nil {
		return err
	}
	before := out.Len()
	if err := r.appendLogs(t, rows, out); err != nil {
		out.Truncate(before)
		return err
	}
	return nil
}

func (r *Reader) appendLogs(t *Table, rows *rowset.Set, out *span.Logs) error {
	base, n := uint32(out.Len()), rows.Count()
	var failed error
	read := func(name string) *Vector {
		c, err := t.Column(name)
		if err == nil && c != nil {
			var v *Vector
			if v, err = c.Read(rows); err == nil {
				return v
			}
		}
		if failed == nil {
			failed = err
		}
		return &Vector{v: values{absent: true}}
	}
	traces, ids, times, observed := read("trace_id"), read("span_id"), read("time"), read("observed_after")
	severities, levels, bodies, types := read("severity_number"), read("severity_text"), read("body"), read("body_type")
	events, flags, resources, scopes, dropped := read("event_name"), read("flags"), read("resource"), read("scope"), read("dropped_attributes")
	if failed != nil {
		return failed
	}
	resource, err := r.sets(t.ctx, resourcesFile, "resource", &resources.v, n, &out.Resources)
	if err != nil {
		return err
	}
	scope, err := r.sets(t.ctx, scopesFile, "instrumentation", &scopes.v, n, &out.Scopes)
	if err != nil {
		return err
	}
	for i := range n {
		row := out.Begin(resource[resources.Num(i)], scope[scopes.Num(i)])
		out.Time[row] = times.Num(i)
		if observed.Has(i) {
			out.Observed[row] = times.Num(i) + observed.Num(i)
		}
		copy(out.ID[row][:], ids.Bytes(i))
		out.Severity[row] = span.Severity(severities.Num(i))
		out.Level[row] = out.Levels.Code(levels.Bytes(i))
		out.Event[row] = out.Events.Code(events.Bytes(i))
		out.Flags[row] = uint32(flags.Num(i))
		out.SetDropped(row, uint32(dropped.Num(i)))
		var trace span.TraceID
		copy(trace[:], traces.Bytes(i))
		typ, ok := span.ParseType(string(types.Bytes(i)))
		if !ok {
			return t.f.corrupt(0, fmt.Errorf("a body of the unknown type %q", types.Bytes(i)))
		}
		out.Commit(row, trace, bodies.Bytes(i), typ)
	}
	return t.appendAttributes("log", rows, base, &out.Attrs)
}

// appendAttributes appends the attributes of one scope, of the rows of a set: those of
// the first become row base, and so on.
func (t *Table) appendAttributes(scope string, rows *rowset.Set, base uint32, to *span.Attrs) error {
	for _, a := range t.f.attrs {
		typ, ok := span.ParseType(a.Type)
		if a.Scope != scope || !ok {
			continue
		}
		c, err := t.column(a.Column, shapeOf(typ))
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		v, err := c.Read(rows)
		if err != nil {
			return err
		}
		for i := range v.Len() {
			if !v.Has(i) {
				continue
			}
			to.Begin(base + uint32(i))
			if shapeOf(typ).isText() {
				to.Text([]byte(a.Key), typ, v.Bytes(i))
			} else {
				to.Num([]byte(a.Key), typ, uint64(v.Num(i)))
			}
		}
		v.Free()
	}
	err := t.Rest(rows, scope, "", func(row uint32, key string, v span.Value) {
		to.Begin(base + uint32(rows.CountIn(rows.From(), row)))
		to.SetRest([]byte(key), v)
	})
	to.Sort()
	return err
}
