package span

import (
	"bytes"
	"math"
	"unicode/utf8"
)

// Dict numbers byte strings 0, 1, 2 … in order of first appearance. The zero
// value is ready for use. Values are kept back to back in one buffer and found
// by open addressing, so that a Dict costs no object per value.
//
// Equal values have equal codes, with one exception: the dictionary of an
// attribute's column may stop to look for equal values, see [Dict.Unique].
//
// A Dict holds 4 GiB; a value for which there is no room becomes the empty one.
// Batches are flushed at a small part of that.
type Dict struct {
	// Values repeat in runs: the one given last is buf[from:to]. What a repeated
	// value needs comes first, to be in one line of the processor's cache.
	from, to uint32
	last     uint32 // its code + 1, 0 if there is none
	asked    uint32 // values added since the last check
	buf      []byte

	table slots    // finds the values that were hashed
	ends  []uint32 // end of value i in buf
	found int      // values in table

	column bool   // of an attribute's column: it may become plain
	plain  bool   // values are appended without a look at the table
	check  uint32 // number of values at which the next check is due
	pinned uint32 // codes below are never taken back
}

// firstCheck is at how many values a column's dictionary asks for the first time
// whether most of what it looks up is new. Below it, everything is in the
// processor's cache and hashing is cheap.
const firstCheck = 4096

// Len is the number of values.
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

// Bytesize is the length of all values together.
func (d *Dict) Bytesize() int { return len(d.buf) }

// Size is the memory in use, in bytes; the table is taken as half full.
func (d *Dict) Size() int { return len(d.buf) + 4*len(d.ends) + 16*d.found }

// Unique is false when equal values may have several codes: most values of a
// column were new, as those of an attribute that identifies a request are, and
// the dictionary stopped to hash them. Only the dictionaries of Attrs.Columns do
// that, and Reset ends it.
func (d *Dict) Unique() bool { return !d.plain }

// Reset forgets all values and keeps the memory.
func (d *Dict) Reset() {
	clear(d.table)
	*d = Dict{buf: d.buf[:0], ends: d.ends[:0], table: d.table, column: d.column}
}

// Code returns the number of v, which is added if it is new.
func (d *Dict) Code(v []byte) uint32 {
	code := d.add(v, false)
	d.pinned = uint32(len(d.ends))
	return code
}

// Text is Code for text: bytes that are not UTF-8 become U+FFFD, because a
// Parquet string column must be valid UTF-8 for other tools to read it. A Dict
// that is given text must be given nothing else.
func (d *Dict) Text(v []byte) uint32 {
	code := d.add(v, true)
	d.pinned = uint32(len(d.ends))
	return code
}

// add is Code or Text for a value that the column may take back, see trim.
func (d *Dict) add(v []byte, text bool) uint32 {
	d.asked++
	if d.last != 0 && string(d.buf[d.from:d.to]) == string(v) {
		return d.last - 1
	}
	if d.plain {
		if v = valid(v, text); !d.fits(v) {
			v = nil
		}
		return d.append(v)
	}
	return d.lookup(v, text)
}

// dictRoom is how many bytes a Dict holds. Tests make it less.
var dictRoom uint64 = math.MaxUint32

// fits reports whether there is room for v.
func (d *Dict) fits(v []byte) bool { return uint64(len(d.buf))+uint64(len(v)) <= dictRoom }

func (d *Dict) lookup(v []byte, text bool) uint32 {
	if d.table.full(d.found) {
		d.table = d.table.grown()
	}
	h := hash(v)
	mask := uint32(len(d.table) - 1)
	at := h & mask
	for slot := d.table[at]; slot != 0; slot = d.table[at] {
		if code := uint32(slot) - 1; uint32(slot>>32) == h && d.is(code, v) {
			return code
		}
		at = (at + 1) & mask
	}
	if text && !utf8.Valid(v) {
		return d.lookup(valid(v, text), false)
	}
	if !d.fits(v) {
		return d.lookup(nil, false)
	}
	code := d.append(v)
	d.table[at] = uint64(h)<<32 | uint64(code+1)
	d.found++
	if d.column {
		d.judge()
	}
	return code
}

// is reports whether v is value code, which then is the last one given.
func (d *Dict) is(code uint32, v []byte) bool {
	var from uint32
	if code > 0 {
		from = d.ends[code-1]
	}
	to := d.ends[code]
	if string(d.buf[from:to]) != string(v) {
		return false
	}
	d.last, d.from, d.to = code+1, from, to
	return true
}

// append adds a value that fits.
func (d *Dict) append(v []byte) uint32 {
	code := uint32(len(d.ends))
	d.last, d.from = code+1, uint32(len(d.buf))
	d.buf = append(d.buf, v...)
	d.to = uint32(len(d.buf))
	d.ends = append(d.ends, d.to)
	return code
}

// judge makes the dictionary plain when more than half of the values added since
// the last check were new: to know that the others are old is not worth the
// hashes, and such a column is not written with a dictionary either.
func (d *Dict) judge() {
	if d.check == 0 {
		d.check = firstCheck
	}
	if uint32(d.found) < d.check {
		return
	}
	fresh := d.check / 2
	if d.check == firstCheck {
		fresh = firstCheck
	}
	d.plain = 2*fresh > d.asked
	d.pinned = uint32(len(d.ends))
	d.asked, d.check = 0, 2*d.check
}

// valid makes text valid UTF-8.
func valid(v []byte, text bool) []byte {
	if !text || utf8.Valid(v) {
		return v
	}
	return bytes.ToValidUTF8(v, []byte("\uFFFD"))
}

// Find returns a code of v, or false if it was never added. It is slow for a
// dictionary that is not Unique.
func (d *Dict) Find(v []byte) (uint32, bool) {
	if len(d.table) == 0 {
		return 0, false
	}
	h := hash(v)
	mask := uint32(len(d.table) - 1)
	for at := h & mask; d.table[at] != 0; at = (at + 1) & mask {
		slot := d.table[at]
		if code := uint32(slot) - 1; uint32(slot>>32) == h && bytes.Equal(d.Bytes(code), v) {
			return code, true
		}
	}
	for code := uint32(d.found); code < uint32(len(d.ends)); code++ {
		if bytes.Equal(d.Bytes(code), v) {
			return code, true
		}
	}
	return 0, false
}

// forget takes back the value that was added last.
func (d *Dict) forget(code uint32) {
	if int(code) != len(d.ends)-1 {
		panic("span: only the newest value of a dictionary can be taken back")
	}
	v := d.Bytes(code)
	mask := uint32(len(d.table) - 1)
	for at := hash(v) & mask; ; at = (at + 1) & mask {
		if uint32(d.table[at]) == code+1 {
			d.table.free(at)
			break
		}
	}
	d.found--
	d.cut(code)
}

// trim takes back the values of a plain dictionary that none of a column's codes
// has. Without it, a payload that is refused at its end and sent over and over
// would add its values each time. Codes of values that were appended plainly
// never fall, so the last code tells which ones are in use.
func (d *Dict) trim(codes []uint32) {
	if !d.plain {
		return
	}
	keep := d.pinned
	if n := len(codes); n > 0 {
		keep = max(keep, codes[n-1]+1)
	}
	if keep < uint32(len(d.ends)) {
		d.cut(keep)
	}
}

// cut drops the values from code n on, which the table must not have.
func (d *Dict) cut(n uint32) {
	d.ends = d.ends[:n]
	d.buf = d.buf[:0]
	if n > 0 {
		d.buf = d.buf[:d.ends[n-1]]
	}
	d.last = 0
}
