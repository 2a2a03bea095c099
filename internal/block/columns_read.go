package block

import (
	"sync"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
)

// Present adds to out the rows of in that have a value.
func (c *Column) Present(in, out *rowset.Set) error {
	if !c.c.optional {
		out.Or(in)
		return nil
	}
	var present []uint8
	return c.pages(in, nil, func(p *page) error {
		lv, _, err := levels(p.body)
		if err != nil {
			return err
		}
		if present, _, _, _, err = decodeLevels(present[:0], lv, int(p.n), 0, int(p.n)); err != nil {
			return err
		}
		for i, yes := range present {
			if row := p.first + uint32(i); yes == 1 && in.Has(row) {
				out.Add(row)
			}
		}
		return nil
	})
}

// Vector is what a column has for the rows of a set, entry by entry.
type Vector struct {
	v    values
	Type span.Type
}

var vectorPool = sync.Pool{New: func() any { return new(Vector) }}

// Free gives the vector's memory back for others. Nothing that it returned may be used
// any more. It need not be called.
func (v *Vector) Free() { vectorPool.Put(v) }

// Len is the number of entries.
func (v *Vector) Len() int { return v.v.rows }

// Has reports whether entry i is a value.
func (v *Vector) Has(i int) bool { return v.v.has(i) }

// Num returns a number, its bits as in span.Value, 0 where there is none.
func (v *Vector) Num(i int) int64 { return v.v.num(i) }

// Bytes returns a text or an id, which must not be changed; nil where there is none.
func (v *Vector) Bytes(i int) []byte { return v.v.bytes(i) }

// Coded reports whether entries are codes of the column's dictionary.
func (v *Vector) Coded() bool { return v.v.coded }

// Code returns the code of entry i, which must have a value.
func (v *Vector) Code(i int) uint32 { return v.v.codes[i] }

// Nums returns all entries of a column of integers without a dictionary in which every row
// has a value; nil for other columns.
func (v *Vector) Nums() []int64 {
	if v.v.coded || len(v.v.present) > 0 {
		return nil
	}
	return v.v.nums
}

// Codes returns all codes where every row has one; nil for other columns.
func (v *Vector) Codes() []uint32 {
	if !v.v.coded || len(v.v.present) > 0 {
		return nil
	}
	return v.v.codes
}

// Read returns the column's values for the rows of a set, in order.
func (c *Column) Read(in *rowset.Set) (*Vector, error) {
	out := vectorPool.Get().(*Vector)
	out.v.vector.reset()
	out.v.shape, out.v.dict, out.v.coded, out.Type = c.v.shape, c.v.dict, c.v.coded, c.Type
	out.v.grow(in.Count(), c.c.optional)
	var one values
	next := in.From()
	err := c.pages(in, nil, func(p *page) error {
		one.vector.reset()
		one.shape, one.dict, one.coded = c.v.shape, c.v.dict, c.v.coded
		to := out
		n := int(p.n)
		if want := in.CountIn(p.first, p.first+p.n); want == n {
			next = p.first + p.n
			return to.v.add(c.c, &p.h, p.body, n, 0, n)
		}
		one.dense = true // what nobody wants need not get its place
		if err := one.add(c.c, &p.h, p.body, n, 0, n); err != nil {
			return err
		}
		at, value := 0, 0 // a row, and its value if it has one
		for row := range in.In(max(next, p.first), p.first+p.n) {
			if len(one.present) == 0 {
				to.v.take(&one, true, int(row-p.first))
				continue
			}
			for ; at < int(row-p.first); at++ {
				value += int(one.present[at])
			}
			to.v.take(&one, one.present[at] == 1, value)
		}
		next = p.first + p.n
		return nil
	})
	return out, err
}

// take appends value i of other values of the same column, or that there is none.
func (v *values) take(o *values, has bool, i int) {
	if len(o.present) > 0 {
		v.present = append(v.present, present(has))
	}
	switch {
	case v.coded:
		code := uint32(0)
		if has {
			code = o.codes[i]
		}
		v.codes = append(v.codes, code)
	case v.shape.isText():
		if has {
			v.text = append(v.text, o.vector.bytes(i)...)
		}
		v.ends = append(v.ends, uint32(len(v.text)))
	case v.shape.width() > 0:
		w := v.shape.width()
		if has {
			v.fixed = append(v.fixed, o.fixed[i*w:(i+1)*w]...)
		} else {
			v.fixed = append(v.fixed, make([]byte, w)...)
		}
	default:
		num := int64(0)
		if has {
			num = o.nums[i]
		}
		v.nums = append(v.nums, num)
	}
	v.rows++
}
