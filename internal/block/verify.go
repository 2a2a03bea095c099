package block

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/bucket"
)

// ReadMeta reads the description of a complete block from its own files.
func ReadMeta(ctx context.Context, bkt bucket.Bucket, kind, id string) (Meta, error) {
	key := Meta{ID: id, Kind: kind}.Key(MetaFile)
	raw, err := bucket.ReadAll(ctx, bkt, key, maxFooter)
	if err != nil {
		return Meta{}, err
	}
	var m Meta
	if err := json.Unmarshal(raw, &m); err != nil {
		return Meta{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, key, err)
	}
	if m.ID != id || m.Kind != kind || m.Format < oldest || m.Format > Format {
		return Meta{}, fmt.Errorf("%w: %s: block %q of kind %q and format %d", ErrCorrupt, key, m.ID, m.Kind, m.Format)
	}
	return m, nil
}

// Verify reads a block from end to end and checks every checksum and count. The
// first thing wrong is returned.
func Verify(ctx context.Context, bkt bucket.Bucket, meta Meta) error {
	cache := NewCache(1 << 20) // nothing is read twice
	type part struct {
		name string
		rows int
	}
	parts, ranges := []part{{spansFile, meta.Spans}, {eventsFile, meta.Events}, {linksFile, meta.Links}}, verifyRanges
	if meta.Kind == Logs {
		parts, ranges = []part{{logsFile, meta.Logs}}, verifyLogRanges
	}
	for _, part := range append(parts, part{tracesFile, meta.Traces}, part{resourcesFile, meta.Resources}, part{scopesFile, meta.Scopes}) {
		f, err := openFile(ctx, bkt, cache, meta.Key(part.name), meta.Files[part.name])
		if err != nil {
			return err
		}
		if f.rows != part.rows {
			return f.corrupt(0, fmt.Errorf("%d rows of %d", f.rows, part.rows))
		}
		columns := slices.SortedFunc(maps.Values(f.columns), func(x, y *columnChunk) int { return cmp.Compare(x.start, y.start) })
		for _, c := range columns {
			if err := f.verify(ctx, c); err != nil {
				return err
			}
		}
	}
	if err := ranges(ctx, NewReader(bkt, cache, meta)); err != nil {
		return err
	}
	if err := verifyMeta(ctx, bkt, meta); err != nil {
		return err
	}
	if err := verifyValues(ctx, bkt, meta); err != nil {
		return err
	}
	return verifyFilter(ctx, bkt, meta)
}

// verifyValues checks the filter of values, which the first blocks do not have.
func verifyValues(ctx context.Context, bkt bucket.Bucket, meta Meta) error {
	file, ok := meta.Files[valuesFile]
	if !ok {
		return nil
	}
	key := meta.Key(valuesFile)
	raw, err := bucket.ReadAll(ctx, bkt, key, maxFooter)
	if err != nil {
		return err
	}
	if xxhash.Sum64(raw) != file.Sum || int64(len(raw)) != file.Bytes {
		return fmt.Errorf("%w: %s: checksum mismatch", ErrCorrupt, key)
	}
	return nil
}

// verifyMeta holds the block's own description against the one that is used.
func verifyMeta(ctx context.Context, bkt bucket.Bucket, meta Meta) error {
	own, err := ReadMeta(ctx, bkt, meta.Kind, meta.ID)
	if err != nil {
		return err
	}
	a, errA := json.Marshal(own)
	b, errB := json.Marshal(meta)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		return fmt.Errorf("%w: %s does not agree with the manifest", ErrCorrupt, meta.Key(MetaFile))
	}
	return nil
}

func verifyFilter(ctx context.Context, bkt bucket.Bucket, meta Meta) error {
	key, file := meta.Key(filterFile), meta.Files[filterFile]
	raw, err := bucket.ReadAll(ctx, bkt, key, maxFooter)
	if err != nil {
		return err
	}
	if xxhash.Sum64(raw) != file.Sum || int64(len(raw)) != file.Bytes || len(raw) < filterHeader {
		return fmt.Errorf("%w: %s: checksum mismatch", ErrCorrupt, key)
	}
	if _, err := readFilter(raw[:filterHeader], file.Bytes); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, key, err)
	}
	return nil
}

// verify walks the pages of a column, some at a time. A page's checksum covers its
// body; what its header says has to agree with the footer, which has a checksum.
func (f *fileReader) verify(ctx context.Context, c *columnChunk) error {
	index, err := f.pageIndex(ctx, c)
	if err != nil {
		return err
	}
	starts, first := index.offsets, 0 // first is the page before which there is no data page
	if c.dictionary {
		starts, first = append([]int64{c.start}, starts...), 1
	}
	unpacked, values := int64(0), int64(0)
	for p := 0; p < len(starts)-1; {
		last := p + 1
		for last < len(starts)-1 && starts[last+1]-starts[p] <= maxRead {
			last++
		}
		buf, err := f.read(ctx, starts[p], int(starts[last]-starts[p]))
		if err != nil {
			return err
		}
		for i := p; i < last; i++ {
			stored := buf[starts[i]-starts[p] : starts[i+1]-starts[p]]
			h, body, err := f.check(starts[i], stored)
			if err != nil {
				return err
			}
			unpacked += int64(len(stored)-len(body)) + int64(h.size)
			if i < first {
				if err := f.verifyDictionary(c, stored); err != nil {
					return err
				}
				continue
			}
			values += int64(h.values)
			rows := int64(index.rows[i-first+1] - index.rows[i-first])
			if h.kind != format.DataPage || h.encoding != c.encodings[len(c.encodings)-1] || c.path == c.name && int64(h.values) != rows {
				return f.corrupt(starts[i], fmt.Errorf("the header of a page of column %q does not agree with the footer", c.path))
			}
		}
		p = last
	}
	if unpacked != c.unpacked || values != c.values {
		return f.corrupt(c.start, fmt.Errorf("column %q has %d values in %d bytes, the footer says %d in %d", c.path, values, unpacked, c.values, c.unpacked))
	}
	return nil
}

// verifyDictionary parses a dictionary page.
func (f *fileReader) verifyDictionary(c *columnChunk, stored []byte) error {
	s := shapeText
	switch c.typ {
	case format.Int32:
		s = shapeInt32
	case format.Int64:
		s = shapeInt64
	}
	_, err := f.openDictionary(c, stored, s)
	return err
}
