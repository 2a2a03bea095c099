package block

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// attributeSource is an attribute table and how it maps to the rows of a file:
// row p carries the attributes of row order[p] of the table, or, where via is
// set, those of the set that this row refers to. Without an order it is row p.
type attributeSource struct {
	scope string
	attrs *span.Attrs
	order []uint32
	place []uint32 // inverse of order, entries + 1; made when needed
	via   []uint32

	scratch []uint32
}

// attributes writes the attribute columns and the map of the rest, and finishes
// the file.
func attributes(f *fileWriter, sources []attributeSource) (File, error) {
	var all []attributeColumn
	var from []*attributeSource
	var columns []*span.Column
	for i := range sources {
		s := &sources[i]
		for _, c := range s.attrs.Columns {
			if len(c.Rows) > 0 {
				all = append(all, attributeColumn{Scope: s.scope, Key: c.Key, Type: c.Type.String(), entries: len(c.Rows)})
				from, columns = append(from, s), append(columns, c)
			}
		}
	}
	chosen := chooseColumns(all)
	named := make([]attributeColumn, 0, len(chosen))
	var rest restRows
	for i, name := range chosen {
		if name == "" {
			if from[i].via == nil {
				rest.add(from[i], columns[i])
			}
			continue
		}
		all[i].Column = name
		named = append(named, all[i])
		if from[i].via != nil {
			setColumn(f, name, from[i], columns[i])
		} else {
			spanColumn(f, name, from[i], columns[i])
		}
	}
	for i := range sources {
		if sources[i].via == nil {
			rest.addRest(&sources[i])
		}
	}
	rest.write(f)
	return f.finish(map[string]string{metaColumns: columnsJSON(named)})
}

// chooseColumns decides which attributes get a column, and its name; the others
// have no name and go to the map. The most frequent keys win, ties go by order.
// Resources and scopes come with every span, so that theirs count as the most
// frequent.
func chooseColumns(all []attributeColumn) []string {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		x, y := all[i], all[j]
		if rx, ry := x.own(), y.own(); rx != ry {
			if rx {
				return 1
			}
			return -1
		}
		return cmp.Compare(y.entries, x.entries)
	})
	names := make([]string, len(all))
	taken := make(map[string]bool)
	for _, i := range order[:min(len(order), MaxAttributeColumns)] {
		name := all[i].Scope + "." + all[i].Key
		if taken[name] {
			// The key occurs with several types: the rarer ones name theirs.
			for name += ":" + all[i].Type; taken[name]; name += ":" {
			}
		}
		taken[name] = true
		names[i] = name
	}
	return names
}

// own reports whether the attribute is the row's, not that of its resource or scope.
func (a *attributeColumn) own() bool { return a.Scope != "resource" && a.Scope != "instrumentation" }

// spanColumn turns a sparse column into a column of the file.
func spanColumn(f *fileWriter, name string, s *attributeSource, c *span.Column) {
	rows, placed := s.entries(c)
	out := column{name: name, shape: shapeOf(c.Type), optional: placed < len(rows)}
	if out.shape.isText() {
		if codable(&c.Dict, len(c.Rows)) {
			out.dict = texts{&c.Dict}
			codedEntries(f, out, rows, c.Codes)
			return
		}
		f.column(out, func(v *vector, from, to int) (int, error) {
			for p, e := range rows[from:to] {
				if out.optional {
					v.present = append(v.present, present(e != 0))
				}
				if e != 0 && v.appendText(c.Dict.Bytes(c.Codes[e-1])) {
					return p + 1, nil
				}
			}
			return to - from, nil
		})
		return
	}
	if d, codes := codeNumbers(out.shape, c.Nums); d != nil {
		out.dict = d
		codedEntries(f, out, rows, codes)
		return
	}
	f.column(out, func(v *vector, from, to int) (int, error) {
		for _, e := range rows[from:to] {
			if e != 0 {
				v.nums = append(v.nums, int64(c.Nums[e-1]))
			}
		}
		if out.optional {
			v.appendPresent(rows[from:to])
		}
		return to - from, nil
	})
}

// appendPresent appends whether each entry is not zero.
func (v *vector) appendPresent(entries []uint32) {
	at := len(v.present)
	v.present = append(v.present, zeroes[:len(entries)]...)
	to := v.present[at:]
	for i, e := range entries {
		if e != 0 {
			to[i] = 1
		}
	}
}

