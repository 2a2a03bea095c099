package wal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// FS is what the log needs of a file system. Package wal/waltest has one that
// crashes.
type FS interface {
	// MkdirAll makes a directory and those above it, durably; those that exist
	// are left alone.
	MkdirAll(dir string) error
	// Create makes a new file for appending; it is an error if the name is taken.
	// The name is durable after SyncDir.
	Create(name string) (File, error)
	// Open opens a file for reading; fs.ErrNotExist if there is none.
	Open(name string) (Reader, error)
	// List returns the regular files of a directory, in any order.
	List(dir string) ([]Entry, error)
	// Remove removes a file.
	Remove(name string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
}

// Entry is a file in a directory.
type Entry struct {
	Name string // without the directory
	Size int64  // bytes
}

// File is a file being appended to, by one goroutine at a time.
type File interface {
	io.Writer
	io.Closer
	// Sync makes what was written durable.
	Sync() error
	// Truncate cuts the file to size bytes.
	Truncate(size int64) error
}

// Reader is a file being read.
type Reader interface {
	io.ReaderAt
	io.Closer
}

// osFS is the operating system's. Files and directories are private to the user.
type osFS struct{}

func (s osFS) MkdirAll(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	return s.mkdir(dir)
}

func (s osFS) mkdir(dir string) error {
	if st, err := os.Stat(dir); err == nil && st.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := s.mkdir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return s.SyncDir(parent)
}

func (osFS) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osFS) Open(name string) (Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osFS) List(dir string) ([]Entry, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, e := range files {
		if !e.Type().IsRegular() {
			continue
		}
		st, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Entry{e.Name(), st.Size()})
	}
	return out, nil
}

func (osFS) Remove(name string) error { return os.Remove(name) }

// SyncDir does nothing on Windows, which has no such call; NTFS journals its
// metadata.
func (osFS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
