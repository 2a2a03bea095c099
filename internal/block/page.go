package block

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"sort"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// page is a data page. Its levels lie open, its values have to be unpacked, and
// so has the dictionary that they may refer to: both only when a row of interest
// has a value at all.
type page struct {
	first              int // row of the file
	head               format.DataPageHeaderV2
	repetition, levels []byte
	body               func() ([]byte, error)
	dict               *dictionary // nil when the column has none
}

// pageIndex returns where a column's pages are, and keeps it.
func (f *fileReader) pageIndex(ctx context.Context, c *format.ColumnChunk) ([]format.PageLocation, error) {
	f.mu.Lock()
	pages := f.indexes[c]
	f.mu.Unlock()
	if pages != nil {
		return pages, nil
	}
	raw, err := f.read(ctx, c.OffsetIndexOffset, int(c.OffsetIndexLength))
	if err != nil {
		return nil, err
	}
	var index format.OffsetIndex
	if _, err := unmarshal(raw, &index); err != nil {
		return nil, f.corrupt(c.OffsetIndexOffset, fmt.Errorf("page index: %w", err))
	}
	pages = index.PageLocations
	row := int64(-1)
	for i, p := range pages {
		if p.FirstRowIndex <= row || p.FirstRowIndex >= int64(f.rows) || i == 0 && p.FirstRowIndex != 0 {
			return nil, f.corrupt(c.OffsetIndexOffset, "pages are out of order")
		}
		row = p.FirstRowIndex
	}
	if len(pages) == 0 {
		return nil, f.corrupt(c.OffsetIndexOffset, "a column without pages")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.indexes == nil {
		f.indexes = make(map[*format.ColumnChunk][]format.PageLocation)
	}
	f.indexes[c] = pages
	f.held += int64(24 * len(pages))
	return pages, nil
}

// pages reads the data pages that hold rows [from, to), and the dictionary
// before them if there is one.
func (f *fileReader) pages(ctx context.Context, c *format.ColumnChunk, from, to int, each func(*page) error) error {
	start, size := f.chunkStart(c), c.MetaData.TotalCompressedSize
	pages, err := f.pageIndex(ctx, c)
	if err != nil {
		return err
	}
	lo := sort.Search(len(pages), func(i int) bool { return pages[i].FirstRowIndex > int64(from) }) - 1
	hi := sort.Search(len(pages), func(i int) bool { return pages[i].FirstRowIndex >= int64(to) })
	first, last := pages[lo], pages[hi-1]
	end := last.Offset + int64(last.CompressedPageSize)
	if first.Offset < c.MetaData.DataPageOffset || end > start+size || end < first.Offset {
		return f.corrupt(c.OffsetIndexOffset, "a page lies outside its column")
	}

	var dict *dictionary
	if start < c.MetaData.DataPageOffset {
		dict = f.dictionary(start, c.MetaData.DataPageOffset)
	}
	buf, err := f.read(ctx, first.Offset, int(end-first.Offset))
	if err != nil {
		return err
	}
	for i := lo; i < hi; i++ {
		p := pages[i]
		off := p.Offset - first.Offset
		if off < 0 || p.CompressedPageSize < 0 || off+int64(p.CompressedPageSize) > int64(len(buf)) {
			return f.corrupt(c.OffsetIndexOffset, "a page lies outside its column")
		}
		h, body, err := f.pageAt(p.Offset, buf[off:off+int64(p.CompressedPageSize)])
		if err != nil {
			return err
		}
		// A page's header has no checksum of its own: what it says has to agree
		// with the index, the levels and the sizes.
		v2 := h.DataPageHeaderV2.V
		next := int64(f.rows)
		if i+1 < len(pages) {
			next = pages[i+1].FirstRowIndex
		}
		if h.Type != format.DataPageV2 || !h.DataPageHeaderV2.Valid || int64(v2.NumRows) != next-p.FirstRowIndex || v2.NumValues < v2.NumRows {
			return f.corrupt(p.Offset, fmt.Errorf("not a data page of %d rows", next-p.FirstRowIndex))
		}
		out := page{first: int(p.FirstRowIndex), head: v2, dict: dict}
		rep, def := int(v2.RepetitionLevelsByteLength), int(v2.DefinitionLevelsByteLength)
		if rep < 0 || def < 0 || rep+def > len(body) {
			return f.corrupt(p.Offset, "levels are longer than the page")
		}
		out.repetition, out.levels = body[:rep], body[rep:rep+def]
		packed := body[rep+def:]
		size := int(h.UncompressedPageSize) - rep - def
		out.body = func() ([]byte, error) { return decompress(packed, size) }
		if v2.IsCompressed.Valid && !v2.IsCompressed.V {
			out.body = func() ([]byte, error) {
				if len(packed) != size {
					return nil, fmt.Errorf("%d bytes of values, not %d", len(packed), size)
				}
				return packed, nil
			}
		}
		if err := each(&out); errors.Is(err, errRead) {
			return err
		} else if err != nil {
			return f.corrupt(p.Offset, err)
		}
	}
	return nil
}

// pageAt parses a page's header and checks its checksum.
func (f *fileReader) pageAt(offset int64, b []byte) (*format.PageHeader, []byte, error) {
	var h format.PageHeader
	n, err := unmarshal(b, &h)
	if err != nil {
		return nil, nil, f.corrupt(offset, fmt.Errorf("page header: %w", err))
	}
	body := b[n:]
	if int(h.CompressedPageSize) != len(body) {
		return nil, nil, f.corrupt(offset, fmt.Errorf("page of %d bytes where %d are left", h.CompressedPageSize, len(body)))
	}
	if crc32.ChecksumIEEE(body) != uint32(h.CRC) {
		return nil, nil, f.corrupt(offset, "page checksum mismatch")
	}
	if h.UncompressedPageSize < 0 || h.UncompressedPageSize > maxPage {
		return nil, nil, f.corrupt(offset, "size of the page")
	}
	return &h, body, nil
}

func decompress(src []byte, size int) ([]byte, error) {
	if size < 0 || size > maxPage {
		return nil, fmt.Errorf("size %d of a page", size)
	}
	// A frame that says how large it is gets that much at once.
	var h zstd.Header
	if err := h.Decode(src); err == nil && h.HasFCS && h.FrameContentSize != uint64(size) {
		return nil, fmt.Errorf("compressed from %d bytes, not %d", h.FrameContentSize, size)
	}
	// Memory is not given on a header's word alone: past what is usual, it grows
	// with what really comes out.
	out, err := zstdDecoder.DecodeAll(src, make([]byte, 0, min(size, 64*len(src)+1<<16)))
	if err != nil {
		return nil, err
	}
	if len(out) != size {
		return nil, fmt.Errorf("decompressed to %d bytes, not %d", len(out), size)
	}
	return out, nil
}

// pageLimit bounds the rows of a page, far above what is written.
const pageLimit = 1 << 20