// codedEntries writes a column whose row p has the code codes[rows[p]-1], or
// none where rows[p] is 0.
func codedEntries(f *fileWriter, c column, rows, codes []uint32) {
	f.column(c, func(v *vector, from, to int) (int, error) {
		for _, e := range rows[from:to] {
			if e != 0 {
				v.codes = append(v.codes, codes[e-1])
			}
		}
		if c.optional {
			v.appendPresent(rows[from:to])
		}
		return to - from, nil
	})
}

// maxNumbers is how many distinct integers get a dictionary: codes of two bytes.
const maxNumbers = 1 << 16

// codeNumbers gives integers a dictionary, if there are few distinct ones.
func codeNumbers(s shape, nums []uint64) (*numbers, []uint32) {
	if s != shapeInt64 {
		return nil, nil
	}
	d := newNumbers(8)
	codes := make([]uint32, len(nums))
	last, code := int64(0), uint32(0)
	for i, n := range nums {
		if v := int64(n); i == 0 || v != last {
			last, code = v, d.code(v)
			if d.Len() > maxNumbers {
				return nil, nil
			}
		}
		codes[i] = code
	}
	if 4*d.Len() > len(nums)+64 {
		return nil, nil
	}
	return d, codes
}

// entries maps each row of the file to the entry of a sparse column that it
// takes, plus 1, and counts those that take one.
func (s *attributeSource) entries(c *span.Column) (rows []uint32, placed int) {
	s.scratch = append(s.scratch[:0], make([]uint32, len(s.order))...)
	for i, row := range c.Rows {
		if p := s.placeOf(row); p != 0 {
			s.scratch[p-1] = uint32(i) + 1
			placed++
		}
	}
	return s.scratch, placed
}

// placeOf is where a row of the table stands in the file, plus 1; 0 when it does
// not.
func (s *attributeSource) placeOf(row uint32) uint32 {
	if s.place == nil {
		s.place = make([]uint32, slices.Max(s.order)+1)
		for p, row := range s.order {
			s.place[row] = uint32(p) + 1
		}
	}
	if int(row) >= len(s.place) {
		return 0
	}
	return s.place[row]
}

// setColumn writes an attribute of the resource or scope that each span refers to.
func setColumn(f *fileWriter, name string, s *attributeSource, c *span.Column) {
	sets := 0
	for _, set := range s.via {
		sets = max(sets, int(set)+1)
	}
	entry := make([]uint32, sets) // of c, plus 1
	for i, set := range c.Rows {
		if int(set) < sets {
			entry[set] = uint32(i) + 1
		}
	}
	out := column{name: name, shape: shapeOf(c.Type), optional: slices.Contains(entry, 0)}
	codes := c.Codes
	if out.shape.isText() && codable(&c.Dict, f.rows) {
		out.dict = texts{&c.Dict}
	} else if d, coded := codeNumbers(out.shape, c.Nums); d != nil {
		out.dict, codes = d, coded
	}
	if out.dict == nil {
		setValues(f, out, s, c, entry)
		return
	}
	code := make([]uint32, sets) // plus 1
	for set, e := range entry {
		if e != 0 {
			code[set] = codes[e-1] + 1
		}
	}
	// A pod's name, its host and its instance id are different texts for the same
	// sets: their pages are the same, and are made once.
	key := fmt.Sprint(codeWidth(out.dict.Len()), code)
	f.shared(out, key, func(v *vector, from, to int) (int, error) {
		at := len(v.codes)
		for p := from; p < to; p++ {
			v.codes = append(v.codes, code[s.set(p)])
		}
		if out.optional {
			v.appendPresent(v.codes[at:])
			v.codes = v.codes[:at+len(slices.DeleteFunc(v.codes[at:], func(c uint32) bool { return c == 0 }))]
		}
		for i := range v.codes[at:] {
			v.codes[at+i]--
		}
		return to - from, nil
	})
}

// set is the set that row p refers to.
func (s *attributeSource) set(p int) uint32 {
	if s.order != nil {
		p = int(s.order[p])
	}
	return s.via[p]
}

