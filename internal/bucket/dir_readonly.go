package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrReadOnly says that the bucket was opened for reading only.
var ErrReadOnly = errors.New("opened for reading only")

// ReadOnlyDir is a [Dir] that never changes anything, so that it may be opened
// beside the process that writes.
type ReadOnlyDir struct{ *Dir }

// OpenReadOnlyDir opens a directory that is there. The error wraps
// fs.ErrNotExist when it is not.
func OpenReadOnlyDir(root string) (ReadOnlyDir, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return ReadOnlyDir{}, fmt.Errorf("open bucket: %w", err)
	}
	st, err := os.Stat(root)
	if err == nil && !st.IsDir() {
		err = fmt.Errorf("%s is not a folder", root)
	}
	if err != nil {
		return ReadOnlyDir{}, fmt.Errorf("open bucket: %w", err)
	}
	return ReadOnlyDir{&Dir{root: root, cache: newFileCache(openFiles)}}, nil
}

// Create fails.
func (ReadOnlyDir) Create(_ context.Context, key string, _ io.Reader) (int64, error) {
	return 0, fmt.Errorf("create %s: %w", key, ErrReadOnly)
}

// Delete fails.
func (ReadOnlyDir) Delete(_ context.Context, key string) error {
	return fmt.Errorf("delete %s: %w", key, ErrReadOnly)
}
