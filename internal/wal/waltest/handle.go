package waltest

import (
	"io"
	"io/fs"
	"syscall"
)

// handle is an open file.
type handle struct {
	fs   *FS
	name string
	file *file
}

// Write is part of wal.File.
func (h *handle) Write(p []byte) (int, error) {
	planned, err := h.fs.start(Write, h.name)
	if err != nil {
		return 0, err
	}
	defer h.fs.mu.Unlock()
	n := len(p)
	if planned != nil {
		n = h.fs.rnd.IntN(n + 1)
	} else if h.fs.capacity >= 0 {
		room := h.fs.capacity
		for _, o := range h.fs.names {
			room -= int64(len(o.data))
		}
		if int64(n) > room {
			n = int(max(room, 0))
			planned = &fs.PathError{Op: "write", Path: h.name, Err: syscall.ENOSPC}
		}
	}
	h.file.data = append(h.file.data, p[:n]...)
	return n, planned
}

// Sync is part of wal.File.
func (h *handle) Sync() error {
	planned, err := h.fs.start(Sync, h.name)
	if err != nil {
		return err
	}
	defer h.fs.mu.Unlock()
	if planned != nil {
		h.file.bad = true
		return planned
	}
	if !h.file.bad {
		h.file.synced = len(h.file.data)
	}
	return nil
}

// Truncate is part of wal.File.
func (h *handle) Truncate(size int64) error {
	return h.fs.run(Cut, h.name, func(string) error {
		if size < 0 || size > int64(len(h.file.data)) {
			return &fs.PathError{Op: "truncate", Path: h.name, Err: fs.ErrInvalid}
		}
		h.file.data = h.file.data[:size:size]
		h.file.synced = min(h.file.synced, int(size))
		return nil
	})
}

// ReadAt is part of wal.Reader.
func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if h.fs.crashed {
		return 0, ErrCrashed
	}
	if off >= int64(len(h.file.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.file.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close is part of wal.File and wal.Reader. It syncs nothing.
func (h *handle) Close() error { return nil }
