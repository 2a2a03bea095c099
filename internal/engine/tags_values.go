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

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// maxNames and maxValues are the defaults of what is returned.
const (
	maxNames  = 10_000
	maxValues = 10_000
)

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
		if err := q.headRows(h, localFilterOf(nil), v.Range, every); err != nil {
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
