package block

import (
	"bytes"
	"encoding/binary"

	"github.com/everspan/everspan/internal/span"
)

// vector holds the values of one column for consecutive rows: which rows have one,
// and the values of those that do. Which of nums, codes, fixed and text is filled
// follows from the column.
type vector struct {
	rows    int
	present []uint8 // 1 or 0, by row; empty when every row has a value
	nums    []int64 // integers; doubles as IEEE 754 bits, booleans as 0 and 1
	codes   []uint32
	fixed   []byte // values of a fixed width, back to back
	text    []byte // texts back to back, text i ends at ends[i]
	ends    []uint32
}

func (v *vector) reset() {
	*v = vector{present: v.present[:0], nums: v.nums[:0], codes: v.codes[:0], fixed: v.fixed[:0], text: v.text[:0], ends: v.ends[:0]}
}

// bytes returns text i.
func (v *vector) bytes(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = v.ends[i-1]
	}
	return v.text[start:v.ends[i]:v.ends[i]]
}

// has reports whether a row has a value.
func (v *vector) has(row int) bool { return len(v.present) == 0 || v.present[row] == 1 }

// nulls counts the rows without a value.
func (v *vector) nulls() int {
	return len(v.present) - bytes.Count(v.present, []byte{1})
}

// numbers are the distinct values of a column of integers, each 8 or 4 bytes
// wide, little-endian, as a Parquet dictionary holds them.
type numbers struct {
	width  int
	values []byte
	small  [1024]uint32 // code + 1 of the values below
	codes  map[int64]uint32
	n      int
}

func newNumbers(width int) *numbers { return &numbers{width: width, codes: make(map[int64]uint32)} }

// code numbers a value, in the order of first appearance.
func (n *numbers) code(v int64) uint32 {
	if uint64(v) < uint64(len(n.small)) {
		if n.small[v] == 0 {
			n.small[v] = n.add(v) + 1
		}
		return n.small[v] - 1
	}
	c, ok := n.codes[v]
	if !ok {
		c = n.add(v)
		n.codes[v] = c
	}
	return c
}

func (n *numbers) add(v int64) uint32 {
	n.values = binary.LittleEndian.AppendUint64(n.values, uint64(v))[:len(n.values)+n.width]
	n.n++
	return uint32(n.n - 1)
}

// number is the inverse of code.
func (n *numbers) number(code uint32) int64 {
	if n.width == 4 {
		return int64(int32(binary.LittleEndian.Uint32(n.values[4*code:])))
	}
	return int64(binary.LittleEndian.Uint64(n.values[8*code:]))
}

// valueSet is the distinct values of a column on its way to a file.
type valueSet interface {
	Len() int
	// plain appends all values in Parquet's plain encoding.
	plain(dst []byte) []byte
	// extremes returns the least and the greatest value in plain form.
	extremes() (lo, hi []byte)
	// bytesize is the length of plain.
	bytesize() int
	join(d *dictionary, code uint32) uint32
	find(v *values, i int) uint32
}

func (n *numbers) Len() int { return n.n }

func (n *numbers) plain(dst []byte) []byte { return append(dst, n.values...) }

// texts is a dictionary of texts.
type texts struct{ *span.Dict }

func (t texts) plain(dst []byte) []byte {
	for i := range t.Len() {
		dst = appendPlain(dst, t.Bytes(uint32(i)))
	}
	return dst
}
