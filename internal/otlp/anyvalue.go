package otlp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/everspan/everspan/internal/span"
)

// maxDepth bounds the nesting of arrays and key-value lists in one attribute,
// because their decoding is recursive. Real values nest two or three deep.
const maxDepth = 64

var errDepth = errors.New("attribute value is nested deeper than 64 levels")

// text makes a valid UTF-8 string of protobuf bytes.
func text(v []byte) string { return strings.ToValidUTF8(string(v), "\uFFFD") }

// attribute decodes a KeyValue into the current row of a table. It knows the
// encoding that senders use, a key and then a value of one field, and leaves
// every other one to oddAttribute.
func attribute(a *span.Attrs, msg []byte) error {
	if len(msg) == 0 || msg[0] != 1<<3|wireBytes {
		return oddAttribute(a, msg)
	}
	at := short(msg, 1)
	if at == 0 || at == len(msg) || msg[at] != 2<<3|wireBytes {
		return oddAttribute(a, msg)
	}
	key := msg[2:at]
	var value []byte
	if end := short(msg, at+1); end > 0 {
		value, at = msg[at+2:end], end
	} else {
		value, at = chunk(msg, at+1)
	}
	if at != len(msg) || len(value) < 2 {
		return oddAttribute(a, msg)
	}
	switch value[0] {
	case anyString<<3 | wireBytes:
		if end := short(value, 1); end == len(value) {
			a.Text(key, span.String, value[2:])
			return nil
		}
		if v, end := chunk(value, 1); end == len(value) {
			a.Text(key, span.String, v)
			return nil
		}
	case anyInt<<3 | wireVarint:
		if n, end := uvarint(value, 1); end == len(value) {
			a.Num(key, span.Int, n)
			return nil
		}
	case anyBool<<3 | wireVarint:
		if n, end := uvarint(value, 1); end == len(value) {
			a.Num(key, span.Bool, min(n, 1))
			return nil
		}
	case anyDouble<<3 | wireFixed64:
		if len(value) == 9 {
			a.Num(key, span.Double, binary.LittleEndian.Uint64(value[1:]))
			return nil
		}
	}
	return oddAttribute(a, msg)
}

// oddAttribute is attribute for all encodings.
func oddAttribute(a *span.Attrs, msg []byte) error {
	key, value, err := readPair(msg)
	if err != nil {
		return in("attribute", err)
	}
	v, err := readAny(value)
	if err != nil {
		return fmt.Errorf("attribute %.64q: %w", key, err)
	}
	switch v.field {
	case anyString:
		a.Text(key, span.String, v.data)
	case anyBytes:
		a.Text(key, span.Bytes, v.data)
	case anyBool:
		a.Num(key, span.Bool, v.num)
	case anyInt:
		a.Num(key, span.Int, v.num)
	case anyDouble:
		a.Num(key, span.Double, v.num)
	default:
		buf := jsonBuffers.Get().(*[]byte)
		defer jsonBuffers.Put(buf)
		json, err := appendAny((*buf)[:0], v, 0)
		if err != nil {
			return fmt.Errorf("attribute %.64q: %w", key, err)
		}
		if cap(json) <= 64<<10 {
			*buf = json // a giant is not kept
		}
		a.Text(key, span.JSON, json)
	}
	return nil
}

var jsonBuffers = sync.Pool{New: func() any { return new([]byte) }}

// readPair reads a KeyValue; value is an encoded AnyValue.
func readPair(msg []byte) (key, value []byte, err error) {
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			key = f.data
		case 2<<3 | wireBytes:
			value = join(value, f.data)
		default:
			f.other(1<<1 | 1<<2)
		}
	}
	return key, value, f.err
}

// The fields of AnyValue's oneof.
const (
	anyString = 1
	anyBool   = 2
	anyInt    = 3
	anyDouble = 4
	anyArray  = 5
	anyKvlist = 6
	anyBytes  = 7
)

// anyValue is an AnyValue as read: which field of the oneof was sent last, and
// its content. Field 0 means the empty value.
type anyValue struct {
	field uint32
	num   uint64
	data  []byte
}

func readAny(msg []byte) (v anyValue, err error) {
	f := fields{msg: msg}
	for f.next() {
		number := uint32(f.tag >> 3)
		switch f.tag {
		case anyString<<3 | wireBytes, anyBytes<<3 | wireBytes:
			v.data = f.data
		case anyArray<<3 | wireBytes, anyKvlist<<3 | wireBytes:
			if v.field == number {
				v.data = join(v.data, f.data)
			} else {
				v.data = f.data
			}
		case anyBool<<3 | wireVarint:
			v.num = min(f.num, 1)
		case anyInt<<3 | wireVarint, anyDouble<<3 | wireFixed64:
			v.num = f.num
		default:
			f.other(1<<8 - 2)
			continue
		}
		v.field = number
	}
	return v, f.err
}

// appendQuoted appends text as a JSON string.
func appendQuoted(dst, v []byte) []byte {
	if utf8.Valid(v) {
		return span.AppendQuoted(dst, string(v)) // no allocation if it is short
	}
	return span.AppendQuoted(dst, text(v))
}

// appendAny appends a value as the JSON text that span.Value describes.
func appendAny(dst []byte, v anyValue, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	switch v.field {
	case anyString:
		return appendQuoted(dst, v.data), nil
	case anyBytes:
		return span.Value{Type: span.Bytes, Str: string(v.data)}.AppendText(dst), nil
	case anyBool:
		return span.Value{Type: span.Bool, Num: v.num}.AppendText(dst), nil
	case anyInt:
		return span.Value{Type: span.Int, Num: v.num}.AppendText(dst), nil
	case anyDouble:
		return span.Value{Type: span.Double, Num: v.num}.AppendText(dst), nil
	case anyArray, anyKvlist:
		return appendList(dst, v, depth)
	}
	return append(dst, "null"...), nil
}

func appendList(dst []byte, v anyValue, depth int) ([]byte, error) {
	open, shut := byte('['), byte(']')
	if v.field == anyKvlist {
		open, shut = '{', '}'
	}
	dst = append(dst, open)
	first := true
	f := fields{msg: v.data}
	for f.next() {
		if f.tag != 1<<3|wireBytes {
			f.other(1 << 1)
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		item := f.data
		if v.field == anyKvlist {
			var key []byte
			if key, item, f.err = readPair(f.data); f.err != nil {
				return dst, in("pair", f.err)
			}
			if len(key) > 0 && key[0] == '$' {
				key = append([]byte("$"), key...)
			}
			dst = append(appendQuoted(dst, key), ':')
		}
		inner, err := readAny(item)
		if err != nil {
			return dst, in("value", err)
		}
		if dst, err = appendAny(dst, inner, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, shut), in("value", f.err)
}
