package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
)

// WriteFolder writes spans as the files of a block into a folder, which is made
// if it is not there. It overwrites nothing.
func WriteFolder(ctx context.Context, dir string, b *span.Batch) (block.Meta, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return block.Meta{}, err
	}
	now := time.Now()
	return block.Write(ctx, folder{dir: dir}, filepath.Base(dir), now, now, b)
}

// folder takes the files of one block. Nothing else is asked of it.
type folder struct {
	bucket.Bucket
	dir string
}

// Create is part of [bucket.Bucket].
func (f folder) Create(_ context.Context, key string, r io.Reader) (n int64, err error) {
	file, err := os.OpenFile(filepath.Join(f.dir, path.Base(key)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(file, r)
	return n, errors.Join(err, file.Close())
}

// partSpans is how many spans a part has, unless one trace has more.
const partSpans = 200_000

// Parts writes spans as the files of blocks into numbered folders, each of
// bounded size. The zero value with a Dir is ready.
type Parts struct {
	Dir   string
	Most  int // spans in a part, unless one trace has more; 0 is 200,000
	Count int // how many are written

	spans span.Batch
}

// Add takes whole traces.
func (p *Parts) Add(ctx context.Context, b *span.Batch) error {
	if p.spans.Len() > 0 && p.spans.Len()+b.Len() > cmp.Or(p.Most, partSpans) {
		if err := p.Flush(ctx); err != nil {
			return err
		}
	}
	p.spans.AppendRows(b, span.Seq(b.Len()))
	return nil
}

// Flush writes what was added since the last part as the next one.
func (p *Parts) Flush(ctx context.Context) error {
	if p.spans.Len() == 0 {
		return nil
	}
	p.Count++
	_, err := WriteFolder(ctx, filepath.Join(p.Dir, fmt.Sprintf("part-%05d", p.Count)), &p.spans)
	p.spans.Reset()
	return err
}
