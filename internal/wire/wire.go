// Package wire walks protobuf messages field by field, for formats that few of us
// receive: it is plain where package otlp is fast.
package wire

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field is one field of a message.
type Field struct {
	Number protowire.Number
	Kind   protowire.Type
	Data   []byte // of a BytesType
	Num    uint64 // of the numeric types
}

var errWireType = errors.New("field has another wire type than the schema")

// Fields calls each for the fields of a message. Groups are passed over. Errors say which
// field is wrong.
func Fields(msg []byte, each func(Field) error) error {
	for len(msg) > 0 {
		var f Field
		var n int
		f.Number, f.Kind, n = protowire.ConsumeTag(msg)
		if n < 0 {
			return protowire.ParseError(n)
		}
		msg = msg[n:]
		switch f.Kind {
		case protowire.VarintType:
			f.Num, n = protowire.ConsumeVarint(msg)
		case protowire.Fixed64Type:
			f.Num, n = protowire.ConsumeFixed64(msg)
		case protowire.BytesType:
			f.Data, n = protowire.ConsumeBytes(msg)
		default:
			n = protowire.ConsumeFieldValue(f.Number, f.Kind, msg)
		}
		if n < 0 {
			return fmt.Errorf("field %d: %w", f.Number, protowire.ParseError(n))
		}
		msg = msg[n:]
		if err := each(f); err != nil {
			return fmt.Errorf("field %d: %w", f.Number, err)
		}
	}
	return nil
}

// Want checks the wire type of a field whose number is known.
func (f Field) Want(kind protowire.Type) error {
	if f.Kind != kind {
		return errWireType
	}
	return nil
}
