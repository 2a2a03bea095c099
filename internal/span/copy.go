package span

import (
	"encoding/binary"
	"slices"
	"strings"
)

// AppendRows copies the spans given (rows of src, ascending) with all that
// belongs to them. Equal resources and scopes become one.
func (b *Batch) AppendRows(src *Batch, rows []uint32) {
	base := uint32(b.Len())
	resources := newMapping(&b.Resources, &src.Resources)
	scopes := newMapping(&b.Scopes, &src.Scopes)
	for _, from := range rows {
		row := b.Begin(resources.row(src.Resource[from]), scopes.row(src.Scope[from]))
		b.ID[row], b.Parent[row] = src.ID[from], src.Parent[from]
		b.Start[row], b.Duration[row] = src.Start[from], src.Duration[from]
		b.Kind[row], b.Status[row], b.Flags[row] = src.Kind[from], src.Status[from], src.Flags[from]
		b.Name[row] = b.Names.Code(src.Names.Bytes(src.Name[from]))
		b.Message[row] = b.Messages.Code(src.Messages.Bytes(src.Message[from]))
		b.State[row] = b.States.Code(src.States.Bytes(src.State[from]))
		b.Commit(row, src.TraceID(from))
	}
	b.DroppedAttrs.appendRows(&src.DroppedAttrs, rows, base)
	b.DroppedEvents.appendRows(&src.DroppedEvents, rows, base)
	b.DroppedLinks.appendRows(&src.DroppedLinks, rows, base)
	b.Attrs.appendRows(&src.Attrs, rows, base)

	e, se := &b.Events, &src.Events
	events := len(e.Span)
	eventRows := childRows(se.Span, rows, func(k int, i uint32) {
		e.Span = append(e.Span, base+uint32(k))
		e.Time = append(e.Time, se.Time[i])
		e.Name = append(e.Name, e.Names.Code(se.Names.Bytes(se.Name[i])))
	})
	e.Dropped.appendRows(&se.Dropped, eventRows, uint32(events))
	e.Attrs.appendRows(&se.Attrs, eventRows, uint32(events))

	l, sl := &b.Links, &src.Links
	links := len(l.Span)
	linkRows := childRows(sl.Span, rows, func(k int, i uint32) {
		l.Span = append(l.Span, base+uint32(k))
		l.TraceID = append(l.TraceID, sl.TraceID[i])
		l.ID = append(l.ID, sl.ID[i])
		l.State = append(l.State, l.States.Code(sl.States.Bytes(sl.State[i])))
		l.Flags = append(l.Flags, sl.Flags[i])
	})
	l.Dropped.appendRows(&sl.Dropped, linkRows, uint32(links))
	l.Attrs.appendRows(&sl.Attrs, linkRows, uint32(links))
}

// childRows lists the entries of an ascending parent column whose parent is in
// rows, and calls each with the parent's position in rows.
func childRows(parents, rows []uint32, each func(k int, child uint32)) []uint32 {
	var found []uint32
	for k, first := range intersect(rows, parents) {
		for i := first; i < len(parents) && parents[i] == rows[k]; i++ {
			found = append(found, uint32(i))
			each(k, uint32(i))
		}
	}
	return found
}

func (c *Column) appendRows(src *Column, rows []uint32, base uint32) {
	for k, i := range intersect(rows, src.Rows) {
		c.count(base+uint32(k), uint32(src.Nums[i]))
	}
}

// mapping interns the sets of one batch in another, each when it is first used.
type mapping struct {
	dst, src *Sets
	to       []uint32 // row of dst + 1
}

func newMapping(dst, src *Sets) mapping {
	return mapping{dst, src, make([]uint32, src.Len())}
}

func (m *mapping) row(from uint32) uint32 {
	if m.to[from] == 0 {
		set := Set{m.src.Name[from], m.src.Version[from], m.src.Schema[from], m.src.Dropped[from]}
		m.to[from] = 1 + m.dst.InternSet(set, func(to *Attrs) { to.AppendRow(&m.src.Attrs, from) })
	}
	return m.to[from] - 1
}

// Set is what a resource or scope has beside its attributes. A resource has
// neither name nor version.
type Set struct {
	Name, Version, Schema string
	Dropped               uint32
}

// InternSet returns the row of the set with this content, whatever its sender's
// encoding was and whichever batch or block it comes from. attrs adds the set's
// attributes to the table's current row.
func (s *Sets) InternSet(set Set, attrs func(to *Attrs)) uint32 {
	var one Attrs
	one.Begin(0)
	attrs(&one)
	row, isNew := s.Intern(set.key(&one))
	if isNew {
		s.Name[row], s.Version[row], s.Schema[row], s.Dropped[row] = set.Name, set.Version, set.Schema, set.Dropped
		s.Attrs.AppendRow(&one, 0)
	}
	return row
}

// key identifies the set by its content.
func (set Set) key(attrs *Attrs) []byte {
	type pair struct {
		key   string
		value Value
	}
	var pairs []pair
	for k, v := range attrs.Row(0) {
		pairs = append(pairs, pair{k, v})
	}
	slices.SortFunc(pairs, func(x, y pair) int { return strings.Compare(x.key, y.key) })
	key := AppendQuoted(nil, set.Name)
	key = AppendQuoted(key, set.Version)
	key = AppendQuoted(key, set.Schema)
	key = binary.AppendUvarint(key, uint64(set.Dropped))
	for _, p := range pairs {
		key = p.value.AppendText(AppendQuoted(key, p.key))
	}
	return key
}

// Seq lists the rows 0 to n-1.
func Seq(n int) []uint32 {
	rows := make([]uint32, n)
	for i := range rows {
		rows[i] = uint32(i)
	}
	return rows
}

// Key identifies a span for the removal of duplicates: a sender that repeats an
// export after a lost answer sends the same key again.
type Key struct {
	Trace TraceID
	ID    ID
	Kind  Kind
	Start int64
}

// Key returns the key of a span.
func (b *Batch) Key(row uint32) Key {
	return Key{b.TraceID(row), b.ID[row], b.Kind[row], b.Start[row]}
}

// Unique returns rows without those whose key occurred before, in order.
func (b *Batch) Unique(rows []uint32) []uint32 {
	seen := make(map[Key]struct{}, len(rows))
	return slices.DeleteFunc(slices.Clone(rows), func(row uint32) bool {
		k := b.Key(row)
		if _, dup := seen[k]; dup {
			return true
		}
		seen[k] = struct{}{}
		return false
	})
}
