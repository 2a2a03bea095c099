package block

import (
	"cmp"
	"fmt"

	"github.com/everspan/everspan/internal/span"
)

// mergedSets are the resources or scopes of all inputs, equal ones once.
type mergedSets struct {
	file, scope string
	sets        span.Sets
	remap       [][]uint32 // by input: from its number to ours
}

// mergeSets joins the tables of resources and scopes, and translates what spans
// refer to.
func (m *merger) mergeSets() error {
	for _, s := range []*mergedSets{&m.resources, &m.scopes} {
		for _, in := range m.inputs {
			f, err := in.r.file(m.ctx, s.file)
			if err != nil {
				return err
			}
			rows, err := f.rowsOf(m.ctx, [2]int{0, f.rows})
			if err != nil {
				return err
			}
			attrs := rows.attributes(s.scope)
			name, version := rows.column("name", shapeText), rows.column("version", shapeText)
			schema, dropped := rows.column("schema_url", shapeText), rows.column("dropped_attributes", shapeInt32)
			if err := rows.read(); err != nil {
				return err
			}
			var all span.Attrs
			if err := attrs.appendTo(&all, 0); err != nil {
				return err
			}
			remap := make([]uint32, f.rows)
			for i := range remap {
				set := span.Set{Name: string(name.bytes(i)), Version: string(version.bytes(i)), Schema: string(schema.bytes(i)), Dropped: uint32(dropped.num(i))}
				remap[i] = s.sets.InternSet(set, func(to *span.Attrs) { to.AppendRow(&all, uint32(i)) })
			}
			s.remap = append(s.remap, remap)
		}
	}
	return nil
}

// references reads, along the plan, the resource or scope of every row.
func (m *merger) references(column string, s *mergedSets) ([]uint32, error) {
	a := &along{m: m, runs: m.runs}
	for _, in := range m.inputs {
		c, err := in.rows.cursor(m.ctx, &m.pool, column, shapeInt32)
		if err != nil {
			return nil, err
		}
		a.cursors = append(a.cursors, c)
	}
	defer a.close()
	out := make([]uint32, 0, m.rows)
	for len(out) < m.rows {
		if len(out)%(32*stepRows) == 0 {
			if err := m.pause(m.ctx); err != nil {
				return nil, err
			}
		}
		var bad error
		_, err := a.each(min(stepRows, m.rows-len(out)), func(input uint32, p *cursorPage, from, to int) int {
			remap := s.remap[input]
			for i := from; i < to; i++ {
				ref := int64(-1)
				if p != nil {
					ref = p.num(i)
				}
				if ref < 0 || ref >= int64(len(remap)) {
					bad = m.inputs[input].rows.corrupt(0, fmt.Errorf("%s %d of %d", column, ref, len(remap)))
					ref, remap = 0, []uint32{0}
				}
				out = append(out, remap[ref])
			}
			return to - from
		})
		if err = cmp.Or(err, bad); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// restMerger gathers what goes to the map column of a merged block.
type restMerger struct {
	m     *merger
	scope string
	runs  []run
	out   restRows
	index runIndex // made when first needed
}

// row finds the new row of an input's row; false when it came twice.
func (r *restMerger) row(input uint32, row int) (uint32, bool) {
	if r.index == nil {
		r.index = r.index.of(r.runs)
	}
	at, ok := r.index.find(input, int64(row))
	return uint32(at), ok
}

// column moves a column that has no place any more into the map.
func (r *restMerger) column(c attributeColumn, from []source) error {
	t, _ := span.ParseType(c.Type)
	for i, src := range from {
		if src.name == "" {
			continue
		}
		cur, err := src.file.cursor(r.m.ctx, &r.m.pool, src.name, shapeOf(t))
		if err != nil {
			return err
		}
		if cur.c == nil {
			continue
		}
		for row := 0; row < src.file.rows; {
			p, err := cur.page(r.m.ctx, row)
			if err != nil {
				return err
			}
			for ; row < p.end; row++ {
				if !p.has(row - p.first) {
					continue
				}
				at, ok := r.row(uint32(i), row)
				if !ok {
					continue
				}
				v := span.Value{Type: t}
				if shapeOf(t).isText() {
					v.Str = string(p.bytes(row - p.first))
				} else {
					v.Num = uint64(p.num(row - p.first))
				}
				r.out.put(at, c.Scope, c.Key, v.Text())
			}
		}
		cur.close()
	}
	return nil
}

// maps joins the map columns of the inputs.
func (r *restMerger) maps(file func(*input) *fileReader) error {
	const step = 64 << 10
	for i, in := range r.m.inputs {
		f := file(in)
		for from := 0; from < f.rows; from += step {
			some, err := f.rest(r.m.ctx, from, min(from+step, f.rows))
			if err != nil {
				return err
			}
			for _, v := range some {
				if at, ok := r.row(uint32(i), from+v.row); ok {
					r.out.put(at, v.scope, v.key, v.value.Text())
				}
			}
		}
	}
	return nil
}
