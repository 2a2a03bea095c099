package otlp

import (
	"slices"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/span"
)

var marshalers easyproto.MarshalerPool

// AppendProto appends spans of b as a protobuf TracesData, which has the same
// bytes as an ExportTraceServiceRequest. Spans are grouped by resource and
// scope in order of first appearance; with no rows given all spans are taken.
func AppendProto(dst []byte, b *span.Batch, rows ...uint32) []byte {
	m := marshalers.Get()
	defer marshalers.Put(m)
	msg := m.MessageMarshaler()
	rd := newRowReader(b)
	for _, g := range groups(b, rows) {
		rs := msg.AppendMessage(1)
		appendSet(rs, &b.Resources, g.resource, 1, 2)
		for _, sg := range g.scopes {
			ss := rs.AppendMessage(2)
			appendScope(ss, &b.Scopes, sg.scope)
			for _, row := range sg.rows {
				appendSpan(ss.AppendMessage(2), rd, row)
			}
			appendString(ss, 3, b.Scopes.Schema[sg.scope])
		}
		appendString(rs, 3, b.Resources.Schema[g.resource])
	}
	return m.Marshal(dst)
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
		rows = make([]uint32, b.Len())
		for i := range rows {
			rows[i] = uint32(i)
		}
	}
	var out []group
	for _, row := range rows {
		r, s := b.Resource[row], b.Scope[row]
		i := slices.IndexFunc(out, func(g group) bool { return g.resource == r })
		if i < 0 {
			i = len(out)
			out = append(out, group{resource: r})
		}
		g := &out[i]
		j := slices.IndexFunc(g.scopes, func(g scopeGroup) bool { return g.scope == s })
		if j < 0 {
			j = len(g.scopes)
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

type message = easyproto.MessageMarshaler

// Proto3 leaves out what is zero.

func appendString(m *message, field uint32, s string) {
	if s != "" {
		m.AppendString(field, s)
	}
}

func appendText(m *message, field uint32, v []byte) {
	if len(v) > 0 {
		m.AppendBytes(field, v)
	}
}

func appendCount(m *message, field, n uint32) {
	if n != 0 {
		m.AppendUint32(field, n)
	}
}

func appendSet(m *message, sets *span.Sets, row, field, dropped uint32) {
	set := m.AppendMessage(field)
	for k, v := range sets.Attrs.Row(row) {
		appendKeyValue(set, 1, k, v)
	}
	appendCount(set, dropped, sets.Dropped[row])
}

func appendScope(m *message, sets *span.Sets, row uint32) {
	set := m.AppendMessage(1)
	appendString(set, 1, sets.Name[row])
	appendString(set, 2, sets.Version[row])
	for k, v := range sets.Attrs.Row(row) {
		appendKeyValue(set, 3, k, v)
	}
	appendCount(set, 4, sets.Dropped[row])
}

func appendSpan(m *message, r *rowReader, row uint32) {
	b := r.b
	m.AppendBytes(1, b.Traces.Bytes(b.Trace[row]))
	m.AppendBytes(2, b.ID[row][:])
	appendText(m, 3, b.States.Bytes(b.State[row]))
	if !b.Parent[row].IsZero() {
		m.AppendBytes(4, b.Parent[row][:])
	}
	appendText(m, 5, b.Names.Bytes(b.Name[row]))
	appendCount(m, 6, uint32(b.Kind[row]))
	m.AppendFixed64(7, uint64(b.Start[row]))
	m.AppendFixed64(8, uint64(b.End(row)))
	for k, v := range r.attrs.Row(row) {
		appendKeyValue(m, 9, k, v)
	}
	appendCount(m, 10, b.DroppedAttrs.Count(row))
	for i, end := b.EventsOf(row); i < end; i++ {
		e := m.AppendMessage(11)
		e.AppendFixed64(1, uint64(b.Events.Time[i]))
		appendText(e, 2, b.Events.Names.Bytes(b.Events.Name[i]))
		for k, v := range r.events.Row(uint32(i)) {
			appendKeyValue(e, 3, k, v)
		}
		appendCount(e, 4, b.Events.Dropped.Count(uint32(i)))
	}
	appendCount(m, 12, b.DroppedEvents.Count(row))
	for i, end := b.LinksOf(row); i < end; i++ {
		l := m.AppendMessage(13)
		l.AppendBytes(1, b.Links.TraceID[i][:])
		l.AppendBytes(2, b.Links.ID[i][:])
		appendText(l, 3, b.Links.States.Bytes(b.Links.State[i]))
		for k, v := range r.links.Row(uint32(i)) {
			appendKeyValue(l, 4, k, v)
		}
		appendCount(l, 5, b.Links.Dropped.Count(uint32(i)))
		if f := b.Links.Flags[i]; f != 0 {
			l.AppendFixed32(6, f)
		}
	}
	appendCount(m, 14, b.DroppedLinks.Count(row))
	if text := b.Messages.Bytes(b.Message[row]); len(text) > 0 || b.Status[row] != 0 {
		s := m.AppendMessage(15)
		appendText(s, 2, text)
		appendCount(s, 3, uint32(b.Status[row]))
	}
	if f := b.Flags[row]; f != 0 {
		m.AppendFixed32(16, f)
	}
}

func appendKeyValue(m *message, field uint32, key string, v span.Value) {
	kv := m.AppendMessage(field)
	appendString(kv, 1, key)
	appendAnyValue(kv.AppendMessage(2), tree(v))
}

func appendAnyValue(m *message, n node) {
	switch n.kind {
	case anyString:
		m.AppendString(anyString, n.value.Str)
	case anyBytes:
		m.AppendBytes(anyBytes, []byte(n.value.Str))
	case anyBool:
		m.AppendBool(anyBool, n.value.Num != 0)
	case anyInt:
		m.AppendInt64(anyInt, int64(n.value.Num))
	case anyDouble:
		m.AppendFixed64(anyDouble, n.value.Num)
	case anyArray:
		list := m.AppendMessage(anyArray)
		for _, item := range n.items {
			appendAnyValue(list.AppendMessage(1), item)
		}
	case anyKvlist:
		list := m.AppendMessage(anyKvlist)
		for _, item := range n.items {
			kv := list.AppendMessage(1)
			appendString(kv, 1, item.key)
			appendAnyValue(kv.AppendMessage(2), item)
		}
	}
}
