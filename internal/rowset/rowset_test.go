package rowset

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAgainstSlice compares sets with slices of booleans over random windows.
func TestAgainstSlice(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		from := uint32(rnd.IntN(100))
		n := uint32(rnd.IntN(300))
		to := from + n
		bounds := func() (uint32, uint32) {
			a, b := uint32(rnd.IntN(450)), uint32(rnd.IntN(450))
			return min(a, b), max(a, b)
		}
		x, y := New(from, to), New(from, to)
		want, other := make([]bool, 450), make([]bool, 450)
		for range 6 {
			a, b := bounds()
			on := rnd.IntN(2) == 0
			for i := a; i < b; i++ {
				if i >= from && i < to {
					want[i] = on
				}
			}
			if on {
				x.AddRange(a, b)
			} else {
				x.RemoveRange(a, b)
			}
		}
		for range min(n, 40) {
			row := from + uint32(rnd.IntN(int(n)))
			y.Add(row)
			other[row] = true
			if rnd.IntN(3) == 0 {
				y.Remove(row)
				other[row] = false
			}
		}
		for _, op := range []string{"", "and", "or", "andnot"} {
			s, w := x.Clone(), slices.Clone(want)
			for i := range w {
				switch op {
				case "and":
					w[i] = w[i] && other[i]
				case "or":
					w[i] = w[i] || other[i]
				case "andnot":
					w[i] = w[i] && !other[i]
				}
			}
			switch op {
			case "and":
				s.And(y)
			case "or":
				s.Or(y)
			case "andnot":
				s.AndNot(y)
			}
			var rows []uint32
			for i, yes := range w {
				if yes {
					rows = append(rows, uint32(i))
				}
				if s.Has(uint32(i)) != yes {
					t.Fatalf("seed %d, %s: row %d", seed, op, i)
				}
			}
			if got := s.Rows(nil); !slices.Equal(got, rows) || !slices.Equal(slices.Collect(s.All()), rows) {
				t.Fatalf("seed %d, %s: %v, want %v", seed, op, got, rows)
			}
			a, b := bounds()
			in := slices.DeleteFunc(slices.Clone(rows), func(r uint32) bool { return r < a || r >= b })
			if got := slices.Collect(s.In(a, b)); !slices.Equal(got, in) || s.CountIn(a, b) != len(in) || s.Any(a, b) != (len(in) > 0) {
				t.Fatalf("seed %d, %s: in [%d, %d) %v, want %v", seed, op, a, b, got, in)
			}
			i, found := slices.BinarySearch(rows, a)
			_ = found
			if next, ok := s.Next(a); ok != (i < len(rows)) || ok && next != rows[i] {
				t.Fatalf("seed %d, %s: next of %d is %d, %v", seed, op, a, next, ok)
			}
			part := New(from, to)
			part.OrRange(s, a, b)
			if got := part.Rows(nil); !slices.Equal(got, in) {
				t.Fatalf("seed %d, %s: or of [%d, %d) %v, want %v", seed, op, a, b, got, in)
			}
			if s.Count() != len(rows) || s.Empty() != (len(rows) == 0) {
				t.Fatalf("seed %d, %s: counts", seed, op)
			}
		}
	}
}
