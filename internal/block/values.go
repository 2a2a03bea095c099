package block

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// values is what a range of rows of one column holds. Row i of the range has
// value at[i]-1, or is null where at[i] is 0.
type values struct {
	shape shape
	at    []uint32
	nums  []uint64 // of numbers
	bytes [][]byte // of texts and ids, without a dictionary
	dict  *dictionary
	codes []uint32 // into dict
}

// num returns value i as a number, 0 for null.
func (v *values) num(row int) uint64 {
	if v.at[row] == 0 {
		return 0
	}
	return v.nums[v.at[row]-1]
}

// text returns row's bytes, nil for null.
func (v *values) text(row int) []byte {
	if v.at[row] == 0 {
		return nil
	}
	return v.entry(int(v.at[row] - 1))
}

// entry returns the bytes of value i.
func (v *values) entry(i int) []byte {
	if v.dict != nil {
		return v.dict.value(v.codes[i])
	}
	return v.bytes[i]
}

// column reads rows [from, to) of a column. A column that the file does not
// have reads as nulls.
func (f *fileReader) column(ctx context.Context, name string, s shape, from, to int) (*values, error) {
	v := &values{shape: s, at: make([]uint32, 0, to-from)}
	c, ok := f.columns[name]
	if !ok || from >= to {
		v.at = v.at[:to-from]
		return v, nil
	}
	if got := c.MetaData.Type; got != s.physical() {
		return nil, f.corrupt(f.chunkStart(c), fmt.Errorf("column %q is %v, not %v", name, got, s.physical()))
	}
	optional := f.schema[name].RepetitionType.V == format.Optional
	err := f.pages(ctx, c, from, to, func(p *page) error {
		return v.add(ctx, p, optional, max(from-p.first, 0), min(to-p.first, int(p.head.NumRows)))
	})
	if err == nil && len(v.at) != to-from {
		err = f.corrupt(f.chunkStart(c), fmt.Errorf("column %q has %d of %d rows", name, len(v.at), to-from))
	}
	return v, err
}

// add decodes rows [from, to) of a page.
func (v *values) add(ctx context.Context, p *page, optional bool, from, to int) error {
	n := int(p.head.NumRows)
	if len(p.repetition) > 0 || p.head.NumValues != p.head.NumRows || n > pageLimit {
		return fmt.Errorf("%d values in %d rows of a flat column", p.head.NumValues, n)
	}
	next := uint32(v.count())
	if !optional {
		if len(p.levels) > 0 || p.head.NumNulls != 0 {
			return errors.New("a required column with levels")
		}
		for range to - from {
			next++
			v.at = append(v.at, next)
		}
		return v.decode(ctx, p, n, from, to)
	}
	before, within, present, err := countLevels(p.levels, n, from, to)
	if err != nil {
		return fmt.Errorf("levels: %w", err)
	}
	if present != n-int(p.head.NumNulls) {
		return fmt.Errorf("%d values in %d rows with %d nulls", present, n, p.head.NumNulls)
	}
	if within == 0 {
		v.at = append(v.at, make([]uint32, to-from)...)
		return nil
	}
	at := len(v.at)
	if v.at, err = decodeRuns(v.at, p.levels, 1, n, from, to); err != nil {
		return fmt.Errorf("levels: %w", err)
	}
	for i, set := range v.at[at:] {
		if set == 1 {
			next++
			v.at[at+i] = next
		}
	}
	return v.decode(ctx, p, present, before, before+within)
}

func (v *values) count() int {
	if v.dict != nil {
		return len(v.codes)
	}
	if v.shape.isText() || v.shape.width() > 0 {
		return len(v.bytes)
	}
	return len(v.nums)
}

// decode appends the values [from, to) of the n that a page holds.
func (v *values) decode(ctx context.Context, p *page, n, from, to int) error {
	if from == to {
		return nil
	}
	body, err := p.body()
	if err != nil {
		return err
	}
	e := p.head.Encoding
	switch {
	case e == format.RLEDictionary && p.dict != nil && v.shape.isText():
		if err := p.dict.open(ctx); err != nil {
			return err
		}
		v.dict = p.dict
		if len(body) == 0 {
			return errShort
		}
		at := len(v.codes)
		if v.codes, err = decodeRuns(v.codes, body[1:], int(body[0]), n, from, to); err != nil {
			return err
		}
		for _, c := range v.codes[at:] {
			if int(c) >= v.dict.len() {
				return fmt.Errorf("code %d of a dictionary of %d", c, v.dict.len())
			}
		}
	case e == format.Plain && p.dict == nil && v.shape.isText():
		v.bytes, err = decodePlain(v.bytes, body, from, to)
	case e == format.Plain && v.shape.width() > 0:
		v.bytes, err = decodeFixed(v.bytes, body, v.shape.width(), from, to)
	case e == format.Plain && v.shape == shapeDouble:
		if len(body) < 8*to {
			return errShort
		}
		for i := from; i < to; i++ {
			v.nums = append(v.nums, binary.LittleEndian.Uint64(body[8*i:]))
		}
	case e == format.Plain && v.shape == shapeBool:
		if len(body) < (to+7)/8 {
			return errShort
		}
		for i := from; i < to; i++ {
			v.nums = append(v.nums, uint64(body[i/8]>>(i%8)&1))
		}
	case e == format.DeltaBinaryPacked && (v.shape == shapeInt64 || v.shape == shapeTime || v.shape == shapeInt32):
		nums, err := decodeDelta(make([]uint64, 0, to), body, n, to)
		if err != nil {
			return err
		}
		for _, x := range nums[from:] {
			if v.shape == shapeInt32 {
				x = uint64(int64(int32(x)))
			}
			v.nums = append(v.nums, x)
		}
	default:
		return fmt.Errorf("encoding %v of a column of shape %d", e, v.shape)
	}
	return err
}
