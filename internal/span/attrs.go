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
// and otherwise -1. Keys that are not UTF-8 become it first, so that two that
// end up the same share a column.
func (a *Attrs) find(key []byte, typ Type) int {
	if i, ok := a.index[columnID{unsafe.String(unsafe.SliceData(key), len(key)), typ}]; ok {
		return i
	}
	if !utf8.Valid(key) {
		return a.find(bytes.ToValidUTF8(key, []byte("\uFFFD")), typ)
	}
	if len(a.Columns) >= MaxColumns {
		return -1
	}
	i := len(a.Columns)
	c := &Column{Key: string(key), Type: typ}
	a.Columns = append(a.Columns, c)
	a.next = append(a.next, i+1)
	if a.index == nil {
		a.index = make(map[columnID]int)
	}
	a.index[columnID{c.Key, typ}] = i
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
