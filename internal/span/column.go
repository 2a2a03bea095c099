package span

import (
	"cmp"
	"slices"
)

// Column is the sparse column of one attribute key of one type.
type Column struct {
	Key  string
	Type Type
	Rows []uint32 // the rows that carry the key, ascending, each once
	Nums []uint64 // Int, Double, Bool: the value of each of Rows, as in Value.Num
	// Codes is the value of each of Rows as a code of Dict, for the other types.
	Codes []uint32
	Dict  Dict
}

// Value returns entry i, the value that row Rows[i] carries.
func (c *Column) Value(i int) Value {
	if c.Type.isText() {
		return Value{Type: c.Type, Str: c.Dict.String(c.Codes[i])}
	}
	return Value{Type: c.Type, Num: c.Nums[i]}
}

// Find returns the entry of a row, or false if the row lacks the key.
func (c *Column) Find(row uint32) (int, bool) { return slices.BinarySearch(c.Rows, row) }

func (c *Column) last() int64 {
	if n := len(c.Rows); n > 0 {
		return int64(c.Rows[n-1])
	}
	return -1
}

func (c *Column) truncate(rows int) {
	n := len(c.Rows)
	if rows == 0 {
		n = 0
	}
	for n > 0 && int(c.Rows[n-1]) >= rows {
		n--
	}
	c.Rows = c.Rows[:n]
	if c.Type.isText() {
		c.Codes = c.Codes[:n]
		c.Dict.trim(c.Codes)
	} else {
		c.Nums = c.Nums[:n]
	}
}

// Rest holds the attributes that have no column: one entry a row and key,
// ascending by row.
type Rest struct {
	Rows []uint32
	Keys []uint32 // codes of KeyDict
	Vals []uint32 // codes of ValDict, which holds Value.Text
	KeyDict,
	ValDict Dict
}

// sort restores the order by row of the entries from entry from on, which were
// appended key by key.
func (r *Rest) sort(from int) {
	if slices.IsSorted(r.Rows[from:]) {
		return
	}
	type entry struct{ row, key, val uint32 }
	all := make([]entry, 0, len(r.Rows)-from)
	for i := from; i < len(r.Rows); i++ {
		all = append(all, entry{r.Rows[i], r.Keys[i], r.Vals[i]})
	}
	slices.SortStableFunc(all, func(x, y entry) int { return cmp.Compare(x.row, y.row) })
	for i, e := range all {
		r.Rows[from+i], r.Keys[from+i], r.Vals[from+i] = e.row, e.key, e.val
	}
}