// setValues is setColumn without a dictionary.
func setValues(f *fileWriter, c column, s *attributeSource, from *span.Column, entry []uint32) {
	f.column(c, func(v *vector, lo, hi int) (int, error) {
		for p := lo; p < hi; p++ {
			e := entry[s.set(p)]
			if c.optional {
				v.present = append(v.present, present(e != 0))
			}
			switch {
			case e == 0:
			case !c.shape.isText():
				v.nums = append(v.nums, int64(from.Nums[e-1]))
			case v.appendText(from.Dict.Bytes(from.Codes[e-1])):
				return p + 1 - lo, nil
			}
		}
		return hi - lo, nil
	})
}

// restRows gathers what goes to the map column, a key and a value a row.
type restRows struct {
	entries    []restEntry
	keys, vals span.Dict
}

type restEntry struct{ row, key, val uint32 } // row of the file

func (r *restRows) add(s *attributeSource, c *span.Column) {
	for i, row := range c.Rows {
		if p := s.placeOf(row); p != 0 {
			r.put(p-1, s.scope, c.Key, c.Value(i).Text())
		}
	}
}

func (r *restRows) addRest(s *attributeSource) {
	rest := &s.attrs.Rest
	for i, row := range rest.Rows {
		if p := s.placeOf(row); p != 0 {
			r.put(p-1, s.scope, rest.KeyDict.String(rest.Keys[i]), rest.ValDict.String(rest.Vals[i]))
		}
	}
}

func (r *restRows) put(row uint32, scope, key, text string) {
	r.entries = append(r.entries, restEntry{row, r.keys.Text([]byte(scope + "." + key)), r.vals.Text([]byte(text))})
}

// restColumn is the map column: from scope.key to the value as JSON.
const restColumn = "rest"

// write writes the two leaves of the map column.
func (r *restRows) write(f *fileWriter) {
	slices.SortStableFunc(r.entries, func(x, y restEntry) int { return cmp.Compare(x.row, y.row) })
	group := format.SchemaElement{
		Name: restColumn, RepetitionType: some(format.Required), NumChildren: some(int32(1)),
		ConvertedType: some(deprecated.Map),
	}
	group.LogicalType.Value = &format.MapType{}
	pairs := format.SchemaElement{Name: "key_value", RepetitionType: some(format.Repeated), NumChildren: some(int32(2))}
	f.schema = append(f.schema, group, pairs, shapeText.element("key", false), shapeJSON.element("value", false))
	r.leaf(f, "key", shapeText, &r.keys, func(e restEntry) uint32 { return e.key })
	r.leaf(f, "value", shapeJSON, &r.vals, func(e restEntry) uint32 { return e.val })
}

// leaf writes one of them. Both levels are of one bit: whether an entry belongs
// to the row before it, and whether a row has an entry at all.
func (r *restRows) leaf(f *fileWriter, name string, s shape, d *span.Dict, code func(restEntry) uint32) {
	if f.err != nil {
		return
	}
	chunk := f.begin(s, []string{restColumn, "key_value", name})
	c := column{name: name, shape: s}
	if codable(d, len(r.entries)) {
		c.dict = texts{d}
		f.dictionary(chunk, c.dict)
	}
	at := 0
	var repetition, definition []uint8
	for from, to := 0, 0; from < f.rows && f.err == nil; from = to {
		repetition, definition = repetition[:0], definition[:0]
		f.v.reset()
		for ; to < min(from+pageRows, f.rows) && f.v.size(&c) < c.pageBytes() && len(repetition) < 2*pageRows; to++ {
			if at == len(r.entries) || int(r.entries[at].row) != to {
				repetition, definition = append(repetition, 0), append(definition, 0)
				continue
			}
			for again := uint8(0); at < len(r.entries) && int(r.entries[at].row) == to; at++ {
				repetition, definition = append(repetition, again), append(definition, 1)
				again = 1
				f.v.rows++
				if c.dict != nil {
					f.v.codes = append(f.v.codes, code(r.entries[at]))
				} else {
					f.v.appendText(d.Bytes(code(r.entries[at])))
				}
			}
		}
		page := f.page[:0]
		for _, levels := range [][]uint8{repetition, definition} {
			page = appendSizedLevels(page, levels)
		}
		encoding, page := f.values(page, &c)
		f.page = page
		chunk.MetaData.NumValues += int64(len(repetition))
		f.emitPage(chunk, &c, from, len(repetition), encoding, page)
	}
	chunk.MetaData.Statistics.NullCount = chunk.MetaData.NumValues - int64(len(r.entries))
}
