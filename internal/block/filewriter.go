package block

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/span"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// Format is the number of the block format that this package writes. Every
	// file carries it. FORMAT.md has one line of history for each.
	Format = 1

	magic = "PAR1"

	// pageRows is how many rows share a page. A trace by id decompresses one
	// page a column, a scan all of them.
	pageRows = 2048

	// traceRows is the same for the table of traces, which is searched for one row.
	traceRows = 512

	// pageBytes ends a page of text early: one row may hold a megabyte.
	pageBytes = 1 << 20

	// maxDictionary is how many bytes the values of a dictionary page may have.
	// A reader loads all of it for the first value.
	maxDictionary = 1 << 20

	// maxStatistic is the longest text that is written as a column's least or
	// greatest value; longer ones leave the statistic out.
	maxStatistic = 64
)

var zstdEncoder, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true))

// fileWriter writes one Parquet file with one row group. The values go in
// column by column, already coded where they are text: nothing is hashed here.
type fileWriter struct {
	w       io.Writer
	at      int64
	rows    int
	perPage int // rows of a page
	schema  []format.SchemaElement
	columns []format.ColumnChunk
	indexes []pageIndexes
	sum     *xxhash.Digest // of all from the indexes on
	err     error

	page, packed, levels []byte // scratch
	present              []uint8
	ints                 []int64
	codes                []int32
}

type pageIndexes struct {
	offsets format.OffsetIndex
	values  format.ColumnIndex
	ordered bool // values holds a least and greatest value for every page
}

