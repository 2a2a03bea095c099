package block

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sort"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

var zstdDecoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPage))

// pageLimit bounds the rows of a page, far above what is written.
const pageLimit = 1 << 20

// pageIndex is where the pages of a column are.
type pageIndex struct {
	offsets []int64  // of each page, and the end of the last
	rows    []uint32 // first row of each page, and the number of rows
}

func (p *pageIndex) held() int { return 12 * len(p.offsets) }

// pages is the number of pages.
func (p *pageIndex) pages() int { return len(p.offsets) - 1 }

// pageOf returns the page that holds a row.
func (p *pageIndex) pageOf(row int) int {
	return sort.Search(p.pages(), func(i int) bool { return int(p.rows[i+1]) > row })
}

// pageIndex returns where a column's pages are.
func (f *fileReader) pageIndex(ctx context.Context, c *columnChunk) (*pageIndex, error) {
	return lookup(f.cache, f.key, c.index[0], func() (*pageIndex, error) {
		raw, err := f.read(ctx, c.index[0], int(c.index[1]))
		if err != nil {
			return nil, err
		}
		var index format.OffsetIndex
		if _, err := unmarshal(raw, &index); err != nil {
			return nil, f.corrupt(c.index[0], fmt.Errorf("page index: %w", err))
		}
		n := len(index.PageLocations)
		p := &pageIndex{make([]int64, n+1), make([]uint32, n+1)}
		p.offsets[n], p.rows[n] = c.end, uint32(f.rows)
		at := c.data
		for i, l := range index.PageLocations {
			next := uint32(f.rows)
			if i+1 < n {
				next = uint32(index.PageLocations[i+1].FirstRowIndex)
			}
			if l.Offset != at || l.CompressedPageSize <= 0 || uint32(l.FirstRowIndex) >= next || next-uint32(l.FirstRowIndex) > pageLimit {
				return nil, f.corrupt(c.index[0], "pages are out of order")
			}
			p.offsets[i], p.rows[i] = l.Offset, uint32(l.FirstRowIndex)
			at += int64(l.CompressedPageSize)
		}
		if n == 0 || p.rows[0] != 0 || at != c.end {
			return nil, f.corrupt(c.index[0], "pages do not fill their column")
		}
		return p, nil
	})
}

// open checks a page as it is stored, header and all, and unpacks it, into scratch
// if that is large enough.
func (f *fileReader) open(c *columnChunk, offset int64, stored, scratch []byte) (header, []byte, error) {
	h, body, err := f.check(offset, stored)
	if err != nil {
		return h, nil, err
	}
	if c.codec == format.Uncompressed {
		if len(body) != int(h.size) {
			return h, nil, f.corrupt(offset, fmt.Errorf("a page of %d bytes, not %d", len(body), h.size))
		}
		return h, body, nil
	}
	if body, err = decompress(scratch, body, c.codec, int(h.size)); err != nil {
		return h, nil, f.corrupt(offset, err)
	}
	return h, body, nil
}

// check parses a page's header and compares its checksum.
func (f *fileReader) check(offset int64, stored []byte) (header, []byte, error) {
	h, body, err := readHeader(stored)
	if err != nil {
		return h, nil, f.corrupt(offset, err)
	}
	if int(h.packed) != len(body) {
		return h, nil, f.corrupt(offset, fmt.Errorf("page of %d bytes where %d are left", h.packed, len(body)))
	}
	if crc32.ChecksumIEEE(body) != h.crc {
		return h, nil, f.corrupt(offset, "page checksum mismatch")
	}
	if h.size > maxPage {
		return h, nil, f.corrupt(offset, fmt.Errorf("a page of %d bytes", h.size))
	}
	return h, body, nil
}

// maxSnappy is more than what Snappy can make of a byte: copies of 64 from three.
const maxSnappy = 32

func decompress(dst, src []byte, codec format.CompressionCodec, size int) ([]byte, error) {
	if codec == format.Snappy {
		if n, err := s2.DecodedLen(src); err != nil || n != size {
			return nil, fmt.Errorf("compressed from %d bytes, not %d (%v)", n, size, err)
		}
		if size > maxSnappy*len(src)+64 {
			return nil, fmt.Errorf("%d bytes can't come from %d", size, len(src))
		}
		return s2.Decode(dst[:cap(dst)], src)
	}
	// A frame that says how large it is gets that much at once.
	var h zstd.Header
	if err := h.Decode(src); err == nil && h.HasFCS && h.FrameContentSize != uint64(size) {
		return nil, fmt.Errorf("compressed from %d bytes, not %d", h.FrameContentSize, size)
	}
	// Memory is not given on a header's word alone: past what is usual, it grows
	// with what really comes out.
	if cap(dst) < size {
		dst = make([]byte, 0, min(size, 64*len(src)+1<<16))
	}
	out, err := zstdDecoder.DecodeAll(src, dst[:0])
	if err != nil {
		return nil, err
	}
	if len(out) != size {
		return nil, fmt.Errorf("decompressed to %d bytes, not %d", len(out), size)
	}
	return out, nil
}

// levels takes levels, which stand behind their length, from the front of a page.
func levels(page []byte) (levels, rest []byte, err error) {
	if len(page) < 4 {
		return nil, nil, errShort
	}
	n := binary.LittleEndian.Uint32(page)
	if uint64(n) > uint64(len(page)-4) {
		return nil, nil, errShort
	}
	return page[4 : 4+n], page[4+n:], nil
}
