package block

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"sort"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// maxFooter and maxPage bound what a damaged length can make us allocate.
	maxFooter = 256 << 20
	maxPage   = 1 << 30
	// chunkBytes is the size up to which a column chunk is read in one go,
	// dictionary and all: one read is cheaper than two.
	chunkBytes = 128 << 10
)

var zstdDecoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPage))

// fileReader reads columns of one Parquet file of a block. It keeps the parsed
// footer and is safe for concurrent use.
type fileReader struct {
	bkt     bucket.Bucket
	key     string
	size    int64
	rows    int
	tail    []byte                         // the last bytes of the file: indexes and footer
	columns map[string]*format.ColumnChunk // by path, joined with slashes
	schema  map[string]format.SchemaElement
	meta    map[string]string
	attrs   []attributeColumn
}

func (f *fileReader) corrupt(at int64, why any) error {
	return fmt.Errorf("%w: %s at offset %d: %v", ErrCorrupt, f.key, at, why)
}

func openFile(ctx context.Context, bkt bucket.Bucket, key string, file File) (*fileReader, error) {
	f := &fileReader{bkt: bkt, key: key, size: file.Bytes}
	const foot = 8 // length of the footer, magic
	if file.Index < int64(len(magic)) || file.Index > file.Bytes-foot || file.Bytes-file.Index > maxFooter {
		return nil, f.corrupt(file.Index, fmt.Errorf("index does not fit into %d bytes", file.Bytes))
	}
	tail, err := f.read(ctx, file.Index, int(file.Bytes-file.Index))
	if err != nil {
		return nil, err
	}
	if xxhash.Sum64(tail) != file.Sum {
		return nil, f.corrupt(file.Index, "checksum mismatch of page index and footer")
	}
	n := int64(binary.LittleEndian.Uint32(tail[len(tail)-foot:]))
	if string(tail[len(tail)-4:]) != magic || n > int64(len(tail)-foot) {
		return nil, f.corrupt(f.size-foot, "no Parquet footer")
	}
	f.tail = tail
	start := f.size - foot - n
	var m format.FileMetaData
	if _, err := unmarshal(tail[int64(len(tail)-foot)-n:len(tail)-foot], &m); err != nil {
		return nil, f.corrupt(start, fmt.Errorf("footer: %w", err))
	}
	if err := f.load(&m); err != nil {
		return nil, f.corrupt(start, err)
	}
	return f, nil
}

// unmarshal decodes thrift's compact protocol and returns the bytes it used.
// The library may panic on bytes that no writer made; for us that is one more
// way of being corrupt.
func unmarshal(b []byte, v any) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("thrift: %v", r)
		}
	}()
	r := new(thrift.CompactProtocol).NewReaderFromBytes(b)
	err = thrift.NewDecoder(r).Decode(v)
	return r.BytesRead(), err
}

func (f *fileReader) load(m *format.FileMetaData) error {
	f.meta = make(map[string]string)
	for _, kv := range m.KeyValueMetadata {
		f.meta[kv.Key] = kv.Value
	}
	if v, err := strconv.Atoi(f.meta[metaFormat]); err != nil || v < 1 || v > Format {
		return fmt.Errorf("block format %q, this build reads 1 to %d", f.meta[metaFormat], Format)
	}
	f.columns = make(map[string]*format.ColumnChunk)
	f.schema = make(map[string]format.SchemaElement)
	for _, e := range m.Schema {
		f.schema[e.Name] = e
	}
	if m.NumRows < 0 || m.NumRows > 1<<31 || len(m.RowGroups) > 1 || (m.NumRows > 0) != (len(m.RowGroups) == 1) {
		return fmt.Errorf("%d rows in %d row groups", m.NumRows, len(m.RowGroups))
	}
	f.rows = int(m.NumRows)
	if f.rows > 0 {
		for i := range m.RowGroups[0].Columns {
			c := &m.RowGroups[0].Columns[i]
			path := ""
			for i, p := range c.MetaData.PathInSchema {
				if i > 0 {
					path += "/"
				}
				path += p
			}
			size := c.MetaData.TotalCompressedSize
			start, first := f.chunkStart(c), c.MetaData.DataPageOffset
			if start < int64(len(magic)) || size < 0 || start > f.size-size || first < start || first > start+size {
				return fmt.Errorf("column %q lies outside the file", path)
			}
			if c.OffsetIndexOffset < 0 || c.OffsetIndexLength < 0 || c.OffsetIndexOffset > f.size-int64(c.OffsetIndexLength) {
				return fmt.Errorf("index of column %q lies outside the file", path)
			}
			f.columns[path] = c
		}
	}
	if text, ok := f.meta[metaColumns]; ok {
		if err := json.Unmarshal([]byte(text), &f.attrs); err != nil {
			return fmt.Errorf("attribute columns: %w", err)
		}
	}
	return nil
}

