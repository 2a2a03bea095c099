//go:build linux

package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Sizes of traces, in spans.
const (
	minSize   = 3
	maxSize   = 200
	giantSize = 9_999
	// giantFirst and giantEvery say which traces are giants, counted from 0.
	giantFirst = 2_500
	giantEvery = 35_000
)

// sizePoints are quantiles of the sizes; between them the logarithm of the size
// is a straight line.
var sizePoints = []struct{ q, size float64 }{{0, 2.5}, {0.25, 4.7}, {0.5, 11}, {0.75, 19.2}, {0.9, 45.2}, {0.95, 67}, {0.99, 122}, {1, maxSize}}

// drawSize draws the size of a trace that is no giant.
func drawSize(rng *rand.Rand) int {
	q := rng.Float64()
	i := 1
	for q > sizePoints[i].q {
		i++
	}
	a, b := sizePoints[i-1], sizePoints[i]
	size := a.size * math.Pow(b.size/a.size, (q-a.q)/(b.q-a.q))
	return min(max(int(math.Round(size)), minSize), maxSize)
}

// roots draws the operation that a trace begins with.
type roots struct {
	ops []*operation
	// upTo is the sum of the weights up to each operation, by size.
	upTo [maxSize + 1][]float64
}

// newRoots makes a table of which operation starts traces of which size: those
// whose typical size is near it.
func newRoots(ops map[string]*operation) *roots {
	const spread = 0.45 // of the logarithm
	var r roots
	for _, op := range ops {
		if op.weight > 0 {
			r.ops = append(r.ops, op)
		}
	}
	slices.SortFunc(r.ops, func(a, b *operation) int { return cmp.Compare(a.id, b.id) })
	for size := minSize; size <= maxSize; size++ {
		sum := 0.0
		for _, op := range r.ops {
			off := (math.Log(float64(size)) - math.Log(op.size)) / spread
			sum += op.weight * max(math.Exp(-off*off/2), 1e-9)
			r.upTo[size] = append(r.upTo[size], sum)
		}
	}
	return &r
}

func (r *roots) draw(rng *rand.Rand, size int) *operation {
	upTo := r.upTo[max(size, minSize)]
	i, _ := slices.BinarySearch(upTo, rng.Float64()*upTo[len(upTo)-1])
	return r.ops[min(i, len(r.ops)-1)]
}
