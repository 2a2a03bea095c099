package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestPairs asks for pairs of codes, of few and of many, and has each compared once.
func TestPairs(t *testing.T) {
	for _, n := range []int{1, 7, 256, 257, 5000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(n)))
			p := newPairs(n, n+3)
			asked := make(map[[2]uint32]bool)
			for range 20_000 {
				l, r := uint32(rng.IntN(min(n, 90))), uint32(n+2-rng.IntN(min(n, 90)))
				want := l%3 == r%3
				got := p.holds(l, r, func() bool {
					if asked[[2]uint32{l, r}] {
						t.Fatalf("%d, %d compared twice", l, r)
					}
					asked[[2]uint32{l, r}] = true
					return want
				})
				if got != want || !asked[[2]uint32{l, r}] {
					t.Fatalf("%d, %d: %v, want %v", l, r, got, want)
				}
			}
		})
	}
}
