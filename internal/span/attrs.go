package span

import (
	"bytes"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// MaxColumns bounds the attribute columns of one table. Past it, new keys go to
// the table's rest, so that a sender with a million keys costs rows, not
// columns. A service has tens of keys, a large fleet a few hundred.
const MaxColumns = 1000

// Attrs is the attribute table of one kind of row: spans, resources, scopes,
// events or links. Rows are appended in ascending order; the zero value is
// ready for use.
type Attrs struct {
	Columns []*Column
	Rest    Rest

	index slots // finds a column by the hash of its key and type
	// next guesses the column of a value from the row's operation and the column
	// of the value before: spans of one operation carry their keys in one order.
	// A wrong guess costs the hash of the key.
	next []uint16
	base uint32 // where the operation's guesses begin in next
	at   int    // the column used last, -1 at the start of a row
	row  uint32
}

// guesses is the length of Attrs.next in a table whose rows have operations: a
// hundred of them with ten keys each seldom meet.
const guesses = 1 << 14

// Begin starts a row, which must not be below the one before.
func (a *Attrs) Begin(row uint32) { a.row, a.at, a.base = row, -1, 0 }

// Expect says which operation the current row is of; any number that tells them
// apart will do. It makes the row's attributes faster to add, nothing else.
func (a *Attrs) Expect(operation uint32) {
	if len(a.next) < guesses {
		a.next = make([]uint16, guesses)
	}
	a.base = operation * 0x9e3779b1 >> 16
}

// column finds the column for the next value of the current row. It returns nil
// when the value has to go to the rest: too many columns, or the row has the key
// already.
func (a *Attrs) column(key []byte, typ Type) *Column {
	guess := int(a.base) + a.at + 1
	i := MaxColumns
	if mask := len(a.next) - 1; mask >= 0 {
		i = int(a.next[guess&mask])
	}
	if i >= len(a.Columns) || a.Columns[i].Key != string(key) || a.Columns[i].Type != typ {
		if i = a.find(key, typ); i < 0 {
			return nil
		}
		a.next[guess&(len(a.next)-1)] = uint16(i)
	}
	a.at = i
	c := a.Columns[i]
	if c.last() == int64(a.row) {
		return nil
	}
	return c
}

// find returns the number of a key's column, which is made if there is room,
// and otherwise -1. Keys that are not UTF-8 become it first, so that two that
// end up the same share a column.
func (a *Attrs) find(key []byte, typ Type) int {
	if a.index.full(len(a.Columns)) {
		a.index = a.index.grown()
	}
	h := hash(key) + uint32(typ)
	i, at := a.search(key, typ, h)
	if i >= 0 {
		return i
	}
	if !utf8.Valid(key) {
		return a.find(bytes.ToValidUTF8(key, []byte("\uFFFD")), typ)
	}
	if len(a.Columns) >= MaxColumns {
		return -1
	}
	i = len(a.Columns)
	a.Columns = append(a.Columns, &Column{Key: string(key), Type: typ, Dict: Dict{column: true}})
	a.index[at] = uint64(h)<<32 | uint64(i+1)
	if len(a.next) <= len(a.Columns) {
		a.next = make([]uint16, max(16, 2*len(a.next)))
	}
	return i
}

// search returns the number of a key's column or -1, and its slot in the index
// or the one that it would get.
func (a *Attrs) search(key []byte, typ Type, h uint32) (i int, at uint32) {
	mask := uint32(len(a.index) - 1)
	for at = h & mask; a.index[at] != 0; at = (at + 1) & mask {
		slot := a.index[at]
		if c := a.Columns[uint32(slot)-1]; uint32(slot>>32) == h && c.Type == typ && c.Key == string(key) {
			return int(uint32(slot) - 1), at
		}
	}
	return -1, at
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
		c.Codes = append(c.Codes, c.Dict.add(v, typ != Bytes))
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

// Get returns the value of a key in a row. It is for a value here and there:
// use [Attrs.ByRow] to walk the attributes of many rows.
func (a *Attrs) Get(row uint32, key string) (Value, bool) {
	k := unsafe.Slice(unsafe.StringData(key), len(key))
	for t := range numTypes {
		if len(a.index) == 0 {
			break
		}
		if at, _ := a.search(k, t, hash(k)+uint32(t)); at >= 0 {
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
		if len(c.Rows) > 0 { // or else it is kept for reuse
			n += 256
		}
		n += 4*(len(c.Rows)+len(c.Codes)) + 8*len(c.Nums) + c.Dict.Size()
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

// Drop forgets all values of the keys for which drop is true.
func (a *Attrs) Drop(drop func(key string) bool) {
	for _, c := range a.Columns {
		if drop(c.Key) {
			c.truncate(0)
		}
	}
	r := &a.Rest
	n := 0
	for i := range r.Rows {
		if !drop(r.KeyDict.String(r.Keys[i])) {
			r.Rows[n], r.Keys[n], r.Vals[n] = r.Rows[i], r.Keys[i], r.Vals[i]
			n++
		}
	}
	r.Rows, r.Keys, r.Vals = r.Rows[:n], r.Keys[:n], r.Vals[:n]
}