func (f *fileReader) chunkStart(c *format.ColumnChunk) int64 {
	if d := c.MetaData.DictionaryPageOffset; d != 0 && d < c.MetaData.DataPageOffset {
		return d
	}
	return c.MetaData.DataPageOffset
}

// read returns bytes of the file, which must not be changed.
func (f *fileReader) read(ctx context.Context, off int64, n int) ([]byte, error) {
	if at := off - (f.size - int64(len(f.tail))); at >= 0 && off+int64(n) <= f.size {
		return f.tail[at : at+int64(n)], nil
	}
	p := make([]byte, n)
	if err := f.bkt.ReadAt(ctx, f.key, p, off); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.key, err)
	}
	return p, nil
}

// values is what a range of rows of one column holds. Row i of the range has
// value at[i]-1, or is null where at[i] is 0.
type values struct {
	shape   shape
	at      []uint32
	nums    []uint64 // of numbers
	bytes   [][]byte // of texts, ids and dictionaries
	codes   []uint32 // into bytes, when there is a dictionary
	hasDict bool
}

// num returns value i as a number, 0 for null.
func (v *values) num(row int) uint64 {
	if v.at[row] == 0 {
		return 0
	}
	return v.nums[v.at[row]-1]
}

// text returns row's bytes, nil for null.
func (v *values) text(row int) []byte {
	if v.at[row] == 0 {
		return nil
	}
	return v.entry(int(v.at[row] - 1))
}

// entry returns the bytes of value i.
func (v *values) entry(i int) []byte {
	if v.hasDict {
		return v.bytes[v.codes[i]]
	}
	return v.bytes[i]
}

// column reads rows [from, to) of a column. A column that the file does not
// have reads as nulls.
func (f *fileReader) column(ctx context.Context, name string, s shape, from, to int) (*values, error) {
	v := &values{shape: s, at: make([]uint32, 0, to-from)}
	c, ok := f.columns[name]
	if !ok || from >= to {
		v.at = v.at[:to-from]
		return v, nil
	}
	if got := c.MetaData.Type; got != s.physical() {
		return nil, f.corrupt(f.chunkStart(c), fmt.Errorf("column %q is %v, not %v", name, got, s.physical()))
	}
	optional := f.schema[name].RepetitionType.V == format.Optional
	err := f.pages(ctx, c, from, to, func(h *format.DataPageHeaderV2, p page) error {
		return v.add(h, p, optional, max(from-p.first, 0), min(to-p.first, int(h.NumRows)))
	}, v.dictionary)
	if err == nil && len(v.at) != to-from {
		err = f.corrupt(f.chunkStart(c), fmt.Errorf("column %q has %d of %d rows", name, len(v.at), to-from))
	}
	return v, err
}

// page is a data page, decompressed.
type page struct {
	first              int // row of the file
	repetition, levels []byte
	body               []byte
}

