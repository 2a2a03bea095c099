package otlp

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// appendFromJSON appends the protobuf of a request in JSON, of one of [requests]
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in
// base 16, enumerations as integers, 64-bit integers as numbers or strings,
// unknown fields ignored. A null is a field that is not there.
//
// It translates token by token and builds no objects: what it appends is smaller
// than the body (larger only when text is full of bytes that are not UTF-8, three
// times at most), while structs for `{},{},…` would take 74 times as much.
func appendFromJSON(dst, body []byte, request jsonMessage) ([]byte, error) {
	// Checked first, so that what follows meets valid JSON only.
	if !json.Valid(body) {
		return dst, fmt.Errorf("not JSON: %w", syntaxError(body))
	}
	t := translator{in: body, out: dst}
	if t.space(); t.in[t.at] != '{' {
		return dst, errors.New("not a JSON object")
	}
	if err := t.message(request, 0); err != nil {
		return dst, fmt.Errorf("JSON at byte %d: %w", t.at, err)
	}
	return t.out, nil
}

// translator walks valid JSON.
type translator struct {
	in  []byte
	at  int
	out []byte
}

// maxJSONDepth bounds the nesting of messages. A value in a key-value list takes
// three, and the decoder refuses more than maxDepth of those.
const maxJSONDepth = 3*maxDepth + 16

func (t *translator) space() {
	for t.at < len(t.in) && (t.in[t.at] == ' ' || t.in[t.at] == '\n' || t.in[t.at] == '\t' || t.in[t.at] == '\r') {
		t.at++
	}
}

// next skips white space and returns the byte after it, which it stays at.
func (t *translator) next() byte {
	t.space()
	return t.in[t.at]
}

// message translates an object's fields.
func (t *translator) message(m jsonMessage, depth int) error {
	if depth > maxJSONDepth {
		return errDepth
	}
	t.at++ // {
	for t.next() != '}' {
		if t.in[t.at] == ',' {
			t.at++
			t.space()
		}
		raw := t.token()
		name, err := unquote(raw)
		if err != nil {
			return err
		}
		t.next()
		t.at++ // :
		f, known := m.field(name)
		switch c := t.next(); {
		case !known || c == 'n':
			t.skip()
		case f.list:
			err = t.list(&f, depth)
		default:
			err = t.value(&f, depth)
		}
		if err != nil {
			return fmt.Errorf("%.64s: %w", name, err)
		}
	}
	t.at++ // }
	return nil
}

func (t *translator) list(f *jsonField, depth int) error {
	if t.in[t.at] != '[' {
		return errors.New("must be a list")
	}
	t.at++
	for t.next() != ']' {
		if t.in[t.at] == ',' {
			t.at++
			t.space()
		}
		if err := t.value(f, depth); err != nil {
			return err
		}
	}
	t.at++ // ]
	return nil
}

// value translates one value of a field.
func (t *translator) value(f *jsonField, depth int) error {
	if f.kind != jsonObject {
		return t.scalar(f, t.token())
	}
	if t.in[t.at] != '{' {
		return errors.New("must be an object")
	}
	t.tag(f.num, 2)
	// Most messages are shorter than 128 bytes, whose length takes one byte;
	// others are moved to make room for theirs.
	t.out = append(t.out, 0)
	start := len(t.out)
	if err := t.message(f.of, depth+1); err != nil {
		return err
	}
	n := len(t.out) - start
	var size [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(size[:], uint64(n))
	t.out = append(t.out, size[1:k]...)
	copy(t.out[start+k-1:], t.out[start:start+n])
	copy(t.out[start-1:], size[:k])
	return nil
}

func (t *translator) tag(num, wire uint32) {
	t.out = binary.AppendUvarint(t.out, uint64(num<<3|wire))
}

// token returns the scalar at the current byte, as written, or all of an object
// or list, which no scalar is.
func (t *translator) token() []byte {
	from := t.at
	t.skip()
	return t.in[from:t.at]
}

// skip passes over a value without recursion.
func (t *translator) skip() {
	depth := 0
	for {
		switch t.in[t.at] {
		case '"':
			t.skipString()
		case '{', '[':
			t.at++
			depth++
		case '}', ']':
			t.at++
			depth--
		case ',', ':', ' ', '\n', '\t', '\r':
			t.at++
		default: // a number or a word
			for t.at++; t.at < len(t.in) && !delimiter[t.in[t.at]]; t.at++ {
			}
		}
		if depth == 0 {
			return
		}
	}
}

var delimiter = [256]bool{',': true, ':': true, '}': true, ']': true, ' ': true, '\n': true, '\t': true, '\r': true}

func (t *translator) skipString() {
	t.at++
	end := bytes.IndexByte(t.in[t.at:], '"')
	if bytes.IndexByte(t.in[t.at:t.at+end], '\\') < 0 {
		t.at += end + 1
		return
	}
	for ; t.in[t.at] != '"'; t.at++ {
		if t.in[t.at] == '\\' {
			t.at++
		}
	}
	t.at++
}

// unquote returns a string's content, a part of raw if nothing in it has to be
// replaced. What is not UTF-8 becomes U+FFFD, because protobuf has no other
// strings.
func unquote(raw []byte) ([]byte, error) {
	if raw[0] != '"' {
		return nil, errors.New("must be a string")
	}
	s := raw[1 : len(raw)-1]
	if bytes.IndexByte(s, '\\') < 0 && utf8.Valid(s) {
		return s, nil
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return []byte(text), err
}

// syntaxError says where a body stops being JSON.
func syntaxError(body []byte) error {
	var whole json.RawMessage
	err := json.Unmarshal(body, &whole)
	var at *json.SyntaxError
	if errors.As(err, &at) {
		return fmt.Errorf("byte %d: %w", at.Offset, err)
	}
	return err
}
