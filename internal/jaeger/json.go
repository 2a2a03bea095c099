package jaeger

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/everspan/everspan/internal/span"
)

// AppendJSON appends the trace that b is as the JSON of Jaeger's user interface: spans
// with tags, logs and references, and the processes that they name. Spans stand in
// the order of their starts. warnings say what is wrong with the trace as a whole.
//
// What OpenTelemetry has beyond tags becomes tags: span.kind, error and
// otel.status_code, otel.status_description, otel.scope.name and .version,
// w3c.tracestate; resources become processes, events logs, and links references.
// https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/
func AppendJSON(dst []byte, b *span.Batch, warnings ...string) []byte {
	e := encoder{
		dst: dst, b: b, process: make(map[uint32]int),
		attrs: b.Attrs.ByRow(b.Len()), events: b.Events.Attrs.ByRow(len(b.Events.Span)), links: b.Links.Attrs.ByRow(len(b.Links.Span)),
	}
	rows := span.Seq(b.Len())
	slices.SortStableFunc(rows, func(x, y uint32) int { return cmp.Compare(b.Start[x], b.Start[y]) })
	e.raw(`{"traceID":"`)
	if len(rows) > 0 {
		e.raw(traceID(b.TraceID(rows[0])))
	}
	e.raw(`","spans":[`)
	for i, row := range rows {
		e.comma(i)
		e.span(row)
	}
	e.raw(`],"processes":{`)
	for i, resource := range e.processes {
		e.comma(i)
		e.raw(`"p`, strconv.Itoa(i+1), `":`)
		e.processOf(resource)
	}
	e.raw(`},"warnings":`)
	if len(warnings) == 0 {
		e.raw("null}")
		return e.dst
	}
	e.raw("[")
	for i, w := range warnings {
		e.comma(i)
		e.quote(w)
	}
	e.raw("]}")
	return e.dst
}

// encoder writes one trace.
type encoder struct {
	dst                  []byte
	b                    *span.Batch
	attrs, events, links span.AttrRows
	process              map[uint32]int // the number of a resource's process, from 1 on
	processes            []uint32       // the resource of each
}

func (e *encoder) raw(parts ...string) {
	for _, p := range parts {
		e.dst = append(e.dst, p...)
	}
}

func (e *encoder) comma(i int) {
	if i > 0 {
		e.dst = append(e.dst, ',')
	}
}

func (e *encoder) quote(s string) { e.dst = span.AppendQuoted(e.dst, s) }

func (e *encoder) int(n int64) { e.dst = strconv.AppendInt(e.dst, n, 10) }

// traceID writes an id of 64 bits with 16 digits, as Jaeger does.
func traceID(id span.TraceID) string {
	if binary.BigEndian.Uint64(id[:]) == 0 {
		return id.String()[16:]
	}
	return id.String()
}

func (e *encoder) span(row uint32) {
	b := e.b
	trace := b.TraceID(row)
	e.raw(`{"traceID":"`, traceID(trace), `","spanID":"`, b.ID[row].String(), `"`)
	if b.Flags[row]&1 != 0 {
		e.raw(`,"flags":1`)
	}
	e.raw(`,"operationName":`)
	e.quote(b.Names.String(b.Name[row]))
	e.raw(`,"references":[`)
	e.references(row, trace)
	e.raw(`],"startTime":`)
	e.int(b.Start[row] / 1000)
	e.raw(`,"duration":`)
	e.int(b.Duration[row] / 1000)
	e.raw(`,"tags":[`)
	e.tags(row)
	e.raw(`],"logs":[`)
	from, to := b.EventsOf(row)
	for i := from; i < to; i++ {
		e.comma(i - from)
		e.log(uint32(i))
	}
	number, ok := e.process[b.Resource[row]]
	if !ok {
		e.processes = append(e.processes, b.Resource[row])
		number = len(e.processes)
		e.process[b.Resource[row]] = number
	}
	e.raw(`],"processID":"p`, strconv.Itoa(number), `","warnings":null}`)
}

