package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const (
	// tmpDir holds objects that are being written. It is hidden, so no key can
	// name it, and inside the root, so that a link needs no second file system.
	tmpDir = ".tmp"

	// openFiles bounds the files kept open for ReadAt. A block is read through
	// five to ten files, so this is some dozens of blocks; and it is a quarter of
	// the usual limit of 1,024 descriptors for a process.
	openFiles = 256

	// createTries bounds how often Create makes a folder anew that a Delete
	// beside it has found empty and removed.
	createTries = 100
)

// Dir is a Bucket in a local directory: the key is the file's path below the
// root, so other tools find what they expect. The file system must have hard
// links (FAT has none). Files and folders are private to the user.
type Dir struct {
	root  string
	cache *fileCache
}

// OpenDir opens (and makes, where it is missing) the directory root. What an
// earlier process left half written is removed; so one process at a time should
// create objects in a directory. If a second one is opened nevertheless nothing
// is lost: a Create that is under way in the first one may fail and be retried.
// The directory holds up to 256 open files until Close.
func OpenDir(root string) (*Dir, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	if err := makeRoot(root); err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	tmp := filepath.Join(root, tmpDir)
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	left, err := os.ReadDir(tmp)
	if err != nil {
		return nil, fmt.Errorf("open bucket: list leftovers: %w", err)
	}
	for _, e := range left {
		if err := os.RemoveAll(filepath.Join(tmp, e.Name())); err != nil {
			return nil, fmt.Errorf("open bucket: remove leftover: %w", err)
		}
	}
	return &Dir{root: root, cache: newFileCache(openFiles)}, nil
}

// makeRoot makes the folder at path, and durably so; one that is there already is
// left to whoever made it.
func makeRoot(path string) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeRoot(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// Close closes the files that were kept open for reading. The bucket stays
// usable, but keeps none open any more.
func (d *Dir) Close() error {
	d.cache.close()
	return nil
}

// path is where the object of a key lies. The second check matters on Windows,
// where names like "nul" are devices.
func (d *Dir) path(key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	p := filepath.FromSlash(key)
	if !filepath.IsLocal(p) {
		return "", badKey(key)
	}
	return filepath.Join(d.root, p), nil
}

// Create is part of [Bucket]. The content is written to a temporary file and
// synced, and then linked to its name: a link, unlike a rename, fails when the
// name is taken.
func (d *Dir) Create(ctx context.Context, key string, r io.Reader) (int64, error) {
	path, err := d.path(key)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("create %s: %w", key, err)
	}
	tmp, size, err := d.writeTemp(ctx, r)
	if err != nil {
		return 0, fmt.Errorf("create %s: %w", key, err)
	}
	err = d.link(tmp, path)
	os.Remove(tmp) // best effort: what is left is removed by the next OpenDir
	if err != nil && !errors.Is(err, ErrExists) {
		return 0, fmt.Errorf("create %s: %w", key, err)
	}
	// ErrExists too is only told once the object that is there can no longer
	// vanish: it may be our own, of an earlier try that failed right here.
	if serr := d.syncParents(path); serr != nil {
		return 0, fmt.Errorf("create %s: %w", key, serr)
	}
	if err != nil {
		return 0, fmt.Errorf("create %s: %w", key, err)
	}
	return size, nil
}

// writeTemp stores what r yields in a synced temporary file.
func (d *Dir) writeTemp(ctx context.Context, r io.Reader) (name string, size int64, err error) {
	f, err := os.CreateTemp(filepath.Join(d.root, tmpDir), "new-*")
	if err != nil {
		return "", 0, fmt.Errorf("make temporary file: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if size, err = io.Copy(f, &ctxReader{ctx, r}); err != nil {
		return "", 0, fmt.Errorf("write content: %w", err)
	}
	if err = f.Sync(); err != nil {
		return "", 0, fmt.Errorf("sync content: %w", err)
	}
	if err = f.Close(); err != nil {
		return "", 0, fmt.Errorf("close temporary file: %w", err)
	}
	if err = ctx.Err(); err != nil {
		return "", 0, err
	}
	return f.Name(), size, nil
}

// link gives the temporary file its final name, making the folders it needs.
func (d *Dir) link(tmp, path string) error {
	var err error
	for range createTries {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
		if errors.Is(err, fs.ErrExist) {
			// A folder was there and was gone at the second look, because its last
			// object was deleted. That says nothing about ours.
			continue
		}
		if err == nil {
			err = os.Link(tmp, path)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.ENOTDIR):
			return fmt.Errorf("%w: below an object", ErrBadKey)
		case errors.Is(err, fs.ErrExist):
			if st, serr := os.Lstat(path); serr == nil && st.IsDir() {
				return fmt.Errorf("%w: both an object and a folder", ErrBadKey)
			}
			return ErrExists
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("link: %w", err)
		}
		if _, serr := os.Lstat(tmp); serr != nil {
			return fmt.Errorf("link: temporary file: %w", serr)
		}
	}
	return fmt.Errorf("link: %w", err)
}

// syncParents makes the entries of path and of each folder above it durable. All
// of them each time: who made a folder, and whether that was synced, is not
// known, and syncing an unchanged folder is cheap.
func (d *Dir) syncParents(path string) error {
	for path != d.root {
		path = filepath.Dir(path)
		if err := syncDir(path); err != nil {
			return err
		}
	}
	return nil
}

// syncDir makes a folder's entries durable. One that is gone has none. Windows
// has no such call; NTFS journals its metadata.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// Stat is part of [Bucket].
func (d *Dir) Stat(ctx context.Context, key string) (Info, error) {
	path, err := d.path(key)
	if err != nil {
		return Info{}, err
	}
	if err := ctx.Err(); err != nil {
		return Info{}, fmt.Errorf("stat %s: %w", key, err)
	}
	st, err := os.Stat(path)
	if err == nil && !st.Mode().IsRegular() {
		err = ErrNotFound
	}
	if err != nil {
		return Info{}, fmt.Errorf("stat %s: %w", key, notFound(err))
	}
	return Info{key, st.Size(), st.ModTime()}, nil
}

// Delete is part of [Bucket]. Folders that become empty are removed. On Windows
// it fails, and may be retried, while the object is being read.
func (d *Dir) Delete(ctx context.Context, key string) error {
	path, err := d.path(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	if st, err := os.Lstat(path); err == nil && st.IsDir() {
		return nil // a folder is no object
	}
	d.cache.drop(key)
	err = notFound(os.Remove(path))
	d.cache.drop(key) // a read between the two may have kept it open again
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	for strings.Contains(key, "/") {
		key = key[:strings.LastIndexByte(key, '/')]
		// Not os.Remove: an object may have taken the folder's name meanwhile.
		if syscall.Rmdir(filepath.Join(d.root, filepath.FromSlash(key))) != nil {
			break // not empty, as a rule
		}
	}
	return nil
}

// notFound translates what the system says of a missing file, or of a path that
// goes through an object as if that were a folder.
func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return ErrNotFound
	}
	return err
}
