package engine

import (
	"fmt"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// rowColumn asks row by row. It serves what is in memory.
type rowColumn struct {
	name string
	get  func(w *window, row uint32) (values, error)
}

func (c *rowColumn) match(w *window, p *Predicate, in, out *rowset.Set) error {
	for row := range in.All() {
		v, err := c.get(w, row)
		if err != nil {
			return err
		}
		if p.matches(v) {
			out.Add(row)
		}
	}
	return nil
}

func (c *rowColumn) present(w *window, in, out *rowset.Set) error {
	for row := range in.All() {
		v, err := c.get(w, row)
		if err != nil {
			return err
		}
		if v.there {
			out.Add(row)
		}
	}
	return nil
}

func (c *rowColumn) read(w *window, in *rowset.Set) (vector, error) {
	out := make(list, 0, in.Count())
	for row := range in.All() {
		v, err := c.get(w, row)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (c *rowColumn) never(*Predicate) bool { return false }
func (c *rowColumn) cost() int64           { return 1 << 20 }
func (c *rowColumn) label() string         { return c.name }

// numberColumn is a number in memory that every row has.
type numberColumn struct {
	name string
	typ  traceql.Type
	get  func(row uint32) int64
}

func (c *numberColumn) match(_ *window, p *Predicate, in, out *rowset.Set) error {
	if !comparesWith(c.typ, p) {
		return nil
	}
	for row := range in.All() {
		if p.Integer(c.get(row)) {
			out.Add(row)
		}
	}
	return nil
}

// comparesWith reports whether values of a type compare with the constant.
func comparesWith(t traceql.Type, p *Predicate) bool {
	return t == p.want.Type && (isNumber(t) || p.equality()) || isNumber(t) && isNumber(p.want.Type)
}

func (c *numberColumn) present(_ *window, in, out *rowset.Set) error {
	out.Or(in)
	return nil
}

func (c *numberColumn) read(_ *window, in *rowset.Set) (vector, error) {
	out := &numbers{typ: c.typ}
	for row := range in.All() {
		out.nums = append(out.nums, c.get(row))
	}
	return out, nil
}

func (c *numberColumn) never(p *Predicate) bool { return !comparesWith(c.typ, p) }
func (c *numberColumn) cost() int64             { return 1 << 16 }
func (c *numberColumn) label() string           { return c.name }

// numbers is a vector of integers, durations, kinds or statuses.
type numbers struct {
	typ  traceql.Type
	nums []int64
}

func (v *numbers) at(i int) values { return single(traceql.Static{Type: v.typ, Num: v.nums[i]}) }

func (v *numbers) number(i int) (float64, bool) { return float64(v.nums[i]), isNumber(v.typ) }

// textColumn is a text in memory that every row has.
type textColumn struct {
	name string
	dict *span.Dict
	code func(row uint32) uint32
}

// accepted asks the predicate once for each text.
func accepted(d *span.Dict, p *Predicate, t span.Type) func(code uint32) bool {
	hits := make([]uint8, d.Len()) // 1: yes, 2: no
	return func(code uint32) bool {
		if hits[code] == 0 {
			hits[code] = 2
			if p.Text(t, d.Bytes(code)) {
				hits[code] = 1
			}
		}
		return hits[code] == 1
	}
}

func (c *textColumn) match(_ *window, p *Predicate, in, out *rowset.Set) error {
	ok := accepted(c.dict, p, span.String)
	for row := range in.All() {
		if ok(c.code(row)) {
			out.Add(row)
		}
	}
	return nil
}

func (c *textColumn) present(_ *window, in, out *rowset.Set) error {
	out.Or(in)
	return nil
}

func (c *textColumn) read(_ *window, in *rowset.Set) (vector, error) {
	out := make(list, 0, in.Count())
	for row := range in.All() {
		out = append(out, single(traceql.Static{Type: traceql.String, Str: c.dict.String(c.code(row))}))
	}
	return out, nil
}

func (c *textColumn) never(p *Predicate) bool { return p.want.Type != traceql.String }
func (c *textColumn) cost() int64             { return 1 << 17 }
func (c *textColumn) label() string           { return c.name }

// sparseColumn is the column of an attribute in memory.
type sparseColumn struct {
	name string
	c    *span.Column
}

// entries calls each with the entries of the column that rows of in have.
func (c *sparseColumn) entries(in *rowset.Set, each func(entry int, row uint32)) {
	rows := c.c.Rows
	for i := lowerBound(rows, in.From()); i < len(rows) && rows[i] < in.To(); i++ {
		if in.Has(rows[i]) {
			each(i, rows[i])
		}
	}
}

func lowerBound(rows []uint32, row uint32) int {
	lo, hi := 0, len(rows)
	for lo < hi {
		if mid := (lo + hi) / 2; rows[mid] < row {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (c *sparseColumn) match(_ *window, p *Predicate, in, out *rowset.Set) error {
	if c.never(p) {
		return nil
	}
	switch c.c.Type {
	case span.String, span.Bytes, span.JSON:
		ok := accepted(&c.c.Dict, p, c.c.Type)
		c.entries(in, func(i int, row uint32) {
			if ok(c.c.Codes[i]) {
				out.Add(row)
			}
		})
	default:
		c.entries(in, func(i int, row uint32) {
			if p.Number(c.c.Type, c.c.Nums[i]) {
				out.Add(row)
			}
		})
	}
	return nil
}

func (c *sparseColumn) claims(_ *window, in, out *rowset.Set) error {
	c.entries(in, func(_ int, row uint32) { out.Add(row) })
	return nil
}

func (c *sparseColumn) present(_ *window, in, out *rowset.Set) error {
	c.entries(in, func(i int, row uint32) {
		if c.c.Type != span.JSON || string(c.c.Dict.Bytes(c.c.Codes[i])) != "null" {
			out.Add(row)
		}
	})
	return nil
}

func (c *sparseColumn) read(_ *window, in *rowset.Set) (vector, error) {
	out := make(list, 0, in.Count())
	rows := c.c.Rows
	i := lowerBound(rows, in.From())
	for row := range in.All() {
		for i < len(rows) && rows[i] < row {
			i++
		}
		if i < len(rows) && rows[i] == row {
			out = append(out, attributeValue(c.c.Value(i)))
		} else {
			out = append(out, values{})
		}
	}
	return out, nil
}

func (c *sparseColumn) never(p *Predicate) bool { return !p.MayMatch(c.c.Type) }
func (c *sparseColumn) cost() int64             { return int64(len(c.c.Rows)) / 8 }
func (c *sparseColumn) label() string           { return c.name }

// setColumn is an attribute of the resource or the scope that each span refers to: the
// question is asked once for each of those.
type setColumn struct {
	name string
	refs reference
	vals []values // by set
}

// reference says which resource or scope each span refers to.
type reference interface {
	// rows adds to out those of in that refer to a set for which hit is true.
	rows(w *window, hit []bool, in, out *rowset.Set) error
	// read returns the set of the rows of in, in order.
	read(w *window, in *rowset.Set) ([]uint32, error)
	cost() int64
}

func (c *setColumn) match(w *window, p *Predicate, in, out *rowset.Set) error {
	return c.where(w, func(v values) bool { return p.matches(v) }, in, out)
}

func (c *setColumn) where(w *window, is func(values) bool, in, out *rowset.Set) error {
	hit := make([]bool, len(c.vals))
	n := 0
	for i, v := range c.vals {
		if hit[i] = is(v); hit[i] {
			n++
		}
	}
	switch n {
	case 0:
		return nil
	case len(hit):
		out.Or(in)
		return nil
	}
	return c.refs.rows(w, hit, in, out)
}

func (c *setColumn) present(w *window, in, out *rowset.Set) error {
	return c.where(w, func(v values) bool { return v.there }, in, out)
}

func (c *setColumn) read(w *window, in *rowset.Set) (vector, error) {
	codes, err := c.refs.read(w, in)
	if err != nil {
		return nil, err
	}
	for _, code := range codes {
		if int(code) >= len(c.vals) {
			return nil, fmt.Errorf("a span refers to set %d of %d", code, len(c.vals))
		}
	}
	return &keys{codes: codes, n: len(c.vals), val: func(code uint32) values { return c.vals[code] }}, nil
}

func (c *setColumn) never(p *Predicate) bool {
	for _, v := range c.vals {
		if p.matches(v) {
			return false
		}
	}
	return true
}

func (c *setColumn) cost() int64   { return c.refs.cost() }
func (c *setColumn) label() string { return c.name }

// setValues are the values of a key in all sets.
func setValues(a *span.Attrs, n int, key string) []values {
	out := make([]values, n)
	for i := range out {
		if v, ok := a.Get(uint32(i), key); ok {
			out[i] = attributeValue(v)
		}
	}
	return out
}

// memoryReference is the reference of spans in memory.
type memoryReference []uint32

func (r memoryReference) rows(_ *window, hit []bool, in, out *rowset.Set) error {
	for row := range in.All() {
		if hit[r[row]] {
			out.Add(row)
		}
	}
	return nil
}

func (r memoryReference) read(_ *window, in *rowset.Set) ([]uint32, error) {
	out := make([]uint32, 0, in.Count())
	for row := range in.All() {
		out = append(out, r[row])
	}
	return out, nil
}

func (r memoryReference) cost() int64 { return 1 << 15 }
