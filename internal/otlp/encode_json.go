package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/everspan/everspan/internal/span"
)

// AppendJSON appends spans of b as OTLP/JSON: ids in hexadecimal, enumerations
// as numbers, 64-bit integers as strings. list names the array of resource
// spans: "resourceSpans" in OTLP, "batches" in some query APIs. With no rows
// given all spans are taken.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
func AppendJSON(dst []byte, b *span.Batch, list string, rows ...uint32) []byte {
	w := &jsonWriter{out: dst}
	w.batch(newRowReader(b), list, rows)
	return w.out
}

// AppendLines appends the traces of b, whose spans have to stand side by side, as
// OTLP/JSON: a line each, as the collector's file exporter writes them.
func AppendLines(dst []byte, b *span.Batch) []byte {
	w := &jsonWriter{out: dst}
	rd := newRowReader(b)
	var rows []uint32
	for row := range uint32(b.Len()) {
		rows = append(rows, row)
		if next := row + 1; int(next) == b.Len() || b.Trace[next] != b.Trace[row] {
			w.batch(rd, "resourceSpans", rows)
			w.out, w.comma = append(w.out, '\n'), false
			rows = rows[:0]
		}
	}
	return w.out
}

func (w *jsonWriter) batch(rd *rowReader, list string, rows []uint32) {
	b := rd.b
	w.open('{')
	w.key(list)
	w.open('[')
	for _, g := range groups(b, rows) {
		w.open('{')
		w.key("resource")
		w.open('{')
		w.attributes(b.Resources.Attrs.Row(g.resource))
		w.count("droppedAttributesCount", b.Resources.Dropped[g.resource])
		w.close('}')
		w.key("scopeSpans")
		w.open('[')
		for _, sg := range g.scopes {
			w.open('{')
			w.key("scope")
			w.open('{')
			w.text("name", b.Scopes.Name[sg.scope])
			w.text("version", b.Scopes.Version[sg.scope])
			w.attributes(b.Scopes.Attrs.Row(sg.scope))
			w.count("droppedAttributesCount", b.Scopes.Dropped[sg.scope])
			w.close('}')
			w.key("spans")
			w.open('[')
			for _, row := range sg.rows {
				w.span(rd, row)
			}
			w.close(']')
			w.text("schemaUrl", b.Scopes.Schema[sg.scope])
			w.close('}')
		}
		w.close(']')
		w.text("schemaUrl", b.Resources.Schema[g.resource])
		w.close('}')
	}
	w.close(']')
	w.close('}')
}

// jsonWriter puts commas where they belong.
type jsonWriter struct {
	out   []byte
	comma bool
}

func (w *jsonWriter) value() {
	if w.comma {
		w.out = append(w.out, ',')
	}
	w.comma = true
}

func (w *jsonWriter) open(c byte) {
	w.value()
	w.out = append(w.out, c)
	w.comma = false
}

func (w *jsonWriter) close(c byte) {
	w.out = append(w.out, c)
	w.comma = true
}

// key writes a name; the value that follows needs no comma.
func (w *jsonWriter) key(name string) {
	w.value()
	w.out = append(span.AppendQuoted(w.out, name), ':')
	w.comma = false
}

func (w *jsonWriter) string(s string) {
	w.value()
	w.out = span.AppendQuoted(w.out, s)
}

func (w *jsonWriter) text(name, s string) {
	if s != "" {
		w.key(name)
		w.string(s)
	}
}

func (w *jsonWriter) count(name string, n uint32) {
	if n != 0 {
		w.key(name)
		w.value()
		w.out = strconv.AppendUint(w.out, uint64(n), 10)
	}
}

func (w *jsonWriter) hex(name string, id []byte) {
	w.key(name)
	w.value()
	w.out = append(w.out, '"')
	w.out = hex.AppendEncode(w.out, id)
	w.out = append(w.out, '"')
}

func (w *jsonWriter) nanos(name string, t int64) {
	w.key(name)
	w.value()
	w.out = append(w.out, '"')
	w.out = strconv.AppendUint(w.out, uint64(t), 10)
	w.out = append(w.out, '"')
}

