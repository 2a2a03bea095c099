package engine

import (
	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// keys is a vector of values as codes, for grouping: equal values need not have equal
// codes, but equal codes have equal values.
type keys struct {
	codes []uint32 // by entry
	n     int      // codes are below
	val   func(code uint32) values
	free  func() // may be nil; codes are not used behind it
}

func (k *keys) at(i int) values { return k.val(k.codes[i]) }

func (k *keys) number(i int) (float64, bool) { return k.at(i).number() }

// readKeys returns the values of an expression for the rows of in as codes.
func readKeys(w *window, e traceql.FieldExpr, in *rowset.Set) (*keys, error) {
	v, err := readCodes(w, e, in)
	if err != nil {
		return nil, err
	}
	if k, ok := v.(*keys); ok {
		return k, nil
	}
	defer free(v)
	return internKeys(v, in.Count()), nil
}

// readCodes returns the values of an expression for the rows of in, which are *keys if it
// is a field whose column has a dictionary.
func readCodes(w *window, e traceql.FieldExpr, in *rowset.Set) (vector, error) {
	if !isField(e) {
		return eval(w, e, in)
	}
	c, err := w.src.field(e)
	if err != nil {
		return nil, err
	}
	return columnCodes(w, c, in)
}

func columnCodes(w *window, c column, in *rowset.Set) (vector, error) {
	c = plain(c)
	switch c := c.(type) {
	case *blockColumn:
		v, err := c.c.Read(in)
		if err == nil && v.Coded() {
			return dictionaryKeys(c, v), nil
		}
		return &blockVector{v, c.as}, err
	case *textColumn:
		k := &keys{codes: make([]uint32, 0, in.Count()), n: c.dict.Len()}
		for row := range in.All() {
			k.codes = append(k.codes, c.code(row))
		}
		k.val = func(code uint32) values { return textValue(c.dict.String(code)) }
		return k, nil
	case *sparseColumn:
		if c.c.Type == span.String {
			return sparseKeys(c, in), nil
		}
	}
	return c.read(w, in)
}

// plain takes off what does nothing around a column.
func plain(c column) column {
	switch c := c.(type) {
	case layer:
		if len(c) == 1 {
			return plain(c[0])
		}
	case *fallback:
		if len(c.resource) == 0 {
			return plain(c.span)
		}
	}
	return c
}

func dictionaryKeys(c *blockColumn, v *block.Vector) *keys {
	none := uint32(c.c.Distinct())
	k := &keys{codes: v.Codes(), n: int(none) + 1, free: v.Free}
	if k.codes == nil {
		k.codes = make([]uint32, v.Len())
		for i := range k.codes {
			k.codes[i] = none
			if v.Has(i) {
				k.codes[i] = v.Code(i)
			}
		}
	}
	k.val = func(code uint32) values {
		if code == none {
			return values{}
		}
		return c.value(code)
	}
	return k
}

// value is a value of the column's dictionary.
func (c *blockColumn) value(code uint32) values {
	if isText(c.c.Type) {
		return c.as.ofText(c.c.Type, c.c.DictText(code))
	}
	return c.as.ofNumber(c.c.Type, c.c.DictNum(code))
}

func sparseKeys(c *sparseColumn, in *rowset.Set) *keys {
	none := uint32(c.c.Dict.Len())
	k := &keys{codes: make([]uint32, 0, in.Count()), n: int(none) + 1}
	rows := c.c.Rows
	i := lowerBound(rows, in.From())
	for row := range in.All() {
		for i < len(rows) && rows[i] < row {
			i++
		}
		code := none
		if i < len(rows) && rows[i] == row {
			code = c.c.Codes[i]
		}
		k.codes = append(k.codes, code)
	}
	k.val = func(code uint32) values {
		if code == none {
			return values{}
		}
		return textValue(c.c.Dict.String(code))
	}
	return k
}

// internKeys numbers values that have no codes.
func internKeys(v vector, n int) *keys {
	k := &keys{codes: make([]uint32, n)}
	at := make(map[string]uint32)
	var all []values
	for i := range k.codes {
		got := v.at(i)
		text := got.text()
		code, ok := at[text]
		if !ok {
			code = uint32(len(all))
			at[text] = code
			all = append(all, got)
		}
		k.codes[i] = code
	}
	k.n = len(all)
	k.val = func(code uint32) values { return all[code] }
	return k
}

// combined is combinations of the values of several expressions, numbered in order of
// appearance.
type combined struct {
	group []uint32 // by entry
	n     int
	first []uint32 // by group: the entry that it appeared in first
	keys  []*keys
}

// combine numbers the combinations of keys for n entries.
func combineKeys(all []*keys, n int) *combined {
	c := &combined{group: scratch(n), keys: all}
	switch len(all) {
	case 0:
		clear(c.group)
		if n > 0 {
			c.n, c.first = 1, []uint32{0}
		}
		return c
	case 1:
		at := make([]uint32, all[0].n) // group + 1
		for i, code := range all[0].codes {
			if at[code] == 0 {
				c.n++
				at[code] = uint32(c.n)
				c.first = append(c.first, uint32(i))
			}
			c.group[i] = at[code] - 1
		}
		return c
	}
	// Two at a time: the groups so far and the next keys.
	left := combineKeys(all[:len(all)-1], n)
	defer giveBack(left.group)
	last := all[len(all)-1]
	at := make(map[uint64]uint32)
	seen, group := ^uint64(0), uint32(0)
	for i, code := range last.codes {
		key := uint64(left.group[i])<<32 | uint64(code)
		if key != seen {
			g, ok := at[key]
			if !ok {
				g = uint32(c.n)
				c.n++
				at[key] = g
				c.first = append(c.first, uint32(i))
			}
			seen, group = key, g
		}
		c.group[i] = group
	}
	return c
}

// free gives the memory back.
func (c *combined) free() {
	giveBack(c.group)
	for _, k := range c.keys {
		free(k)
	}
}

// values returns the values of a group, one for each of the expressions.
func (c *combined) values(group int) []values {
	out := make([]values, len(c.keys))
	for i, k := range c.keys {
		out[i] = k.at(int(c.first[group]))
	}
	return out
}
