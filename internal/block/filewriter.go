package block

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// Format is the number of the block format that this package writes. Every
	// file carries it. FORMAT.md has one line of history for each.
	Format = 2

	magic = "PAR1"

	// pageBytes is about how much a page holds before compression. A trace by id
	// decompresses a page of each column, a scan all of them.
	pageBytes = 16 << 10

	// textBytes is the same for texts without a dictionary, which gain from a
	// longer memory.
	textBytes = 32 << 10

	// pageRows bounds the rows of a page, however little they take.
	pageRows = 16 << 10

	// stepRows is how many rows are taken at a time until a page is full.
	stepRows = 512

	// maxDictionary is how many bytes the values of a dictionary page may have.
	// A reader loads all of it for the first value.
	maxDictionary = 1 << 20

	// maxStatistic is the longest text that is written as a column's least or
	// greatest value; longer ones leave the statistic out.
	maxStatistic = 64
)

// The zstd encoders are for blocks that are written for good. Those that are written
// from memory will soon be merged and take Snappy, at a third of the price. The thorough
// one finds the short matches of codes that have two bytes; elsewhere it gains 2 %.
var quickZstd, thoroughZstd = newZstd(zstd.SpeedFastest), newZstd(zstd.SpeedDefault)

// newZstd returns an encoder that always codes literals: ids in hex and the like
// have no repetitions, only few letters. Pages have a checksum of their own.
func newZstd(level zstd.EncoderLevel) *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1),
		zstd.WithZeroFrames(true), zstd.WithAllLitEntropyCompression(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // an option is wrong
	}
	return e
}

// fileWriter writes one Parquet file with one row group, column by column. A
// column arrives in pieces, already coded where it has a dictionary: nothing is
// hashed here, and no more than a page is held.
type fileWriter struct {
	w       io.Writer
	at      int64
	rows    int
	codec   format.CompressionCodec
	schema  []format.SchemaElement
	columns []format.ColumnChunk
	indexes []pageIndexes
	sum     *xxhash.Digest // of all from the indexes on
	err     error

	filters *filterWriter // of texts of many values; nil if there are none

	keep map[string][]keptPage // pages that may be repeated, see shared
	kept []keptPage            // those of the column under way, if it is shared

	v            vector
	page, packed []byte // scratch
	head         []byte
	encoded      []byte
	offsets      []uint32
}

type pageIndexes struct {
	offsets format.OffsetIndex
	values  format.ColumnIndex
	ordered bool // values holds a least and greatest value for every page
}

// column says what a column of a file is.
type column struct {
	name     string
	shape    shape
	optional bool
	// dict holds the values of a column that is coded; nil when it is not.
	dict valueSet
}

// fill appends the rows [from, to) of a column to v, all or, when they are large,
// fewer, but at least one: of an optional column which of them have a value, and
// the values of those.
type fill func(v *vector, from, to int) (rows int, err error)

func newFileWriter(w io.Writer, rows int, codec format.CompressionCodec) *fileWriter {
	f := &fileWriter{w: w, rows: rows, codec: codec}
	f.write([]byte(magic))
	return f
}

func (f *fileWriter) write(p []byte) {
	if f.err != nil {
		return
	}
	if f.sum != nil {
		f.sum.Write(p)
	}
	_, f.err = f.w.Write(p)
	f.at += int64(len(p))
}

// shared is column for one whose pages are the same for all columns with the same
// key: only the first is encoded, and the others repeat its pages.
func (f *fileWriter) shared(c column, key string, fill fill) {
	if pages, ok := f.keep[key]; ok {
		f.repeat(c, pages)
		return
	}
	f.kept = []keptPage{}
	f.column(c, fill)
	if f.keep == nil {
		f.keep = make(map[string][]keptPage)
	}
	f.keep[key], f.kept = f.kept, nil
}

// keptPage is a data page as it was written.
type keptPage struct {
	first, nulls int
	header       header
	body         []byte
}

func (f *fileWriter) repeat(c column, pages []keptPage) {
	chunk := f.open(c)
	stats := statistics{c: c}
	for _, p := range pages {
		stats.pages = append(stats.pages, extremes{nulls: int64(p.nulls)})
		f.writePage(chunk, p.first, p.header, p.body)
	}
	stats.finish(chunk, &f.indexes[len(f.indexes)-1])
}

// open starts the chunk of a column, with its dictionary if it has one.
func (f *fileWriter) open(c column) *format.ColumnChunk {
	f.schema = append(f.schema, c.shape.element(c.name, c.optional))
	chunk := f.begin(c.shape, []string{c.name})
	chunk.MetaData.NumValues = int64(f.rows)
	if c.dict != nil {
		f.dictionary(chunk, c.dict)
	}
	return chunk
}

