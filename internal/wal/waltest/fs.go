// Package waltest has a file system in memory that crashes, fills up and fails
// by plan, for tests of the log and simulations of what is built on it.
package waltest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"

	"github.com/everspan/everspan/internal/wal"
)

// ErrCrashed is what every call gets after Crash.
var ErrCrashed = errors.New("file system has crashed")

// Op names a call that may be made to fail.
type Op string

// The calls, by the names that Fail and Hook take.
const (
	Create  Op = "create"
	Open    Op = "open"
	List    Op = "list"
	Remove  Op = "remove"
	SyncDir Op = "syncdir"
	Write   Op = "write"
	Sync    Op = "sync"
	Cut     Op = "truncate"
)

// FS is a wal.FS in memory. It knows what a disk would still have after a power
// cut: what was synced, a random part of what was not, names only if their
// directory was synced. All chance comes from the seed.
type FS struct {
	mu       sync.Mutex
	rnd      *rand.Rand
	names    map[string]*file // as seen now
	durable  map[string]*file // as a crash would leave them
	crashed  bool
	capacity int64 // bytes; negative: no limit
	plan     map[Op]*failure
	calls    map[Op]int
	hook     func(op Op, name string) error
}

type failure struct {
	in  int // calls from now
	err error
}

type file struct {
	data   []byte
	synced int  // bytes that a crash leaves
	bad    bool // a sync failed: later ones succeed and do nothing
}

// New returns an empty file system without a limit.
func New(seed uint64) *FS {
	return &FS{
		rnd:      rand.New(rand.NewPCG(seed, 0)),
		names:    make(map[string]*file),
		durable:  make(map[string]*file),
		capacity: -1,
		plan:     make(map[Op]*failure),
		calls:    make(map[Op]int),
	}
}

// Crash cuts the power. From now on every call on f and its files fails with
// ErrCrashed; what the disk has kept is the file system that is returned. It has
// no limit, no plan and no hook.
func (f *FS) Crash() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = true
	after := New(f.rnd.Uint64())
	// In the order of names, for the seed's sake.
	all := maps.Clone(f.durable)
	maps.Copy(all, f.names)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		old, kept := f.durable[name]
		now, there := f.names[name]
		got := now
		if !there || kept && old != now && f.rnd.IntN(2) == 0 {
			got = old
		}
		if kept != there && f.rnd.IntN(2) == 0 {
			continue // an unsynced creation that was lost, or removal that was not
		}
		data := f.survivor(got)
		left := &file{data: data, synced: len(data)}
		after.names[name], after.durable[name] = left, left
	}
	return after
}

// survivor is what a crash leaves of a file: all that was synced, part of the
// rest, and in that part now and then a stretch that never got to the disk.
func (f *FS) survivor(o *file) []byte {
	rest := len(o.data) - o.synced
	keep := 0
	if rest > 0 {
		keep = f.rnd.IntN(rest + 1)
	}
	data := slices.Clone(o.data[:o.synced+keep])
	if keep > 0 && f.rnd.IntN(3) == 0 {
		hole := data[o.synced+f.rnd.IntN(keep):]
		clear(hole[:f.rnd.IntN(len(hole)+1)])
	}
	return data
}

// Fail makes the nth call of op from now (1 is the next) fail with err. A write
// that fails stores a random part; after a sync that failed the file never gets
// any more durable, whatever later syncs say.
func (f *FS) Fail(op Op, n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan[op] = &failure{n, err}
}

// SetCapacity bounds the bytes of all files; past it writes fail with ENOSPC. A
// negative number is no limit.
func (f *FS) SetCapacity(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capacity = bytes
}

// Hook has h called before each call, without a lock held: it may wait, or refuse
// the call. Nil ends it.
func (f *FS) Hook(h func(op Op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = h
}

// Calls counts the calls of op so far.
func (f *FS) Calls(op Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

// ReadFile returns a copy of a file's bytes, or nil.
func (f *FS) ReadFile(name string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o := f.names[filepath.Clean(name)]; o != nil {
		return slices.Clone(o.data)
	}
	return nil
}

// WriteFile sets a file's bytes, durably.
func (f *FS) WriteFile(name string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := &file{data: slices.Clone(data), synced: len(data)}
	name = filepath.Clean(name)
	f.names[name], f.durable[name] = o, o
}

// start begins a call: it runs the hook and returns with the lock held if the
// call may go on, or else with an error. A planned failure comes back as planned.
func (f *FS) start(op Op, name string) (planned, err error) {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	if hook != nil {
		if err := hook(op, name); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	if f.crashed {
		f.mu.Unlock()
		return nil, ErrCrashed
	}
	f.calls[op]++
	if p := f.plan[op]; p != nil {
		if p.in--; p.in <= 0 {
			delete(f.plan, op)
			return fmt.Errorf("%s %s: %w", op, name, p.err), nil
		}
	}
	return nil, nil
}

// run does a call that has no effect when it fails.
func (f *FS) run(op Op, name string, do func(name string) error) error {
	planned, err := f.start(op, name)
	if err != nil {
		return err
	}
	defer f.mu.Unlock()
	if planned != nil {
		return planned
	}
	return do(filepath.Clean(name))
}

// MkdirAll is part of wal.FS. Directories need not exist here.
func (f *FS) MkdirAll(string) error { return nil }

// Create is part of wal.FS.
func (f *FS) Create(name string) (wal.File, error) {
	var h *handle
	err := f.run(Create, name, func(name string) error {
		if f.names[name] != nil {
			return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
		}
		h = &handle{f, name, &file{}}
		f.names[name] = h.file
		return nil
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Open is part of wal.FS.
func (f *FS) Open(name string) (wal.Reader, error) {
	var h *handle
	err := f.run(Open, name, func(name string) error {
		o := f.names[name]
		if o == nil {
			return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		h = &handle{f, name, o}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// List is part of wal.FS.
func (f *FS) List(dir string) (out []wal.Entry, err error) {
	err = f.run(List, dir, func(dir string) error {
		for _, name := range slices.Sorted(maps.Keys(f.names)) {
			if filepath.Dir(name) == dir {
				out = append(out, wal.Entry{Name: filepath.Base(name), Size: int64(len(f.names[name].data))})
			}
		}
		return nil
	})
	return out, err
}

// Remove is part of wal.FS.
func (f *FS) Remove(name string) error {
	return f.run(Remove, name, func(name string) error {
		if f.names[name] == nil {
			return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
		}
		delete(f.names, name)
		return nil
	})
}

// SyncDir is part of wal.FS.
func (f *FS) SyncDir(dir string) error {
	return f.run(SyncDir, dir, func(dir string) error {
		in := func(name string, _ *file) bool { return filepath.Dir(name) == dir }
		maps.DeleteFunc(f.durable, in)
		for name, o := range f.names {
			if in(name, o) {
				f.durable[name] = o
			}
		}
		return nil
	})
}
