package block

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/FastFilter/xorfilter"
	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/span"
)

// The filter answers "this trace is not here" without reading the block: a
// binary fuse filter (Graf and Lemire, 2022) of 8 bits over the hashes of the
// trace ids, nine bits a trace, one wrong "maybe" in 256. A question looks at
// three fingerprints, so the file is read in pages and never has to be in memory
// as a whole. Layout, little-endian:
//
//	offset  size  field
//	     0     4  "EVFT"
//	     4     4  format number, 2
//	     8     8  seed
//	    16     4  segment length
//	    20     4  segment count length
//	    24     4  number of fingerprints; 0 when the block has no trace
//	    28     4  zero
//	    32     8  xxhash64 of all that stands before
//	    40        pages of 4,088 fingerprints, the last one padded with zeroes,
//	              and 8 bytes with the xxhash64 of the page
const (
	filterMagic   = "EVFT"
	filterFormat  = 2
	filterHeader  = 40
	filterPage    = 4096
	filterPayload = filterPage - 8
)

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
	b := append([]byte(filterMagic), filterFormat, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, fuse.Seed)
	for _, v := range []uint32{fuse.SegmentLength, fuse.SegmentCountLength, uint32(len(fuse.Fingerprints)), 0} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
	for rest := fuse.Fingerprints; len(rest) > 0; {
		page := make([]byte, filterPayload, filterPage)
		rest = rest[copy(page, rest):]
		b = append(b, binary.LittleEndian.AppendUint64(page, xxhash.Sum64(page))...)
	}
	return b
}

func writeFilter(out io.Writer, traces []trace) (File, error) {
	ids := make([]span.TraceID, len(traces))
	for i := range traces {
		ids[i] = traces[i].id
	}
	b := buildFilter(ids)
	_, err := out.Write(b)
	return File{Bytes: int64(len(b)), Sum: xxhash.Sum64(b)}, err
}

// filter is the header of a filter.
type filter struct {
	seed                       uint64
	segmentLength, countLength uint32
	fingerprints               uint32
}

func (f *filter) held() int { return 32 }

// readFilter parses the header of a filter of so many bytes.
func readFilter(b []byte, size int64) (*filter, error) {
	if len(b) != filterHeader || string(b[:4]) != filterMagic {
		return nil, fmt.Errorf("trace filter: no header")
	}
	if v := binary.LittleEndian.Uint32(b[4:]); v != filterFormat {
		return nil, fmt.Errorf("trace filter: unknown format %d", v)
	}
	if xxhash.Sum64(b[:32]) != binary.LittleEndian.Uint64(b[32:]) {
		return nil, fmt.Errorf("trace filter: header checksum mismatch")
	}
	f := &filter{
		seed:          binary.LittleEndian.Uint64(b[8:]),
		segmentLength: binary.LittleEndian.Uint32(b[16:]),
		countLength:   binary.LittleEndian.Uint32(b[20:]),
		fingerprints:  binary.LittleEndian.Uint32(b[24:]),
	}
	pages := (int64(f.fingerprints) + filterPayload - 1) / filterPayload
	if size != filterHeader+pages*filterPage {
		return nil, fmt.Errorf("trace filter: %d fingerprints in %d bytes", f.fingerprints, size)
	}
	// The three slots of a key lie in three neighbouring segments, whose length
	// is a power of two: within one, a slot is moved by exclusive or.
	if f.fingerprints > 0 && (bits.OnesCount32(f.segmentLength) != 1 || uint64(f.countLength)+2*uint64(f.segmentLength) > uint64(f.fingerprints)) {
		return nil, fmt.Errorf("trace filter: sizes do not agree")
	}
	return f, nil
}

// slots returns the places of a key's three fingerprints, and what they give
// together when the key was put in.
func (f *filter) slots(key uint64) (slots [3]uint32, fingerprint byte) {
	// MurmurHash3's finaliser, as the library mixes its keys.
	h := key + f.seed
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	high, _ := bits.Mul64(h, uint64(f.countLength))
	slots[0] = uint32(high)
	slots[1] = slots[0] + f.segmentLength
	slots[2] = slots[1] + f.segmentLength
	mask := f.segmentLength - 1
	slots[1] ^= uint32(h>>18) & mask
	slots[2] ^= uint32(h) & mask
	return slots, byte(h ^ h>>32)
}

// filterPart is a page of fingerprints.
type filterPart []byte

func (p filterPart) held() int { return len(p) }

// mayHave asks the filter whether a trace may be here.
func (r *Reader) mayHave(ctx context.Context, id span.TraceID) (bool, error) {
	key, size := r.Meta.Key(filterFile), r.Meta.Files[filterFile].Bytes
	f, err := lookup(r.cache, key, 0, func() (*filter, error) {
		b := make([]byte, filterHeader)
		if err := r.bkt.ReadAt(ctx, key, b, 0); err != nil {
			return nil, fmt.Errorf("%w trace filter: %w", errRead, err)
		}
		f, err := readFilter(b, size)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrCorrupt, key, err)
		}
		return f, nil
	})
	if err != nil || f.fingerprints == 0 {
		return false, err
	}
	slots, fingerprint := f.slots(hashID(id))
	for _, slot := range slots {
		at := filterHeader + int64(slot/filterPayload)*filterPage
		page, err := lookup(r.cache, key, at, func() (filterPart, error) {
			p := make([]byte, filterPage)
			if err := r.bkt.ReadAt(ctx, key, p, at); err != nil {
				return nil, fmt.Errorf("%w trace filter: %w", errRead, err)
			}
			if xxhash.Sum64(p[:filterPayload]) != binary.LittleEndian.Uint64(p[filterPayload:]) {
				return nil, fmt.Errorf("%w: %s at offset %d: page checksum mismatch", ErrCorrupt, key, at)
			}
			return p, nil
		})
		if err != nil {
			return false, err
		}
		fingerprint ^= page[slot%filterPayload]
	}
	return fingerprint == 0, nil
}
