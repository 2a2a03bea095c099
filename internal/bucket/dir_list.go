package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// List is part of [Bucket]. It reads only folders that can hold a key it looks
// for, one at a time, and takes memory for the names of those it is inside of.
// Files with names that no key has are passed over.
func (d *Dir) List(ctx context.Context, prefix, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if !validPrefix(prefix) {
			yield(Info{}, badKey(prefix))
			return
		}
		w := walk{ctx: ctx, root: d.root, prefix: prefix, after: after, yield: yield}
		w.folder(prefix[:strings.LastIndexByte(prefix, '/')+1])
	}
}

type walk struct {
	ctx           context.Context
	root          string
	prefix, after string
	yield         func(Info, error) bool
}

// folder yields what is below a folder ("" or ending in a slash); false ends the
// listing.
func (w *walk) folder(at string) bool {
	if err := w.ctx.Err(); err != nil {
		return w.fail(err)
	}
	entries, err := os.ReadDir(filepath.Join(w.root, filepath.FromSlash(at)))
	if err != nil {
		if errors.Is(notFound(err), ErrNotFound) {
			return true
		}
		return w.fail(err)
	}
	// A folder sorts by its name and the slash: "a-b" is before "a/b".
	key := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(key(a), key(b)) })
	for _, e := range entries {
		if !validSegment(e.Name()) {
			continue
		}
		k := at + key(e)
		if e.IsDir() {
			wanted := strings.HasPrefix(k, w.prefix) || strings.HasPrefix(w.prefix, k)
			done := k <= w.after && !strings.HasPrefix(w.after, k)
			if wanted && !done && !w.folder(k) {
				return false
			}
			continue
		}
		if k <= w.after || !strings.HasPrefix(k, w.prefix) || !e.Type().IsRegular() || len(k) > maxKey {
			continue
		}
		if err := w.ctx.Err(); err != nil {
			return w.fail(err)
		}
		st, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return w.fail(err)
		}
		if !w.yield(Info{k, st.Size(), st.ModTime()}, nil) {
			return false
		}
	}
	return true
}

func (w *walk) fail(err error) bool {
	w.yield(Info{}, fmt.Errorf("list %s: %w", w.prefix, err))
	return false
}
