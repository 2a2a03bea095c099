package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go/format"
)

// values is what consecutive rows of one column of a file hold. Entry i of nums,
// codes, fixed and ends belongs to row i, and means nothing where that has no
// value; with dense set, rows without a value have no entry.
type values struct {
	vector
	dense  bool
	shape  shape
	absent bool        // the file has no such column: no row has a value
	dict   *dictionary // of the codes
	coded  bool
}

// has reports whether a row has a value.
func (v *values) has(row int) bool { return !v.absent && v.vector.has(row) }

// num returns a row's number, 0 for null.
func (v *values) num(row int) int64 {
	switch {
	case !v.has(row):
		return 0
	case v.coded:
		return v.dict.nums[v.codes[row]]
	}
	return v.nums[row]
}

// bytes returns a row's text or id, nil for null.
func (v *values) bytes(row int) []byte {
	switch {
	case !v.has(row):
		return nil
	case v.coded:
		return v.dict.text(v.codes[row])
	case v.shape.width() > 0:
		w := v.shape.width()
		return v.fixed[row*w : (row+1)*w : (row+1)*w]
	}
	return v.vector.bytes(row)
}

// add decodes rows [from, to) of the n of a page.
func (v *values) add(c *columnChunk, h *header, body []byte, n, from, to int) error {
	if h.kind != format.DataPage || int(h.values) != n {
		return fmt.Errorf("a page of %d values where %d rows are due", h.values, n)
	}
	before, within, total := from, to-from, n
	if c.optional {
		lv, rest, err := levels(body)
		if err != nil {
			return err
		}
		if v.present, before, within, total, err = decodeLevels(v.present, lv, n, from, to); err != nil {
			return fmt.Errorf("levels: %w", err)
		}
		body = rest
	}
	if err := v.decode(c, h.encoding, body, total, before, within); err != nil {
		return err
	}
	if within < to-from && !v.dense {
		v.spread(to-from, within)
	}
	v.rows += to - from
	return nil
}

// decode appends count values from value from on, of the n that a page holds.
func (v *values) decode(c *columnChunk, e format.Encoding, body []byte, n, from, count int) (err error) {
	switch {
	case count == 0:
		return nil
	case e == format.RLEDictionary && c.dictionary:
		if len(body) == 0 {
			return errShort
		}
		at := len(v.codes)
		if v.codes, err = decodeRuns(v.codes, body[1:], int(body[0]), n, from, from+count); err != nil {
			return err
		}
		if top := slices.Max(v.codes[at:]); int(top) >= v.dict.len() {
			return fmt.Errorf("code %d of a dictionary of %d", top, v.dict.len())
		}
	case e == format.DeltaLengthByteArray && !c.dictionary && v.shape.isText():
		return v.decodeTexts(body, n, from, count)
	case e == format.Plain && v.shape.width() > 0:
		w := v.shape.width()
		if len(body) != w*n {
			return fmt.Errorf("%d ids in %d bytes", n, len(body))
		}
		v.fixed = append(v.fixed, body[w*from:w*(from+count)]...)
	case e == format.Plain && v.shape == shapeDouble:
		if len(body) != 8*n {
			return fmt.Errorf("%d doubles in %d bytes", n, len(body))
		}
		for i := from; i < from+count; i++ {
			v.nums = append(v.nums, int64(binary.LittleEndian.Uint64(body[8*i:])))
		}
	case e == format.Plain && v.shape == shapeBool:
		if len(body) != (n+7)/8 {
			return fmt.Errorf("%d booleans in %d bytes", n, len(body))
		}
		for i := from; i < from+count; i++ {
			v.nums = append(v.nums, int64(body[i/8]>>(i%8)&1))
		}
	case e == format.DeltaBinaryPacked && !c.dictionary && (v.shape == shapeInt64 || v.shape == shapeTime || v.shape == shapeInt32):
		at := len(v.nums)
		if from == 0 {
			v.nums, _, err = decodeDelta(v.nums, body, n, count)
		} else {
			// What stands before has to be added up, not kept.
			s := int64Pool.Get().(*[]int64)
			if *s, _, err = decodeDelta((*s)[:0], body, n, from+count); err == nil {
				v.nums = append(v.nums, (*s)[from:]...)
			}
			int64Pool.Put(s)
		}
		if err != nil {
			return err
		}
		if v.shape == shapeInt32 {
			for i := at; i < len(v.nums); i++ {
				v.nums[i] = int64(int32(v.nums[i]))
			}
		}
	default:
		return fmt.Errorf("encoding %v of a column of shape %d", e, v.shape)
	}
	return nil
}

