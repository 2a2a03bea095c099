package block

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// attributeReader holds the attribute columns of one scope in a range of rows.
type attributeReader struct {
	in      *rowReader
	scope   string
	wanted  func(key string) bool
	columns []attributeColumn
	values  []*values
}

// attributes asks for all attribute columns of a scope.
func (r *rowReader) attributes(scope string) *attributeReader {
	return r.attributesOf(scope, Whole.Attribute)
}

// attributesOf asks for the columns of some attributes.
func (r *rowReader) attributesOf(scope string, wanted func(key string) bool) *attributeReader {
	a := &attributeReader{in: r, scope: scope, wanted: wanted}
	for _, c := range r.f.attrs {
		if c.Scope != scope || !wanted(c.Key) {
			continue
		}
		t, ok := span.ParseType(c.Type)
		if !ok {
			r.err = errors.Join(r.err, r.f.corrupt(0, fmt.Errorf("column %q has the unknown type %q", c.Column, c.Type)))
			continue
		}
		a.columns = append(a.columns, c)
		a.values = append(a.values, r.column(c.Column, shapeOf(t)))
	}
	return a
}

// appendTo appends the attributes, once they are read; row i of the range
// becomes row base+i.
func (a *attributeReader) appendTo(to *span.Attrs, base uint32) error {
	for i, c := range a.columns {
		key, v := []byte(c.Key), a.values[i]
		for row := range a.in.len() {
			if !v.has(row) {
				continue
			}
			to.Begin(base + uint32(row))
			if v.shape.isText() {
				to.Text(key, typeOf(v.shape), v.bytes(row))
			} else {
				to.Num(key, typeOf(v.shape), uint64(v.num(row)))
			}
		}
	}
	rest, err := a.in.f.rest(a.in.ctx, a.in.from, a.in.to)
	if err != nil {
		return err
	}
	for _, r := range rest {
		if r.scope == a.scope && a.wanted(r.key) {
			to.Begin(base + uint32(r.row))
			to.SetRest([]byte(r.key), r.value)
		}
	}
	to.Sort()
	return nil
}

type restValue struct {
	row        int
	scope, key string
	value      span.Value
}

// rest reads rows [from, to) of the map column.
func (f *fileReader) rest(ctx context.Context, from, to int) ([]restValue, error) {
	keys, err := f.leaf(ctx, "key", shapeText, from, to)
	if err != nil || len(keys) == 0 {
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

// leaf reads one of the two columns under the map, as entries with their row.
func (f *fileReader) leaf(ctx context.Context, name string, s shape, from, to int) ([]leafValue, error) {
	c := f.columns[restColumn+"/key_value/"+name]
	if c == nil || c.nulls == c.values || from >= to {
		return nil, nil
	}
	v, err := f.start(ctx, c.path, s)
	if err != nil {
		return nil, err
	}
	index, err := f.pageIndex(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []leafValue
	for p := index.pageOf(from); p < index.pages() && int(index.rows[p]) < to; p++ {
		at := index.offsets[p]
		stored, err := f.read(ctx, at, int(index.offsets[p+1]-at))
		if err != nil {
			return nil, err
		}
		h, body, err := f.open(c, at, stored, nil)
		if err != nil {
			return nil, err
		}
		first := int(index.rows[p])
		if out, err = v.addLeaf(out, c, &h, body, first, int(index.rows[p+1])-first, from, to); err != nil {
			return nil, f.corrupt(at, fmt.Errorf("column %q: %w", c.path, err))
		}
	}
	return out, nil
}

// addLeaf appends the entries of a page of n rows, which begins at row first.
func (v *values) addLeaf(out []leafValue, c *columnChunk, h *header, body []byte, first, n, from, to int) ([]leafValue, error) {
	entries := int(h.values)
	if h.kind != format.DataPage || entries < n || entries > 64*pageLimit {
		return nil, fmt.Errorf("%d entries in %d rows", entries, n)
	}
	var levelsOf [2][]uint8 // repetition, definition
	total := 0
	for i := range levelsOf {
		lv, rest, err := levels(body)
		if err != nil {
			return nil, err
		}
		body = rest
		if levelsOf[i], _, _, total, err = decodeLevels(nil, lv, entries, 0, entries); err != nil {
			return nil, err
		}
	}
	// Which entries belong to rows of interest, and which values are theirs.
	row, value, begin := first-1, 0, 0
	var rows []int
	for i := range entries {
		if levelsOf[0][i] == 0 {
			row++
		}
		if levelsOf[1][i] == 0 {
			continue
		}
		if row >= from && row < to {
			if len(rows) == 0 {
				begin = value
			}
			rows = append(rows, row-from)
		}
		value++
	}
	if row != first+n-1 {
		return nil, fmt.Errorf("%d rows, not %d", row-first+1, n)
	}
	if len(rows) == 0 {
		return out, nil
	}
	v.vector.reset()
	if err := v.decode(c, h.encoding, body, total, begin, len(rows)); err != nil {
		return nil, err
	}
	for i, row := range rows {
		out = append(out, leafValue{row, string(v.bytes(i))})
	}
	return out, nil
}