// pages reads the data pages that hold rows [from, to), and the dictionary
// before them if there is one.
func (f *fileReader) pages(ctx context.Context, c *format.ColumnChunk, from, to int,
	each func(*format.DataPageHeaderV2, page) error, dictionary func(n int, body []byte) error) error {
	start, size := f.chunkStart(c), c.MetaData.TotalCompressedSize
	raw, err := f.read(ctx, c.OffsetIndexOffset, int(c.OffsetIndexLength))
	if err != nil {
		return err
	}
	var index format.OffsetIndex
	if _, err := unmarshal(raw, &index); err != nil {
		return f.corrupt(c.OffsetIndexOffset, fmt.Errorf("page index: %w", err))
	}
	pages := index.PageLocations
	if !slices.IsSortedFunc(pages, func(a, b format.PageLocation) int { return int(a.FirstRowIndex - b.FirstRowIndex) }) || len(pages) == 0 || pages[0].FirstRowIndex != 0 {
		return f.corrupt(c.OffsetIndexOffset, "pages are out of order")
	}
	lo := sort.Search(len(pages), func(i int) bool { return pages[i].FirstRowIndex > int64(from) }) - 1
	hi := sort.Search(len(pages), func(i int) bool { return pages[i].FirstRowIndex >= int64(to) })
	first, last := pages[lo], pages[hi-1]
	end := last.Offset + int64(last.CompressedPageSize)
	if first.Offset < c.MetaData.DataPageOffset || end > start+size || end < first.Offset {
		return f.corrupt(c.OffsetIndexOffset, "a page lies outside its column")
	}

	hasDict := start < c.MetaData.DataPageOffset
	dictSize := c.MetaData.DataPageOffset - start
	var buf []byte // from base to end
	base := first.Offset
	if hasDict {
		if end-start <= chunkBytes || first.Offset == c.MetaData.DataPageOffset {
			base = start
		} else {
			dict, err := f.read(ctx, start, int(dictSize))
			if err != nil {
				return err
			}
			if err := f.dictionaryPage(start, dict, dictionary); err != nil {
				return err
			}
		}
	}
	if buf, err = f.read(ctx, base, int(end-base)); err != nil {
		return err
	}
	if hasDict && base == start {
		if err := f.dictionaryPage(start, buf[:dictSize], dictionary); err != nil {
			return err
		}
	}
	for i := lo; i < hi; i++ {
		p := pages[i]
		off := p.Offset - base
		if off < 0 || p.CompressedPageSize < 0 || off+int64(p.CompressedPageSize) > int64(len(buf)) {
			return f.corrupt(c.OffsetIndexOffset, "a page lies outside its column")
		}
		h, body, err := f.pageAt(p.Offset, buf[off:off+int64(p.CompressedPageSize)])
		if err != nil {
			return err
		}
		v2 := h.DataPageHeaderV2.V
		if h.Type != format.DataPageV2 || !h.DataPageHeaderV2.Valid || v2.NumRows < 0 || v2.NumValues < v2.NumRows {
			return f.corrupt(p.Offset, "not a data page")
		}
		out := page{first: int(p.FirstRowIndex)}
		rep, def := int(v2.RepetitionLevelsByteLength), int(v2.DefinitionLevelsByteLength)
		if rep < 0 || def < 0 || rep+def > len(body) {
			return f.corrupt(p.Offset, "levels are longer than the page")
		}
		out.repetition, out.levels, out.body = body[:rep], body[rep:rep+def], body[rep+def:]
		if !v2.IsCompressed.Valid || v2.IsCompressed.V {
			if out.body, err = decompress(out.body, int(h.UncompressedPageSize)-rep-def); err != nil {
				return f.corrupt(p.Offset, err)
			}
		}
		if err := each(&v2, out); err != nil {
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

func (f *fileReader) dictionaryPage(offset int64, b []byte, each func(n int, body []byte) error) error {
	h, body, err := f.pageAt(offset, b)
	if err != nil {
		return err
	}
	if h.Type != format.DictionaryPage || !h.DictionaryPageHeader.Valid {
		return f.corrupt(offset, "not a dictionary page")
	}
	if body, err = decompress(body, int(h.UncompressedPageSize)); err != nil {
		return f.corrupt(offset, err)
	}
	if err := each(int(h.DictionaryPageHeader.V.NumValues), body); err != nil {
		return f.corrupt(offset, err)
	}
	return nil
}

func decompress(src []byte, size int) ([]byte, error) {
	if size < 0 || size > maxPage {
		return nil, fmt.Errorf("size %d of a page", size)
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

// dictionary takes the values of a dictionary page.
func (v *values) dictionary(n int, body []byte) (err error) {
	if n < 0 || n > len(body)/4 {
		return fmt.Errorf("%d values in a dictionary of %d bytes", n, len(body))
	}
	v.hasDict = true
	v.bytes, err = decodePlain(make([][]byte, 0, n), body, n)
	return err
}

// add decodes rows [from, to) of a page. All of the page is decoded: rows lie
// behind each other in every encoding.
func (v *values) add(h *format.DataPageHeaderV2, p page, optional bool, from, to int) error {
	n := int(h.NumRows)
	if len(p.repetition) > 0 || h.NumValues != h.NumRows || n > pageLimit {
		return fmt.Errorf("%d values in %d rows of a flat column", h.NumValues, n)
	}
	present := n
	var levels []uint32
	if optional {
		var err error
		if levels, _, err = decodeRuns(nil, p.levels, 1, n); err != nil {
			return fmt.Errorf("levels: %w", err)
		}
		present = 0
		for _, l := range levels {
			present += int(l)
		}
	}
	base := uint32(v.count())
	if err := v.decode(h.Encoding, p.body, present); err != nil {
		return err
	}
	next := base
	for i := range n {
		at := uint32(0)
		if levels == nil || levels[i] == 1 {
			next++
			at = next
		}
		if i >= from && i < to {
			v.at = append(v.at, at)
		}
	}
	return nil
}

// pageLimit bounds the rows of a page, far above what is written.
const pageLimit = 1 << 20

func (v *values) count() int {
	if v.hasDict {
		return len(v.codes)
	}
	if v.shape.isText() || v.shape.width() > 0 {
		return len(v.bytes)
	}
	return len(v.nums)
}

// decode appends n values of a page.
func (v *values) decode(e format.Encoding, body []byte, n int) (err error) {
	switch {
	case e == format.RLEDictionary && v.hasDict && v.shape.isText():
		if n == 0 {
			return nil
		}
		if len(body) == 0 {
			return errShort
		}
		from := len(v.codes)
		if v.codes, _, err = decodeRuns(v.codes, body[1:], int(body[0]), n); err != nil {
			return err
		}
		for _, c := range v.codes[from:] {
			if int(c) >= len(v.bytes) {
				return fmt.Errorf("code %d of a dictionary of %d", c, len(v.bytes))
			}
		}
		return nil
	case e == format.Plain && !v.hasDict && v.shape.isText():
		v.bytes, err = decodePlain(v.bytes, body, n)
	case e == format.Plain && v.shape.width() > 0:
		v.bytes, err = decodeFixed(v.bytes, body, v.shape.width(), n)
	case e == format.Plain && v.shape == shapeDouble:
		if len(body) < 8*n {
			return errShort
		}
		for i := range n {
			v.nums = append(v.nums, binary.LittleEndian.Uint64(body[8*i:]))
		}
	case e == format.Plain && v.shape == shapeBool:
		if len(body) < (n+7)/8 {
			return errShort
		}
		for i := range n {
			v.nums = append(v.nums, uint64(body[i/8]>>(i%8)&1))
		}
	case e == format.DeltaBinaryPacked && (v.shape == shapeInt64 || v.shape == shapeTime || v.shape == shapeInt32):
		from := len(v.nums)
		if v.nums, err = decodeDelta(v.nums, body, n); err == nil && v.shape == shapeInt32 {
			for i, x := range v.nums[from:] {
				v.nums[from+i] = uint64(int64(int32(x)))
			}
		}
	default:
		return fmt.Errorf("encoding %v of a column of shape %d", e, v.shape)
	}
	return err
}
