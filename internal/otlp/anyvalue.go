package otlp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/everspan/everspan/internal/span"
)

// maxDepth bounds the nesting of arrays and key-value lists in one attribute,
// because their decoding is recursive. Real values nest two or three deep.
const maxDepth = 64

var errDepth = errors.New("attribute value is nested deeper than 64 levels")

// text makes a valid UTF-8 string of protobuf bytes.
func text(v []byte) string { return strings.ToValidUTF8(string(v), "\uFFFD") }

// attribute decodes a KeyValue into the current row of a table.
func (d *decoder) attribute(a *span.Attrs, f *field) error {
	msg, err := data(f)
	if err != nil {
		return err
	}
	var key, value []byte
	var kv field
	for len(msg) > 0 {
		if msg, err = kv.NextField(msg); err != nil {
			return fmt.Errorf("attribute: %w", err)
		}
		switch kv.FieldNum {
		case 1:
			key, err = data(&kv)
		case 2:
			value, err = d.part(value, &kv)
		}
		if err != nil {
			return fmt.Errorf("attribute: %w", err)
		}
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
		json, err := appendAny(nil, v, 0)
		if err != nil {
			return fmt.Errorf("attribute %.64q: %w", key, err)
		}
		a.Text(key, span.JSON, json)
	}
	return nil
}

// part joins the parts of a message field that was sent more than once.
func (d *decoder) part(have []byte, f *field) ([]byte, error) {
	part, err := data(f)
	if err != nil || have == nil {
		return part, err
	}
	return append(have[:len(have):len(have)], part...), nil
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
	var f field
	for len(msg) > 0 {
		if msg, err = f.NextField(msg); err != nil {
			return v, err
		}
		switch f.FieldNum {
		case anyString, anyBytes:
			v.data, err = data(&f)
		case anyArray, anyKvlist:
			var part []byte
			if part, err = data(&f); v.field == f.FieldNum {
				v.data = append(v.data[:len(v.data):len(v.data)], part...)
			} else {
				v.data = part
			}
		case anyBool:
			if v.num, err = varint(&f); v.num != 0 {
				v.num = 1
			}
		case anyInt:
			v.num, err = varint(&f)
		case anyDouble:
			v.num, err = fixed64(&f)
		default:
			continue
		}
		if err != nil {
			return v, err
		}
		v.field = f.FieldNum
	}
	return v, nil
}

// appendAny appends a value as the JSON text that span.Value describes.
func appendAny(dst []byte, v anyValue, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	switch v.field {
	case anyString:
		return span.AppendQuoted(dst, text(v.data)), nil
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
	err := walk(v.data, "value", func(f *field) error {
		if f.FieldNum != 1 {
			return nil
		}
		item, err := data(f)
		if err != nil {
			return err
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if v.field == anyKvlist {
			var key, value []byte
			err := walk(item, "pair", func(f *field) (err error) {
				switch f.FieldNum {
				case 1:
					key, err = data(f)
				case 2:
					var part []byte
					part, err = data(f)
					value = append(value[:len(value):len(value)], part...)
				}
				return err
			})
			if err != nil {
				return err
			}
			if len(key) > 0 && key[0] == '$' {
				key = append([]byte("$"), key...)
			}
			dst = append(span.AppendQuoted(dst, text(key)), ':')
			item = value
		}
		inner, err := readAny(item)
		if err != nil {
			return err
		}
		dst, err = appendAny(dst, inner, depth+1)
		return err
	})
	return append(dst, shut), err
}
