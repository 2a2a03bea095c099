package block

import (
	"cmp"
	"slices"

	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// attributeSource is an attribute table and how it maps to the rows of a file:
// row p carries the attributes of row from[p] of the table.
type attributeSource struct {
	scope string
	attrs *span.Attrs
	from  []uint32
}

// attributes writes the attribute columns and the map of the rest, and finishes
// the file.
func (t *table) attributes(f *fileWriter, sources []attributeSource) (File, error) {
	type candidate struct {
		source  int
		column  *span.Column
		entries int
	}
	var all []candidate
	for i, s := range sources {
		for _, c := range s.attrs.Columns {
			if len(c.Rows) > 0 {
				all = append(all, candidate{i, c, len(c.Rows)})
			}
		}
	}
	// The most frequent keys get the columns; ties go by order of appearance.
	// Resources come with every span, so that theirs count as the most frequent.
	slices.SortStableFunc(all, func(x, y candidate) int {
		if rx, ry := sources[x.source].scope == "span", sources[y.source].scope == "span"; rx != ry {
			if rx {
				return 1
			}
			return -1
		}
		return cmp.Compare(y.entries, x.entries)
	})
	names := make(map[string]bool)
	var columns []attributeColumn
	for i, c := range all[:min(len(all), MaxAttributeColumns)] {
		s := sources[c.source]
		name := s.scope + "." + c.column.Key
		if names[name] {
			// The key occurs with several types: the rarer ones name theirs.
			for name += ":" + c.column.Type.String(); names[name]; name += ":" {
			}
		}
		names[name] = true
		columns = append(columns, attributeColumn{name, s.scope, c.column.Key, c.column.Type.String()})
		f.column(t.attribute(name, s, c.column))
		all[i].column = nil
	}

	var rest restRows
	for _, c := range all {
		if c.column != nil {
			rest.add(sources[c.source], c.column)
		}
	}
	for _, s := range sources {
		rest.addRest(s)
	}
	rest.write(f)
	return f.finish(map[string]string{metaColumns: columnsJSON(columns)})
}

// attribute turns a sparse column into the column of a file.
func (t *table) attribute(name string, s attributeSource, c *span.Column) column {
	entry := make([]uint32, 0, len(s.from))
	nulls := 0
	byRow := make(map[uint32]uint32)
	if len(c.Rows) < len(s.from)/64 {
		for i, row := range c.Rows {
			byRow[row] = uint32(i) + 1
		}
		for _, row := range s.from {
			entry = append(entry, byRow[row])
		}
	} else {
		dense := make([]uint32, int(c.Rows[len(c.Rows)-1])+1)
		for i, row := range c.Rows {
			dense[row] = uint32(i) + 1
		}
		for _, row := range s.from {
			if int(row) < len(dense) {
				entry = append(entry, dense[row])
			} else {
				entry = append(entry, 0)
			}
		}
	}
	for _, e := range entry {
		if e == 0 {
			nulls++
		}
	}
	out := column{name: name, shape: shapeOf(c.Type), rows: entry, nulls: nulls}
	if out.shape.isText() {
		out.dict, out.code = &c.Dict, func(e uint32) uint32 { return c.Codes[e] }
	} else {
		out.num = func(e uint32) int64 { return int64(c.Nums[e]) }
	}
	return out
}

// restRows gathers what goes to the map column, a key and a value a row.
type restRows struct {
	entries    []restEntry
	keys, vals span.Dict
}

type restEntry struct{ row, key, val uint32 } // row of the file

func (r *restRows) add(s attributeSource, c *span.Column) {
	for p, from := range s.from {
		if i, ok := c.Find(from); ok {
			r.put(uint32(p), s.scope, c.Key, c.Value(i).Text())
		}
	}
}

func (r *restRows) addRest(s attributeSource) {
	rest := &s.attrs.Rest
	if len(rest.Rows) == 0 {
		return
	}
	for p, from := range s.from {
		i, _ := slices.BinarySearch(rest.Rows, from)
		for ; i < len(rest.Rows) && rest.Rows[i] == from; i++ {
			r.put(uint32(p), s.scope, rest.KeyDict.String(rest.Keys[i]), rest.ValDict.String(rest.Vals[i]))
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
		Name: restColumn, RepetitionType: some(format.Optional), NumChildren: some(int32(1)),
		ConvertedType: some(deprecated.Map),
	}
	group.LogicalType.Value = &format.MapType{}
	pairs := format.SchemaElement{Name: "key_value", RepetitionType: some(format.Repeated), NumChildren: some(int32(2))}
	f.schema = append(f.schema, group, pairs, shapeText.element("key", false), shapeJSON.element("value", false))
	r.leaf(f, "key", shapeText, &r.keys, func(e restEntry) uint32 { return e.key })
	r.leaf(f, "value", shapeJSON, &r.vals, func(e restEntry) uint32 { return e.val })
}

func (r *restRows) leaf(f *fileWriter, name string, s shape, d *span.Dict, code func(restEntry) uint32) {
	if f.err != nil {
		return
	}
	chunk := f.begin(s, []string{restColumn, "key_value", name})
	useDict := d.Bytesize() <= maxDictionary && 2*d.Len() <= len(r.entries)+16
	if useDict {
		f.dictionary(chunk, d)
	}
	at := 0
	var repetition, definition []uint8
	for from, to := 0, 0; from < f.rows; from = to {
		repetition, definition = repetition[:0], definition[:0]
		f.codes = f.codes[:0]
		page := f.page[:0]
		nulls := 0
		for ; to < min(from+f.perPage, f.rows) && len(page) < pageBytes && len(repetition) < 2*f.perPage; to++ {
			if at == len(r.entries) || int(r.entries[at].row) != to {
				repetition, definition = append(repetition, 0), append(definition, 0)
				nulls++
				continue
			}
			for level := uint8(0); at < len(r.entries) && int(r.entries[at].row) == to; at++ {
				repetition, definition = append(repetition, level), append(definition, 2)
				level = 1
				c := code(r.entries[at])
				if useDict {
					f.codes = append(f.codes, int32(c))
				} else {
					page = appendPlain(page, d.Bytes(c))
				}
			}
		}
		enc := format.Plain
		if useDict {
			enc, page = format.RLEDictionary, appendCodes(page, f.codes, bitWidth(d.Len()))
		}
		f.page = page
		chunk.MetaData.NumValues += int64(len(repetition))
		f.dataPage(chunk, dataPage{
			rows: to - from, values: len(repetition), nulls: nulls, first: from, encoding: enc,
			repetition: appendLevels(nil, repetition, 1), definition: appendLevels(nil, definition, 2), body: page,
		})
	}
	chunk.MetaData.Statistics.NullCount = chunk.MetaData.NumValues - int64(len(r.entries))
}
