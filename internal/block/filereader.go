package block

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
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