func (w *jsonWriter) span(r *rowReader, row uint32) {
	b := r.b
	w.open('{')
	w.hex("traceId", b.Traces.Bytes(b.Trace[row]))
	w.hex("spanId", b.ID[row][:])
	w.text("traceState", b.States.String(b.State[row]))
	if !b.Parent[row].IsZero() {
		w.hex("parentSpanId", b.Parent[row][:])
	}
	w.count("flags", b.Flags[row])
	w.key("name")
	w.string(b.Names.String(b.Name[row]))
	w.count("kind", uint32(b.Kind[row]))
	w.nanos("startTimeUnixNano", b.Start[row])
	w.nanos("endTimeUnixNano", b.End(row))
	w.attributes(r.attrs.Row(row))
	w.count("droppedAttributesCount", b.DroppedAttrs.Count(row))
	if i, end := b.EventsOf(row); i < end {
		w.key("events")
		w.open('[')
		for ; i < end; i++ {
			w.open('{')
			w.nanos("timeUnixNano", b.Events.Time[i])
			w.text("name", b.Events.Names.String(b.Events.Name[i]))
			w.attributes(r.events.Row(uint32(i)))
			w.count("droppedAttributesCount", b.Events.Dropped.Count(uint32(i)))
			w.close('}')
		}
		w.close(']')
	}
	w.count("droppedEventsCount", b.DroppedEvents.Count(row))
	if i, end := b.LinksOf(row); i < end {
		w.key("links")
		w.open('[')
		for ; i < end; i++ {
			w.open('{')
			w.hex("traceId", b.Links.TraceID[i][:])
			w.hex("spanId", b.Links.ID[i][:])
			w.text("traceState", b.Links.States.String(b.Links.State[i]))
			w.attributes(r.links.Row(uint32(i)))
			w.count("droppedAttributesCount", b.Links.Dropped.Count(uint32(i)))
			w.count("flags", b.Links.Flags[i])
			w.close('}')
		}
		w.close(']')
	}
	w.count("droppedLinksCount", b.DroppedLinks.Count(row))
	w.key("status")
	w.open('{')
	w.text("message", b.Messages.String(b.Message[row]))
	w.count("code", uint32(b.Status[row]))
	w.close('}')
	w.close('}')
}

func (w *jsonWriter) attributes(attrs func(func(string, span.Value) bool)) {
	any := false
	for k, v := range attrs {
		if !any {
			w.key("attributes")
			w.open('[')
			any = true
		}
		n := tree(v)
		n.key = k
		w.keyValue(n)
	}
	if any {
		w.close(']')
	}
}

func (w *jsonWriter) keyValue(n node) {
	w.open('{')
	w.key("key")
	w.string(n.key)
	w.key("value")
	w.anyValue(n)
	w.close('}')
}

func (w *jsonWriter) anyValue(n node) {
	w.open('{')
	switch n.kind {
	case anyString:
		w.key("stringValue")
		w.string(n.value.Str)
	case anyBytes:
		w.key("bytesValue")
		w.string(base64.StdEncoding.EncodeToString([]byte(n.value.Str)))
	case anyBool:
		w.key("boolValue")
		w.value()
		w.out = strconv.AppendBool(w.out, n.value.Num != 0)
	case anyInt:
		w.key("intValue")
		w.string(strconv.FormatInt(int64(n.value.Num), 10))
	case anyDouble:
		w.key("doubleValue")
		switch f := math.Float64frombits(n.value.Num); {
		case math.IsNaN(f):
			w.string("NaN")
		case math.IsInf(f, 1):
			w.string("Infinity")
		case math.IsInf(f, -1):
			w.string("-Infinity")
		default:
			w.value()
			w.out = strconv.AppendFloat(w.out, f, 'g', -1, 64)
		}
	case anyArray, anyKvlist:
		if n.kind == anyArray {
			w.key("arrayValue")
		} else {
			w.key("kvlistValue")
		}
		w.open('{')
		w.key("values")
		w.open('[')
		for _, item := range n.items {
			if n.kind == anyArray {
				w.anyValue(item)
			} else {
				w.keyValue(item)
			}
		}
		w.close(']')
		w.close('}')
	}
	w.close('}')
}