func (e *encoder) references(row uint32, trace span.TraceID) {
	b, n := e.b, 0
	add := func(kind string, trace span.TraceID, id span.ID) {
		e.comma(n)
		n++
		e.raw(`{"refType":"`, kind, `","traceID":"`, traceID(trace), `","spanID":"`, id.String(), `"}`)
	}
	if !b.Parent[row].IsZero() {
		add("CHILD_OF", trace, b.Parent[row])
	}
	for i, end := b.LinksOf(row); i < end; i++ {
		kind := "FOLLOWS_FROM"
		for key, v := range e.links.Row(uint32(i)) {
			if key == "opentracing.ref_type" && v.Str == "child_of" {
				kind = "CHILD_OF"
			}
		}
		add(kind, b.Links.TraceID[i], b.Links.ID[i])
	}
}

func (e *encoder) tags(row uint32) {
	b, n := e.b, 0
	add := func(key string, v span.Value) {
		e.comma(n)
		n++
		e.tag(key, v)
	}
	text := func(key, v string) {
		if v != "" {
			add(key, span.Value{Type: span.String, Str: v})
		}
	}
	for key, v := range e.attrs.Row(row) {
		add(key, v)
	}
	if b.Kind[row] != span.KindUnspecified {
		text("span.kind", b.Kind[row].String())
	}
	switch b.Status[row] {
	case span.StatusError:
		text("otel.status_code", "ERROR")
		add("error", span.Value{Type: span.Bool, Num: 1})
	case span.StatusOK:
		text("otel.status_code", "OK")
	}
	text("otel.status_description", b.Messages.String(b.Message[row]))
	text("otel.scope.name", b.Scopes.Name[b.Scope[row]])
	text("otel.scope.version", b.Scopes.Version[b.Scope[row]])
	text("w3c.tracestate", b.States.String(b.State[row]))
}

func (e *encoder) log(i uint32) {
	b, n := e.b, 0
	e.raw(`{"timestamp":`)
	e.int(b.Events.Time[i] / 1000)
	e.raw(`,"fields":[`)
	if name := b.Events.Names.String(b.Events.Name[i]); name != "" {
		e.tag("event", span.Value{Type: span.String, Str: name})
		n++
	}
	for key, v := range e.events.Row(i) {
		e.comma(n)
		n++
		e.tag(key, v)
	}
	e.raw("]}")
}

func (e *encoder) processOf(resource uint32) {
	e.raw(`{"serviceName":`)
	e.quote(cmp.Or(e.b.Service(resource), noService))
	e.raw(`,"tags":[`)
	n := 0
	for key, v := range e.b.Resources.Attrs.Row(resource) {
		if key != "service.name" {
			e.comma(n)
			n++
			e.tag(key, v)
		}
	}
	e.raw("]}")
}

// maxSafe is the last whole number that JavaScript has exactly; larger ones are text.
const maxSafe = 1<<53 - 1

func (e *encoder) tag(key string, v span.Value) {
	e.raw(`{"key":`)
	e.quote(key)
	switch v.Type {
	case span.Int:
		e.raw(`,"type":"int64","value":`)
		if n := int64(v.Num); n > maxSafe || n < -maxSafe {
			e.raw(`"`, strconv.FormatInt(n, 10), `"`)
		} else {
			e.int(n)
		}
	case span.Double:
		e.raw(`,"type":"float64","value":`)
		if f := math.Float64frombits(v.Num); math.IsNaN(f) || math.IsInf(f, 0) {
			e.quote(fmt.Sprint(f)) // JSON has no such number
		} else {
			e.dst = strconv.AppendFloat(e.dst, f, 'g', -1, 64)
		}
	case span.Bool:
		e.raw(`,"type":"bool","value":`, strconv.FormatBool(v.Num != 0))
	case span.Bytes:
		e.raw(`,"type":"binary","value":"`, base64.StdEncoding.EncodeToString([]byte(v.Str)), `"`)
	default:
		e.raw(`,"type":"string","value":`)
		e.quote(v.Display())
	}
	e.raw("}")
}
