package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// maxNames and maxValues are the defaults of what is returned.
const (
	maxNames  = 10_000
	maxValues = 10_000
)

// some calls do for windows of all sources, several at a time, with the rows that a local
// pipeline finds and that start within the range.
func (q *query) some(p *traceql.Pipeline, in Range, do func(w *window, rows *rowset.Set) error) error {
	for _, h := range q.heads {
		if err := q.window(headWindow(h), p, in, in != Range{}, do); err != nil {
			return err
		}
	}
	for _, r := range q.blocks {
		err := q.blockWindows(r, p, in, do)
		if err := q.failed(r, err); err != nil {
			return err
		}
		q.scanned.Done++
	}
	return nil
}

func (q *query) blockWindows(r *block.Reader, p *traceql.Pipeline, in Range, do func(w *window, rows *rowset.Set) error) error {
	return q.windowsOf(r, p, false, func(_ *blockSource, _ *program, w *window) error {
		return q.window(w, p, in, !inside(r, in), do)
	})
}

// windowsOf calls do for the windows of a block, several at a time, unless nothing in it
// can match.
func (q *query) windowsOf(r *block.Reader, p *traceql.Pipeline, whole bool, do func(src *blockSource, prog *program, w *window) error) error {
	src, err := openBlock(q.ctx, r, &q.bytes, whole)
	if err != nil {
		return err
	}
	sc := newScan(src)
	prog, err := bindPipeline(sc, p)
	if err != nil {
		return err
	}
	prog.alone = q.alone()
	if prog.never(p.From) {
		return nil
	}
	windows, err := src.windows(sc)
	if err != nil {
		return err
	}
	return q.parallel(len(windows), func(i int) error { return do(src, prog, windows[i]) })
}

// inside reports whether all spans of a block start within a range.
func inside(r *block.Reader, in Range) bool {
	return (in.From == 0 || r.Meta.MinStart >= in.From) && (in.To == 0 || r.Meta.MaxEnd < in.To)
}

// window calls do with the rows of a window that a local pipeline finds.
func (q *query) window(w *window, p *traceql.Pipeline, in Range, bound bool, do func(w *window, rows *rowset.Set) error) error {
	if err := q.check(); err != nil {
		return err
	}
	q.spans.Add(int64(w.to - w.from))
	rows := w.all()
	var err error
	if bound {
		if rows, err = started(w, in, rows); err != nil || rows.Empty() {
			return err
		}
	}
	prog, err := bindPipeline(w.src, p)
	if err != nil {
		return err
	}
	if rows, err = prog.rows(w, p, rows); err != nil || rows.Empty() {
		return err
	}
	return do(w, rows)
}

// started returns the rows of in that start within a range.
func started(w *window, in Range, rows *rowset.Set) (*rowset.Set, error) {
	c, err := w.src.field(&traceql.Intrinsic{Field: traceql.SpanStart})
	if err != nil {
		return nil, err
	}
	for _, bound := range []struct {
		at int64
		op traceql.Operator
	}{{in.From, traceql.OpGreaterEqual}, {in.To, traceql.OpLess}} {
		if bound.at == 0 {
			continue
		}
		out := w.none()
		p := &Predicate{op: bound.op, want: traceql.Static{Type: traceql.Int, Num: bound.at}}
		if err := c.match(w, p, rows, out); err != nil {
			return nil, err
		}
		rows = out
	}
	return rows, nil
}

// rows returns the rows that a pipeline whose spans are found one by one finds.
func (p *program) rows(w *window, pipe *traceql.Pipeline, in *rowset.Set) (*rowset.Set, error) {
	rows, err := p.localSpans(w, pipe.From, in)
	for _, stage := range pipe.Stages {
		if err != nil || rows.Empty() {
			return rows, err
		}
		if s, ok := stage.(*traceql.SpansetStage); ok {
			rows, err = p.localSpans(w, s.Expr, rows)
		}
	}
	return rows, err
}

func (p *program) localSpans(w *window, e traceql.SpansetExpr, in *rowset.Set) (*rowset.Set, error) {
	switch e := e.(type) {
	case *traceql.Filter:
		return p.bound[e].rows(w, in)
	case *traceql.Pipeline:
		return p.rows(w, e, in)
	case *traceql.Combine:
		l, err := p.localSpans(w, e.L, in)
		if err != nil {
			return nil, err
		}
		r, err := p.localSpans(w, e.R, in)
		if err != nil {
			return nil, err
		}
		r.Or(l)
		return r, nil
	}
	return nil, fmt.Errorf("engine: unknown spanset expression %T", e)
}

// localFilterOf leaves of a filter what can be told of each span for itself.
func localFilterOf(f *traceql.Filter) *traceql.Pipeline {
	if f == nil || f.Expr == nil {
		return &traceql.Pipeline{From: &traceql.Filter{}}
	}
	var left traceql.FieldExpr
	var visit func(e traceql.FieldExpr)
	visit = func(e traceql.FieldExpr) {
		if b, ok := e.(*traceql.Binary); ok && b.Op == traceql.OpAnd {
			visit(b.L)
			visit(b.R)
			return
		}
		switch {
		case !local(e):
		case left == nil:
			left = e
		default:
			left = &traceql.Binary{Op: traceql.OpAnd, L: left, R: e}
		}
	}
	visit(f.Expr)
	return &traceql.Pipeline{From: &traceql.Filter{Expr: left}}
}

