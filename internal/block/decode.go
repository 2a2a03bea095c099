package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
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

// decodeLevels appends the levels [from, to) of n of width 1, and counts those
// that are set before from, in [from, to), and in all. They must fill src exactly.
func decodeLevels(dst []uint8, src []byte, n, from, to int) (out []uint8, before, within, all int, err error) {
	r := runs{src, 1, n}
	for at := 0; at < n; {
		n, v, packed, err := r.next()
		if err != nil {
			return nil, 0, 0, 0, err
		}
		lo, hi := min(max(from-at, 0), n), min(max(to-at, 0), n)
		at += n
		if packed == nil {
			before += int(v) * lo
			within += int(v) * (hi - lo)
			all += int(v) * n
			for range hi - lo {
				dst = append(dst, uint8(v))
			}
			continue
		}
		set := ones(packed, lo)
		before += set
		within += ones(packed, hi) - set
		all += ones(packed, n)
		for ; lo < hi && lo%8 != 0; lo++ {
			dst = append(dst, packed[lo/8]>>(lo%8)&1)
		}
		for ; lo+8 <= hi; lo += 8 {
			dst = append(dst, unpacked[packed[lo/8]][:]...)
		}
		for ; lo < hi; lo++ {
			dst = append(dst, packed[lo/8]>>(lo%8)&1)
		}
	}
	if len(r.src) > 0 {
		return nil, 0, 0, 0, fmt.Errorf("%d bytes behind the levels", len(r.src))
	}
	return dst, before, within, all, nil
}

// unpacked has the eight bits of every byte.
var unpacked = func() (all [256][8]uint8) {
	for b := range all {
		for i := range 8 {
			all[b][i] = uint8(b >> i & 1)
		}
	}
	return all
}()

// countLevels counts the levels of n that are set.
func countLevels(src []byte, n int) (set int, err error) {
	r := runs{src, 1, n}
	for at := 0; at < n; {
		k, v, packed, err := r.next()
		if err != nil {
			return 0, err
		}
		if packed == nil {
			set += int(v) * k
		} else {
			set += ones(packed, k)
		}
		at += k
	}
	if len(r.src) > 0 {
		return 0, fmt.Errorf("%d bytes behind the levels", len(r.src))
	}
	return set, nil
}

// ones counts the set bits among the first n.
func ones(p []byte, n int) int {
	set := 0
	for ; n >= 64; n -= 64 {
		set += bits.OnesCount64(binary.LittleEndian.Uint64(p))
		p = p[8:]
	}
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
	switch width {
	case 8:
		at := len(dst)
		dst = slices.Grow(dst, to-from)[:at+to-from]
		out := dst[at:]
		for i, b := range src[from:to] {
			out[i] = uint32(b)
		}
		return dst
	case 16:
		at := len(dst)
		dst = slices.Grow(dst, to-from)[:at+to-from]
		out := dst[at:]
		src = src[2*from : 2*to]
		for i := range out {
			out[i] = uint32(binary.LittleEndian.Uint16(src[2*i:]))
		}
		return dst
	case 24:
		for src = src[3*from : 3*to]; len(src) >= 3; src = src[3:] {
			dst = append(dst, uint32(src[0])|uint32(src[1])<<8|uint32(src[2])<<16)
		}
		return dst
	}
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

// decodeDelta appends the first limit of the n values of DELTA_BINARY_PACKED,
// and returns what follows them when they are all.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC
func decodeDelta(dst []int64, src []byte, n, limit int) (out []int64, rest []byte, err error) {
	var head [3]uint64
	for i := range head {
		v, k := binary.Uvarint(src)
		if k <= 0 {
			return nil, nil, errShort
		}
		head[i], src = v, src[k:]
	}
	first, k := binary.Varint(src)
	if k <= 0 {
		return nil, nil, errShort
	}
	src = src[k:]
	block, minis, total := head[0], head[1], head[2]
	if total != uint64(n) {
		return nil, nil, fmt.Errorf("%d values where %d are due", total, n)
	}
	if block == 0 || block > 1<<20 || block%128 != 0 || minis == 0 || minis > 64 || block%minis != 0 || block/minis%32 != 0 {
		return nil, nil, fmt.Errorf("block of %d values in %d parts", block, minis)
	}
	if limit == 0 {
		return dst, src, nil
	}
	per := int(block / minis)
	want := len(dst) + limit
	value := first
	dst = append(dst, value)
	for len(dst) < want {
		least, k := binary.Varint(src)
		if k <= 0 || len(src)-k < int(minis) {
			return nil, nil, errShort
		}
		widths := src[k : k+int(minis)]
		src = src[k+int(minis):]
		for _, w := range widths {
			if len(dst) == want {
				break
			}
			if w > 64 {
				return nil, nil, fmt.Errorf("bit width %d", w)
			}
			bytes := per * int(w) / 8
			if len(src) < bytes {
				return nil, nil, errShort
			}
			dst, value = unpackDeltas(dst, src[:bytes], int(w), min(per, want-len(dst)), least, value)
			src = src[bytes:]
		}
	}
	return dst, src, nil
}

// unpackDeltas appends n values, each the one before plus least plus width bits.
func unpackDeltas(dst []int64, src []byte, width, n int, least, value int64) ([]int64, int64) {
	at := len(dst)
	dst = slices.Grow(dst, n)[:at+n]
	to := dst[at:]
	if width == 0 {
		for i := range to {
			value += least
			to[i] = value
		}
		return dst, value
	}
	// Eight bytes at a time, as long as there are so many and a value fits into
	// what a shift leaves of them.
	i, bit := 0, 0
	if width <= 56 {
		mask := uint64(1)<<width - 1
		safe := len(src) - 8
		for ; i < len(to) && bit>>3 <= safe; i++ {
			value += least + int64(binary.LittleEndian.Uint64(src[bit>>3:])>>(bit&7)&mask)
			to[i] = value
			bit += width
		}
	}
	for ; i < len(to); i++ {
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
		value += least + int64(d)
		to[i] = value
	}
	return dst, value
}
