package span

import (
	"iter"
	"slices"
	"unsafe"
)

// AttrRows is the attribute table turned by row, for reading whole rows.
type AttrRows struct {
	attrs *Attrs
	off   []uint32 // entries of row i are refs[off[i]:off[i+1]]
	refs  []attrRef
}

type attrRef struct{ column, entry uint32 }

// restColumn marks an entry of Attrs.Rest.
const restColumn = ^uint32(0)

// ByRow turns the table of rows rows. The cost is a few ns an attribute.
func (a *Attrs) ByRow(rows int) AttrRows {
	off := make([]uint32, rows+2)
	for _, c := range a.Columns {
		for _, row := range c.Rows {
			off[row+2]++
		}
	}
	for _, row := range a.Rest.Rows {
		off[row+2]++
	}
	for i := 2; i < len(off); i++ {
		off[i] += off[i-1]
	}
	refs := make([]attrRef, off[len(off)-1])
	put := func(row, column uint32, entry int) {
		refs[off[row+1]] = attrRef{column, uint32(entry)}
		off[row+1]++
	}
	for i, c := range a.Columns {
		for entry, row := range c.Rows {
			put(row, uint32(i), entry)
		}
	}
	for entry, row := range a.Rest.Rows {
		put(row, restColumn, entry)
	}
	return AttrRows{a, off[:rows+1], refs}
}

// Len is the number of attributes of a row.
func (r AttrRows) Len(row uint32) int { return int(r.off[row+1] - r.off[row]) }

// Row yields the attributes of a row.
func (r AttrRows) Row(row uint32) iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, ref := range r.refs[r.off[row]:r.off[row+1]] {
			if ref.column == restColumn {
				rest := &r.attrs.Rest
				key := rest.KeyDict.String(rest.Keys[ref.entry])
				if !yield(key, ParseText(rest.ValDict.String(rest.Vals[ref.entry]))) {
					return
				}
				continue
			}
			c := r.attrs.Columns[ref.column]
			if !yield(c.Key, c.Value(int(ref.entry))) {
				return
			}
		}
	}
}

// Cells is Row without a copy of the values.
func (r AttrRows) Cells(row uint32) iter.Seq2[string, Cell] {
	return func(yield func(string, Cell) bool) {
		for _, ref := range r.refs[r.off[row]:r.off[row+1]] {
			if ref.column == restColumn {
				rest := &r.attrs.Rest
				key := rest.KeyDict.String(rest.Keys[ref.entry])
				v := ParseText(rest.ValDict.String(rest.Vals[ref.entry]))
				if !yield(key, Cell{Type: v.Type, Num: v.Num, Text: []byte(v.Str)}) {
					return
				}
				continue
			}
			c := r.attrs.Columns[ref.column]
			cell := Cell{Type: c.Type}
			if c.Type.isText() {
				cell.Text = c.Dict.Bytes(c.Codes[ref.entry])
			} else {
				cell.Num = c.Nums[ref.entry]
			}
			if !yield(c.Key, cell) {
				return
			}
		}
	}
}

// Cell is a Value whose text belongs to its column: it must not be changed and is
// valid until the column is.
type Cell struct {
	Type Type
	Num  uint64
	Text []byte
}

// Value copies the cell.
func (c Cell) Value() Value { return Value{Type: c.Type, Num: c.Num, Str: string(c.Text)} }

// Sort restores the order of the rest after attributes were added column by
// column rather than row by row.
func (a *Attrs) Sort() { a.Rest.sort(0) }

// Row yields the attributes of one row. It searches every column: to walk many
// rows, use [Attrs.ByRow].
func (a *Attrs) Row(row uint32) iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, c := range a.Columns {
			if i, ok := c.Find(row); ok && !yield(c.Key, c.Value(i)) {
				return
			}
		}
		r := &a.Rest
		i, _ := slices.BinarySearch(r.Rows, row)
		for ; i < len(r.Rows) && r.Rows[i] == row; i++ {
			if !yield(r.KeyDict.String(r.Keys[i]), ParseText(r.ValDict.String(r.Vals[i]))) {
				return
			}
		}
	}
}

// AppendRow copies all attributes of one row of src to the current row.
func (a *Attrs) AppendRow(src *Attrs, row uint32) {
	for k, v := range src.Row(row) {
		a.Set([]byte(k), v)
	}
}

// appendRows copies the rows given (ascending) of src to rows base, base+1, …
// It goes column by column, so that a dictionary's code is looked up once a
// distinct value.
func (a *Attrs) appendRows(src *Attrs, rows []uint32, base uint32) {
	rest := len(a.Rest.Rows)
	for _, c := range src.Columns {
		var to *Column
		if i := a.find(unsafe.Slice(unsafe.StringData(c.Key), len(c.Key)), c.Type); i >= 0 {
			to = a.Columns[i]
		}
		codes := make(map[uint32]uint32)
		for k, i := range intersect(rows, c.Rows) {
			a.row = base + uint32(k)
			if to == nil {
				a.rest([]byte(c.Key), c.Value(i))
				continue
			}
			to.Rows = append(to.Rows, a.row)
			if !c.Type.isText() {
				to.Nums = append(to.Nums, c.Nums[i])
				continue
			}
			code, ok := codes[c.Codes[i]]
			if !ok {
				code = to.Dict.Code(c.Dict.Bytes(c.Codes[i]))
				codes[c.Codes[i]] = code
			}
			to.Codes = append(to.Codes, code)
		}
	}
	r := &src.Rest
	for k, row := range rows {
		i, _ := slices.BinarySearch(r.Rows, row)
		for ; i < len(r.Rows) && r.Rows[i] == row; i++ {
			a.row = base + uint32(k)
			a.rest(r.KeyDict.Bytes(r.Keys[i]), ParseText(r.ValDict.String(r.Vals[i])))
		}
	}
	a.Rest.sort(rest)
}

// intersect yields, for each of rows that occurs in sorted, its position in
// rows and its position in sorted. It gallops through the longer list.
func intersect(rows, sorted []uint32) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		from := 0
		for k, row := range rows {
			step := 1
			for from+step < len(sorted) && sorted[from+step] < row {
				step *= 2
			}
			i, ok := slices.BinarySearch(sorted[from:min(from+step+1, len(sorted))], row)
			from += i
			if ok && !yield(k, from) {
				return
			}
			if from == len(sorted) {
				return
			}
		}
	}
}
