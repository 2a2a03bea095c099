package block

import (
	"github.com/maypok86/otter/v2"
)

// Cache keeps what readers have parsed and may need again: footers, page
// indexes, dictionaries, pages of filters. It is bounded in bytes, serves any
// number of readers and is safe for concurrent use.
type Cache struct {
	entries *otter.Cache[cacheKey, cached]
}

type cacheKey struct {
	file   string
	offset int64
}

// cached is a parsed piece of a file.
type cached interface {
	// held is about how many bytes of memory it takes.
	held() int
}

// NewCache returns a cache of at most so many bytes.
func NewCache(bytes int64) *Cache {
	return &Cache{otter.Must(&otter.Options[cacheKey, cached]{
		MaximumWeight: uint64(max(bytes, 1)),
		Weigher:       func(_ cacheKey, v cached) uint32 { return uint32(min(v.held()+128, 1<<31)) },
	})}
}

// Held is how many bytes the cache has at the moment.
func (c *Cache) Held() int64 { return int64(c.entries.WeightedSize()) }

// lookup returns the piece at an offset, which load parses when it is not there.
// Several callers may load the same piece at once; either result serves.
func lookup[T cached](c *Cache, file string, offset int64, load func() (T, error)) (T, error) {
	key := cacheKey{file, offset}
	if v, ok := c.entries.GetIfPresent(key); ok {
		return v.(T), nil
	}
	v, err := load()
	if err == nil {
		c.entries.Set(key, v)
	}
	return v, err
}
