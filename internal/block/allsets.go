package block

import (
	"context"

	"github.com/everspan/everspan/internal/span"
)

// loadedSets is a table of resources or scopes.
type loadedSets struct {
	sets span.Sets
	size int
}

func (s *loadedSets) held() int { return s.size }

// Resources returns all resources of the block; row n is the one that spans call n. It
// must not be changed.
func (r *Reader) Resources(ctx context.Context) (*span.Sets, error) {
	return r.allSets(ctx, resourcesFile, "resource")
}

// Scopes is Resources for instrumentation scopes.
func (r *Reader) Scopes(ctx context.Context) (*span.Sets, error) {
	return r.allSets(ctx, scopesFile, "instrumentation")
}

func (r *Reader) allSets(ctx context.Context, file, scope string) (*span.Sets, error) {
	f, err := r.file(ctx, file)
	if err != nil {
		return nil, err
	}
	all, err := lookup(r.cache, f.key, -3-int64(f.rows), func() (*loadedSets, error) {
		in, err := f.rowsOf(ctx, [2]int{0, f.rows})
		if err != nil {
			return nil, err
		}
		attrs := in.attributes(scope)
		name, version := in.column("name", shapeText), in.column("version", shapeText)
		if err := in.read(); err != nil {
			return nil, err
		}
		s := new(loadedSets)
		for i := range f.rows {
			s.sets.Name = append(s.sets.Name, string(name.bytes(i)))
			s.sets.Version = append(s.sets.Version, string(version.bytes(i)))
		}
		if err := attrs.appendTo(&s.sets.Attrs, 0); err != nil {
			return nil, err
		}
		s.size = 200 + 48*f.rows + s.sets.Attrs.Size()
		return s, nil
	})
	if err != nil {
		return nil, err
	}
	return &all.sets, nil
}
