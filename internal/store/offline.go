package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
)

// Blocks returns the live blocks of spans and those of log records, which are those that
// the newest whole manifest names, oldest first. Newer manifests that are damaged are
// listed beside.
func Blocks(ctx context.Context, bkt bucket.Bucket) (spans, logs []block.Meta, damaged []string, err error) {
	m, damaged, err := loadManifest(ctx, bkt)
	if errors.Is(err, bucket.ErrNotFound) { // it got old, and was deleted, since it was listed
		m, damaged, err = loadManifest(ctx, bkt)
	}
	return m.Blocks, m.Logs, damaged, err
}

// Offline reads the blocks of a store that it does not own: whether a server is
// running on it or not, and without changing anything. What is only in a server's
// log is not there. It is for one goroutine at a time.
type Offline struct {
	Blocks  []block.Meta // live when they were listed last, oldest first
	Logs    []block.Meta // those of log records
	Damaged []string     // manifests newer than the one that was read

	bkt   bucket.Bucket
	cache *block.Cache
	left  []leftOut
	most  int // windowTraces, fewer in tests
}

// offlineCache is for footers, page indexes and dictionaries.
const offlineCache = 64 << 20

// OpenOffline lists the live blocks.
func OpenOffline(ctx context.Context, bkt bucket.Bucket) (*Offline, error) {
	o := &Offline{bkt: bkt, cache: block.NewCache(offlineCache), most: windowTraces}
	return o, o.list(ctx)
}

func (o *Offline) list(ctx context.Context) (err error) {
	o.Blocks, o.Logs, o.Damaged, err = Blocks(ctx, o.bkt)
	return err
}

// ErrGone says that a block was merged into another or deleted while it was read.
var ErrGone = errors.New("the server has merged or deleted it meanwhile")

// moved reports whether reading a block failed because it is not live any more;
// the blocks are then listed anew.
func (o *Offline) moved(ctx context.Context, id string, err error) bool {
	if !errors.Is(err, bucket.ErrNotFound) {
		return false
	}
	return o.list(ctx) == nil && !slices.ContainsFunc(o.All(), func(m block.Meta) bool { return m.ID == id })
}

// UnknownError says that a name is no live block's, or that of several.
type UnknownError string

func (e UnknownError) Error() string { return string(e) }

// All returns the live blocks of spans and then those of log records.
func (o *Offline) All() []block.Meta { return slices.Concat(o.Blocks, o.Logs) }

// Find returns the live block that a person names by its id, the beginning of its
// id, or as oldest or newest, which are blocks of spans if there are any.
func (o *Offline) Find(name string) (block.Meta, error) {
	of := o.Blocks
	if len(of) == 0 {
		of = o.Logs
	}
	if len(of) == 0 {
		return block.Meta{}, UnknownError("there is no block yet")
	}
	switch name {
	case "oldest":
		return of[0], nil
	case "newest":
		return of[len(of)-1], nil
	}
	var found []block.Meta
	for _, m := range o.All() {
		if m.ID == name {
			return m, nil
		}
		if strings.HasPrefix(m.ID, name) && name != "" {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return block.Meta{}, UnknownError(fmt.Sprintf("there is no block %q", name))
	case 1:
		return found[0], nil
	}
	return block.Meta{}, UnknownError(fmt.Sprintf("%d blocks begin with %q, the first two are %s and %s", len(found), name, found[0].ID, found[1].ID))
}

// Inspect reads how the block of a name is made, see [Offline.Find].
func (o *Offline) Inspect(ctx context.Context, name string) (block.Layout, error) {
	for again := false; ; again = true {
		meta, err := o.Find(name)
		if err != nil {
			return block.Layout{}, err
		}
		layout, err := block.NewReader(o.bkt, o.cache, meta).Inspect(ctx)
		if err == nil || !o.moved(ctx, meta.ID, err) {
			return layout, err
		}
		if again {
			return block.Layout{}, fmt.Errorf("block %s: %w", meta.ID, ErrGone)
		}
	}
}

// Verify checks the given blocks, or all live ones, and calls each with every
// block and what is wrong with it, nil if nothing. When all are checked, those
// that take the place of merged ones are checked as well.
func (o *Offline) Verify(ctx context.Context, blocks []block.Meta, each func(block.Meta, error)) error {
	all := blocks == nil
	if all {
		blocks = o.All()
	}
	seen := make(map[string]bool)
	for again := false; ; again = true {
		var gone []block.Meta
		for _, m := range blocks {
			if seen[m.ID] {
				continue
			}
			err := block.Verify(ctx, o.bkt, m)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && o.moved(ctx, m.ID, err) {
				gone = append(gone, m)
				continue
			}
			seen[m.ID] = true
			each(m, err)
		}
		if len(gone) > 0 && all && !again {
			blocks = o.All()
			continue
		}
		for _, m := range gone {
			each(m, fmt.Errorf("block %s: %w", m.ID, ErrGone))
		}
		return nil
	}
}
