package jaeger

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The types of Thrift's binary protocol.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
const (
	thriftStop   = 0
	thriftBool   = 2
	thriftByte   = 3
	thriftDouble = 4
	thriftI16    = 6
	thriftI32    = 8
	thriftI64    = 10
	thriftString = 11
	thriftStruct = 12
	thriftMap    = 13
	thriftSet    = 14
	thriftList   = 15
	thriftUUID   = 16
)

// thriftSizes are the types whose values have a fixed size, in bytes.
var thriftSizes = [...]int{thriftBool: 1, thriftByte: 1, thriftDouble: 8, thriftI16: 2, thriftI32: 4, thriftI64: 8, thriftUUID: 16}

// maxThriftDepth bounds how deep what is passed over may be nested.
const maxThriftDepth = 64

var (
	errShort = errors.New("unexpected end")
	errDepth = errors.New("nested more than 64 levels deep")
)

// thrift reads the binary protocol. After an error it reads zeroes, and no field and
// no element any more.
type thrift struct {
	rest []byte
	err  error
}

func (t *thrift) fail(err error) {
	if t.err == nil {
		t.err, t.rest = err, nil
	}
}

func (t *thrift) take(n int) []byte {
	if n < 0 || n > len(t.rest) {
		t.fail(errShort)
		return make([]byte, 8)[:min(max(n, 0), 8)]
	}
	b := t.rest[:n]
	t.rest = t.rest[n:]
	return b
}

func (t *thrift) byte() byte   { return t.take(1)[0] }
func (t *thrift) i32() int32   { return int32(binary.BigEndian.Uint32(t.take(4))) }
func (t *thrift) i64() int64   { return int64(binary.BigEndian.Uint64(t.take(8))) }
func (t *thrift) text() []byte { return t.take(int(t.i32())) }

// fields calls each for the fields of a struct, with type and id in one number. It
// reads the value and returns true, or returns false to have it passed over.
func (t *thrift) fields(each func(typ byte, id int16) bool) {
	for t.err == nil {
		typ := t.byte()
		if typ == thriftStop {
			return
		}
		id := int16(binary.BigEndian.Uint16(t.take(2)))
		if t.err == nil && !each(typ, id) {
			t.skip(typ, 0)
		}
	}
}

// list calls each for the elements of a list of structs. A list of anything else is
// an error.
func (t *thrift) list(each func()) {
	typ, n := t.byte(), t.i32()
	if t.err == nil && n != 0 && typ != thriftStruct {
		t.fail(fmt.Errorf("a list has elements of type %d, they must be structs", typ))
	}
	for ; n > 0 && t.err == nil; n-- {
		each()
	}
}

// skip passes over a value.
func (t *thrift) skip(typ byte, depth int) {
	if depth > maxThriftDepth {
		t.fail(errDepth)
	}
	switch {
	case t.err != nil:
	case typ == thriftString:
		t.text()
	case typ == thriftStruct:
		for t.err == nil {
			inner := t.byte()
			if inner == thriftStop {
				return
			}
			t.take(2)
			t.skip(inner, depth+1)
		}
	case typ == thriftList || typ == thriftSet:
		inner := t.byte()
		for n := t.i32(); n > 0 && t.err == nil; n-- {
			t.skip(inner, depth+1)
		}
	case typ == thriftMap:
		key, value := t.byte(), t.byte()
		for n := t.i32(); n > 0 && t.err == nil; n-- {
			t.skip(key, depth+1)
			t.skip(value, depth+1)
		}
	case int(typ) < len(thriftSizes) && thriftSizes[typ] > 0:
		t.take(thriftSizes[typ])
	default:
		t.fail(fmt.Errorf("unknown type %d", typ))
	}
}
