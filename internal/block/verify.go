package block

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/bucket"
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
	if m.ID != id || m.Format < oldest || m.Format > Format {
		return Meta{}, fmt.Errorf("%w: %s: block %q of format %d", ErrCorrupt, Meta{ID: id}.Key(MetaFile), m.ID, m.Format)
	}
	return m, nil
}

// Verify reads a block from end to end and checks every checksum and count. The
// first thing wrong is returned.
func Verify(ctx context.Context, bkt bucket.Bucket, meta Meta) error {
	cache := NewCache(1 << 20) // nothing is read twice
	for _, part := range []struct {
		name string
		rows int
	}{
		{spansFile, meta.Spans}, {eventsFile, meta.Events}, {linksFile, meta.Links}, {tracesFile, meta.Traces},
		{resourcesFile, meta.Resources}, {scopesFile, meta.Scopes},
	} {
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
	if err := verifyRanges(ctx, NewReader(bkt, cache, meta)); err != nil {
		return err
	}
	return verifyFilter(ctx, bkt, meta)
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

// verify walks the pages of a column, some at a time.
func (f *fileReader) verify(ctx context.Context, c *columnChunk) error {
	index, err := f.pageIndex(ctx, c)
	if err != nil {
		return err
	}
	starts := index.offsets
	if c.dictionary {
		starts = append([]int64{c.start}, starts...)
	}
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
			if _, _, err := f.check(starts[i], buf[starts[i]-starts[p]:starts[i+1]-starts[p]]); err != nil {
				return err
			}
		}
		p = last
	}
	return nil
}
