package otlp

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/everspan/everspan/internal/span"
)

// AppendProto appends spans of b as a protobuf TracesData, which has the same
// bytes as an ExportTraceServiceRequest. Spans are grouped by resource and
// scope in order of first appearance; with no rows given all spans are taken.
func AppendProto(dst []byte, b *span.Batch, rows ...uint32) []byte {
	rd := newRowReader(b)
	dst = slices.Grow(dst, 512*cmp.Or(len(rows), b.Len())) // a usual span has less
	for _, g := range groups(b, rows) {
		var rs, ss, set, m mark
		dst, rs = openMessage(dst, 1)
		dst, set = openMessage(dst, 1)
		dst = appendSet(dst, &b.Resources, g.resource, 1, 2)
		dst = set.close(dst)
		for _, sg := range g.scopes {
			dst, ss = openMessage(dst, 2)
			dst, set = openMessage(dst, 1)
			dst = appendString(dst, 1, b.Scopes.Name[sg.scope])
			dst = appendString(dst, 2, b.Scopes.Version[sg.scope])
			dst = appendSet(dst, &b.Scopes, sg.scope, 3, 4)
			dst = set.close(dst)
			for _, row := range sg.rows {
				dst, m = openMessage(dst, 2)
				dst = appendSpan(dst, rd, row)
				dst = m.close(dst)
			}
			dst = appendString(dst, 3, b.Scopes.Schema[sg.scope])
			dst = ss.close(dst)
		}
		dst = appendString(dst, 3, b.Resources.Schema[g.resource])
		dst = rs.close(dst)
	}
	return dst
}

// group is the spans of one resource, by scope.
type group struct {
	resource uint32
	scopes   []scopeGroup
}

type scopeGroup struct {
	scope uint32
	rows  []uint32
}

// groups orders rows as OTLP nests them.
func groups(b *span.Batch, rows []uint32) []group {
	if rows == nil {
		rows = span.Seq(b.Len())
	}
	// Maps, because every span may have a resource of its own.
	var out []group
	resources, scopes := make(map[uint32]int), make(map[[2]uint32]int)
	for _, row := range rows {
		r, s := b.Resource[row], b.Scope[row]
		i, ok := resources[r]
		if !ok {
			i = len(out)
			resources[r] = i
			out = append(out, group{resource: r})
		}
		g := &out[i]
		j, ok := scopes[[2]uint32{r, s}]
		if !ok {
			j = len(g.scopes)
			scopes[[2]uint32{r, s}] = j
			g.scopes = append(g.scopes, scopeGroup{scope: s})
		}
		g.scopes[j].rows = append(g.scopes[j].rows, row)
	}
	return out
}

// rowReader has the attribute tables of a batch turned by row.
type rowReader struct {
	b                    *span.Batch
	attrs, events, links span.AttrRows
}

func newRowReader(b *span.Batch) *rowReader {
	return &rowReader{
		b:      b,
		attrs:  b.Attrs.ByRow(b.Len()),
		events: b.Events.Attrs.ByRow(len(b.Events.Span)),
		links:  b.Links.Attrs.ByRow(len(b.Links.Span)),
	}
}

// mark is where a message begins whose length is not known yet. One byte is left
// for it; a longer message moves to make room, which costs less than measuring
// everything beforehand.
type mark int

func openMessage(dst []byte, field uint32) ([]byte, mark) {
	dst = append(appendTag(dst, field, wireBytes), 0)
	return dst, mark(len(dst))
}

func (m mark) close(dst []byte) []byte {
	n := len(dst) - int(m)
	if n < 0x80 {
		dst[m-1] = byte(n)
		return dst
	}
	var size [binary.MaxVarintLen64]byte
	more := binary.PutUvarint(size[:], uint64(n)) - 1
	dst = append(dst, size[:more]...) // any bytes
	copy(dst[int(m)+more:], dst[m:])
	copy(dst[m-1:], size[:more+1])
	return dst
}

func appendTag(dst []byte, field, wire uint32) []byte {
	return binary.AppendUvarint(dst, uint64(field<<3|wire))
}

func appendBytes[T []byte | string](dst []byte, field uint32, v T) []byte {
	dst = binary.AppendUvarint(appendTag(dst, field, wireBytes), uint64(len(v)))
	return append(dst, v...)
}

func appendFixed64(dst []byte, field uint32, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(dst, field, wireFixed64), v)
}

func appendFixed32(dst []byte, field, v uint32) []byte {
	return binary.LittleEndian.AppendUint32(appendTag(dst, field, wireFixed32), v)
}

func appendVarint(dst []byte, field uint32, v uint64) []byte {
	return binary.AppendUvarint(appendTag(dst, field, wireVarint), v)
}

// Proto3 leaves out what is zero.

func appendString[T []byte | string](dst []byte, field uint32, s T) []byte {
	if len(s) == 0 {
		return dst
	}
	return appendBytes(dst, field, s)
}

func appendCount(dst []byte, field, n uint32) []byte {
	if n == 0 {
		return dst
	}
	return appendVarint(dst, field, uint64(n))
}

