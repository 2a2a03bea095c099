package block

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/everspan/everspan/internal/span"
)

// attributeReader holds the attribute columns of a range of rows.
type attributeReader struct {
	columns []attributeColumn
	values  []*values
	rest    []restValue
	n       int
}

type restValue struct {
	row        int
	scope, key string
	value      span.Value
}

func (r *rowReader) attributes() *attributeReader {
	a := &attributeReader{n: r.to - r.from}
	for _, c := range r.f.attrs {
		t, ok := span.ParseType(c.Type)
		if !ok {
			r.err = errors.Join(r.err, r.f.corrupt(0, fmt.Errorf("column %q has the unknown type %q", c.Column, c.Type)))
			continue
		}
		a.columns = append(a.columns, c)
		a.values = append(a.values, r.column(c.Column, shapeOf(t)))
	}
	if r.err == nil {
		a.rest, r.err = r.f.rest(r.ctx, r.from, r.to)
	}
	return a
}

// appendTo appends the attributes of one scope; row i of the range becomes row
// base+i.
func (a *attributeReader) appendTo(scope string, to *span.Attrs, base uint32) {
	for i, c := range a.columns {
		if c.Scope != scope {
			continue
		}
		key, v := []byte(c.Key), a.values[i]
		for row := range a.n {
			if v.at[row] == 0 {
				continue
			}
			to.Begin(base + uint32(row))
			if v.shape.isText() {
				to.Text(key, typeOf(v.shape), v.text(row))
			} else {
				to.Num(key, typeOf(v.shape), v.num(row))
			}
		}
	}
	for _, r := range a.rest {
		if r.scope == scope {
			to.Begin(base + uint32(r.row))
			to.SetRest([]byte(r.key), r.value)
		}
	}
	to.Sort()
}

// row yields the attributes of one row of a scope.
func (a *attributeReader) row(scope string, row int, to *span.Attrs) {
	for i, c := range a.columns {
		if v := a.values[i]; c.Scope == scope && v.at[row] != 0 {
			if v.shape.isText() {
				to.Text([]byte(c.Key), typeOf(v.shape), v.text(row))
			} else {
				to.Num([]byte(c.Key), typeOf(v.shape), v.num(row))
			}
		}
	}
	for _, r := range a.rest {
		if r.scope == scope && r.row == row {
			to.Set([]byte(r.key), r.value)
		}
	}
}

// rest reads rows [from, to) of the map column.
func (f *fileReader) rest(ctx context.Context, from, to int) ([]restValue, error) {
	keys, err := f.leaf(ctx, "key", shapeText, from, to)
	if err != nil {
		return nil, err
	}
	vals, err := f.leaf(ctx, "value", shapeJSON, from, to)
	if err != nil {
		return nil, err
	}
	if len(keys) != len(vals) {
		return nil, f.corrupt(0, fmt.Errorf("%d keys and %d values in the map", len(keys), len(vals)))
	}
	out := make([]restValue, 0, len(keys))
	for i, k := range keys {
		if k.row != vals[i].row {
			return nil, f.corrupt(0, fmt.Errorf("keys and values of the map differ in row %d", from+k.row))
		}
		scope, key, ok := strings.Cut(k.text, ".")
		if !ok {
			return nil, f.corrupt(0, fmt.Errorf("key %q of the map has no scope", k.text))
		}
		out = append(out, restValue{k.row, scope, key, span.ParseText(vals[i].text)})
	}
	return out, nil
}

type leafValue struct {
	row  int
	text string
}

func (f *fileReader) leaf(ctx context.Context, name string, s shape, from, to int) ([]leafValue, error) {
	c, ok := f.columns[restColumn+"/key_value/"+name]
	if !ok || from >= to {
		return nil, nil
	}
	var out []leafValue
	v := &values{shape: s}
	err := f.pages(ctx, c, from, to, func(p *page) error {
		n := int(p.head.NumValues)
		if n > 64*pageLimit {
			return fmt.Errorf("%d values in a page", n)
		}
		if none, err := allZero(p.levels, 2, n); err != nil || none && n == int(p.head.NumRows) {
			return err
		}
		repetition, err := decodeRuns(nil, p.repetition, 1, n, 0, n)
		if err != nil {
			return err
		}
		definition, err := decodeRuns(nil, p.levels, 2, n, 0, n)
		if err != nil {
			return err
		}
		// Which entries belong to rows of interest, and which values are theirs.
		row, value, first := p.first-1, 0, -1
		var rows []int
		for i := range n {
			if repetition[i] == 0 {
				row++
			}
			if definition[i] != 2 {
				continue
			}
			if row >= from && row < to {
				if first < 0 {
					first = value
				}
				rows = append(rows, row-from)
			}
			value++
		}
		if value != n-int(p.head.NumNulls) || row != p.first+int(p.head.NumRows)-1 {
			return fmt.Errorf("%d values in %d rows, the header says %d in %d", value, row-p.first+1, n-int(p.head.NumNulls), p.head.NumRows)
		}
		if len(rows) == 0 {
			return nil
		}
		next := v.count()
		if err := v.decode(ctx, p, value, first, first+len(rows)); err != nil {
			return err
		}
		for i, row := range rows {
			out = append(out, leafValue{row, string(v.entry(next + i))})
		}
		return nil
	})
	return out, err
}
