package otlp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Protobuf's wire types, the low three bits of a tag.
const (
	wireVarint   = 0
	wireFixed64  = 1
	wireBytes    = 2 // strings, bytes and messages
	wireGroup    = 3
	wireGroupEnd = 4
	wireFixed32  = 5
)

var (
	errWireType = errors.New("field has another wire type than the schema")
	errCut      = errors.New("message ends within a field, or a number has more than 64 bits")
	errTag      = errors.New("no such wire type or field number")
)

// The readers below take a message and where to read in it, and return where
// the next field begins, or -1 when the message is cut there.

// uvarint reads a varint.
func uvarint(msg []byte, at int) (uint64, int) {
	if at < len(msg) && msg[at] < 0x80 {
		return uint64(msg[at]), at + 1
	}
	v, n := binary.Uvarint(msg[at:])
	if n <= 0 {
		return 0, -1
	}
	return v, at + n
}

// chunk reads the bytes of a string, bytes or message field.
func chunk(msg []byte, at int) ([]byte, int) {
	if end := short(msg, at); end > 0 {
		return msg[at+1 : end], end
	}
	n, at := uvarint(msg, at)
	if at < 0 || n > uint64(len(msg)-at) {
		return nil, -1
	}
	end := at + int(n)
	return msg[at:end], end
}

// short is chunk for content of less than 128 bytes, msg[at+1:end]; end is 0
// for others. The compiler inlines it, as it does not chunk.
func short(msg []byte, at int) (end int) {
	if at < len(msg) && msg[at] < 0x80 && at+int(msg[at]) < len(msg) {
		return at + 1 + int(msg[at])
	}
	return 0
}

func fixed64(msg []byte, at int) (uint64, int) {
	if len(msg)-at < 8 {
		return 0, -1
	}
	return binary.LittleEndian.Uint64(msg[at:]), at + 8
}

func fixed32(msg []byte, at int) (uint32, int) {
	if len(msg)-at < 4 {
		return 0, -1
	}
	return binary.LittleEndian.Uint32(msg[at:]), at + 4
}

// fields reads a message field by field:
//
//	f := fields{msg: m}
//	for f.next() {
//		switch f.tag {
//		case 1<<3 | wireBytes:
//			name = f.data
//		default:
//			f.other(1 << 1)
//		}
//	}
//	return f.err
type fields struct {
	msg  []byte
	at   int    // where the next field begins
	tag  uint64 // number<<3 | wire type
	data []byte // content, of wireBytes
	num  uint64 // content, of the other wire types but groups
	err  error
}

// next reads a field. Groups, which no message of OTLP has, are passed over.
func (f *fields) next() bool {
	if f.at >= len(f.msg) || f.err != nil {
		return false
	}
	if f.tag, f.at = uvarint(f.msg, f.at); f.at < 0 {
		f.err = errCut
		return false
	}
	f.value(0)
	return f.err == nil
}

// value reads what is behind a tag, within so many groups.
func (f *fields) value(depth int) {
	switch f.tag & 7 {
	case wireVarint:
		f.num, f.at = uvarint(f.msg, f.at)
	case wireFixed64:
		f.num, f.at = fixed64(f.msg, f.at)
	case wireFixed32:
		var n uint32
		n, f.at = fixed32(f.msg, f.at)
		f.num = uint64(n)
	case wireBytes:
		f.data, f.at = chunk(f.msg, f.at)
	case wireGroup:
		f.group(depth)
	default:
		f.err = fmt.Errorf("field %d: %w", f.tag>>3, errTag)
	}
	if f.at < 0 && f.err == nil {
		f.err = errCut
	}
}

// group passes over a group, which ends with the tag that has its number. Its
// depth is bounded because this is recursive.
func (f *fields) group(depth int) {
	if depth == maxDepth {
		f.err = fmt.Errorf("groups: %w", errDepth)
		return
	}
	start := f.tag
	for f.err == nil {
		if f.tag, f.at = uvarint(f.msg, f.at); f.at < 0 {
			return
		}
		if f.tag == start-wireGroup+wireGroupEnd {
			f.tag = start
			return
		}
		f.value(depth + 1)
	}
}

// other is called for a field that there is no case for. known has a bit for
// each number that there is one for: such a field has the wrong wire type.
func (f *fields) other(known uint32) {
	number := f.tag >> 3
	switch {
	case number < 32 && known>>number&1 != 0:
		f.err = fmt.Errorf("field %d: %w", number, errWireType)
	case number > math.MaxUint32:
		f.err = fmt.Errorf("field %d: %w", number, errTag)
	}
}

// skip passes over the field behind a tag, for those who read without fields.
func skip(msg []byte, at int, tag uint64, known uint32) (int, error) {
	f := fields{msg: msg, at: at, tag: tag}
	if f.value(0); f.err == nil {
		f.other(known)
	}
	return f.at, f.err
}