// appendSet appends the attributes of a resource or scope, and how many its sender
// dropped.
func appendSet(dst []byte, sets *span.Sets, row, field, dropped uint32) []byte {
	for k, v := range sets.Attrs.Row(row) {
		dst = appendKeyValue(dst, field, k, span.Cell{Type: v.Type, Num: v.Num, Text: []byte(v.Str)})
	}
	return appendCount(dst, dropped, sets.Dropped[row])
}

func appendSpan(dst []byte, r *rowReader, row uint32) []byte {
	b := r.b
	dst = appendBytes(dst, 1, b.Traces.Bytes(b.Trace[row]))
	dst = appendBytes(dst, 2, b.ID[row][:])
	dst = appendString(dst, 3, b.States.Bytes(b.State[row]))
	if !b.Parent[row].IsZero() {
		dst = appendBytes(dst, 4, b.Parent[row][:])
	}
	dst = appendString(dst, 5, b.Names.Bytes(b.Name[row]))
	dst = appendCount(dst, 6, uint32(b.Kind[row]))
	dst = appendFixed64(dst, 7, uint64(b.Start[row]))
	dst = appendFixed64(dst, 8, uint64(b.End(row)))
	for k, v := range r.attrs.Cells(row) {
		dst = appendKeyValue(dst, 9, k, v)
	}
	dst = appendCount(dst, 10, b.DroppedAttrs.Count(row))
	var m mark
	for i, end := b.EventsOf(row); i < end; i++ {
		dst, m = openMessage(dst, 11)
		dst = appendFixed64(dst, 1, uint64(b.Events.Time[i]))
		dst = appendString(dst, 2, b.Events.Names.Bytes(b.Events.Name[i]))
		for k, v := range r.events.Cells(uint32(i)) {
			dst = appendKeyValue(dst, 3, k, v)
		}
		dst = m.close(appendCount(dst, 4, b.Events.Dropped.Count(uint32(i))))
	}
	dst = appendCount(dst, 12, b.DroppedEvents.Count(row))
	for i, end := b.LinksOf(row); i < end; i++ {
		dst, m = openMessage(dst, 13)
		dst = appendBytes(dst, 1, b.Links.TraceID[i][:])
		dst = appendBytes(dst, 2, b.Links.ID[i][:])
		dst = appendString(dst, 3, b.Links.States.Bytes(b.Links.State[i]))
		for k, v := range r.links.Cells(uint32(i)) {
			dst = appendKeyValue(dst, 4, k, v)
		}
		dst = appendCount(dst, 5, b.Links.Dropped.Count(uint32(i)))
		if f := b.Links.Flags[i]; f != 0 {
			dst = appendFixed32(dst, 6, f)
		}
		dst = m.close(dst)
	}
	dst = appendCount(dst, 14, b.DroppedLinks.Count(row))
	if text := b.Messages.Bytes(b.Message[row]); len(text) > 0 || b.Status[row] != 0 {
		dst, m = openMessage(dst, 15)
		dst = appendString(dst, 2, text)
		dst = m.close(appendCount(dst, 3, uint32(b.Status[row])))
	}
	if f := b.Flags[row]; f != 0 {
		dst = appendFixed32(dst, 16, f)
	}
	return dst
}

func appendKeyValue(dst []byte, field uint32, key string, v span.Cell) []byte {
	dst, kv := openMessage(dst, field)
	dst = appendString(dst, 1, key)
	dst, value := openMessage(dst, 2)
	switch v.Type {
	case span.String:
		dst = appendBytes(dst, anyString, v.Text)
	case span.Bytes:
		dst = appendBytes(dst, anyBytes, v.Text)
	case span.Bool:
		dst = appendVarint(dst, anyBool, v.Num)
	case span.Int:
		dst = appendVarint(dst, anyInt, v.Num)
	case span.Double:
		dst = appendFixed64(dst, anyDouble, v.Num)
	default:
		dst = appendAnyValue(dst, tree(v.Value()))
	}
	return kv.close(value.close(dst))
}

// appendAnyValue appends a value that may be nested.
func appendAnyValue(dst []byte, n node) []byte {
	var list, item, value mark
	switch n.kind {
	case anyString:
		dst = appendBytes(dst, anyString, n.value.Str)
	case anyBytes:
		dst = appendBytes(dst, anyBytes, n.value.Str)
	case anyBool:
		dst = appendVarint(dst, anyBool, n.value.Num&1)
	case anyInt:
		dst = appendVarint(dst, anyInt, n.value.Num)
	case anyDouble:
		dst = appendFixed64(dst, anyDouble, n.value.Num)
	case anyArray:
		dst, list = openMessage(dst, anyArray)
		for _, x := range n.items {
			dst, item = openMessage(dst, 1)
			dst = item.close(appendAnyValue(dst, x))
		}
		dst = list.close(dst)
	case anyKvlist:
		dst, list = openMessage(dst, anyKvlist)
		for _, x := range n.items {
			dst, item = openMessage(dst, 1)
			dst = appendString(dst, 1, x.key)
			dst, value = openMessage(dst, 2)
			dst = item.close(value.close(appendAnyValue(dst, x)))
		}
		dst = list.close(dst)
	}
	return dst
}
