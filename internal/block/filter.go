package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/FastFilter/xorfilter"
	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/span"
)

// The filter answers "this trace is not here" without reading the block: a
// binary fuse filter (Graf and Lemire, 2022) of 8 bits over the hashes of the
// trace ids, nine bits a trace, one wrong "maybe" in 256. Layout of the file,
// little-endian:
//
//	offset  size  field
//	     0     4  "EVFT"
//	     4     4  format number, 1
//	     8     8  seed
//	    16     4  segment length
//	    20     4  segment length mask
//	    24     4  segment count
//	    28     4  segment count length
//	    32     4  number of fingerprints, n; 0 when the block has no trace
//	    36     n  fingerprints
//	  36+n     8  xxhash64 of all that stands before
type filter struct{ fuse *xorfilter.BinaryFuse8 }

const filterHeader = 36

// hashID is a trace id's 64-bit key. Ids are random, but not everyone's.
func hashID(id span.TraceID) uint64 { return xxhash.Sum64(id[:]) }

func buildFilter(ids []span.TraceID) []byte {
	var fuse xorfilter.BinaryFuse8
	if len(ids) > 0 {
		keys := make([]uint64, len(ids))
		for i, id := range ids {
			keys[i] = hashID(id)
		}
		f, err := xorfilter.PopulateBinaryFuse8(keys)
		if err != nil {
			panic(err) // only when the same keys fail a hundred seeds
		}
		fuse = *f
	}
	b := append([]byte("EVFT"), 1, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, fuse.Seed)
	for _, v := range []uint32{fuse.SegmentLength, fuse.SegmentLengthMask, fuse.SegmentCount, fuse.SegmentCountLength, uint32(len(fuse.Fingerprints))} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, fuse.Fingerprints...)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

var errFilter = errors.New("damaged trace filter")

func readFilter(b []byte) (filter, error) {
	if len(b) < filterHeader+8 || string(b[:4]) != "EVFT" {
		return filter{}, fmt.Errorf("%w: no header", errFilter)
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != 1 {
		return filter{}, fmt.Errorf("%w: unknown format %d", errFilter, v)
	}
	body := b[:len(b)-8]
	if xxhash.Sum64(body) != binary.LittleEndian.Uint64(b[len(b)-8:]) {
		return filter{}, fmt.Errorf("%w: checksum mismatch", errFilter)
	}
	n := binary.LittleEndian.Uint32(b[32:])
	if int(n) != len(body)-filterHeader {
		return filter{}, fmt.Errorf("%w: %d fingerprints in %d bytes", errFilter, n, len(body)-filterHeader)
	}
	if n == 0 {
		return filter{}, nil
	}
	fuse := &xorfilter.BinaryFuse8{
		Seed:               binary.LittleEndian.Uint64(b[8:]),
		SegmentLength:      binary.LittleEndian.Uint32(b[16:]),
		SegmentLengthMask:  binary.LittleEndian.Uint32(b[20:]),
		SegmentCount:       binary.LittleEndian.Uint32(b[24:]),
		SegmentCountLength: binary.LittleEndian.Uint32(b[28:]),
		Fingerprints:       body[filterHeader:],
	}
	// The three slots of a key lie in three neighbouring segments, whose length
	// is a power of two: within one, a slot is moved by exclusive or.
	if bits.OnesCount32(fuse.SegmentLength) != 1 || fuse.SegmentLengthMask != fuse.SegmentLength-1 ||
		uint64(fuse.SegmentCountLength) != uint64(fuse.SegmentCount)*uint64(fuse.SegmentLength) ||
		uint64(fuse.SegmentCountLength)+2*uint64(fuse.SegmentLength) > uint64(n) {
		return filter{}, fmt.Errorf("%w: sizes do not agree", errFilter)
	}
	return filter{fuse}, nil
}

// has reports whether a trace may be in the block.
func (f filter) has(id span.TraceID) bool { return f.fuse != nil && f.fuse.Contains(hashID(id)) }