var int64Pool = sync.Pool{New: func() any { return new([]int64) }}

var errLengths = errors.New("lengths do not fit the texts")

func (v *values) decodeTexts(body []byte, n, from, count int) error {
	s := int64Pool.Get().(*[]int64)
	defer int64Pool.Put(s)
	lengths, body, err := decodeDelta((*s)[:0], body, n, n)
	if err != nil {
		return err
	}
	*s = lengths
	skip, size, all := int64(0), int64(0), int64(0)
	for i, l := range lengths {
		if l < 0 || l > int64(len(body)) {
			return errLengths
		}
		all += l
		if i < from {
			skip += l
		} else if i < from+count {
			size += l
		}
	}
	if all != int64(len(body)) || int64(len(v.text))+size > 1<<32-1 {
		return errLengths
	}
	end := uint32(len(v.text))
	v.text = append(v.text, body[skip:skip+size]...)
	for _, l := range lengths[from : from+count] {
		end += uint32(l)
		v.ends = append(v.ends, end)
	}
	return nil
}

// spread makes the last count entries, one a value, entries of the last rows
// rows, of which present says which have a value.
func (v *values) spread(rows, count int) {
	present := v.present[len(v.present)-rows:]
	gap := rows - count
	switch {
	case v.coded:
		v.codes = slices.Grow(v.codes, gap)[:len(v.codes)+gap]
		spread(v.codes[len(v.codes)-rows:], present, count, 0)
	case v.shape.isText():
		start := uint32(0)
		if at := len(v.ends) - count; at > 0 {
			start = v.ends[at-1]
		}
		v.ends = append(v.ends, make([]uint32, gap)...)
		ends := v.ends[len(v.ends)-rows:]
		for i := rows - 1; i >= 0; i-- {
			if count > 0 {
				ends[i] = ends[count-1]
			} else {
				ends[i] = start
			}
			count -= int(present[i])
		}
	case v.shape.width() > 0:
		w := v.shape.width()
		v.fixed = append(v.fixed, make([]byte, w*gap)...)
		fixed := v.fixed[len(v.fixed)-w*rows:]
		for i := rows - 1; i >= 0; i-- {
			if present[i] == 1 {
				count--
				copy(fixed[i*w:(i+1)*w], fixed[count*w:(count+1)*w])
			} else {
				clear(fixed[i*w : (i+1)*w])
			}
		}
	default:
		v.nums = slices.Grow(v.nums, gap)[:len(v.nums)+gap]
		spread(v.nums[len(v.nums)-rows:], present, count, 0)
	}
}

func spread[T any](values []T, present []uint8, count int, null T) {
	for i := len(values) - 1; i >= 0; i-- {
		if present[i] == 1 {
			count--
			values[i] = values[count]
		} else {
			values[i] = null
		}
	}
}

// grow makes room for n rows.
func (v *values) grow(n int, optional bool) {
	if optional {
		v.present = slices.Grow(v.present, n)
	}
	switch {
	case v.coded:
		v.codes = slices.Grow(v.codes, n)
	case v.shape.isText():
		v.ends = slices.Grow(v.ends, n)
	case v.shape.width() > 0:
		v.fixed = slices.Grow(v.fixed, n*v.shape.width())
	default:
		v.nums = slices.Grow(v.nums, n)
	}
}
