package traceql

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// mistakes are operators of other languages, and what they are here.
var mistakes = map[string]string{
	"==": "=", "=>": ">=", "=<": "<=", "<>": "!=", "~=": "=~", "&": "&&",
	"and": "&&", "or": "||", "not": "!", "in": "=~", "like": "=~",
}

// didYouMean names the candidate that word is probably a misspelling of; empty if
// there is none.
func didYouMean(word string, candidates ...iter.Seq[string]) string {
	_, last, found := strings.Cut(word, ":")
	if !found {
		last = word
	}
	best, least := "", 1+max(1, len(last)/3)
	for _, names := range candidates {
		for _, c := range slices.Sorted(names) {
			if d := distance(strings.ToLower(word), strings.ToLower(c), least); c != "" && d < least {
				best, least = c, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// nearIntrinsic is didYouMean for a name with a colon. The right name with another
// scope comes first.
func nearIntrinsic(name string) string {
	scope, last, _ := strings.Cut(name, ":")
	if f, ok := shortFields[last]; ok {
		if scope == "parent" {
			return "did you mean parent." + last + "?"
		}
		return "did you mean " + f.String() + "?"
	}
	for _, f := range fields {
		if last != "" && strings.HasSuffix(f.name, ":"+last) {
			return "did you mean " + f.name + "?"
		}
	}
	return didYouMean(name, maps.Keys(fieldNames))
}

// distance is how many bytes have to be inserted, removed, replaced or swapped
// with their neighbour to make b of a; limit or more if that is many.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var before, last []int // the rows for a[:i-2] and a[:i-1]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
		}
	}
	return row[len(b)]
}
