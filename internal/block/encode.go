package block

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Parquet's hybrid of run lengths and bit packing, in widths of whole bytes or
// of one bit. Whole bytes cost a little more before compression and less after
// it, because zstd sees the symbols; and they are read at the speed of memory.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE

// minRun is the length from which equal codes become a run, and minLevels from
// which equal levels do: shorter runs are left to zstd, which finds more in what
// is packed. Values are packed in groups of eight, so that it can't be less.
const (
	minRun    = 16
	minLevels = 128
)

// codeWidth is the number of bits that codes below n are stored with: 0 for a
// dictionary of one value, otherwise whole bytes.
func codeWidth(n int) int {
	if n <= 1 {
		return 0
	}
	return (bits.Len(uint(n-1)) + 7) / 8 * 8
}

// appendRuns appends values in runs of the given width: 0, 1, 8, 16, 24 or 32.
func appendRuns(dst []byte, values []uint32, width int) []byte {
	least := minRun
	if width == 1 {
		least = minLevels
	}
	packed := 0 // values[packed:at] are to be packed
	for at := 0; at < len(values); {
		end := at + 1
		for end < len(values) && values[end] == values[at] {
			end++
		}
		// What stands before a run must fill groups of eight, with help from the run.
		fill := -(at - packed) & 7
		if end-at-fill < least && (packed < at || end < len(values)) {
			at = end
			continue
		}
		if packed < at {
			at += fill
			dst = appendPacked(dst, values[packed:at], width)
		}
		dst = binary.AppendUvarint(dst, uint64(end-at)<<1)
		for k := 0; k < width; k += 8 {
			dst = append(dst, byte(values[at]>>k))
		}
		at, packed = end, end
	}
	if packed < len(values) {
		dst = appendPacked(dst, values[packed:], width)
	}
	return dst
}

// appendPacked appends one group of packed values, padded to a multiple of eight.
func appendPacked(dst []byte, values []uint32, width int) []byte {
	groups := (len(values) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	switch width {
	case 1:
		for len(values) >= 8 {
			dst = append(dst, byte(values[0]|values[1]<<1|values[2]<<2|values[3]<<3|values[4]<<4|values[5]<<5|values[6]<<6|values[7]<<7))
			values = values[8:]
		}
		if len(values) > 0 {
			b := byte(0)
			for i, v := range values {
				b |= byte(v) << i
			}
			dst = append(dst, b)
		}
		return dst
	case 8:
		for _, v := range values {
			dst = append(dst, byte(v))
		}
	case 16:
		for _, v := range values {
			dst = append(dst, byte(v), byte(v>>8))
		}
	case 24:
		for _, v := range values {
			dst = append(dst, byte(v), byte(v>>8), byte(v>>16))
		}
	case 32:
		for _, v := range values {
			dst = binary.LittleEndian.AppendUint32(dst, v)
		}
	}
	for n := len(values); n%8 != 0; n++ {
		dst = append(dst, 0, 0, 0, 0)[:len(dst)+width/8]
	}
	return dst
}

// appendLevels appends definition levels of a flat optional column, which are
// mostly long runs.
func appendLevels(dst, present []uint8, scratch []uint32) ([]byte, []uint32) {
	if i := bytes.IndexByte(present, 1-present[0]); i < 0 {
		return append(binary.AppendUvarint(dst, uint64(len(present))<<1), present[0]), scratch
	}
	scratch = scratch[:0]
	for _, p := range present {
		scratch = append(scratch, uint32(p))
	}
	return appendRuns(dst, scratch, 1), scratch
}
