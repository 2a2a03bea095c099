package block

import (
	"encoding/binary"
	"math/bits"
)

// Parquet's hybrid of run lengths and bit packing, in widths of whole bytes or
// of one bit. Whole bytes cost a little more before compression and less after
// it, because zstd sees the symbols; and they are read at the speed of memory.
// Runs are left to the compression, which finds more in what is packed, unless
// they are all there is.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE

// codeWidth is the number of bits that codes below n are stored with: 0 for a
// dictionary of one value, otherwise whole bytes.
func codeWidth(n int) int {
	if n <= 1 {
		return 0
	}
	return (bits.Len(uint(n-1)) + 7) / 8 * 8
}

// appendCodes appends codes of the given width: 0, 8, 16, 24 or 32.
func appendCodes(dst []byte, codes []uint32, width int) []byte {
	if len(codes) == 0 {
		return dst
	}
	same := 1
	for same < len(codes) && codes[same] == codes[0] {
		same++
	}
	if same == len(codes) {
		dst = binary.AppendUvarint(dst, uint64(same)<<1)
		for k := 0; k < width; k += 8 {
			dst = append(dst, byte(codes[0]>>k))
		}
		return dst
	}
	groups := (len(codes) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	at := len(dst)
	dst = append(dst, make([]byte, groups*width)...)
	switch to := dst[at:]; width {
	case 8:
		for i, c := range codes {
			to[i] = byte(c)
		}
	case 16:
		for i, c := range codes {
			binary.LittleEndian.PutUint16(to[2*i:], uint16(c))
		}
	case 24:
		for i, c := range codes {
			to[3*i], to[3*i+1], to[3*i+2] = byte(c), byte(c>>8), byte(c>>16)
		}
	case 32:
		for i, c := range codes {
			binary.LittleEndian.PutUint32(to[4*i:], c)
		}
	}
	return dst
}

// appendSizedLevels appends levels behind their length, as a page begins with them.
func appendSizedLevels(dst, levels []uint8) []byte {
	at := len(dst)
	dst = appendLevels(append(dst, 0, 0, 0, 0), levels)
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// minRun is how many groups of eight equal levels become a run.
const minRun = 16

// appendLevels appends levels of one bit, one in each byte of levels.
func appendLevels(dst, levels []uint8) []byte {
	const ones = 0x0101010101010101
	packed := 0 // levels from here to at are to be packed
	at := 0
	for at+8 <= len(levels) {
		word := binary.LittleEndian.Uint64(levels[at:])
		if word != 0 && word != ones {
			at += 8
			continue
		}
		end := at + 8
		for end+8 <= len(levels) && binary.LittleEndian.Uint64(levels[end:]) == word {
			end += 8
		}
		if end+8 > len(levels) { // the rest of less than eight may go on as well
			for end < len(levels) && levels[end] == byte(word) {
				end++
			}
		}
		if end-at < 8*minRun && (at > packed || end < len(levels)) {
			at = end
			continue
		}
		dst = packLevels(dst, levels[packed:at])
		dst = append(binary.AppendUvarint(dst, uint64(end-at)<<1), byte(word))
		at, packed = end, end
		if at%8 != 0 {
			// Only at the end can a run break off within a group of eight, or else
			// what follows it starts a group of its own.
			dst = packLevels(dst, levels[at:])
			return dst
		}
	}
	return packLevels(dst, levels[packed:])
}

// packLevels appends levels as one packed run.
func packLevels(dst, levels []uint8) []byte {
	if len(levels) == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(levels)+7)/8<<1|1)
	for ; len(levels) >= 8; levels = levels[8:] {
		// Each factor moves one byte's bit to its place in the topmost byte.
		dst = append(dst, byte(binary.LittleEndian.Uint64(levels)*0x0102040810204080>>56))
	}
	if len(levels) > 0 {
		b := byte(0)
		for i, l := range levels {
			b |= l << i
		}
		dst = append(dst, b)
	}
	return dst
}
