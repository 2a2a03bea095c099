package jaeger

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a message.
type field struct {
	number protowire.Number
	kind   protowire.Type
	data   []byte // of a BytesType
	num    uint64 // of the numeric types
}

var errWireType = errors.New("field has another wire type than the schema")

// fields calls each for the fields of a message. Groups are passed over.
func fields(msg []byte, each func(field) error) error {
	for len(msg) > 0 {
		var f field
		var n int
		f.number, f.kind, n = protowire.ConsumeTag(msg)
		if n < 0 {
			return protowire.ParseError(n)
		}
		msg = msg[n:]
		switch f.kind {
		case protowire.VarintType:
			f.num, n = protowire.ConsumeVarint(msg)
		case protowire.Fixed64Type:
			f.num, n = protowire.ConsumeFixed64(msg)
		case protowire.BytesType:
			f.data, n = protowire.ConsumeBytes(msg)
		default:
			n = protowire.ConsumeFieldValue(f.number, f.kind, msg)
		}
		if n < 0 {
			return fmt.Errorf("field %d: %w", f.number, protowire.ParseError(n))
		}
		msg = msg[n:]
		if err := each(f); err != nil {
			return fmt.Errorf("field %d: %w", f.number, err)
		}
	}
	return nil
}

// want checks the wire type of a field whose number is known.
func (f field) want(kind protowire.Type) error {
	if f.kind != kind {
		return errWireType
	}
	return nil
}
