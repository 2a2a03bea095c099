package block

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// numberBounds are the least and greatest number of each page.
type numberBounds struct{ lo, hi []int64 }

func (b *numberBounds) held() int { return 16 * len(b.lo) }

// columnIndex reads the least and greatest value of each page of a column.
func (f *fileReader) columnIndex(ctx context.Context, c *columnChunk) (*format.ColumnIndex, error) {
	raw, err := f.read(ctx, c.bounds[0], int(c.bounds[1]))
	if err != nil {
		return nil, err
	}
	index := new(format.ColumnIndex)
	if _, err := unmarshal(raw, index); err != nil {
		return nil, f.corrupt(c.bounds[0], fmt.Errorf("column index: %w", err))
	}
	return index, nil
}

// numberBounds returns the bounds of a column of 64-bit integers; nil if it has none.
func (f *fileReader) numberBounds(ctx context.Context, c *columnChunk) (*numberBounds, error) {
	if c.bounds[1] == 0 || c.typ != format.Int64 {
		return nil, nil
	}
	return lookup(f.cache, f.key, c.bounds[0], func() (*numberBounds, error) {
		index, err := f.columnIndex(ctx, c)
		if err != nil {
			return nil, err
		}
		b := new(numberBounds)
		for p := range index.MinValues {
			// A page of nulls alone has no values: nothing is in it.
			lo, hi := int64(1), int64(0)
			if p < len(index.NullPages) && p < len(index.MaxValues) && !index.NullPages[p] {
				if len(index.MinValues[p]) != 8 || len(index.MaxValues[p]) != 8 {
					return nil, f.corrupt(c.bounds[0], "column index: bounds are not numbers")
				}
				lo, hi = int64(binary.LittleEndian.Uint64(index.MinValues[p])), int64(binary.LittleEndian.Uint64(index.MaxValues[p]))
			}
			b.lo, b.hi = append(b.lo, lo), append(b.hi, hi)
		}
		return b, nil
	})
}
