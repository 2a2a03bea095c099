//go:build linux

package main

import (
	"encoding/binary"
	"math/bits"
)

// The few parts of protobuf's wire format that spans need. The payloads are
// written without the server's own code, so that a change of it never changes
// the workload.

const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

func appendTag(to []byte, field, wire int) []byte {
	return binary.AppendUvarint(to, uint64(field<<3|wire))
}

// appendField appends bytes, a text or a message.
func appendField[T string | []byte](to []byte, field int, v T) []byte {
	to = binary.AppendUvarint(appendTag(to, field, wireBytes), uint64(len(v)))
	return append(to, v...)
}

func appendNumber(to []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(appendTag(to, field, wireVarint), v)
}

func appendFixed64(to []byte, field int, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(to, field, wireFixed64), v)
}

func appendFixed32(to []byte, field int, v uint32) []byte {
	return binary.LittleEndian.AppendUint32(appendTag(to, field, wireFixed32), v)
}

// varintSize is how many bytes v takes as a varint.
func varintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// keyPart is the first field of a KeyValue.
func keyPart(key string) []byte { return appendField(nil, 1, key) }

// appendText appends a KeyValue with a text as the given field.
func appendText(to []byte, field int, key, v []byte) []byte {
	value := 1 + varintSize(uint64(len(v))) + len(v)
	to = binary.AppendUvarint(appendTag(to, field, wireBytes), uint64(len(key)+1+varintSize(uint64(value))+value))
	to = append(to, key...)
	to = binary.AppendUvarint(appendTag(to, 2, wireBytes), uint64(value))
	return appendField(to, 1, v)
}

// appendInt appends a KeyValue with a number as the given field.
func appendInt(to []byte, field int, key []byte, v int64) []byte {
	value := 1 + varintSize(uint64(v))
	to = binary.AppendUvarint(appendTag(to, field, wireBytes), uint64(len(key)+2+value))
	to = append(to, key...)
	to = binary.AppendUvarint(appendTag(to, 2, wireBytes), uint64(value))
	return appendNumber(to, 3, uint64(v))
}
