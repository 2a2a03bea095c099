package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// Names lists the names of attributes: those of the columns of all blocks that have spans
// of the time. With a filter, those that a matching span carries.
func (e *Engine) Names(ctx context.Context, n Names) (*NameSet, error) {
	q, done, err := e.begin(ctx, n.Range, false)
	if err != nil {
		return nil, err
	}
	defer done()
	n.Limit = cmp.Or(n.Limit, maxNames)
	g := newNames(q, n)
	if n.Filter == nil || n.Filter.Expr == nil {
		err = q.names(g)
	} else {
		err = q.some(localFilterOf(n.Filter), n.Range, g.carried)
	}
	s, err := q.finish(err)
	if err != nil {
		return nil, err
	}
	out := &NameSet{Scopes: make(map[traceql.Scope][]string), Scanned: s}
	for scope, names := range g.found {
		out.Scopes[scope] = slices.Sorted(maps.Keys(names))
	}
	if g.full {
		out.Partial = append(out.Partial, fmt.Sprintf("there are more than %d names of a scope", n.Limit))
	}
	return out, nil
}

// nameGatherer is names of attributes, each once.
type nameGatherer struct {
	q *query
	Names
	mu    sync.Mutex
	found map[traceql.Scope]map[string]bool
	full  bool
}

func newNames(q *query, n Names) *nameGatherer {
	return &nameGatherer{q: q, Names: n, found: make(map[traceql.Scope]map[string]bool)}
}

func (g *nameGatherer) wants(scope traceql.Scope) bool {
	return len(g.Scopes) == 0 || slices.Contains(g.Scopes, scope)
}

func (g *nameGatherer) has(scope traceql.Scope, name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.found[scope][name]
}

func (g *nameGatherer) add(scope traceql.Scope, name string) {
	if !g.wants(scope) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.found[scope] == nil {
		g.found[scope] = make(map[string]bool)
	}
	if len(g.found[scope]) >= g.Limit && !g.found[scope][name] {
		g.full = true
		return
	}
	g.found[scope][name] = true
}

// scopeOf is the inverse of scopeNames.
func scopeOf(name string) (traceql.Scope, bool) {
	for scope, n := range scopeNames {
		if n == name {
			return scope, true
		}
	}
	return 0, false
}

func (g *nameGatherer) addNamed(scope, name string) {
	if s, ok := scopeOf(scope); ok {
		g.add(s, name)
	}
}

// attrs adds the names of attributes in memory.
func (g *nameGatherer) attrs(scope traceql.Scope, a *span.Attrs) {
	for _, c := range a.Columns {
		if len(c.Rows) > 0 {
			g.add(scope, c.Key)
		}
	}
	seen := make(map[uint32]bool)
	for _, key := range a.Rest.Keys {
		if !seen[key] {
			seen[key] = true
			g.add(scope, a.Rest.KeyDict.String(key))
		}
	}
}

// batch adds the names of the attributes of spans in memory.
func (g *nameGatherer) batch(b *span.Batch) {
	g.attrs(traceql.ScopeSpan, &b.Attrs)
	g.attrs(traceql.ScopeResource, &b.Resources.Attrs)
	g.attrs(traceql.ScopeInstrumentation, &b.Scopes.Attrs)
	g.attrs(traceql.ScopeEvent, &b.Events.Attrs)
	g.attrs(traceql.ScopeLink, &b.Links.Attrs)
}

func (q *query) names(g *nameGatherer) error {
	for _, h := range q.heads {
		g.batch(h)
	}
	for _, r := range q.blocks {
		if err := q.check(); err != nil {
			return err
		}
		if err := q.failed(r, g.block(r)); err != nil {
			return err
		}
		q.scanned.Done++
	}
	return nil
}

// block adds the names of the attributes of a block.
func (g *nameGatherer) block(r *block.Reader) error {
	q := g.q
	for _, t := range []struct {
		scope traceql.Scope
		open  func(context.Context, *atomic.Int64) (*block.Table, error)
	}{{traceql.ScopeSpan, r.Spans}, {traceql.ScopeEvent, r.Events}, {traceql.ScopeLink, r.Links}} {
		if !g.wants(t.scope) {
			continue
		}
		table, err := t.open(q.ctx, &q.bytes)
		if err != nil {
			return err
		}
		table.Attributes(func(scope, key string, _ span.Type) { g.addNamed(scope, key) })
		if err := table.RestKeys(g.addNamed); err != nil {
			return err
		}
	}
	for scope, load := range map[traceql.Scope]func(context.Context) (*span.Sets, error){
		traceql.ScopeResource: r.Resources, traceql.ScopeInstrumentation: r.Scopes,
	} {
		if !g.wants(scope) {
			continue
		}
		sets, err := load(q.ctx)
		if err != nil {
			return err
		}
		g.attrs(scope, &sets.Attrs)
	}
	return nil
}

// carried adds the names of what some spans carry.
func (g *nameGatherer) carried(w *window, rows *rowset.Set) error {
	all := newNames(g.q, g.Names)
	switch src := w.src.source.(type) {
	case *batchSource:
		all.batch(src.b)
	case *blockSource:
		if err := all.block(src.r); err != nil {
			return err
		}
	}
	for scope, names := range all.found {
		for name := range names {
			if g.has(scope, name) {
				continue
			}
			c, err := w.src.field(&traceql.Attribute{Scope: scope, Name: name})
			if err != nil {
				return err
			}
			has := w.none()
			if err := c.present(w, rows, has); err != nil {
				return err
			}
			if !has.Empty() {
				g.add(scope, name)
			}
		}
	}
	return g.q.check()
}
