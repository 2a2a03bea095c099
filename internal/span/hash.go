package span

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// keys are random for each process, so that nobody can aim at one hash chain.
var keys = func() (k [3]uint64) {
	seed := maphash.MakeSeed()
	for i := range k {
		k[i] = maphash.Bytes(seed, []byte{byte(i)})
	}
	return k
}()

// mix multiplies, and folds the product to 64 bits.
func mix(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}

// hash is a keyed hash of bytes in the manner of wyhash: what is read is
// combined with secrets before it is multiplied, so that who chooses the bytes
// can't choose the product. Most values are short: up to 16 bytes are two words
// that may overlap, and the length, which tells those apart, goes in last.
func hash(v []byte) uint32 {
	n := len(v)
	h := keys[2]
	for len(v) > 16 {
		h = mix(binary.LittleEndian.Uint64(v)^keys[0], binary.LittleEndian.Uint64(v[8:])^h)
		v = v[16:]
	}
	var x, y uint64
	switch {
	case len(v) >= 8:
		x, y = binary.LittleEndian.Uint64(v), binary.LittleEndian.Uint64(v[len(v)-8:])
	case len(v) >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(v)), uint64(binary.LittleEndian.Uint32(v[len(v)-4:]))
	case len(v) > 0:
		x = uint64(v[0])<<16 | uint64(v[len(v)/2])<<8 | uint64(v[len(v)-1])
	}
	return uint32(mix(mix(x^keys[0], y^h)^uint64(n), keys[1]))
}

// hashID is hash for trace ids, of which there is one a span.
func hashID(id *TraceID) uint32 {
	x, y := binary.LittleEndian.Uint64(id[:]), binary.LittleEndian.Uint64(id[8:])
	return uint32(mix(x^keys[0], y^keys[1]) >> 16)
}

// slots is the table by which values are found from their hash: open addressing
// with linear probing. A slot holds the hash above a value's code + 1; 0 is
// free. The hash is in the slot so that one memory access tells nearly always
// whether the value is there. The length is a power of two.
type slots []uint64

// grown returns a table of twice the size with the same content.
func (s slots) grown() slots {
	bigger := make(slots, max(16, 2*len(s)))
	mask := uint32(len(bigger) - 1)
	for _, slot := range s {
		if slot == 0 {
			continue
		}
		at := uint32(slot>>32) & mask
		for bigger[at] != 0 {
			at = (at + 1) & mask
		}
		bigger[at] = slot
	}
	return bigger
}

// full reports whether a table with n values has to grow before another one.
func (s slots) full(n int) bool { return 4*n >= 3*len(s) }

// free empties a slot and moves those up that were pushed past it.
func (s slots) free(at uint32) {
	mask := uint32(len(s) - 1)
	for next := (at + 1) & mask; s[next] != 0; next = (next + 1) & mask {
		if home := uint32(s[next]>>32) & mask; (next-home)&mask >= (next-at)&mask {
			s[at], at = s[next], next
		}
	}
	s[at] = 0
}
