package block

import (
	"io"
	"slices"

	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// along walks rows in the order of runs, one column at a time.
type along struct {
	m       *merger
	runs    []run
	cursors []*cursor // by input
	remap   [][]uint32
	at      int    // run
	done    uint32 // rows of it
}

// each calls do for the rows [from, to) of each page's piece that makes up the
// next n rows; p is nil where the input lacks the column. do returns how many
// rows it took: fewer end the walk early.
func (a *along) each(n int, do func(input uint32, p *cursorPage, from, to int) int) (int, error) {
	taken := 0
	for taken < n {
		r := a.runs[a.at]
		from := int(r.first + a.done)
		want := min(int(r.count-a.done), n-taken)
		var k int
		if c := a.cursors[r.input]; c.c == nil {
			k = do(r.input, nil, 0, want)
		} else {
			p, err := c.page(a.m.ctx, from)
			if err != nil {
				return taken, err
			}
			want = min(want, p.end-from)
			k = do(r.input, p, from-p.first, from-p.first+want)
		}
		taken += k
		if a.done += uint32(k); a.done == r.count {
			a.at, a.done = a.at+1, 0
		}
		if k < want {
			break
		}
	}
	return taken, nil
}

func (a *along) close() {
	for _, c := range a.cursors {
		c.close()
	}
}

// source is a column as one input has it.
type source struct {
	file *fileReader
	name string // "" when the input lacks it
}

// same names a column that every input calls the same.
func (m *merger) same(file func(*input) *fileReader, name string) []source {
	out := make([]source, len(m.inputs))
	for i, in := range m.inputs {
		out[i] = source{file(in), name}
	}
	return out
}

// look sees the codes of a required column as they are written, and the row of the
// first of them.
type look func(d valueSet, row int, codes []uint32)

// copy writes a column from those of the inputs; look may be nil.
func (m *merger) copy(f *fileWriter, name string, s shape, runs []run, from []source, look look) error {
	a := &along{m: m, runs: runs}
	c := column{name: name, shape: s}
	for _, src := range from {
		cur := &cursor{f: src.file, shape: s, pool: &m.pool}
		if src.name != "" {
			var err error
			if cur, err = src.file.cursor(m.ctx, &m.pool, src.name, s); err != nil {
				return err
			}
		}
		a.cursors = append(a.cursors, cur)
		if src.file.rows == 0 {
			continue
		}
		if cur.c == nil || cur.c.optional {
			c.optional = true
		}
	}
	var err error
	if c.dict, a.remap, err = m.joinDictionaries(s, a.cursors); err != nil {
		return err
	}
	f.column(c, func(v *vector, from, to int) (int, error) {
		if from%(32*stepRows) == 0 {
			if err := m.pause(m.ctx); err != nil {
				return 0, err
			}
		}
		at := len(v.codes)
		n, err := a.each(to-from, func(input uint32, p *cursorPage, from, to int) int {
			return v.copy(&c, a, input, p, from, to)
		})
		if look != nil {
			look(c.dict, from, v.codes[at:])
		}
		return n, err
	})
	a.close()
	return f.err
}

// copy appends rows [from, to) of a page, or that many nulls, and returns how
// many it took.
func (v *vector) copy(c *column, a *along, input uint32, p *cursorPage, from, to int) int {
	n := to - from
	if p == nil {
		v.present = append(v.present, zeroes[:n]...)
		return n
	}
	first, last := p.rankOf(from), p.rankOf(to)
	if c.optional {
		if len(p.present) == 0 {
			v.present = append(v.present, ones8[:n]...)
		} else {
			v.present = append(v.present, p.present[from:to]...)
		}
	}
	switch w := c.shape.width(); {
	case c.dict != nil:
		if remap := a.remap[input]; remap != nil {
			for _, code := range p.codes[first:last] {
				v.codes = append(v.codes, remap[code])
			}
			break
		}
		for i := first; i < last; i++ {
			v.codes = append(v.codes, c.dict.find(&p.values, i))
		}
	case c.shape.isText():
		for i := first; i < last; i++ {
			if full := v.appendText(p.entry(i)); full && i+1 < last {
				// The rest has to wait: take the rows up to this value.
				if len(p.present) > 0 {
					for to = from; p.rankOf(to) <= i; to++ {
					}
				} else {
					to = i + 1
				}
				if c.optional {
					v.present = v.present[:len(v.present)-(n-(to-from))]
				}
				return to - from
			}
		}
	case w > 0:
		v.fixed = append(v.fixed, p.fixed[first*w:last*w]...)
	case p.coded:
		for _, code := range p.codes[first:last] {
			v.nums = append(v.nums, p.dict.nums[code])
		}
	default:
		v.nums = append(v.nums, p.nums[first:last]...)
	}
	return n
}

// entry returns text i, coded or not.
func (v *values) entry(i int) []byte {
	if v.coded {
		return v.dict.text(v.codes[i])
	}
	return v.vector.bytes(i)
}

// number returns number i, coded or not.
func (v *values) number(i int) int64 {
	if v.coded {
		return v.dict.nums[v.codes[i]]
	}
	return v.nums[i]
}

var zeroes, ones8 = make([]uint8, stepRows), slices.Repeat([]uint8{1}, stepRows)

// joinDictionaries returns one dictionary for all inputs, and how the codes of
// each translate; nil when one would not pay. An input may have none, because it
// had too few rows for so many values: then its values are looked at.
func (m *merger) joinDictionaries(s shape, cursors []*cursor) (valueSet, [][]uint32, error) {
	var d valueSet
	switch {
	case s.isText():
		d = texts{new(span.Dict)}
	case s == shapeInt64 || s == shapeInt32:
		d = newNumbers(s.bytes())
	default:
		return nil, nil, nil
	}
	remap := make([][]uint32, len(cursors))
	values, plain := 0, 0
	for i, c := range cursors {
		if c.c == nil {
			continue
		}
		values += int(c.c.values - c.c.nulls)
		if c.dict == nil {
			plain += int(c.c.values - c.c.nulls)
			continue
		}
		for code := range c.dict.len() {
			remap[i] = append(remap[i], d.join(c.dict, uint32(code)))
		}
	}
	seen := 0
	for _, c := range cursors {
		if c.c == nil || c.dict != nil {
			continue
		}
		for row := 0; row < c.f.rows; {
			p, err := c.page(m.ctx, row)
			if err != nil {
				return nil, nil, err
			}
			for i := range p.values.entries() {
				d.find(&p.values, i)
				seen++
			}
			row = p.end
			if s.isText() && seen >= 1<<14 && 2*d.Len() > seen+values-plain || d.bytesize() > maxDictionary || !s.isText() && d.Len() > maxNumbers {
				return nil, nil, nil
			}
		}
	}
	if 2*d.Len() > values+16 || d.bytesize() > maxDictionary || !s.isText() && (d.Len() > maxNumbers || 4*d.Len() > values+64) {
		return nil, nil, nil
	}
	return d, remap, nil
}

// join adds a value of another dictionary and returns its code here.
func (t texts) join(d *dictionary, code uint32) uint32    { return t.Code(d.text(code)) }
func (n *numbers) join(d *dictionary, code uint32) uint32 { return n.code(d.nums[code]) }

// find returns the code of value i, which is added if it is new.
func (t texts) find(v *values, i int) uint32    { return t.Code(v.entry(i)) }
func (n *numbers) find(v *values, i int) uint32 { return n.code(v.number(i)) }

// entries is how many values there are, where they are dense.
func (v *values) entries() int {
	if v.coded {
		return len(v.codes)
	}
	return max(len(v.nums), len(v.ends))
}

func (t texts) bytesize() int    { return t.Bytesize() + 4*t.Len() }
func (n *numbers) bytesize() int { return len(n.values) }

func (m *merger) writeSpans(out io.Writer) (File, error) {
	f := newFileWriter(out, m.rows, format.Zstd)
	f.filters = &m.filters
	spans := func(in *input) *fileReader { return in.rows }
	m.traceIDs(f)
	writeParents(f, m.parents, m.foreign)
	for _, c := range []named{
		{"span_id", shapeSpanID}, {"start", shapeTime}, {"duration", shapeInt64}, {"name", shapeText},
		{"kind", shapeText}, {"status", shapeText}, {"status_message", shapeText}, {"trace_state", shapeText}, {"flags", shapeInt64},
		{"dropped_attributes", shapeInt32}, {"dropped_events", shapeInt32}, {"dropped_links", shapeInt32},
	} {
		var look look
		if c.name == "status" {
			look = m.errorCounter()
		}
		if err := m.copy(f, c.name, c.shape, m.runs, m.same(spans, c.name), look); err != nil {
			return File{}, err
		}
	}
	reference(f, "resource", nil, m.resourceOf, m.resources.sets.Len())
	reference(f, "scope", nil, m.scopeOf, m.scopes.sets.Len())
	plainText(f, "instrumentation_name", m.scopeOf, m.scopes.sets.Name)
	plainText(f, "instrumentation_version", m.scopeOf, m.scopes.sets.Version)
	return m.attributes(f, "span", m.runs, spans, []attributeSource{
		{scope: "resource", attrs: &m.resources.sets.Attrs, via: m.resourceOf},
		{scope: "instrumentation", attrs: &m.scopes.sets.Attrs, via: m.scopeOf},
	})
}

// traceIDs writes the column of trace ids from the plan.
func (m *merger) traceIDs(f *fileWriter) {
	t := 0
	f.column(column{name: "trace_id", shape: shapeTraceID}, func(v *vector, from, to int) (int, error) {
		for row := from; row < to; row++ {
			for row >= m.traces[t].spans[1] {
				t++
			}
			v.fixed = append(v.fixed, m.traces[t].id[:]...)
		}
		return to - from, nil
	})
}

// errorCounter counts the spans with status error of each trace, while the column
// of statuses is written. Every span has one.
func (m *merger) errorCounter() look {
	t := 0
	return func(d valueSet, row int, codes []uint32) {
		statuses, ok := d.(texts)
		if !ok {
			return
		}
		failed, ok := statuses.Find([]byte(span.StatusError.String()))
		if !ok {
			return
		}
		for i, code := range codes {
			if code != failed {
				continue
			}
			for row+i >= m.traces[t].spans[1] {
				t++
			}
			m.traces[t].errors++
		}
	}
}

func (m *merger) writeEvents(out io.Writer) (File, error) {
	f := newFileWriter(out, len(m.events.owners), format.Zstd)
	file := func(in *input) *fileReader { return in.events }
	if err := m.children(f, &m.events, file, []named{{"time", shapeTime}, {"name", shapeText}, {"dropped_attributes", shapeInt32}}); err != nil {
		return File{}, err
	}
	return m.attributes(f, "event", m.events.runs, file, nil)
}

func (m *merger) writeLinks(out io.Writer) (File, error) {
	f := newFileWriter(out, len(m.links.owners), format.Zstd)
	file := func(in *input) *fileReader { return in.links }
	if err := m.children(f, &m.links, file, []named{{"linked_trace_id", shapeTraceID}, {"linked_span_id", shapeSpanID}, {"trace_state", shapeText}, {"flags", shapeInt64}, {"dropped_attributes", shapeInt32}}); err != nil {
		return File{}, err
	}
	return m.attributes(f, "link", m.links.runs, file, nil)
}

type named struct {
	name  string
	shape shape
}

func (m *merger) children(f *fileWriter, c *children, file func(*input) *fileReader, columns []named) error {
	for _, n := range []named{{"trace_id", shapeTraceID}, {"span_id", shapeSpanID}} {
		if err := m.copy(f, n.name, n.shape, c.runs, m.same(file, n.name), nil); err != nil {
			return err
		}
	}
	number(f, "span_row", shapeInt64, nil, c.owners)
	for _, n := range columns {
		if err := m.copy(f, n.name, n.shape, c.runs, m.same(file, n.name), nil); err != nil {
			return err
		}
	}
	return nil
}

// attributes writes the attribute columns of one scope from the inputs, those of
// the sets that spans refer to, and the map of the rest, and finishes the file.
func (m *merger) attributes(f *fileWriter, scope string, runs []run, file func(*input) *fileReader, sets []attributeSource) (File, error) {
	var all []attributeColumn
	var from [][]source
	known := make(map[attributeColumn]int)
	for i, in := range m.inputs {
		r := file(in)
		for _, c := range r.attrs {
			if c.Scope != scope {
				continue
			}
			id := attributeColumn{Scope: c.Scope, Key: c.Key, Type: c.Type}
			at, ok := known[id]
			if !ok {
				at = len(all)
				known[id] = at
				all = append(all, id)
				srcs := make([]source, len(m.inputs))
				for k, in := range m.inputs {
					srcs[k].file = file(in)
				}
				from = append(from, srcs)
			}
			from[at][i].name = c.Column
			if chunk := r.columns[c.Column]; chunk != nil {
				all[at].entries += int(chunk.values - chunk.nulls)
			}
		}
	}
	own := len(all)
	var setColumns []*span.Column
	var setSources []*attributeSource
	for i := range sets {
		for _, c := range sets[i].attrs.Columns {
			if len(c.Rows) > 0 {
				all = append(all, attributeColumn{Scope: sets[i].scope, Key: c.Key, Type: c.Type.String(), entries: len(c.Rows)})
				setColumns, setSources = append(setColumns, c), append(setSources, &sets[i])
			}
		}
	}
	names := chooseColumns(all)
	var chosen []attributeColumn
	rest := restMerger{m: m, scope: scope, runs: runs}
	for i, name := range names {
		switch {
		case name != "" && i < own:
			t, _ := span.ParseType(all[i].Type)
			if err := m.copy(f, name, shapeOf(t), runs, from[i], nil); err != nil {
				return File{}, err
			}
		case name != "":
			setColumn(f, name, setSources[i-own], setColumns[i-own])
		case i < own:
			if err := rest.column(all[i], from[i]); err != nil {
				return File{}, err
			}
		}
		if name != "" {
			all[i].Column = name
			chosen = append(chosen, all[i])
		}
	}
	if err := rest.maps(file); err != nil {
		return File{}, err
	}
	rest.out.write(f)
	return f.finish(map[string]string{metaColumns: columnsJSON(chosen)})
}
