package span_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
)

// What Drop leaves is every value of the other keys, and nothing of those dropped.
func TestDrop(t *testing.T) {
	for seed := range uint64(50) {
		var b span.Batch
		spantest.Random(&b, rand.New(rand.NewPCG(seed, 9)), 40)
		var keys []string
		for _, c := range b.Attrs.Columns {
			keys = append(keys, c.Key)
		}
		drop := func(key string) bool { return slices.Index(keys, key)%2 == 0 }
		texts := func(keep func(string) bool) (all []string) {
			for row := range uint32(b.Len()) {
				for k, v := range b.Attrs.Row(row) {
					if keep(k) {
						all = append(all, fmt.Sprint(row, k, v))
					}
				}
			}
			return all
		}
		want := texts(func(key string) bool { return !drop(key) })
		b.Attrs.Drop(drop)
		if got := texts(func(string) bool { return true }); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}
