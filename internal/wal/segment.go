package wal

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

const (
	magic      = "EVSPNWAL"
	format     = 1
	headerSize = 40
	frameSize  = 16 // of a record, before its payload

	// maxRecord is far above what a receiver lets in as one request, and bounds
	// the memory that a replay takes for a damaged length.
	maxRecord = 256 << 20
)

// segment is one file of the log.
type segment struct {
	number, salt uint64
	size         int64 // bytes known to be good; all of them, for one found by Open
}

func (s *segment) name() string { return fmt.Sprintf("%016x-%016x.wal", s.number, s.salt) }

// parseName is the reverse of name; ok only for what name would have made.
func parseName(name string) (s segment, ok bool) {
	if len(name) != len("0123456789abcdef-0123456789abcdef.wal") {
		return s, false
	}
	if _, err := fmt.Sscanf(name, "%016x-%016x.wal", &s.number, &s.salt); err != nil {
		return s, false
	}
	return s, s.name() == name
}

// header is the start of the segment's file.
func (s *segment) header() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, format)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, s.number)
	b = binary.LittleEndian.AppendUint64(b, s.salt)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// parseHeader reads a header; ok is false if it is damaged.
func parseHeader(b []byte) (s segment, version uint32, ok bool) {
	if len(b) < headerSize || string(b[:8]) != magic || binary.LittleEndian.Uint64(b[32:]) != xxhash.Sum64(b[:32]) {
		return s, 0, false
	}
	s.number = binary.LittleEndian.Uint64(b[16:])
	s.salt = binary.LittleEndian.Uint64(b[24:])
	return s, binary.LittleEndian.Uint32(b[8:]), true
}

// seed is what the checksums of a record of n bytes at offset off start from.
func (s *segment) seed(off int64, n uint32) uint64 {
	var b [28]byte
	binary.LittleEndian.PutUint64(b[0:], s.salt)
	binary.LittleEndian.PutUint64(b[8:], s.number)
	binary.LittleEndian.PutUint64(b[16:], uint64(off))
	binary.LittleEndian.PutUint32(b[24:], n)
	return xxhash.Sum64(b[:])
}

// seal fills in the frames of the records in b, which will be written at off.
// Each is there already with its length and a gap for the checksums.
func (s *segment) seal(b []byte, off int64) {
	var d xxhash.Digest
	for len(b) > 0 {
		n := binary.LittleEndian.Uint32(b)
		seed := s.seed(off, n)
		end := frameSize + int(n)
		d.ResetWithSeed(seed)
		d.Write(b[frameSize:end])
		binary.LittleEndian.PutUint32(b[4:], uint32(seed>>32))
		binary.LittleEndian.PutUint64(b[8:], d.Sum64())
		b = b[end:]
		off += int64(end)
	}
}

// frame reads the frame of a record at off: its seed and its payload's length. It
// is false if no record was written there, or its frame is damaged.
func (s *segment) frame(b []byte, off int64) (seed uint64, n uint32, ok bool) {
	n = binary.LittleEndian.Uint32(b)
	if n > maxRecord {
		return 0, 0, false
	}
	seed = s.seed(off, n)
	return seed, n, binary.LittleEndian.Uint32(b[4:]) == uint32(seed>>32)
}

// payload checks the whole record b, frame and payload.
func payload(b []byte, seed uint64) ([]byte, bool) {
	var d xxhash.Digest
	d.ResetWithSeed(seed)
	d.Write(b[frameSize:])
	return b[frameSize:], d.Sum64() == binary.LittleEndian.Uint64(b[8:])
}
