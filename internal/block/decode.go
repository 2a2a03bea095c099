package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// ErrCorrupt is wrapped by every error that says a file's bytes can't be right.
var ErrCorrupt = errors.New("corrupt block")

var errShort = errors.New("page ends early")

// runs walks Parquet's hybrid of run lengths and bit packing, which holds n
// values of the given bit width (at most 32).
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
type runs struct {
	src   []byte
	width int
	left  int // values that are still to come
}

// next returns the next run: n values that are all v, or, when packed is not
// nil, n values packed into it.
func (r *runs) next() (n int, v uint32, packed []byte, err error) {
	if r.width < 0 || r.width > 32 {
		return 0, 0, nil, fmt.Errorf("bit width %d", r.width)
	}
	head, k := binary.Uvarint(r.src)
	if k <= 0 {
		return 0, 0, nil, errShort
	}
	r.src = r.src[k:]
	bytes := (r.width + 7) / 8
	if head&1 == 0 {
		if head>>1 == 0 || head>>1 > uint64(r.left) {
			return 0, 0, nil, fmt.Errorf("run of %d where %d values are left", head>>1, r.left)
		}
		n = int(head >> 1)
	} else {
		if head>>1 == 0 || head>>1 > uint64(r.left+7)/8 {
			return 0, 0, nil, fmt.Errorf("%d groups of eight where %d values are left", head>>1, r.left)
		}
		bytes = int(head>>1) * r.width
		n = min(int(head>>1)*8, r.left)
	}
	if len(r.src) < bytes {
		return 0, 0, nil, errShort
	}
	if head&1 == 0 {
		for i := range bytes {
			v |= uint32(r.src[i]) << (8 * i)
		}
		if uint64(v)>>r.width != 0 {
			return 0, 0, nil, fmt.Errorf("value %d of %d bits", v, r.width)
		}
	} else {
		packed = r.src[:bytes:bytes]
	}
	r.src = r.src[bytes:]
	r.left -= n
	return n, v, packed, nil
}

// decodeRuns appends the values [from, to) of n. What lies before costs a look
// at each run, what lies behind nothing.
func decodeRuns(dst []uint32, src []byte, width, n, from, to int) ([]uint32, error) {
	r := runs{src, width, n}
	for at := 0; at < to; {
		n, v, packed, err := r.next()
		if err != nil {
			return nil, err
		}
		lo, hi := max(from-at, 0), min(to-at, n)
		at += n
		if lo >= hi {
			continue
		}
		if packed != nil {
			dst = unpack(dst, packed, width, lo, hi)
			continue
		}
		for range hi - lo {
			dst = append(dst, v)
		}
	}
	return dst, nil
}

// countLevels counts, among n levels of width 1, those that are set before from,
// those that are set in [from, to), and all. The levels must fill src exactly.
func countLevels(src []byte, n, from, to int) (before, within, all int, err error) {
	r := runs{src, 1, n}
	for at := 0; at < n; {
		n, v, packed, err := r.next()
		if err != nil {
			return 0, 0, 0, err
		}
		lo, hi := min(max(from-at, 0), n), min(max(to-at, 0), n)
		if packed == nil {
			before += int(v&1) * lo
			within += int(v&1) * (hi - lo)
			all += int(v&1) * n
		} else {
			set := ones(packed, lo)
			before += set
			within += ones(packed, hi) - set
			all += ones(packed, n)
		}
		at += n
	}
	if len(r.src) > 0 {
		return 0, 0, 0, fmt.Errorf("%d bytes behind the levels", len(r.src))
	}
	return before, within, all, nil
}

// allZero reports whether n levels are one run of zeroes, as those of a column
// without values are.
func allZero(src []byte, width, n int) (bool, error) {
	r := runs{src, width, n}
	run, v, packed, err := r.next()
	return run == n && v == 0 && packed == nil, err
}

// ones counts the set bits among the first n.
func ones(p []byte, n int) int {
	set := 0
	for ; n >= 8; n -= 8 {
		set += bits.OnesCount8(p[0])
		p = p[1:]
	}
	if n > 0 {
		set += bits.OnesCount8(p[0] & (1<<n - 1))
	}
	return set
}

// unpack appends the values [from, to) of width bits each, lowest bits first.
func unpack(dst []uint32, src []byte, width, from, to int) []uint32 {
	mask := uint64(1)<<width - 1
	at := from * width / 8
	have := -(from * width % 8) // bits of buf that are to come, less those to skip
	var buf uint64
	if have < 0 {
		buf = uint64(src[at]) >> -have
		have += 8
		at++
	}
	for range to - from {
		for have < width {
			buf |= uint64(src[at]) << have
			at++
			have += 8
		}
		dst = append(dst, uint32(buf&mask))
		buf >>= width
		have -= width
	}
	return dst
}

// decodeDelta appends the first limit of the n values of DELTA_BINARY_PACKED.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC
func decodeDelta(dst []uint64, src []byte, n, limit int) ([]uint64, error) {
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
	if limit == 0 {
		return dst, nil
	}
	per := int(block / minis)
	want := len(dst) + limit
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

// decodePlain appends the byte arrays [from, to); they are views of src.
func decodePlain(dst [][]byte, src []byte, from, to int) ([][]byte, error) {
	for i := range to {
		if len(src) < 4 {
			return nil, errShort
		}
		size := binary.LittleEndian.Uint32(src)
		if uint64(size) > uint64(len(src)-4) {
			return nil, errShort
		}
		if i >= from {
			dst = append(dst, src[4:4+size:4+size])
		}
		src = src[4+size:]
	}
	return dst, nil
}

// decodeFixed appends the values [from, to) of the given width; they are views
// of src.
func decodeFixed(dst [][]byte, src []byte, width, from, to int) ([][]byte, error) {
	if len(src) < width*to {
		return nil, errShort
	}
	for i := from; i < to; i++ {
		dst = append(dst, src[i*width:(i+1)*width:(i+1)*width])
	}
	return dst, nil
}
