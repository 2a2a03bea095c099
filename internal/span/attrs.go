package span

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"unsafe"
)

// MaxColumns bounds the attribute columns of one table. Past it, new keys go to
// the table's rest, so that a sender with a million keys costs rows, not
// columns. A service has tens of keys, a large fleet a few hundred.
const MaxColumns = 1000

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
	for n > 0 && int(c.Rows[n-1]) >= rows {
		n--
	}
	c.Rows = c.Rows[:n]
	if c.Type.isText() {
		c.Codes = c.Codes[:n]
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

type columnID struct {
	key string
	typ Type
}

// Attrs is the attribute table of one kind of row: spans, resources, scopes,
// events or links. Rows are appended in ascending order; the zero value is
// ready for use.
type Attrs struct {
	Columns []*Column
	Rest    Rest

	index map[columnID]int
	// next[i] is the column that followed column i the last time. Spans of one
	// operation carry their keys in one order, so the guess is nearly always
	// right and saves the hash of the key.
	next []int
	at   int // the column used last, -1 at the start of a row
	row  uint32
}

// Begin starts a row, which must not be below the one before.
func (a *Attrs) Begin(row uint32) { a.row, a.at = row, -1 }

// column finds the column for the next value of the current row. It returns nil
// when the value has to go to the rest: too many columns, or the row has the key
// already.
func (a *Attrs) column(key []byte, typ Type) *Column {
	guess := 0
	if a.at >= 0 {
		guess = a.next[a.at]
	}
	if guess >= len(a.Columns) || a.Columns[guess].Type != typ || a.Columns[guess].Key != string(key) {
		if guess = a.find(key, typ); guess < 0 {
			return nil
		}
		if a.at >= 0 {
			a.next[a.at] = guess
		}
	}
	a.at = guess
	c := a.Columns[guess]
	if c.last() == int64(a.row) {
		return nil
	}
	return c
}

// find returns the number of a key's column, which is made if there is room,
// and otherwise -1.
func (a *Attrs) find(key []byte, typ Type) int {
	if i, ok := a.index[columnID{unsafe.String(unsafe.SliceData(key), len(key)), typ}]; ok {
		return i
	}
	if len(a.Columns) >= MaxColumns {
		return -1
	}
	i := len(a.Columns)
	c := &Column{Key: strings.ToValidUTF8(string(key), "\uFFFD"), Type: typ}
	a.Columns = append(a.Columns, c)
	a.next = append(a.next, i+1)
	if a.index == nil {
		a.index = make(map[columnID]int)
	}
	a.index[columnID{string(key), typ}] = i
	return i
}

// Num adds an Int, Double or Bool to the current row, its bits as in Value.Num.
func (a *Attrs) Num(key []byte, typ Type, bits uint64) {
	if c := a.column(key, typ); c != nil {
		c.Rows = append(c.Rows, a.row)
		c.Nums = append(c.Nums, bits)
		return
	}
	a.rest(key, Value{Type: typ, Num: bits})
}

// Text adds a String, Bytes or JSON value to the current row.
func (a *Attrs) Text(key []byte, typ Type, v []byte) {
	if c := a.column(key, typ); c != nil {
		c.Rows = append(c.Rows, a.row)
		code := uint32(0)
		if typ == Bytes {
			code = c.Dict.Code(v)
		} else {
			code = c.Dict.Text(v)
		}
		c.Codes = append(c.Codes, code)
		return
	}
	a.rest(key, Value{Type: typ, Str: string(v)})
}

// Set adds any value to the current row.
func (a *Attrs) Set(key []byte, v Value) {
	if v.Type.isText() {
		a.Text(key, v.Type, unsafe.Slice(unsafe.StringData(v.Str), len(v.Str)))
		return
	}
	a.Num(key, v.Type, v.Num)
}

// SetRest adds a value to the current row as one that has no column. It is for
// readers that add column by column, who can't see whether the row has the key.
func (a *Attrs) SetRest(key []byte, v Value) { a.rest(key, v) }

func (a *Attrs) rest(key []byte, v Value) {
	r := &a.Rest
	r.Rows = append(r.Rows, a.row)
	r.Keys = append(r.Keys, r.KeyDict.Text(key))
	r.Vals = append(r.Vals, r.ValDict.Text(v.AppendText(nil)))
}

// Find returns the columns of a key, one for each type that occurs.
func (a *Attrs) Find(key string) []*Column {
	var found []*Column
	for t := range numTypes {
		if i, ok := a.index[columnID{key, t}]; ok {
			found = append(found, a.Columns[i])
		}
	}
	return found
}

// Get returns the value of a key in a row. It is for a value here and there:
// use [Attrs.ByRow] to walk the attributes of many rows.
func (a *Attrs) Get(row uint32, key string) (Value, bool) {
	for t := range numTypes {
		if at, ok := a.index[columnID{key, t}]; ok {
			c := a.Columns[at]
			if i, ok := c.Find(row); ok {
				return c.Value(i), true
			}
		}
	}
	r := &a.Rest
	i, _ := slices.BinarySearch(r.Rows, row)
	for ; i < len(r.Rows) && r.Rows[i] == row; i++ {
		if string(r.KeyDict.Bytes(r.Keys[i])) == key {
			return ParseText(r.ValDict.String(r.Vals[i])), true
		}
	}
	return Value{}, false
}

// Size is the memory in use, in bytes, without what slices hold in reserve.
func (a *Attrs) Size() int {
	n := 12 * len(a.Rest.Rows)
	n += a.Rest.KeyDict.Size() + a.Rest.ValDict.Size()
	for _, c := range a.Columns {
		n += 256 + 4*(len(c.Rows)+len(c.Codes)) + 8*len(c.Nums) + c.Dict.Size()
	}
	return n
}

// truncate forgets all rows from rows on; dictionaries keep their values.
func (a *Attrs) truncate(rows int) {
	for _, c := range a.Columns {
		c.truncate(rows)
	}
	r := &a.Rest
	n := len(r.Rows)
	for n > 0 && int(r.Rows[n-1]) >= rows {
		n--
	}
	r.Rows, r.Keys, r.Vals = r.Rows[:n], r.Keys[:n], r.Vals[:n]
	a.at = -1
}

// reset forgets the values and keeps columns and memory. A table that has
// reached its limit of columns starts over, because its keys are not the ones
// that recur.
func (a *Attrs) reset() {
	if len(a.Columns) >= MaxColumns {
		*a = Attrs{}
		return
	}
	for _, c := range a.Columns {
		c.truncate(0)
		c.Dict.Reset()
	}
	r := &a.Rest
	r.Rows, r.Keys, r.Vals = r.Rows[:0], r.Keys[:0], r.Vals[:0]
	r.KeyDict.Reset()
	r.ValDict.Reset()
	a.at = -1
}

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
