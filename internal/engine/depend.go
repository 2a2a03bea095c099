package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// Dependencies counts the calls from one service to another, by the spans of a callee whose
// parent is a span of another service.
func (e *Engine) Dependencies(ctx context.Context, in Range) (*DependencySet, error) {
	q, done, err := e.begin(ctx, in, false)
	if err != nil {
		return nil, err
	}
	defer done()
	d := &depending{query: q, in: in, calls: make(map[[2]string]*Dependency), away: make(map[span.TraceID][]orphan)}
	s, err := q.finish(d.run())
	if err != nil {
		return nil, err
	}
	out := &DependencySet{Scanned: s}
	for _, one := range d.calls {
		out.Dependencies = append(out.Dependencies, *one)
	}
	slices.SortFunc(out.Dependencies, func(a, b Dependency) int {
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Child, b.Child))
	})
	return out, nil
}

type depending struct {
	*query
	in    Range
	mu    sync.Mutex
	calls map[[2]string]*Dependency
	away  map[span.TraceID][]orphan // whose parent is in another place, if anywhere
}

// orphan is a span whose parent is not where it is itself.
type orphan struct {
	parent  span.ID
	service string
	failed  bool
}

func (d *depending) add(parent, child string, calls, errs int) {
	if parent == child || parent == "" || child == "" {
		return
	}
	one := d.calls[[2]string{parent, child}]
	if one == nil {
		one = &Dependency{Parent: parent, Child: child}
		d.calls[[2]string{parent, child}] = one
	}
	one.Calls += calls
	one.Errors += errs
}

func (d *depending) run() error {
	for _, h := range d.heads {
		d.head(h)
	}
	for _, r := range d.blocks {
		if err := d.failed(r, d.block(r)); err != nil {
			return err
		}
		d.scanned.Done++
	}
	ids := slices.Collect(maps.Keys(d.away))
	chunks := d.chunks(ids)
	return d.parallel(len(chunks), func(i int) error {
		a, err := d.assemble(chunks[i], partOf())
		if err != nil {
			return err
		}
		type key struct {
			trace span.TraceID
			id    span.ID
		}
		b := a.src.b
		services, of := b.Services(), make(map[key]string)
		for row, id := range b.ID {
			of[key{b.TraceID(uint32(row)), id}] = services[b.Resource[row]]
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, id := range chunks[i] {
			for _, o := range d.away[id] {
				d.add(of[key{id, o.parent}], o.service, 1, errorOf(o.failed))
			}
		}
		return nil
	})
}

func errorOf(failed bool) int {
	if failed {
		return 1
	}
	return 0
}

// head finds the parents of a head's spans by their ids.
func (d *depending) head(b *span.Batch) {
	type key struct {
		trace uint32
		id    span.ID
	}
	at := make(map[key]uint32, b.Len())
	for row, id := range b.ID {
		at[key{b.Trace[row], id}] = uint32(row)
	}
	services := b.Services()
	d.spans.Add(int64(b.Len()))
	for row, parent := range b.Parent {
		if parent.IsZero() || !d.within(b.Start[row]) {
			continue
		}
		service, failed := services[b.Resource[row]], b.Status[row] == span.StatusError
		if p, ok := at[key{b.Trace[row], parent}]; ok {
			d.add(services[b.Resource[p]], service, 1, errorOf(failed))
			continue
		}
		id := b.TraceID(uint32(row))
		d.away[id] = append(d.away[id], orphan{parent, service, failed})
	}
}

func (d *depending) within(start int64) bool {
	return (d.in.From == 0 || start >= d.in.From) && (d.in.To == 0 || start < d.in.To)
}

func (d *depending) block(r *block.Reader) error {
	src, err := openBlock(d.ctx, r, &d.bytes, true)
	if err != nil {
		return err
	}
	windows, err := src.windows(newScan(src))
	if err != nil {
		return err
	}
	return d.parallel(len(windows), func(i int) error {
		if err := d.check(); err != nil {
			return err
		}
		d.spans.Add(int64(windows[i].to - windows[i].from))
		return d.window(src, windows[i])
	})
}

func (d *depending) window(src *blockSource, w *window) error {
	all := w.all()
	parent, err := src.parents(w)
	if err != nil {
		return err
	}
	service, err := readKeys(w, &traceql.Attribute{Scope: traceql.ScopeResource, Name: "service.name"}, all)
	if err != nil {
		return err
	}
	name := func(code uint32) string {
		if v := service.val(code); len(v.list) == 1 {
			return v.list[0].Str
		}
		return ""
	}
	failed, err := statusErrors(w, all)
	if err != nil {
		return err
	}
	in, err := started(w, d.in, all)
	if err != nil {
		return err
	}
	type edge struct{ parent, child uint32 }
	counts := make(map[edge][2]int)
	for row := range in.All() {
		i := row - w.from
		p := parent[i]
		if p < 0 || service.codes[p] == service.codes[i] {
			continue
		}
		e := edge{service.codes[p], service.codes[i]}
		n := counts[e]
		n[0]++
		n[1] += errorOf(failed.Has(row))
		counts[e] = n
	}
	d.mu.Lock()
	for e, n := range counts {
		d.add(name(e.parent), name(e.child), n[0], n[1])
	}
	d.mu.Unlock()
	if d.alone() {
		return nil
	}
	foreign, err := src.spans.Column("parent_span_id")
	if err != nil || foreign == nil {
		return err
	}
	has := w.none()
	if err := foreign.Present(in, has); err != nil || has.Empty() {
		return err
	}
	ids, err := foreign.Read(has)
	if err != nil {
		return err
	}
	apart, err := d.apart(src)
	if err != nil {
		return err
	}
	i := 0
	for row := range has.All() {
		trace := src.rows.Of(row)
		elsewhere, err := apart(trace)
		if err != nil {
			return err
		}
		if elsewhere {
			id, err := src.r.TraceIDAt(d.ctx, src.rows, trace)
			if err != nil {
				return err
			}
			d.mu.Lock()
			d.away[id] = append(d.away[id], orphan{span.ID(ids.Bytes(i)), name(service.codes[row-w.from]), failed.Has(row)})
			d.mu.Unlock()
		}
		i++
	}
	return nil
}
