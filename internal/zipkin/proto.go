package zipkin

import (
	"fmt"
	"net/netip"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/wire"
	"google.golang.org/protobuf/encoding/protowire"
)

// AppendProto decodes a zipkin.proto3 ListOfSpans and appends its spans to b,
// with the contract of [AppendJSON].
func AppendProto(b *span.Batch, body []byte) (Result, error) {
	rows := b.Len()
	var res Result
	err := wire.Fields(body, func(f wire.Field) error {
		if f.Number != 1 {
			return nil
		}
		var r record
		if err := r.read(f); err != nil {
			return fmt.Errorf("span %d: %w", res.Accepted+res.Rejected, err)
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

// spanKinds are the schema's numbers; others are unspecified.
var spanKinds = [...]span.Kind{span.KindUnspecified, span.KindClient, span.KindServer, span.KindProducer, span.KindConsumer}

// spanTypes are the wire types of a Span's fields, by number; -1 is none.
var spanTypes = [...]protowire.Type{
	-1, protowire.BytesType, protowire.BytesType, protowire.BytesType, protowire.VarintType, protowire.BytesType, protowire.Fixed64Type,
	protowire.VarintType, protowire.BytesType, protowire.BytesType, protowire.BytesType, protowire.BytesType, protowire.VarintType, protowire.VarintType,
}

// read fills the record from a Span.
func (r *record) read(msg wire.Field) error {
	if err := msg.Want(protowire.BytesType); err != nil {
		return err
	}
	var trace, id, parent []byte
	err := wire.Fields(msg.Data, func(f wire.Field) (err error) {
		if int(f.Number) >= len(spanTypes) {
			return nil
		}
		if err := f.Want(spanTypes[f.Number]); err != nil {
			return err
		}
		switch f.Number {
		case 1:
			trace = f.Data
		case 2:
			parent = f.Data
		case 3:
			id = f.Data
		case 4:
			if f.Num < uint64(len(spanKinds)) {
				r.kind = spanKinds[f.Num]
			}
		case 5:
			r.name = f.Data
		case 6:
			r.timestamp = f.Num
		case 7:
			r.duration = f.Num
		case 8:
			err = r.local.read(f.Data)
		case 9:
			err = r.remote.read(f.Data)
		case 10:
			var a annotation
			err = a.read(f.Data)
			r.annotations = append(r.annotations, a)
		case 11:
			var t tag
			err = t.read(f.Data)
			r.tags = append(r.tags, t)
		case 12:
			r.debug = f.Num != 0
		case 13:
			r.shared = f.Num != 0
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
	return wire.Fields(msg, func(f wire.Field) error {
		switch f.Number {
		case 1:
			e.service = f.Data
		case 2, 3:
			// An address of another length is no address, and IPv6 wins.
			if a, ok := netip.AddrFromSlice(f.Data); ok && (f.Number == 3 || e.address == "") {
				e.address = a.Unmap().String()
			}
		case 4:
			e.port = f.Num
			return f.Want(protowire.VarintType)
		default:
			return nil
		}
		return f.Want(protowire.BytesType)
	})
}

func (a *annotation) read(msg []byte) error {
	return wire.Fields(msg, func(f wire.Field) error {
		switch f.Number {
		case 1:
			a.timestamp = f.Num
			return f.Want(protowire.Fixed64Type)
		case 2:
			a.value = f.Data
			return f.Want(protowire.BytesType)
		}
		return nil
	})
}

func (t *tag) read(msg []byte) error {
	return wire.Fields(msg, func(f wire.Field) error {
		switch f.Number {
		case 1:
			t.key = f.Data
		case 2:
			t.value = f.Data
		default:
			return nil
		}
		return f.Want(protowire.BytesType)
	})
}
