package jaeger

import (
	"encoding/binary"
	"fmt"

	"github.com/everspan/everspan/internal/span"
)

// AppendThrift decodes a jaeger.thrift Batch in the binary protocol and appends its
// spans to b. A span without a trace id and span id, or with a time past the year
// 2262, is left out and counted. When the body is malformed, no span of it is left in
// b and the error wraps [ErrMalformed]. The body is not kept.
func AppendThrift(b *span.Batch, body []byte) (Result, error) {
	rows := b.Len()
	res, err := appendThrift(b, body)
	if err != nil {
		b.Truncate(rows)
		return Result{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return res, nil
}

func appendThrift(b *span.Batch, body []byte) (res Result, err error) {
	// The process may come behind the spans.
	first := thrift{rest: body}
	var raw []byte
	first.fields(func(typ byte, id int16) bool {
		if typ != thriftStruct || id != 1 {
			return false
		}
		from := first.rest
		first.skip(thriftStruct, 0)
		raw = from[:len(from)-len(first.rest)]
		return true
	})
	if first.err != nil {
		return res, first.err
	}
	if len(first.rest) > 0 {
		return res, fmt.Errorf("%d bytes follow the batch", len(first.rest))
	}
	row, err := resource(b, "thrift", raw, func() (p process, err error) {
		if raw == nil {
			return p, nil
		}
		t := thrift{rest: raw}
		t.process(&p)
		return p, t.err
	})
	if err != nil {
		return res, err
	}
	t := thrift{rest: body}
	t.fields(func(typ byte, id int16) bool {
		if typ != thriftList || id != 2 {
			return false
		}
		t.list(func() {
			var r record
			t.span(&r)
			if t.err == nil {
				r.put(b, row, &res)
			}
		})
		return true
	})
	return res, t.err
}

func (t *thrift) process(p *process) {
	t.fields(func(typ byte, id int16) bool {
		switch field := [2]int{int(id), int(typ)}; field {
		case [2]int{1, thriftString}:
			p.service = t.text()
		case [2]int{2, thriftList}:
			p.tags = t.tags(&p.items)
		default:
			return false
		}
		return true
	})
}

func (t *thrift) span(r *record) {
	var start, duration int64
	t.fields(func(typ byte, id int16) bool {
		switch field := [2]int{int(id), int(typ)}; field {
		case [2]int{1, thriftI64}:
			binary.BigEndian.PutUint64(r.trace[8:], uint64(t.i64()))
		case [2]int{2, thriftI64}:
			binary.BigEndian.PutUint64(r.trace[:8], uint64(t.i64()))
		case [2]int{3, thriftI64}:
			binary.BigEndian.PutUint64(r.id[:], uint64(t.i64()))
		case [2]int{4, thriftI64}:
			binary.BigEndian.PutUint64(r.parent[:], uint64(t.i64()))
		case [2]int{5, thriftString}:
			r.name = t.text()
		case [2]int{6, thriftList}:
			t.list(func() {
				t.item(&r.items)
				r.refs = append(r.refs, t.ref())
			})
		case [2]int{8, thriftI64}:
			start = t.i64()
		case [2]int{9, thriftI64}:
			duration = t.i64()
		case [2]int{10, thriftList}:
			r.tags = t.tags(&r.items)
		case [2]int{11, thriftList}:
			t.list(func() {
				t.item(&r.items)
				r.log(t)
			})
		default:
			return false
		}
		return true
	})
	r.micros(start, duration)
}

// item counts an item of a span or process.
func (t *thrift) item(items *int) {
	if err := another(items); err != nil {
		t.fail(err)
	}
}

func (t *thrift) ref() (f ref) {
	t.fields(func(typ byte, id int16) bool {
		switch field := [2]int{int(id), int(typ)}; field {
		case [2]int{1, thriftI32}:
			f.follows = t.i32() == 1
		case [2]int{2, thriftI64}:
			binary.BigEndian.PutUint64(f.trace[8:], uint64(t.i64()))
		case [2]int{3, thriftI64}:
			binary.BigEndian.PutUint64(f.trace[:8], uint64(t.i64()))
		case [2]int{4, thriftI64}:
			binary.BigEndian.PutUint64(f.id[:], uint64(t.i64()))
		default:
			return false
		}
		return true
	})
	return f
}

// log adds a log to the span.
func (r *record) log(t *thrift) {
	var l log
	t.fields(func(typ byte, id int16) bool {
		switch field := [2]int{int(id), int(typ)}; field {
		case [2]int{1, thriftI64}:
			micros := t.i64()
			if micros < 0 || micros > maxMicros {
				r.bad = fmt.Sprintf("a log's timestamp %d is after the year 2262, or before 1970; it must be microseconds", micros)
				return true
			}
			l.time = micros * 1000
		case [2]int{2, thriftList}:
			l.fields = t.tags(&r.items)
		default:
			return false
		}
		return true
	})
	r.logs = append(r.logs, l)
}

// thriftTags are the types of a Tag's vType; each has its value in a field of its
// own, from 3 on.
var thriftTags = [...]span.Type{span.String, span.Double, span.Bool, span.Int, span.Bytes}

func (t *thrift) tags(items *int) (tags []tag) {
	t.list(func() {
		t.item(items)
		var g tag
		var kind int32
		var text, bytes []byte
		var nums [len(thriftTags)]uint64
		t.fields(func(typ byte, id int16) bool {
			switch field := [2]int{int(id), int(typ)}; field {
			case [2]int{1, thriftString}:
				g.key = t.text()
			case [2]int{2, thriftI32}:
				kind = t.i32()
			case [2]int{3, thriftString}:
				text = t.text()
			case [2]int{4, thriftDouble}, [2]int{6, thriftI64}:
				nums[id-3] = uint64(t.i64())
			case [2]int{5, thriftBool}:
				nums[2] = uint64(t.byte() & 1)
			case [2]int{7, thriftString}:
				bytes = t.text()
			default:
				return false
			}
			return true
		})
		if kind < 0 || int(kind) >= len(thriftTags) {
			t.fail(fmt.Errorf("tag %.40q has the type %d", g.key, kind))
			return
		}
		g.typ, g.num, g.text = thriftTags[kind], nums[kind], text
		if g.typ == span.Bytes {
			g.text = bytes
		}
		tags = append(tags, g)
	})
	return tags
}
