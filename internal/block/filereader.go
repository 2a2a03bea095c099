package block

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// maxFooter and maxPage bound what a damaged length can make us allocate.
	maxFooter = 256 << 20
	maxPage   = 1 << 30
)

// oldest is the oldest format that can be read.
const oldest = 2

// fileReader reads columns of one Parquet file of a block. It is the parsed
// footer, does not change, and is safe for concurrent use.
type fileReader struct {
	bkt     bucket.Bucket
	cache   *Cache
	key     string
	size    int64
	rows    int
	columns map[string]*columnChunk // by path, joined with slashes
	attrs   []attributeColumn
}

// columnChunk is where a column lies and what it is.
type columnChunk struct {
	name       string
	path       string
	typ        format.Type
	codec      format.CompressionCodec
	optional   bool
	values     int64
	nulls      int64
	start      int64 // of the dictionary page, or else of the first data page
	data       int64 // of the first data page
	end        int64
	index      [2]int64 // page index: offset and length
	bounds     [2]int64 // column index, if there is one
	unpacked   int64    // bytes before compression
	encodings  []format.Encoding
	dictionary bool
}

func (f *fileReader) held() int { return 400*len(f.columns) + 100*len(f.attrs) }

func (f *fileReader) corrupt(at int64, why any) error {
	return fmt.Errorf("%w: %s at offset %d: %v", ErrCorrupt, f.key, at, why)
}

func openFile(ctx context.Context, bkt bucket.Bucket, cache *Cache, key string, file File) (*fileReader, error) {
	f := &fileReader{bkt: bkt, cache: cache, key: key, size: file.Bytes}
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
	meta := make(map[string]string)
	for _, kv := range m.KeyValueMetadata {
		meta[kv.Key] = kv.Value
	}
	if v, err := strconv.Atoi(meta[metaFormat]); err != nil || v < oldest || v > Format {
		return fmt.Errorf("block format %q, this build reads %d to %d", meta[metaFormat], oldest, Format)
	}
	optional := make(map[string]bool)
	for _, e := range m.Schema {
		if !e.NumChildren.Valid {
			optional[e.Name] = e.RepetitionType.V == format.Optional
		}
	}
	if m.NumRows < 0 || m.NumRows > 1<<31 || len(m.RowGroups) > 1 || (m.NumRows > 0) != (len(m.RowGroups) == 1) {
		return fmt.Errorf("%d rows in %d row groups", m.NumRows, len(m.RowGroups))
	}
	f.rows = int(m.NumRows)
	f.columns = make(map[string]*columnChunk)
	if f.rows > 0 {
		for i := range m.RowGroups[0].Columns {
			if err := f.loadColumn(&m.RowGroups[0].Columns[i], optional); err != nil {
				return err
			}
		}
	}
	// What is parsed is kept by its offset: no two columns may share one.
	taken := make(map[int64]bool, 3*len(f.columns))
	for _, c := range f.columns {
		for _, part := range [][2]int64{{c.start, c.end - c.start}, c.index, c.bounds} {
			if part[1] > 0 && taken[part[0]] {
				return fmt.Errorf("column %q shares offset %d with another", c.path, part[0])
			}
			taken[part[0]] = true
		}
	}
	if text, ok := meta[metaColumns]; ok {
		if err := json.Unmarshal([]byte(text), &f.attrs); err != nil {
			return fmt.Errorf("attribute columns: %w", err)
		}
	}
	return nil
}

func (f *fileReader) loadColumn(from *format.ColumnChunk, optional map[string]bool) error {
	m := &from.MetaData
	if len(m.PathInSchema) == 0 {
		return errors.New("a column without a name")
	}
	c := &columnChunk{
		name: m.PathInSchema[0], path: strings.Join(m.PathInSchema, "/"), typ: m.Type, codec: m.Codec, values: m.NumValues, nulls: m.Statistics.NullCount,
		optional: len(m.PathInSchema) == 1 && optional[m.PathInSchema[0]],
		start:    m.DataPageOffset, data: m.DataPageOffset,
		index:    [2]int64{from.OffsetIndexOffset, int64(from.OffsetIndexLength)},
		bounds:   [2]int64{from.ColumnIndexOffset, int64(from.ColumnIndexLength)},
		unpacked: m.TotalUncompressedSize, encodings: m.Encoding,
	}
	if d := m.DictionaryPageOffset; d != 0 && d < c.data {
		c.start, c.dictionary = d, true
	}
	c.end = c.start + m.TotalCompressedSize
	if c.start < int64(len(magic)) || m.TotalCompressedSize < 0 || c.end > f.size || c.data > c.end {
		return fmt.Errorf("column %q lies outside the file", c.path)
	}
	for _, part := range [][2]int64{c.index, c.bounds} {
		if part[0] < 0 || part[1] < 0 || part[0] > f.size-part[1] {
			return fmt.Errorf("index of column %q lies outside the file", c.path)
		}
	}
	if c.codec != format.Zstd && c.codec != format.Snappy && c.codec != format.Uncompressed {
		return fmt.Errorf("column %q is compressed with %v", c.path, c.codec)
	}
	f.columns[c.path] = c
	return nil
}

// errRead marks errors of the bucket, which say nothing about the bytes.
var errRead = errors.New("read")

// read returns bytes of the file, which must not be changed.
func (f *fileReader) read(ctx context.Context, off int64, n int) ([]byte, error) {
	p := make([]byte, n)
	return p, f.readInto(ctx, p, off)
}

func (f *fileReader) readInto(ctx context.Context, p []byte, off int64) error {
	if err := f.bkt.ReadAt(ctx, f.key, p, off); err != nil {
		return fmt.Errorf("%w %s: %w", errRead, f.key, err)
	}
	return nil
}