func newFileWriter(w io.Writer, rows, perPage int) *fileWriter {
	f := &fileWriter{w: w, rows: rows, perPage: perPage}
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

// column writes a column's chunk.
func (f *fileWriter) column(c column) {
	if f.err != nil {
		return
	}
	optional := c.nulls > 0
	f.schema = append(f.schema, c.shape.element(c.name, optional))
	chunk := f.begin(c.shape, []string{c.name})
	chunk.MetaData.NumValues = int64(f.rows)
	stats := newStatistics(c)

	var encode func(entries []uint32) (format.Encoding, []byte)
	useDict := c.shape.isText() && !c.distinct && 2*c.dict.Len() <= f.rows-c.nulls+16 && c.dict.Bytesize() <= maxDictionary
	switch {
	case useDict:
		f.dictionary(chunk, c.dict)
		width := bitWidth(c.dict.Len())
		encode = func(entries []uint32) (format.Encoding, []byte) {
			f.codes = f.codes[:0]
			for _, e := range entries {
				f.codes = append(f.codes, int32(c.code(e)))
			}
			return format.RLEDictionary, appendCodes(f.page[:0], f.codes, width)
		}
	case c.shape.isText():
		encode = func(entries []uint32) (format.Encoding, []byte) {
			page := f.page[:0]
			for _, e := range entries {
				page = appendPlain(page, c.dict.Bytes(c.code(e)))
			}
			return format.Plain, page
		}
	case c.shape.width() > 0:
		encode = func(entries []uint32) (format.Encoding, []byte) {
			page := f.page[:0]
			for _, e := range entries {
				page = append(page, c.fixed(e)...)
			}
			return format.Plain, page
		}
	default:
		encode = func(entries []uint32) (format.Encoding, []byte) {
			f.ints = f.ints[:0]
			for _, e := range entries {
				f.ints = append(f.ints, c.num(e))
			}
			return f.numbers(c.shape)
		}
	}

	entries := make([]uint32, 0, f.perPage)
	for from := 0; from < f.rows; from += len(f.present) {
		entries = entries[:0]
		f.present = f.present[:0]
		bytes := 0
		for _, r := range c.rows[from:min(from+f.perPage, f.rows)] {
			if r == 0 {
				f.present = append(f.present, 0)
				continue
			}
			entries = append(entries, r-1)
			f.present = append(f.present, 1)
			if c.shape.isText() && !useDict {
				if bytes += len(c.dict.Bytes(c.code(r - 1))); bytes >= pageBytes {
					break
				}
			}
		}
		stats.page(entries, len(f.present)-len(entries))
		enc, page := encode(entries)
		f.page = page
		f.levels = f.levels[:0]
		if optional {
			f.levels = appendLevels(f.levels, f.present, 1)
		}
		f.dataPage(chunk, dataPage{
			rows: len(f.present), values: len(f.present), nulls: len(f.present) - len(entries),
			first: from, encoding: enc, definition: f.levels, body: page,
		})
	}
	stats.finish(chunk, &f.indexes[len(f.indexes)-1])
}

// numbers encodes f.ints as the values of a page.
func (f *fileWriter) numbers(s shape) (format.Encoding, []byte) {
	switch s {
	case shapeBool:
		page := append(f.page[:0], make([]byte, (len(f.ints)+7)/8)...)
		for i, v := range f.ints {
			page[i/8] |= byte(v&1) << (i % 8)
		}
		return format.Plain, page
	case shapeDouble:
		page := f.page[:0]
		for _, v := range f.ints {
			page = binary.LittleEndian.AppendUint64(page, uint64(v))
		}
		return format.Plain, page
	case shapeInt32:
		f.codes = f.codes[:0]
		for _, v := range f.ints {
			f.codes = append(f.codes, int32(v))
		}
		page, err := new(delta.BinaryPackedEncoding).EncodeInt32(f.page[:0], f.codes)
		f.fail(err)
		return format.DeltaBinaryPacked, page
	default:
		page, err := new(delta.BinaryPackedEncoding).EncodeInt64(f.page[:0], f.ints)
		f.fail(err)
		return format.DeltaBinaryPacked, page
	}
}

func (f *fileWriter) fail(err error) {
	if f.err == nil && err != nil {
		f.err = err
	}
}

// begin starts a chunk.
func (f *fileWriter) begin(s shape, path []string) *format.ColumnChunk {
	f.columns = append(f.columns, format.ColumnChunk{MetaData: format.ColumnMetaData{
		Type: s.physical(), PathInSchema: path, Codec: format.Zstd,
	}})
	f.indexes = append(f.indexes, pageIndexes{})
	return &f.columns[len(f.columns)-1]
}

// dictionary writes a dictionary page with all values of d.
func (f *fileWriter) dictionary(chunk *format.ColumnChunk, d *span.Dict) {
	page := f.page[:0]
	for i := range d.Len() {
		page = appendPlain(page, d.Bytes(uint32(i)))
	}
	f.page = page
	f.packed = zstdEncoder.EncodeAll(page, f.packed[:0])
	chunk.MetaData.DictionaryPageOffset = f.at
	f.emit(chunk, &format.PageHeader{
		Type:                 format.DictionaryPage,
		UncompressedPageSize: int32(len(page)),
		DictionaryPageHeader: some(format.DictionaryPageHeader{NumValues: int32(d.Len()), Encoding: format.Plain}),
	}, f.packed)
	addEncoding(chunk, format.Plain)
}

// dataPage is what a data page is made of.
type dataPage struct {
	rows, values, nulls    int
	first                  int // row of the file
	encoding               format.Encoding
	repetition, definition []byte
	body                   []byte
}

func (f *fileWriter) dataPage(chunk *format.ColumnChunk, p dataPage) {
	levels := len(p.repetition) + len(p.definition)
	f.packed = append(append(f.packed[:0], p.repetition...), p.definition...)
	f.packed = zstdEncoder.EncodeAll(p.body, f.packed)
	compressed := true
	if len(f.packed)-levels >= len(p.body) {
		f.packed = append(f.packed[:levels], p.body...)
		compressed = false
	}
	offset := f.at
	if chunk.MetaData.DataPageOffset == 0 {
		chunk.MetaData.DataPageOffset = offset
	}
	f.emit(chunk, &format.PageHeader{
		Type:                 format.DataPageV2,
		UncompressedPageSize: int32(levels + len(p.body)),
		DataPageHeaderV2: some(format.DataPageHeaderV2{
			NumValues: int32(p.values), NumNulls: int32(p.nulls), NumRows: int32(p.rows),
			Encoding:                   p.encoding,
			RepetitionLevelsByteLength: int32(len(p.repetition)),
			DefinitionLevelsByteLength: int32(len(p.definition)),
			IsCompressed:               some(compressed),
		}),
	}, f.packed)
	addEncoding(chunk, p.encoding)
	if levels > 0 {
		addEncoding(chunk, format.RLE)
	}
	index := &f.indexes[len(f.indexes)-1]
	index.offsets.PageLocations = append(index.offsets.PageLocations, format.PageLocation{
		Offset: offset, CompressedPageSize: int32(f.at - offset), FirstRowIndex: int64(p.first),
	})
}

// emit writes a page: header and body, which the header's checksum covers.
func (f *fileWriter) emit(chunk *format.ColumnChunk, h *format.PageHeader, body []byte) {
	if h.UncompressedPageSize < 0 || len(body) > math.MaxInt32 {
		f.fail(fmt.Errorf("page of column %q is larger than 2 GiB", chunk.MetaData.PathInSchema))
		return
	}
	h.CompressedPageSize = int32(len(body))
	h.CRC = int32(crc32.ChecksumIEEE(body))
	head, err := thrift.Marshal(new(thrift.CompactProtocol), h)
	f.fail(err)
	f.write(head)
	f.write(body)
	chunk.MetaData.TotalCompressedSize += int64(len(head) + len(body))
	chunk.MetaData.TotalUncompressedSize += int64(len(head)) + int64(h.UncompressedPageSize)
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

// bitWidth is the number of bits that codes below n need.
func bitWidth(n int) int {
	width := 0
	for n > 1<<width {
		width++
	}
	return width
}

// appendLevels appends repetition or definition levels, as a version 2 page
// holds them: run lengths without a size in front.
func appendLevels(dst []byte, levels []uint8, width int) []byte {
	b, err := (&rle.Encoding{BitWidth: width}).EncodeLevels(nil, levels)
	if err != nil {
		panic(err) // only a width over 8 does that
	}
	return append(dst, b...)
}

// appendCodes appends dictionary codes: their width, then run lengths.
func appendCodes(dst []byte, codes []int32, width int) []byte {
	b, err := (&rle.Encoding{BitWidth: width}).EncodeInt32(nil, codes)
	if err != nil {
		panic(err) // only a width over 32 does that
	}
	return append(append(dst, byte(width)), b...)
}
