package zipkin

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/everspan/everspan/internal/span"
	"google.golang.org/protobuf/encoding/protowire"
)

// AppendProto decodes a zipkin.proto3 ListOfSpans and appends its spans to b,
// with the contract of [AppendJSON].
func AppendProto(b *span.Batch, body []byte) (Result, error) {
	rows := b.Len()
	var res Result
	err := fields(body, func(f field) error {
		if f.number != 1 {
			return nil
		}
		var r record
		if err := r.read(f); err != nil {
			return fmt.Errorf("span %d: %w", res.Spans+res.Rejected, err)
		}
		r.put(b, &res)
		return nil
	})
	if err != nil {
		b.Truncate(rows)
		return Result{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return res, nil
}

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

// spanKinds are the schema's numbers; others are unspecified.
var spanKinds = [...]span.Kind{span.KindUnspecified, span.KindClient, span.KindServer, span.KindProducer, span.KindConsumer}

// spanTypes are the wire types of a Span's fields, by number; -1 is none.
var spanTypes = [...]protowire.Type{
	-1, protowire.BytesType, protowire.BytesType, protowire.BytesType, protowire.VarintType, protowire.BytesType, protowire.Fixed64Type,
	protowire.VarintType, protowire.BytesType, protowire.BytesType, protowire.BytesType, protowire.BytesType, protowire.VarintType, protowire.VarintType,
}

// read fills the record from a Span.
func (r *record) read(msg field) error {
	if err := msg.want(protowire.BytesType); err != nil {
		return err
	}
	var trace, id, parent []byte
	err := fields(msg.data, func(f field) (err error) {
		if int(f.number) >= len(spanTypes) {
			return nil
		}
		if err := f.want(spanTypes[f.number]); err != nil {
			return err
		}
		switch f.number {
		case 1:
			trace = f.data
		case 2:
			parent = f.data
		case 3:
			id = f.data
		case 4:
			if f.num < uint64(len(spanKinds)) {
				r.kind = spanKinds[f.num]
			}
		case 5:
			r.name = f.data
		case 6:
			r.timestamp = f.num
		case 7:
			r.duration = f.num
		case 8:
			err = r.local.read(f.data)
		case 9:
			err = r.remote.read(f.data)
		case 10:
			var a annotation
			err = a.read(f.data)
			r.annotations = append(r.annotations, a)
		case 11:
			var t tag
			err = t.read(f.data)
			r.tags = append(r.tags, t)
		case 12:
			r.debug = f.num != 0
		case 13:
			r.shared = f.num != 0
		}
		return err
	})
	r.ids(trace, id, parent)
	return err
}

// ids takes the ids, or notes what is wrong with them.
func (r *record) ids(trace, id, parent []byte) {
	if len(trace) == 8 || len(trace) == 16 {
		copy(r.trace[16-len(trace):], trace)
	}
	if len(id) == 8 {
		r.id = span.ID(id)
	}
	if len(parent) == 8 {
		r.parent = span.ID(parent)
	}
	switch {
	case len(trace) != 8 && len(trace) != 16:
		r.bad = fmt.Sprintf("trace_id has %d bytes, it must have 8 or 16", len(trace))
	case r.trace.IsZero():
		r.bad = "trace_id is all zeroes"
	case len(id) != 8:
		r.bad = fmt.Sprintf("id has %d bytes, it must have 8", len(id))
	case r.id.IsZero():
		r.bad = "id is all zeroes"
	case len(parent) != 0 && len(parent) != 8:
		r.bad = fmt.Sprintf("parent_id has %d bytes, it must have 8 or none", len(parent))
	}
}

func (e *endpoint) read(msg []byte) error {
	return fields(msg, func(f field) error {
		switch f.number {
		case 1:
			e.service = f.data
		case 2, 3:
			// An address of another length is no address, and IPv6 wins.
			if a, ok := netip.AddrFromSlice(f.data); ok && (f.number == 3 || e.address == "") {
				e.address = a.Unmap().String()
			}
		case 4:
			e.port = f.num
			return f.want(protowire.VarintType)
		default:
			return nil
		}
		return f.want(protowire.BytesType)
	})
}

func (a *annotation) read(msg []byte) error {
	return fields(msg, func(f field) error {
		switch f.number {
		case 1:
			a.timestamp = f.num
			return f.want(protowire.Fixed64Type)
		case 2:
			a.value = f.data
			return f.want(protowire.BytesType)
		}
		return nil
	})
}

func (t *tag) read(msg []byte) error {
	return fields(msg, func(f field) error {
		switch f.number {
		case 1:
			t.key = f.data
		case 2:
			t.value = f.data
		default:
			return nil
		}
		return f.want(protowire.BytesType)
	})
}
