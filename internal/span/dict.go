package span

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"
)

// seed is random for each process, so that nobody can aim at one hash chain.
var seed = maphash.MakeSeed()

// Dict numbers distinct byte strings 0, 1, 2 … in order of first appearance.
// The zero value is ready for use. Values are kept back to back in one buffer
// and found by open addressing, so that a Dict costs no object per value.
type Dict struct {
	buf    []byte
	ends   []uint32 // end of value i in buf
	hashes []uint32 // of value i: growing the table needs no second look at buf
	table  []uint32 // code+1, 0 is free; the length is a power of two
	last   uint32   // the code given last: values repeat in runs
}

// Len is the number of distinct values.
func (d *Dict) Len() int { return len(d.ends) }

// Bytes returns value code; it must not be changed and is valid until Reset.
func (d *Dict) Bytes(code uint32) []byte {
	var start uint32
	if code > 0 {
		start = d.ends[code-1]
	}
	end := d.ends[code]
	return d.buf[start:end:end]
}

// String returns a copy of value code.
func (d *Dict) String(code uint32) string { return string(d.Bytes(code)) }

// Size is the memory in use, in bytes; the table is taken as half full.
func (d *Dict) Size() int { return len(d.buf) + 16*len(d.ends) }

// Reset forgets all values and keeps the memory.
func (d *Dict) Reset() {
	d.buf, d.ends, d.hashes, d.last = d.buf[:0], d.ends[:0], d.hashes[:0], 0
	clear(d.table)
}

// Code returns the number of v, which is added if it is new.
func (d *Dict) Code(v []byte) uint32 {
	if len(d.ends) > 0 && bytes.Equal(d.Bytes(d.last), v) {
		return d.last
	}
	if 4*len(d.ends) >= 3*len(d.table) {
		d.grow()
	}
	h := uint32(maphash.Bytes(seed, v))
	mask := uint32(len(d.table) - 1)
	for slot := h & mask; ; slot = (slot + 1) & mask {
		entry := d.table[slot]
		if entry == 0 {
			code := uint32(len(d.ends))
			d.table[slot] = code + 1
			d.buf = append(d.buf, v...)
			d.ends = append(d.ends, uint32(len(d.buf)))
			d.hashes = append(d.hashes, h)
			d.last = code
			return code
		}
		if d.hashes[entry-1] == h && bytes.Equal(d.Bytes(entry-1), v) {
			d.last = entry - 1
			return entry - 1
		}
	}
}

// Text is Code for text: bytes that are not UTF-8 become U+FFFD, because a
// Parquet string column must be valid UTF-8 for other tools to read it.
func (d *Dict) Text(v []byte) uint32 {
	if len(d.ends) > 0 && bytes.Equal(d.Bytes(d.last), v) {
		return d.last
	}
	if !utf8.Valid(v) {
		v = bytes.ToValidUTF8(v, []byte("\uFFFD"))
	}
	return d.Code(v)
}

// Find returns the code of v, or false if it was never added.
func (d *Dict) Find(v []byte) (uint32, bool) {
	if len(d.table) == 0 {
		return 0, false
	}
	h := uint32(maphash.Bytes(seed, v))
	mask := uint32(len(d.table) - 1)
	for slot := h & mask; ; slot = (slot + 1) & mask {
		entry := d.table[slot]
		if entry == 0 {
			return 0, false
		}
		if d.hashes[entry-1] == h && bytes.Equal(d.Bytes(entry-1), v) {
			return entry - 1, true
		}
	}
}

func (d *Dict) grow() {
	size := max(16, 2*len(d.table))
	d.table = make([]uint32, size)
	mask := uint32(size - 1)
	for code, h := range d.hashes {
		slot := h & mask
		for d.table[slot] != 0 {
			slot = (slot + 1) & mask
		}
		d.table[slot] = uint32(code) + 1
	}
}

// forget takes back the value that was added last.
func (d *Dict) forget(code uint32) {
	if int(code) != len(d.ends)-1 {
		panic("span: only the newest value of a dictionary can be taken back")
	}
	start := len(d.buf) - len(d.Bytes(code))
	d.buf, d.ends, d.hashes, d.last = d.buf[:start], d.ends[:code], d.hashes[:code], 0
	clear(d.table)
	mask := uint32(len(d.table) - 1)
	for code, h := range d.hashes {
		slot := h & mask
		for d.table[slot] != 0 {
			slot = (slot + 1) & mask
		}
		d.table[slot] = uint32(code) + 1
	}
}

// Bytesize is the length of all values together.
func (d *Dict) Bytesize() int { return len(d.buf) }
