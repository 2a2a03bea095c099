//go:build linux

package main

import (
	"encoding/binary"
	"strconv"
)

// encoder writes payloads. It keeps its buffers.
type encoder struct {
	payload, resource, scope, span, event, value []byte
}

func (e *encoder) begin() { e.payload = e.payload[:0] }

// add appends ResourceSpans with spans of one instance, which are sorted by scope.
func (e *encoder) add(i *instance, spans []*generated) {
	e.resource = appendField(e.resource[:0], 1, i.resource)
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && spans[n].op.scopeID == spans[0].op.scopeID {
			n++
		}
		e.scope = appendField(e.scope[:0], 1, spans[0].op.scope)
		for _, s := range spans[:n] {
			e.encode(s)
			e.scope = appendField(e.scope, 2, e.span)
		}
		e.resource = appendField(e.resource, 2, e.scope)
		spans = spans[n:]
	}
	e.resource = appendField(e.resource, 3, "https://opentelemetry.io/schemas/1.34.0")
	e.payload = appendField(e.payload, 1, e.resource)
}

// encode writes a span to e.span.
func (e *encoder) encode(s *generated) {
	to := appendField(e.span[:0], 1, s.trace[:])
	to = appendField(to, 2, s.id[:])
	remote := uint32(0x100)
	if s.parent != [8]byte{} {
		to = appendField(to, 4, s.parent[:])
		if s.op.kind == kindServer || s.op.kind == kindConsumer {
			remote = 0x300
		}
	}
	to = appendField(to, 5, s.op.name)
	to = appendNumber(to, 6, uint64(s.op.kind))
	to = appendFixed64(to, 7, uint64(s.start))
	to = appendFixed64(to, 8, uint64(s.end))
	d := draw{s, s.seed}
	to, e.value = s.op.appendAttributes(to, &d, e.value)
	if s.failed && s.op.kind == kindClient || mix(s.seed+3)%1000 < 9 {
		e.exception(s)
		to = appendField(to, 11, e.event)
	}
	if s.linked != nil {
		e.event = appendField(e.event[:0], 1, s.linked.trace[:])
		e.event = appendField(e.event, 2, s.linked.id[:])
		e.event = appendFixed32(e.event, 6, 0x301)
		to = appendField(to, 13, e.event)
	}
	if s.failed {
		e.event = appendField(e.event[:0], 2, "upstream did not answer in time")
		to = appendField(to, 15, appendNumber(e.event, 3, 2))
	} else {
		to = appendField(to, 15, "")
	}
	e.span = appendFixed32(to, 16, remote|1)
}

// exception writes an event with a stack trace to e.event.
func (e *encoder) exception(s *generated) {
	t := &stacks[s.op.service.language][mix(s.seed+4)%2]
	e.event = appendFixed64(e.event[:0], 1, uint64(s.start+(s.end-s.start)/2))
	e.event = appendField(e.event, 2, "exception")
	e.event = appendText(e.event, 3, keyType, []byte(t.kind))
	e.value = strconv.AppendUint(append(e.value[:0], t.message...), mix(s.seed+5)%3000, 10)
	e.value = append(e.value, " ms"...)
	e.event = appendText(e.event, 3, keyMessage, e.value)
	e.value = append(append(e.value, '\n'), t.before...)
	e.value = strconv.AppendUint(e.value, mix(s.seed+6)%400, 10)
	e.value = append(e.value, t.after...)
	e.event = appendText(e.event, 3, keyStack, e.value)
}

var (
	keyType    = keyPart("exception.type")
	keyMessage = keyPart("exception.message")
	keyStack   = keyPart("exception.stacktrace")
)

// appendFramed appends a payload with its length before it, as a varint.
func appendFramed(to, p []byte) []byte {
	return append(binary.AppendUvarint(to, uint64(len(p))), p...)
}
