package block

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is wrapped by every error that says a file's bytes can't be right.
var ErrCorrupt = errors.New("corrupt block")

var errShort = errors.New("page ends early")

// decodeRuns decodes Parquet's hybrid of run lengths and bit packing into
// exactly n values of the given bit width (at most 32), and reports how many
// bytes of src it used.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
func decodeRuns(dst []uint32, src []byte, width, n int) ([]uint32, int, error) {
	if width < 0 || width > 32 {
		return nil, 0, fmt.Errorf("bit width %d", width)
	}
	at, want := 0, len(dst)+n
	for len(dst) < want {
		head, k := binary.Uvarint(src[at:])
		if k <= 0 {
			return nil, 0, errShort
		}
		at += k
		left := want - len(dst)
		if head&1 == 0 {
			bytes := (width + 7) / 8
			if len(src)-at < bytes {
				return nil, 0, errShort
			}
			var v uint32
			for i := range bytes {
				v |= uint32(src[at+i]) << (8 * i)
			}
			at += bytes
			run := head >> 1
			if run == 0 || run > uint64(left) {
				return nil, 0, fmt.Errorf("run of %d where %d values are left", run, left)
			}
			for range run {
				dst = append(dst, v)
			}
			continue
		}
		groups := head >> 1
		if groups == 0 || groups > uint64(left+7)/8 {
			return nil, 0, fmt.Errorf("%d groups of eight where %d values are left", groups, left)
		}
		bytes := int(groups) * width
		if len(src)-at < bytes {
			return nil, 0, errShort
		}
		dst = unpack(dst, src[at:at+bytes], width, min(int(groups)*8, left))
		at += bytes
	}
	return dst, at, nil
}

// unpack appends n values of width bits, lowest bits first.
func unpack(dst []uint32, src []byte, width, n int) []uint32 {
	mask := uint64(1)<<width - 1
	var bits uint64
	have, at := 0, 0
	for range n {
		for have < width {
			bits |= uint64(src[at]) << have
			at++
			have += 8
		}
		dst = append(dst, uint32(bits&mask))
		bits >>= width
		have -= width
	}
	return dst
}

// decodeDelta decodes n values of DELTA_BINARY_PACKED.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC
func decodeDelta(dst []uint64, src []byte, n int) ([]uint64, error) {
	var head [3]uint64
	for i := range head {
		v, k := binary.Uvarint(src)
		if k <= 0 {
			return nil, errShort
		}
		head[i], src = v, src[k:]
	}
	first, k := binary.Varint(src)
	if k <= 0 {
		return nil, errShort
	}
	src = src[k:]
	block, minis, total := head[0], head[1], head[2]
	if total != uint64(n) {
		return nil, fmt.Errorf("%d values where %d are due", total, n)
	}
	if block == 0 || block > 1<<20 || block%128 != 0 || minis == 0 || minis > 64 || block%minis != 0 || block/minis%32 != 0 {
		return nil, fmt.Errorf("block of %d values in %d parts", block, minis)
	}
	if n == 0 {
		return dst, nil
	}
	per := int(block / minis)
	want := len(dst) + n
	value := uint64(first)
	dst = append(dst, value)
	for len(dst) < want {
		least, k := binary.Varint(src)
		if k <= 0 || len(src)-k < int(minis) {
			return nil, errShort
		}
		widths := src[k : k+int(minis)]
		src = src[k+int(minis):]
		for _, w := range widths {
			if len(dst) == want {
				break
			}
			if w > 64 {
				return nil, fmt.Errorf("bit width %d", w)
			}
			bytes := per * int(w) / 8
			if len(src) < bytes {
				return nil, errShort
			}
			dst, value = unpackDeltas(dst, src[:bytes], int(w), min(per, want-len(dst)), uint64(least), value)
			src = src[bytes:]
		}
	}
	return dst, nil
}

// unpackDeltas appends n values, each the one before plus least plus width bits.
func unpackDeltas(dst []uint64, src []byte, width, n int, least, value uint64) ([]uint64, uint64) {
	bit := 0
	for range n {
		var d uint64
		for got := 0; got < width; {
			at, off := (bit+got)/8, (bit+got)%8
			d |= uint64(src[at]>>off) << got
			got += 8 - off
		}
		if width < 64 {
			d &= 1<<width - 1
		}
		bit += width
		value += least + d
		dst = append(dst, value)
	}
	return dst, value
}

// decodePlain splits n byte arrays; the results are views of src.
func decodePlain(dst [][]byte, src []byte, n int) ([][]byte, error) {
	for range n {
		if len(src) < 4 {
			return nil, errShort
		}
		size := binary.LittleEndian.Uint32(src)
		if uint64(size) > uint64(len(src)-4) {
			return nil, errShort
		}
		dst = append(dst, src[4:4+size:4+size])
		src = src[4+size:]
	}
	return dst, nil
}

// decodeFixed splits n values of the given width; the results are views of src.
func decodeFixed(dst [][]byte, src []byte, width, n int) ([][]byte, error) {
	if len(src) < width*n {
		return nil, errShort
	}
	for i := range n {
		dst = append(dst, src[i*width:(i+1)*width:(i+1)*width])
	}
	return dst, nil
}
