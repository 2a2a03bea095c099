package engine

import (
	"math"
)

// histogram counts numbers in buckets whose bounds are powers of 2 to the 1/16: a bucket
// is 4.4 % wide. It also knows the least and the greatest number. This is the exponential
// histogram of OpenTelemetry at scale 4.
type histogram struct {
	first    int32    // the index of counts[0]
	counts   []uint32 // numbers above zero
	zeros    uint32
	below    *histogram // numbers below zero, by their amount; nil if there are none
	total    uint64
	min, max float64
}

const subBuckets = 16

// subBounds are 2^(k/16), and subGuess is the greatest k whose bound is not above 1+i/256.
var subBounds, subGuess = func() (bounds [subBuckets + 1]float64, guess [256]uint8) {
	for k := range bounds {
		bounds[k] = math.Exp2(float64(k) / subBuckets)
	}
	for i := range guess {
		for k := range subBuckets {
			if bounds[k] <= 1+float64(i)/256 {
				guess[i] = uint8(k)
			}
		}
	}
	return bounds, guess
}()

// bucketOf is the index of the bucket of a number above zero: bucket k holds
// [2^(k/16), 2^((k+1)/16)).
func bucketOf(v float64) int32 {
	bits := math.Float64bits(v)
	exponent := int32(bits>>52) - 1023
	if exponent == -1023 {
		return -1023 * subBuckets // too small to tell apart
	}
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	k := int32(subGuess[bits>>44&255])
	if m >= subBounds[k+1] {
		k++
	}
	return exponent*subBuckets + k
}

func (h *histogram) add(v float64) {
	if math.IsNaN(v) {
		return
	}
	if h.total == 0 {
		h.min, h.max = v, v
	}
	h.min, h.max = min(h.min, v), max(h.max, v)
	h.total++
	switch {
	case v == 0:
		h.zeros++
		return
	case v < 0:
		if h.below == nil {
			h.below = new(histogram)
		}
		h.below.add(-v)
		return
	}
	h.counts[h.room(bucketOf(v))]++
}

// room makes room for a bucket and returns its place in counts.
func (h *histogram) room(k int32) int32 {
	if len(h.counts) == 0 {
		h.first = k - 8
		h.counts = make([]uint32, 32)
	}
	if k < h.first {
		more := h.first - k + subBuckets
		h.counts = append(make([]uint32, more, int(more)+len(h.counts)), h.counts...)
		h.first -= more
	}
	if n := k - h.first - int32(len(h.counts)) + 1; n > 0 {
		h.counts = append(h.counts, make([]uint32, n+subBuckets)...)
	}
	return k - h.first
}

func (h *histogram) merge(o *histogram) {
	if o.total == 0 {
		return
	}
	if h.total == 0 {
		h.min, h.max = o.min, o.max
	}
	h.min, h.max = min(h.min, o.min), max(h.max, o.max)
	h.total += o.total
	h.zeros += o.zeros
	if o.below != nil {
		if h.below == nil {
			h.below = new(histogram)
		}
		h.below.merge(o.below)
	}
	for i, n := range o.counts {
		if n > 0 {
			h.counts[h.room(o.first+int32(i))] += n
		}
	}
}

// quantile estimates the number below which a share of all lie, from 0 to 1. Within a
// bucket, numbers are taken as evenly spread on a logarithmic scale.
func (h *histogram) quantile(q float64) float64 {
	if h.total == 0 {
		return math.NaN()
	}
	rank := q * float64(h.total)
	seen := 0.0
	if h.below != nil {
		seen = float64(h.below.total)
		if rank <= seen {
			return -h.below.quantile(1 - rank/seen)
		}
	}
	if seen += float64(h.zeros); rank <= seen && h.zeros > 0 {
		return 0
	}
	for i, n := range h.counts {
		if n == 0 {
			continue
		}
		if seen+float64(n) >= rank {
			at := float64(h.first+int32(i)) + (rank-seen)/float64(n)
			return min(max(math.Exp2(at/subBuckets), h.min), h.max)
		}
		seen += float64(n)
	}
	return h.max
}

// powers calls each with the counts by powers of two: numbers in (bound/2, bound], but
// that bounds belong to the bucket above. Zero and less are at bound 0.
func (h *histogram) powers(each func(bound float64, n uint32)) {
	low := h.zeros
	if h.below != nil {
		low += uint32(h.below.total)
	}
	if low > 0 {
		each(0, low)
	}
	sum, at := uint32(0), int32(math.MinInt32)
	flush := func() {
		if sum > 0 {
			each(math.Ldexp(1, int(at)+1), sum)
		}
		sum = 0
	}
	for i, n := range h.counts {
		if n == 0 {
			continue
		}
		k := int32(math.Floor(float64(h.first+int32(i)) / subBuckets))
		if k != at {
			flush()
			at = k
		}
		sum += n
	}
	flush()
}