// column writes a column's chunk.
func (f *fileWriter) column(c column, fill fill) {
	if f.err != nil {
		return
	}
	chunk := f.open(c)
	stats := statistics{c: c}
	for from := 0; from < f.rows && f.err == nil; from += f.v.rows {
		f.v.reset()
		for at := from; at < f.rows && f.v.rows < pageRows && f.v.size(&c) < c.pageBytes(); {
			n, err := fill(&f.v, at, min(at+stepRows, f.rows))
			f.fail(err)
			if f.err != nil {
				return
			}
			at += n
			f.v.rows += n
		}
		stats.page(&f.v)
		if f.filters.wants(&c) {
			f.filters.page(&c, &f.v)
		}
		f.dataPage(chunk, from, &c)
	}
	if f.filters.wants(&c) {
		f.filters.finish(c.name)
	}
	stats.finish(chunk, &f.indexes[len(f.indexes)-1])
}

// pageBytes is about how much a page of the column holds.
func (c *column) pageBytes() int {
	if c.dict == nil && c.shape.isText() {
		return textBytes
	}
	return pageBytes
}

// size is about how many bytes a page of these rows takes before compression.
func (v *vector) size(c *column) int {
	switch {
	case c.dict != nil:
		return len(v.codes) * codeWidth(c.dict.Len()) / 8
	case c.shape.isText():
		return len(v.text) + len(v.ends)
	case c.shape.width() > 0:
		return len(v.fixed)
	case c.shape == shapeBool:
		return len(v.nums) / 8
	case c.shape == shapeDouble:
		return len(v.nums) * 8
	}
	return len(v.nums) * 4
}

// dataPage writes the rows of f.v as a page.
func (f *fileWriter) dataPage(chunk *format.ColumnChunk, first int, c *column) {
	v := &f.v
	page := f.page[:0]
	if c.optional {
		page = appendSizedLevels(page, v.present)
	}
	encoding, page := f.values(page, c)
	f.page = page
	f.emitPage(chunk, c, first, v.rows, encoding, page)
}

// values appends the values of f.v in the encoding that suits the column.
func (f *fileWriter) values(page []byte, c *column) (format.Encoding, []byte) {
	v := &f.v
	switch {
	case c.dict != nil:
		width := codeWidth(c.dict.Len())
		return format.RLEDictionary, appendCodes(append(page, byte(width)), v.codes, width)
	case c.shape.isText():
		f.offsets = append(append(f.offsets[:0], 0), v.ends...)
		body, err := new(delta.LengthByteArrayEncoding).EncodeByteArray(f.encoded[:0], v.text, f.offsets)
		f.fail(err)
		f.encoded = body
		return format.DeltaLengthByteArray, append(page, body...)
	case c.shape.width() > 0:
		return format.Plain, append(page, v.fixed...)
	case c.shape == shapeBool:
		at := len(page)
		page = append(page, make([]byte, (len(v.nums)+7)/8)...)
		for i, n := range v.nums {
			page[at+i/8] |= byte(n&1) << (i % 8)
		}
		return format.Plain, page
	case c.shape == shapeDouble:
		for _, n := range v.nums {
			page = binary.LittleEndian.AppendUint64(page, uint64(n))
		}
		return format.Plain, page
	case c.shape == shapeInt32:
		short := make([]int32, len(v.nums))
		for i, n := range v.nums {
			short[i] = int32(n)
		}
		body, err := new(delta.BinaryPackedEncoding).EncodeInt32(f.encoded[:0], short)
		f.fail(err)
		f.encoded = body
		return format.DeltaBinaryPacked, append(page, body...)
	}
	body, err := new(delta.BinaryPackedEncoding).EncodeInt64(f.encoded[:0], v.nums)
	f.fail(err)
	f.encoded = body
	return format.DeltaBinaryPacked, append(page, body...)
}

func (f *fileWriter) fail(err error) {
	if f.err == nil && err != nil {
		f.err = err
	}
}

// begin starts a chunk.
func (f *fileWriter) begin(s shape, path []string) *format.ColumnChunk {
	f.columns = append(f.columns, format.ColumnChunk{MetaData: format.ColumnMetaData{
		Type: s.physical(), PathInSchema: path, Codec: f.codec, Encoding: []format.Encoding{format.RLE},
	}})
	f.indexes = append(f.indexes, pageIndexes{})
	return &f.columns[len(f.columns)-1]
}

// dictionary writes a dictionary page.
func (f *fileWriter) dictionary(chunk *format.ColumnChunk, d valueSet) {
	f.page = d.plain(f.page[:0])
	f.packed = f.compress(f.page, true)
	chunk.MetaData.DictionaryPageOffset = f.at
	f.emit(chunk, header{kind: format.DictionaryPage, size: int32(len(f.page)), values: int32(d.Len())}, f.packed)
	addEncoding(chunk, format.Plain)
}

// emitPage compresses and writes a data page. Ids are random, and times that were
// packed as differences are nearly so: if the first page of numbers or ids does not
// shrink by a sixteenth, all of the column are stored as they are. A page of nulls
// alone says nothing about those that follow.
func (f *fileWriter) emitPage(chunk *format.ColumnChunk, c *column, first, values int, e format.Encoding, page []byte) {
	body := page
	if chunk.MetaData.Codec != format.Uncompressed {
		f.packed = f.compress(page, c.dict != nil && codeWidth(c.dict.Len()) > 8)
		body = f.packed
	}
	if chunk.MetaData.DataPageOffset == 0 && c.dict == nil && !c.shape.isText() && f.v.nulls() < f.v.rows && len(body) > len(page)/16*15 {
		chunk.MetaData.Codec, body = format.Uncompressed, page
	}
	h := header{kind: format.DataPage, size: int32(len(page)), values: int32(values), encoding: e}
	f.writePage(chunk, first, h, body)
	if f.kept != nil {
		f.kept = append(f.kept, keptPage{first, f.v.nulls(), h, bytes.Clone(body)})
	}
}

