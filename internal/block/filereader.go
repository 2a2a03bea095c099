package block

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"sort"
	"strconv"
	"sync"

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

	mu      sync.Mutex
	dicts   map[int64]*dictionary // by the offset of their page
	indexes map[*format.ColumnChunk][]format.PageLocation
	held    int64 // bytes of both
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

// errRead marks errors of the bucket, which say nothing about the bytes.
var errRead = errors.New("read")

// read returns bytes of the file, which must not be changed.
func (f *fileReader) read(ctx context.Context, off int64, n int) ([]byte, error) {
	if at := off - (f.size - int64(len(f.tail))); at >= 0 && off+int64(n) <= f.size {
		return f.tail[at : at+int64(n)], nil
	}
	p := make([]byte, n)
	if err := f.bkt.ReadAt(ctx, f.key, p, off); err != nil {
		return nil, fmt.Errorf("%w %s: %w", errRead, f.key, err)
	}
	return p, nil
}

// values is what a range of rows of one column holds. Row i of the range has
// value at[i]-1, or is null where at[i] is 0.
type values struct {
	shape shape
	at    []uint32
	nums  []uint64 // of numbers
	bytes [][]byte // of texts and ids, without a dictionary
	dict  *dictionary
	codes []uint32 // into dict
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
	if v.dict != nil {
		return v.dict.value(v.codes[i])
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
	err := f.pages(ctx, c, from, to, func(p *page) error {
		return v.add(ctx, p, optional, max(from-p.first, 0), min(to-p.first, int(p.head.NumRows)))
	})
	if err == nil && len(v.at) != to-from {
		err = f.corrupt(f.chunkStart(c), fmt.Errorf("column %q has %d of %d rows", name, len(v.at), to-from))
	}
	return v, err
}

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

// dictionary is a column's dictionary page. It is loaded when a value is first
// needed, and then kept by the file's reader: to find one value all of them have
// to be unpacked.
type dictionary struct {
	file       *fileReader
	start, end int64 // of the page

	mu   sync.Mutex
	body []byte   // nil until it is loaded
	ends []uint32 // of value i in body; it begins four bytes behind the one before
}

// open loads the values. What fails once, maybe because its caller gave up, may
// succeed for the next.
func (d *dictionary) open(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.body != nil {
		return nil
	}
	raw, err := d.file.read(ctx, d.start, int(d.end-d.start))
	if err != nil {
		return err
	}
	n, body, err := d.file.dictionaryPage(d.start, raw)
	if err != nil {
		return err
	}
	if n < 0 || n > len(body)/4 {
		return fmt.Errorf("%d values in a dictionary of %d bytes", n, len(body))
	}
	ends := make([]uint32, 0, n)
	at := 0
	for range n {
		if len(body)-at < 4 {
			return errShort
		}
		size := binary.LittleEndian.Uint32(body[at:])
		if at += 4; uint64(size) > uint64(len(body)-at) {
			return errShort
		}
		at += int(size)
		ends = append(ends, uint32(at))
	}
	if at != len(body) {
		return fmt.Errorf("%d values fill %d of %d bytes of the dictionary", n, at, len(body))
	}
	d.body, d.ends = body, ends
	d.file.mu.Lock()
	defer d.file.mu.Unlock()
	d.file.held += int64(len(body) + 4*n)
	return nil
}

func (d *dictionary) len() int { return len(d.ends) }

func (d *dictionary) value(code uint32) []byte {
	start := uint32(4)
	if code > 0 {
		start += d.ends[code-1]
	}
	return d.body[start:d.ends[code]:d.ends[code]]
}

// dictionary returns the dictionary whose page is there, loaded or not.
func (f *fileReader) dictionary(start, end int64) *dictionary {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.dicts[start]
	if d == nil {
		d = &dictionary{file: f, start: start, end: end}
		if f.dicts == nil {
			f.dicts = make(map[int64]*dictionary)
		}
		f.dicts[start] = d
	}
	return d
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

func (f *fileReader) dictionaryPage(offset int64, b []byte) (n int, body []byte, err error) {
	h, body, err := f.pageAt(offset, b)
	if err != nil {
		return 0, nil, err
	}
	if h.Type != format.DictionaryPage || !h.DictionaryPageHeader.Valid {
		return 0, nil, f.corrupt(offset, "not a dictionary page")
	}
	body, err = decompress(body, int(h.UncompressedPageSize))
	return int(h.DictionaryPageHeader.V.NumValues), body, err
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

// add decodes rows [from, to) of a page.
func (v *values) add(ctx context.Context, p *page, optional bool, from, to int) error {
	n := int(p.head.NumRows)
	if len(p.repetition) > 0 || p.head.NumValues != p.head.NumRows || n > pageLimit {
		return fmt.Errorf("%d values in %d rows of a flat column", p.head.NumValues, n)
	}
	next := uint32(v.count())
	if !optional {
		if len(p.levels) > 0 || p.head.NumNulls != 0 {
			return errors.New("a required column with levels")
		}
		for range to - from {
			next++
			v.at = append(v.at, next)
		}
		return v.decode(ctx, p, n, from, to)
	}
	before, within, present, err := countLevels(p.levels, n, from, to)
	if err != nil {
		return fmt.Errorf("levels: %w", err)
	}
	if present != n-int(p.head.NumNulls) {
		return fmt.Errorf("%d values in %d rows with %d nulls", present, n, p.head.NumNulls)
	}
	if within == 0 {
		v.at = append(v.at, make([]uint32, to-from)...)
		return nil
	}
	at := len(v.at)
	if v.at, err = decodeRuns(v.at, p.levels, 1, n, from, to); err != nil {
		return fmt.Errorf("levels: %w", err)
	}
	for i, set := range v.at[at:] {
		if set == 1 {
			next++
			v.at[at+i] = next
		}
	}
	return v.decode(ctx, p, present, before, before+within)
}

// pageLimit bounds the rows of a page, far above what is written.
const pageLimit = 1 << 20

func (v *values) count() int {
	if v.dict != nil {
		return len(v.codes)
	}
	if v.shape.isText() || v.shape.width() > 0 {
		return len(v.bytes)
	}
	return len(v.nums)
}

// decode appends the values [from, to) of the n that a page holds.
func (v *values) decode(ctx context.Context, p *page, n, from, to int) error {
	if from == to {
		return nil
	}
	body, err := p.body()
	if err != nil {
		return err
	}
	e := p.head.Encoding
	switch {
	case e == format.RLEDictionary && p.dict != nil && v.shape.isText():
		if err := p.dict.open(ctx); err != nil {
			return err
		}
		v.dict = p.dict
		if len(body) == 0 {
			return errShort
		}
		at := len(v.codes)
		if v.codes, err = decodeRuns(v.codes, body[1:], int(body[0]), n, from, to); err != nil {
			return err
		}
		for _, c := range v.codes[at:] {
			if int(c) >= v.dict.len() {
				return fmt.Errorf("code %d of a dictionary of %d", c, v.dict.len())
			}
		}
	case e == format.Plain && p.dict == nil && v.shape.isText():
		v.bytes, err = decodePlain(v.bytes, body, from, to)
	case e == format.Plain && v.shape.width() > 0:
		v.bytes, err = decodeFixed(v.bytes, body, v.shape.width(), from, to)
	case e == format.Plain && v.shape == shapeDouble:
		if len(body) < 8*to {
			return errShort
		}
		for i := from; i < to; i++ {
			v.nums = append(v.nums, binary.LittleEndian.Uint64(body[8*i:]))
		}
	case e == format.Plain && v.shape == shapeBool:
		if len(body) < (to+7)/8 {
			return errShort
		}
		for i := from; i < to; i++ {
			v.nums = append(v.nums, uint64(body[i/8]>>(i%8)&1))
		}
	case e == format.DeltaBinaryPacked && (v.shape == shapeInt64 || v.shape == shapeTime || v.shape == shapeInt32):
		nums, err := decodeDelta(make([]uint64, 0, to), body, n, to)
		if err != nil {
			return err
		}
		for _, x := range nums[from:] {
			if v.shape == shapeInt32 {
				x = uint64(int64(int32(x)))
			}
			v.nums = append(v.nums, x)
		}
	default:
		return fmt.Errorf("encoding %v of a column of shape %d", e, v.shape)
	}
	return err
}
