package block

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
)

// Merge writes the spans of several blocks as one block: whole traces together,
// in a block's order, and a span that occurs twice (see span.Key) once.
//
// It goes column by column. First it makes a plan from the tables of traces and
// the starts of those traces that several blocks have: which rows of which input
// follow each other. Then every column is read along the plan and written, with
// its dictionaries joined and its codes translated, so that no value is hashed
// and no span is ever put together. Memory is what the plan takes, some ten
// bytes a span and a hundred a trace, and a few pages of one column.
//
// pause is called every few milliseconds of work and may wait or end the merge
// with an error. Nothing refers to the new block until a manifest names it.
func Merge(ctx context.Context, bkt bucket.Bucket, id string, created time.Time, inputs []*Reader, pause func(context.Context) error) (Meta, error) {
	m := newMerger(ctx, pause)
	meta := mergedMeta(id, "", created, inputs)
	read := 0 // spans
	for _, r := range inputs {
		in := &input{r: r}
		for _, f := range []struct {
			name string
			to   **fileReader
		}{{spansFile, &in.rows}, {eventsFile, &in.events}, {linksFile, &in.links}, {tracesFile, &in.traces}} {
			var err error
			if *f.to, err = r.file(ctx, f.name); err != nil {
				return Meta{}, err
			}
		}
		m.inputs = append(m.inputs, in)
		read += r.Meta.Spans
	}
	m.parents = make([]int32, 0, read)
	if err := m.plan(); err != nil {
		return Meta{}, fmt.Errorf("merge into block %s: %w", id, err)
	}
	meta.Spans, meta.Duplicates, meta.Traces = m.rows, read-m.rows, len(m.traces)
	meta.Events, meta.Links = len(m.events.owners), len(m.links.owners)
	meta.Resources, meta.Scopes = m.resources.sets.Len(), m.scopes.sets.Len()
	return writeBlock(ctx, bkt, meta, content{
		spans: m.writeSpans, events: m.writeEvents, links: m.writeLinks, filters: &m.filters,
		traces: m.traces, names: &m.names, services: &m.services, resources: &m.resources.sets, scopes: &m.scopes.sets,
	})
}

func newMerger(ctx context.Context, pause func(context.Context) error) *merger {
	return &merger{
		ctx: ctx, pause: pause, foreign: make(map[uint32]span.ID),
		resources: mergedSets{file: resourcesFile, scope: "resource"}, scopes: mergedSets{file: scopesFile, scope: "instrumentation"},
	}
}

// mergedMeta is what follows from the descriptions of the inputs alone.
func mergedMeta(id, kind string, created time.Time, inputs []*Reader) Meta {
	meta := Meta{ID: id, Kind: kind, Format: Format, Created: created.UTC()}
	for i, r := range inputs {
		meta.Level = max(meta.Level, r.Meta.Level+1)
		if i == 0 || r.Meta.ReceivedFrom.Before(meta.ReceivedFrom) {
			meta.ReceivedFrom = r.Meta.ReceivedFrom
		}
		if r.Meta.ReceivedTo.After(meta.ReceivedTo) {
			meta.ReceivedTo = r.Meta.ReceivedTo
		}
	}
	return meta
}

// merger is a merge under way.
type merger struct {
	ctx    context.Context
	pause  func(context.Context) error
	inputs []*input
	pool   pagePool

	traces          []trace // in the order of their rows
	names, services span.Dict
	runs            []run // which rows follow each other
	rows            int
	events, links   children

	resources, scopes   mergedSets
	resourceOf, scopeOf []uint32 // by row
	parents             []int32  // by row: how many rows before it its parent is, or noParent
	foreign             map[uint32]span.ID
	filters             filterWriter
}

// input is a block that is read.
type input struct {
	r                     *Reader
	rows                  *fileReader // spans, or logs
	events, links, traces *fileReader
}

// children are the events or links, in order.
type children struct {
	runs   []run
	owners []uint32 // by row: the row of spans.parquet
}

// part is what one input has of a trace.
type part struct {
	trace
	input uint32
}

// merged is a trace of the new block, whose parts stand one after the other.
type merged struct {
	key          shapeKey
	first, count int // of parts
}

