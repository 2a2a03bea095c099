package bucket

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a Bucket in memory, for tests and simulation. The zero value is
// empty and ready. Its clock is time.Now, so a synctest bubble owns it.
type Memory struct {
	mu      sync.RWMutex
	objects map[string]object
	keys    []string // sorted, for List
}

type object struct {
	data []byte
	made time.Time
}

// NewMemory returns an empty bucket.
func NewMemory() *Memory { return new(Memory) }

// Create is part of [Bucket].
func (m *Memory) Create(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("create %s: %w", key, err)
	}
	data, err := io.ReadAll(&ctxReader{ctx, r})
	if err != nil {
		return 0, fmt.Errorf("create %s: read content: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at, taken := slices.BinarySearch(m.keys, key)
	if taken {
		return 0, fmt.Errorf("create %s: %w", key, ErrExists)
	}
	if m.folder(key) {
		return 0, fmt.Errorf("create %s: %w: both an object and a folder", key, ErrBadKey)
	}
	if m.objects == nil {
		m.objects = make(map[string]object)
	}
	m.objects[key] = object{data, time.Now()}
	m.keys = slices.Insert(m.keys, at, key)
	return int64(len(data)), nil
}

// folder reports whether key is a folder of another key or has one for its own.
func (m *Memory) folder(key string) bool {
	at, _ := slices.BinarySearch(m.keys, key+"/")
	if at < len(m.keys) && strings.HasPrefix(m.keys[at], key+"/") {
		return true
	}
	for i := range len(key) {
		if key[i] == '/' {
			if _, ok := m.objects[key[:i]]; ok {
				return true
			}
		}
	}
	return false
}

func (m *Memory) get(ctx context.Context, op, key string) (object, error) {
	if err := checkKey(key); err != nil {
		return object{}, err
	}
	if err := ctx.Err(); err != nil {
		return object{}, fmt.Errorf("%s %s: %w", op, key, err)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[key]
	if !ok {
		return object{}, fmt.Errorf("%s %s: %w", op, key, ErrNotFound)
	}
	return o, nil
}

// ReadAt is part of [Bucket].
func (m *Memory) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	o, err := m.get(ctx, "read", key)
	if err != nil {
		return err
	}
	if err := checkOffset(key, off); err != nil {
		return err
	}
	if len(p) == 0 {
		return nil
	}
	if size := int64(len(o.data)); off > size || int64(len(p)) > size-off {
		return shortObject(key, p, off)
	}
	copy(p, o.data[off:])
	return nil
}

// Stat is part of [Bucket].
func (m *Memory) Stat(ctx context.Context, key string) (Info, error) {
	o, err := m.get(ctx, "stat", key)
	if err != nil {
		return Info{}, err
	}
	return Info{key, int64(len(o.data)), o.made}, nil
}

// List is part of [Bucket]. The lock is not held while the caller looks at an
// object, so the caller may write.
func (m *Memory) List(ctx context.Context, prefix, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if !validPrefix(prefix) {
			yield(Info{}, badKey(prefix))
			return
		}
		last := after
		for {
			if err := ctx.Err(); err != nil {
				yield(Info{}, fmt.Errorf("list %s: %w", prefix, err))
				return
			}
			info, ok := m.next(prefix, last)
			if !ok || !yield(info, nil) {
				return
			}
			last = info.Key
		}
	}
}

// next finds the first object with the prefix whose key is greater than last.
func (m *Memory) next(prefix, last string) (Info, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	at, found := slices.BinarySearch(m.keys, max(prefix, last))
	if found && last >= prefix {
		at++ // it is last itself
	}
	if at == len(m.keys) || !strings.HasPrefix(m.keys[at], prefix) {
		return Info{}, false
	}
	key := m.keys[at]
	o := m.objects[key]
	return Info{key, int64(len(o.data)), o.made}, true
}

// Delete is part of [Bucket].
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, ok := slices.BinarySearch(m.keys, key); ok {
		m.keys = slices.Delete(m.keys, at, at+1)
		delete(m.objects, key)
	}
	return nil
}