// Values lists the distinct values of fields. Without a filter, they are those of the
// dictionaries of all blocks that have spans of the time.
func (e *Engine) Values(ctx context.Context, v Values) (*ValueSet, error) {
	if len(v.Fields) == 0 {
		return nil, errors.New("values of no field")
	}
	for _, f := range v.Fields {
		if !local(f) {
			return nil, fmt.Errorf("values of %s can't be listed: they depend on the whole trace", f)
		}
	}
	q, done, err := e.begin(ctx, v.Range, false)
	if err != nil {
		return nil, err
	}
	defer done()
	v.Limit = cmp.Or(v.Limit, maxValues)
	all := &valueGatherer{limit: v.Limit, rows: make(map[string][]traceql.Static)}
	for _, f := range v.Fields {
		_, ok := f.(*traceql.Intrinsic)
		all.intrinsic = append(all.intrinsic, ok)
	}
	if len(v.Fields) == 1 && (v.Filter == nil || v.Filter.Expr == nil) {
		err = q.dictionaries(v, all)
	} else {
		err = q.some(localFilterOf(v.Filter), v.Range, func(w *window, rows *rowset.Set) error { return all.read(q, w, v.Fields, rows) })
	}
	return all.answer(q, err)
}

// valueGatherer is combinations of values, each once.
type valueGatherer struct {
	mu        sync.Mutex
	limit     int
	intrinsic []bool // by field: empty text is no value
	rows      map[string][]traceql.Static
	full      bool
}

var errFull = errors.New("there are more values than are asked for")

// add takes a combination; several values of one field are taken one by one.
func (g *valueGatherer) add(vals []values) error {
	rows := [][]traceql.Static{nil}
	some := false
	for i, v := range vals {
		list := v.list
		if len(list) == 0 || g.intrinsic[i] && len(list) == 1 && list[0].Type == traceql.String && list[0].Str == "" {
			list = []traceql.Static{{}}
		} else {
			some = true
		}
		var next [][]traceql.Static
		for _, row := range rows {
			for _, one := range list {
				next = append(next, append(slices.Clone(row), one))
			}
		}
		rows = next
	}
	if !some {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, row := range rows {
		var key strings.Builder
		for i := range row {
			key.WriteString(row[i].String())
			key.WriteByte(0)
		}
		if _, ok := g.rows[key.String()]; ok {
			continue
		}
		if len(g.rows) >= g.limit {
			g.full = true
			return errFull
		}
		g.rows[key.String()] = row
	}
	return nil
}

// read takes the values of some rows.
func (g *valueGatherer) read(q *query, w *window, fields []traceql.FieldExpr, rows *rowset.Set) error {
	all := make([]*keys, len(fields))
	for i, f := range fields {
		var err error
		if all[i], err = readKeys(w, f, rows); err != nil {
			return err
		}
	}
	c := combineKeys(all, rows.Count())
	for group := range c.n {
		if err := g.add(c.values(group)); err != nil {
			return err
		}
	}
	return q.check()
}

func (g *valueGatherer) answer(q *query, err error) (*ValueSet, error) {
	if errors.Is(err, errFull) {
		err = nil
	}
	s, err := q.finish(err)
	if err != nil {
		return nil, err
	}
	if g.full {
		s.Partial = append(s.Partial, fmt.Sprintf("there are more than %d values", g.limit))
	}
	out := &ValueSet{Scanned: s, Rows: slices.Collect(maps.Values(g.rows))}
	slices.SortFunc(out.Rows, func(a, b []traceql.Static) int {
		for i := range a {
			if c := compareStatics(&a[i], &b[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	return out, nil
}

// compareStatics orders values: numbers by size, all else by type and then as text.
func compareStatics(a, b *traceql.Static) int {
	if isNumber(a.Type) && isNumber(b.Type) {
		return compareNumbers(a, b)
	}
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Num, b.Num), cmp.Compare(a.Str, b.Str))
}

// dictionaries gathers the values of a field without looking at spans, where that can be
// done.
func (q *query) dictionaries(v Values, g *valueGatherer) error {
	every := func(w *window, rows *rowset.Set) error { return g.read(q, w, v.Fields, rows) }
	for _, h := range q.heads {
		if err := q.window(headWindow(h), localFilterOf(nil), v.Range, v.Range != Range{}, every); err != nil {
			return err
		}
	}
	for _, r := range q.blocks {
		if err := q.check(); err != nil {
			return err
		}
		if err := q.failed(r, q.blockValues(r, v, g, every)); err != nil {
			return err
		}
		q.scanned.Done++
	}
	return nil
}

func (q *query) blockValues(r *block.Reader, v Values, g *valueGatherer, every func(w *window, rows *rowset.Set) error) error {
	src, err := openBlock(q.ctx, r, &q.bytes, false)
	if err != nil {
		return err
	}
	c, err := newScan(src).field(v.Fields[0])
	if err != nil {
		return err
	}
	parts := []column{c}
	if f, ok := c.(*fallback); ok {
		parts = []column{f.span, f.resource}
	}
	for _, part := range parts {
		columns := layer{part}
		if l, ok := part.(layer); ok {
			columns = l
		}
		for _, c := range columns {
			switch c := c.(type) {
			case *setColumn:
				for _, one := range c.vals {
					if err := g.add([]values{one}); err != nil {
						return err
					}
				}
				continue
			case *blockColumn:
				if n := c.c.Distinct(); n > 0 && c.as.text == nil {
					for code := range uint32(n) {
						if err := g.add([]values{c.value(code)}); err != nil {
							return err
						}
					}
					continue
				}
			}
			if err := q.blockWindows(r, localFilterOf(nil), v.Range, every); err != nil {
				return err
			}
			return nil
		}
	}
	return nil
}

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
