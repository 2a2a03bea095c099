package bucket

import (
	"container/list"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// ReadAt is part of [Bucket].
func (d *Dir) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	path, err := d.path(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	if err := checkOffset(key, off); err != nil {
		return err
	}
	f, err := d.cache.open(key, path)
	if err != nil {
		return fmt.Errorf("read %s: %w", key, notFound(err))
	}
	defer d.cache.release(f)
	if len(p) > 0 && (off > f.size || int64(len(p)) > f.size-off) {
		return shortObject(key, p, off)
	}
	if _, err := f.ReadAt(p, off); err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	return nil
}

// fileCache keeps the files that were read last open, because opening one costs
// more than reading a page of it.
type fileCache struct {
	limit int

	mu     sync.Mutex
	files  map[string]*cachedFile
	recent *list.List // of *cachedFile, the most recently read first
	drops  uint64     // how often drop was called
}

// cachedFile is closed when nobody reads it and it is not cached any more.
type cachedFile struct {
	*os.File
	key   string
	size  int64
	elem  *list.Element // nil: not cached
	users int
}

func newFileCache(limit int) *fileCache {
	return &fileCache{limit: limit, files: make(map[string]*cachedFile), recent: list.New()}
}

// open returns the file of key, which the caller has to release.
func (c *fileCache) open(key, path string) (*cachedFile, error) {
	c.mu.Lock()
	if f := c.files[key]; f != nil {
		c.recent.MoveToFront(f.elem)
		f.users++
		c.mu.Unlock()
		return f, nil
	}
	drops := c.drops
	c.mu.Unlock()

	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st, err := file.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = ErrNotFound // a folder
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	f := &cachedFile{File: file, key: key, size: st.Size(), users: 1}

	c.mu.Lock()
	defer c.mu.Unlock()
	// What was opened may have been deleted meanwhile; then it serves this one
	// read, and is not kept, for the key may come to name another object.
	if drops == c.drops && c.files[key] == nil && c.limit > 0 {
		f.elem = c.recent.PushFront(f)
		c.files[key] = f
		for c.recent.Len() > c.limit {
			c.remove(c.recent.Back().Value.(*cachedFile))
		}
	}
	return f, nil
}

func (c *fileCache) release(f *cachedFile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.users--
	if f.users == 0 && f.elem == nil {
		f.Close()
	}
}

// drop forgets the file of key, and every open that is under way.
func (c *fileCache) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	if f := c.files[key]; f != nil {
		c.remove(f)
	}
}

// remove is called with the lock held.
func (c *fileCache) remove(f *cachedFile) {
	c.recent.Remove(f.elem)
	f.elem = nil
	delete(c.files, f.key)
	if f.users == 0 {
		f.Close()
	}
}

// close drops all, and keeps none from now on.
func (c *fileCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = 0
	for _, f := range c.files {
		c.remove(f)
	}
}

func checkOffset(key string, off int64) error {
	if off < 0 {
		return fmt.Errorf("read %s: negative offset %d", key, off)
	}
	return nil
}

func shortObject(key string, p []byte, off int64) error {
	return fmt.Errorf("read %s: %d bytes at %d: %w", key, len(p), off, io.ErrUnexpectedEOF)
}

// ctxReader ends a copy when its context ends.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
