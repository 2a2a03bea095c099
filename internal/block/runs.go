package block

import (
	"cmp"
	"slices"
	"sort"
)

// run is consecutive rows of one input that stay together.
type run struct{ input, first, count uint32 }

// extend appends a run, or lengthens the last one when it goes on there.
func extend(runs []run, r run) []run {
	if n := len(runs); n > 0 && runs[n-1].input == r.input && runs[n-1].first+runs[n-1].count == r.first {
		runs[n-1].count += r.count
		return runs
	}
	return append(runs, r)
}

// runIndex finds where the rows of inputs stand in runs that follow each other.
type runIndex []placed

// placed is a run and where its first row stands, counted from the first run.
type placed struct {
	run
	at int
}

// of fills the index, whose memory it uses again.
func (x runIndex) of(runs []run) runIndex {
	x = x[:0]
	at := 0
	for _, r := range runs {
		x = append(x, placed{r, at})
		at += int(r.count)
	}
	slices.SortFunc(x, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.input, b.input), cmp.Compare(a.first, b.first))
	})
	return x
}

// find returns where a row of an input stands. Rows that came twice do not stand
// anywhere.
func (x runIndex) find(input uint32, row int64) (int, bool) {
	i := sort.Search(len(x), func(i int) bool {
		return x[i].input > input || x[i].input == input && int64(x[i].first) > row
	})
	if i == 0 {
		return 0, false
	}
	k := row - int64(x[i-1].first)
	return x[i-1].at + int(k), x[i-1].input == input && k < int64(x[i-1].count)
}