// writePage writes a data page, whose first row is given, and notes where it is.
func (f *fileWriter) writePage(chunk *format.ColumnChunk, first int, h header, body []byte) {
	offset := f.at
	if chunk.MetaData.DataPageOffset == 0 {
		chunk.MetaData.DataPageOffset = offset
	}
	f.emit(chunk, h, body)
	addEncoding(chunk, h.encoding)
	index := &f.indexes[len(f.indexes)-1]
	index.offsets.PageLocations = append(index.offsets.PageLocations, format.PageLocation{
		Offset: offset, CompressedPageSize: int32(f.at - offset), FirstRowIndex: int64(first),
	})
}

// emit writes a page: header and body, which the header's checksum covers.
func (f *fileWriter) emit(chunk *format.ColumnChunk, h header, body []byte) {
	if h.size < 0 || len(body) > math.MaxInt32 {
		f.fail(fmt.Errorf("page of column %q is larger than 2 GiB", chunk.MetaData.PathInSchema))
		return
	}
	h.packed = int32(len(body))
	h.crc = crc32.ChecksumIEEE(body)
	f.head = h.append(f.head[:0])
	f.write(f.head)
	f.write(body)
	chunk.MetaData.TotalCompressedSize += int64(len(f.head) + len(body))
	chunk.MetaData.TotalUncompressedSize += int64(len(f.head)) + int64(h.size)
}

func addEncoding(chunk *format.ColumnChunk, e format.Encoding) {
	if !slices.Contains(chunk.MetaData.Encoding, e) {
		chunk.MetaData.Encoding = append(chunk.MetaData.Encoding, e)
	}
}

// finish writes the indexes and the footer.
func (f *fileWriter) finish(meta map[string]string) (File, error) {
	index := f.at
	f.sum = xxhash.New()
	root := format.SchemaElement{Name: "everspan"}
	children := 0
	for i := 0; i < len(f.schema); i++ {
		children++
		if f.schema[i].NumChildren.Valid {
			i += 3 // a map: its key_value group, key and value
		}
	}
	root.NumChildren = some(int32(children))

	// Readers expect each kind of index in one piece.
	for i := range f.columns {
		if chunk := &f.columns[i]; f.indexes[i].ordered {
			chunk.ColumnIndexOffset = f.at
			f.marshal(&f.indexes[i].values)
			chunk.ColumnIndexLength = int32(f.at - chunk.ColumnIndexOffset)
		}
	}
	for i := range f.columns {
		chunk := &f.columns[i]
		chunk.OffsetIndexOffset = f.at
		f.marshal(&f.indexes[i].offsets)
		chunk.OffsetIndexLength = int32(f.at - chunk.OffsetIndexOffset)
	}

	group := format.RowGroup{Columns: f.columns, NumRows: int64(f.rows), FileOffset: int64(len(magic))}
	for i := range f.columns {
		m := &f.columns[i].MetaData
		group.TotalByteSize += m.TotalUncompressedSize
		group.TotalCompressedSize += m.TotalCompressedSize
		f.columns[i].FileOffset = m.DataPageOffset
	}
	footer := format.FileMetaData{
		Version: 2, Schema: append([]format.SchemaElement{root}, f.schema...), NumRows: int64(f.rows),
		CreatedBy: "everspan", KeyValueMetadata: []format.KeyValue{{Key: metaFormat, Value: strconv.Itoa(Format)}},
	}
	if f.rows > 0 {
		footer.RowGroups = []format.RowGroup{group}
	}
	for range f.columns {
		footer.ColumnOrders = append(footer.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		footer.KeyValueMetadata = append(footer.KeyValueMetadata, format.KeyValue{Key: k, Value: meta[k]})
	}
	start := f.at
	f.marshal(&footer)
	tail := binary.LittleEndian.AppendUint32(nil, uint32(f.at-start))
	f.write(append(tail, magic...))
	return File{Bytes: f.at, Index: index, Sum: f.sum.Sum64()}, f.err
}

func (f *fileWriter) marshal(v any) {
	b, err := thrift.Marshal(new(thrift.CompactProtocol), v)
	f.fail(err)
	f.write(b)
}

// appendPlain appends a byte array in Parquet's plain encoding.
func appendPlain(dst, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v))), v...)
}

// compress packs a page with the codec of the file.
func (f *fileWriter) compress(page []byte, thorough bool) []byte {
	switch {
	case f.codec == format.Snappy:
		return s2.EncodeSnappy(f.packed[:cap(f.packed)], page)
	case thorough:
		return thoroughZstd.EncodeAll(page, f.packed[:0])
	}
	return quickZstd.EncodeAll(page, f.packed[:0])
}
