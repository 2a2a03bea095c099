package zipkin

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"

	"github.com/everspan/everspan/internal/span"
)

// AppendSpans appends all spans of b as a JSON array of Zipkin v2 spans. It is
// [AppendJSON] read backwards: what comes from Zipkin goes out as it was. Of other
// spans, the attributes of span and resource become tags, and the attributes of an
// event follow its name as JSON; links have no place.
// https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/
func AppendSpans(dst []byte, b *span.Batch) []byte {
	e := encoder{dst: append(dst, '['), b: b, attrs: b.Attrs.ByRow(b.Len()), events: b.Events.Attrs.ByRow(len(b.Events.Span))}
	for row := range uint32(b.Len()) {
		if row > 0 {
			e.dst = append(e.dst, ',')
		}
		e.span(row)
	}
	return append(e.dst, ']')
}

// encoder writes spans.
type encoder struct {
	dst           []byte
	b             *span.Batch
	attrs, events span.AttrRows

	tags          []jsonTag // of the span
	local, remote jsonEnd
	flags         []string // what is true of it: shared, debug
	absent        bool     // it came without a start
}

type jsonTag struct{ key, value string }

// jsonEnd is an endpoint.
type jsonEnd struct{ service, address, port string }

func (e *encoder) raw(parts ...string) {
	for _, p := range parts {
		e.dst = append(e.dst, p...)
	}
}

// text writes a field whose value is a text, unless that is empty.
func (e *encoder) text(name, value string) {
	if value != "" {
		e.raw(`,"`, name, `":`)
		e.dst = span.AppendQuoted(e.dst, value)
	}
}

func (e *encoder) span(row uint32) {
	b := e.b
	e.gather(row)
	trace := b.TraceID(row)
	id := trace.String()
	if binary.BigEndian.Uint64(trace[:]) == 0 {
		id = id[16:] // as it came: ids of 64 bits are padded
	}
	e.raw(`{"traceId":"`, id, `"`)
	if !b.Parent[row].IsZero() {
		e.raw(`,"parentId":"`, b.Parent[row].String(), `"`)
	}
	e.raw(`,"id":"`, b.ID[row].String(), `"`)
	if k := b.Kind[row]; int(k) < len(kindNames) {
		e.text("kind", kindNames[k])
	}
	e.text("name", b.Names.String(b.Name[row]))
	if start := b.Start[row] / 1000; start > 0 && !e.absent {
		e.raw(`,"timestamp":`, strconv.FormatInt(start, 10))
	}
	if d := b.Duration[row]; d > 0 {
		e.raw(`,"duration":`, strconv.FormatInt(max(d/1000, 1), 10)) // 0 would be none
	}
	e.endpoint("localEndpoint", e.local)
	e.endpoint("remoteEndpoint", e.remote)
	e.annotations(row)
	if len(e.tags) > 0 {
		e.raw(`,"tags":{`)
		for i, t := range e.tags {
			if i > 0 {
				e.raw(",")
			}
			e.dst = span.AppendQuoted(e.dst, t.key)
			e.raw(":")
			e.dst = span.AppendQuoted(e.dst, t.value)
		}
		e.raw("}")
	}
	for _, f := range e.flags {
		e.raw(`,"`, f, `":true`)
	}
	e.raw("}")
}

// kindNames are Zipkin's; the others are none.
var kindNames = [...]string{span.KindServer: "SERVER", span.KindClient: "CLIENT", span.KindProducer: "PRODUCER", span.KindConsumer: "CONSUMER"}

func (e *encoder) endpoint(name string, end jsonEnd) {
	if end == (jsonEnd{}) {
		return
	}
	e.raw(`,"`, name, `":{`)
	from := len(e.dst)
	e.text("serviceName", end.service)
	if a, err := netip.ParseAddr(end.address); err == nil {
		e.text(map[bool]string{true: "ipv4", false: "ipv6"}[a.Is4()], end.address)
	}
	if end.port != "" {
		e.raw(`,"port":`, end.port)
	}
	if len(e.dst) > from {
		e.dst = slices.Delete(e.dst, from, from+1) // the comma
	}
	e.raw("}")
}

func (e *encoder) annotations(row uint32) {
	from, to := e.b.EventsOf(row)
	for i := from; i < to; i++ {
		if i == from {
			e.raw(`,"annotations":[`)
		} else {
			e.raw(",")
		}
		e.raw(`{"timestamp":`, strconv.FormatInt(e.b.Events.Time[i]/1000, 10), `,"value":`)
		value := e.b.Events.Names.String(e.b.Events.Name[i])
		if e.events.Len(uint32(i)) > 0 {
			value = string(e.eventValue(value, uint32(i)))
		}
		e.dst = span.AppendQuoted(e.dst, value)
		e.raw("}")
		if i == to-1 {
			e.raw("]")
		}
	}
}

// eventValue is an event with attributes: its name, and an object of them.
func (e *encoder) eventValue(name string, row uint32) []byte {
	out := append(span.AppendQuoted(nil, name), `: {`...)
	n := 0
	for key, v := range e.events.Row(row) {
		if n++; n > 1 {
			out = append(out, ',')
		}
		out = append(span.AppendQuoted(out, key), ':')
		out = v.AppendText(out)
	}
	return append(out, '}')
}
