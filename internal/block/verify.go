package block

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/parquet-go/parquet-go/format"
)

// ReadMeta reads the description of a complete block from its own files.
func ReadMeta(ctx context.Context, bkt bucket.Bucket, id string) (Meta, error) {
	raw, err := bucket.ReadAll(ctx, bkt, Meta{ID: id}.Key(MetaFile), maxFooter)
	if err != nil {
		return Meta{}, err
	}
	var m Meta
	if err := json.Unmarshal(raw, &m); err != nil {
		return Meta{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, Meta{ID: id}.Key(MetaFile), err)
	}
	if m.ID != id || m.Format < 1 || m.Format > Format {
		return Meta{}, fmt.Errorf("%w: %s: block %q of format %d", ErrCorrupt, Meta{ID: id}.Key(MetaFile), m.ID, m.Format)
	}
	return m, nil
}

// Verify reads a block from end to end and checks every checksum and count. The
// first thing wrong is returned.
func Verify(ctx context.Context, bkt bucket.Bucket, meta Meta) error {
	want := map[string]int{spansFile: meta.Spans, eventsFile: meta.Events, linksFile: meta.Links, tracesFile: meta.Traces}
	for name, rows := range want {
		f, err := openFile(ctx, bkt, meta.Key(name), meta.Files[name])
		if err != nil {
			return err
		}
		if f.rows != rows {
			return f.corrupt(0, fmt.Errorf("%d rows of %d", f.rows, rows))
		}
		for _, c := range f.columns {
			if err := f.verify(ctx, c); err != nil {
				return err
			}
		}
	}
	file := meta.Files[filterFile]
	raw, err := bucket.ReadAll(ctx, bkt, meta.Key(filterFile), maxFooter)
	if err != nil {
		return err
	}
	if xxhash.Sum64(raw) != file.Sum {
		return fmt.Errorf("%w: %s: checksum mismatch", ErrCorrupt, meta.Key(filterFile))
	}
	_, err = readFilter(raw)
	return err
}

// verify walks the pages of a column.
func (f *fileReader) verify(ctx context.Context, c *format.ColumnChunk) error {
	start := f.chunkStart(c)
	pages, err := f.pageIndex(ctx, c)
	if err != nil {
		return err
	}
	chunk, err := f.read(ctx, start, int(c.MetaData.TotalCompressedSize))
	if err != nil {
		return err
	}
	ends := []int64{start + int64(len(chunk))}
	for _, p := range slices.Backward(pages) {
		ends = append(ends, p.Offset)
	}
	if start < c.MetaData.DataPageOffset {
		ends = append(ends, start)
	}
	slices.Reverse(ends) // where each page starts, and the end
	if ends[0] != start || !slices.IsSorted(ends) {
		return f.corrupt(c.OffsetIndexOffset, "pages do not cover their column")
	}
	for i, at := range ends[:len(ends)-1] {
		if _, _, err := f.pageAt(at, chunk[at-start:ends[i+1]-start]); err != nil {
			return err
		}
	}
	return nil
}