func (m *merger) plan() error {
	parts, err := m.parts()
	if err != nil {
		return err
	}
	if err := m.mergeSets(); err != nil {
		return err
	}
	// Parts of a trace beside each other, those of older blocks first.
	slices.SortFunc(parts, func(x, y part) int {
		if c := slices.Compare(x.id[:], y.id[:]); c != 0 {
			return c
		}
		return int(x.input) - int(y.input)
	})
	names, services := ranks(&m.names), ranks(&m.services)
	all := make([]merged, 0, len(parts))
	m.runs = make([]run, 0, len(parts))
	for at := 0; at < len(parts); {
		end := at + 1
		for end < len(parts) && parts[end].id == parts[at].id {
			end++
		}
		t := &parts[at].trace
		for i := at + 1; i < end; i++ {
			t.join(&parts[i].trace)
		}
		all = append(all, merged{shapeKey{services[t.rootOf], names[t.rootName], t.start}, at, end - at})
		at = end
	}
	slices.SortStableFunc(all, func(x, y merged) int { return x.key.compare(y.key) })
	if err := m.lay(all, parts); err != nil {
		return err
	}
	if m.resourceOf, err = m.references("resource", &m.resources); err != nil {
		return err
	}
	if m.scopeOf, err = m.references("scope", &m.scopes); err != nil {
		return err
	}
	m.countServices()
	return nil
}

// countServices counts the services of each trace.
func (m *merger) countServices() {
	names := make([]uint32, m.resources.sets.Len())
	for i := range names {
		v, _ := m.resources.sets.Attrs.Get(uint32(i), "service.name")
		names[i] = m.services.Code([]byte(v.Str))
	}
	for i := range m.traces {
		t := &m.traces[i]
		var seen distinct
		for _, set := range m.resourceOf[t.spans[0]:t.spans[1]] {
			seen.add(names[set])
		}
		t.services = seen.n
	}
}

// join adds what another part knows of the same trace. Rows are counted when
// they are laid, errors and services when they are written.
func (t *trace) join(o *trace) {
	if better(o, t) {
		t.rootStart, t.rootParent, t.rootName, t.rootOf = o.rootStart, o.rootParent, o.rootName, o.rootOf
	}
	t.start, t.end = min(t.start, o.start), max(t.end, o.end)
}

// better reports whether the root that a knows of is the trace's rather than b's.
func better(a, b *trace) bool {
	return betterRoot(a.rootParent.IsZero(), a.rootStart, b.rootParent.IsZero(), b.rootStart)
}

// parts reads the tables of traces.
func (m *merger) parts() ([]part, error) {
	n := 0
	for _, in := range m.inputs {
		n += in.traces.rows
	}
	parts := make([]part, 0, n)
	const step = 16 << 10
	for i, in := range m.inputs {
		for from := 0; from < in.traces.rows; from += step {
			rows, err := in.traces.rowsOf(m.ctx, [2]int{from, min(from+step, in.traces.rows)})
			if err != nil {
				return nil, err
			}
			t := newTraceReader(rows)
			if err := rows.read(); err != nil {
				return nil, err
			}
			for row := range rows.len() {
				at, err := t.ranges.at(row)
				if err != nil {
					return nil, err
				}
				if at.spans[1] > in.rows.rows || at.events[1] > in.events.rows || at.links[1] > in.links.rows || len(t.ids.bytes(row)) != 16 {
					return nil, in.traces.corrupt(0, fmt.Errorf("row %d refers to rows that are not there", from+row))
				}
				p := part{input: uint32(i), trace: trace{
					id: span.TraceID(t.ids.bytes(row)), spans: at.spans, events: at.events, links: at.links,
					start: t.starts.num(row), rootStart: t.starts.num(row) + t.roots.num(row),
					rootName: m.names.Code(t.names.bytes(row)), rootOf: m.services.Code(t.services.bytes(row)),
				}}
				p.repeated = t.repeated(row)
				p.end = p.start + t.durations.num(row)
				copy(p.rootParent[:], t.parents.bytes(row))
				parts = append(parts, p)
			}
		}
	}
	return parts, nil
}

// lay puts the rows of all traces behind each other.
func (m *merger) lay(all []merged, parts []part) error {
	l, err := newLayer(m)
	if err != nil {
		return err
	}
	defer l.close()
	m.traces = make([]trace, 0, len(all))
	for i, t := range all {
		if i%4096 == 0 {
			if err := m.pause(m.ctx); err != nil {
				return err
			}
		}
		if err := l.trace(parts[t.first : t.first+t.count]); err != nil {
			return err
		}
	}
	return nil
}
