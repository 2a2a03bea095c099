package otlp

import (
	"fmt"
	"math"

	"github.com/everspan/everspan/internal/span"
)

// span reads a Span. It is where most of the time of decoding goes, therefore
// it reads without fields.
func (d *decoder) span(msg []byte) error {
	b := d.batch
	row := b.Begin(0, 0) // resource and scope follow
	var (
		trace, id, parent []byte
		start, end        uint64
		attrs, events     uint32 // dropped
		links             uint32
	)
	for at := 0; at < len(msg); {
		var (
			v   []byte
			n   uint64
			err error
		)
		tag := uint64(msg[at])
		if at++; tag >= 0x80 {
			if tag, at = uvarint(msg, at-1); at < 0 {
				return errCut
			}
		}
		switch tag {
		case 1<<3 | wireBytes:
			trace, at = chunk(msg, at)
		case 2<<3 | wireBytes:
			id, at = chunk(msg, at)
		case 3<<3 | wireBytes:
			if v, at = chunk(msg, at); at >= 0 {
				b.State[row] = b.States.Text(v)
			}
		case 4<<3 | wireBytes:
			parent, at = chunk(msg, at)
		case 5<<3 | wireBytes:
			if v, at = chunk(msg, at); at >= 0 {
				name := b.Names.Text(v)
				b.Name[row] = name
				b.Attrs.Expect(name)
			}
		case 6<<3 | wireVarint:
			n, at = uvarint(msg, at)
			b.Kind[row] = span.Kind(enum(n))
		case 7<<3 | wireFixed64:
			start, at = fixed64(msg, at)
		case 8<<3 | wireFixed64:
			end, at = fixed64(msg, at)
		case 9<<3 | wireBytes:
			if end := short(msg, at); end > 0 {
				err = attribute(&b.Attrs, msg[at+1:end])
				at = end
			} else if v, at = chunk(msg, at); at >= 0 {
				err = attribute(&b.Attrs, v)
			}
		case 10<<3 | wireVarint:
			n, at = uvarint(msg, at)
			attrs = uint32(n)
		case 11<<3 | wireBytes:
			if v, at = chunk(msg, at); at >= 0 {
				err = d.event(v, row)
			}
		case 12<<3 | wireVarint:
			n, at = uvarint(msg, at)
			events = uint32(n)
		case 13<<3 | wireBytes:
			if v, at = chunk(msg, at); at >= 0 {
				err = d.link(v, row)
			}
		case 14<<3 | wireVarint:
			n, at = uvarint(msg, at)
			links = uint32(n)
		case 15<<3 | wireBytes:
			if v, at = chunk(msg, at); at >= 0 {
				err = d.status(v, row)
			}
		case 16<<3 | wireFixed32:
			b.Flags[row], at = fixed32(msg, at)
		default:
			at, err = skip(msg, at, tag, 1<<17-2)
		}
		if err != nil {
			return err
		}
		if at < 0 {
			return fmt.Errorf("field %d: %w", tag>>3, errCut)
		}
	}
	if reason := badIDs(trace, id, parent); reason != "" {
		b.Truncate(int(row))
		if d.result.Rejected++; d.result.Reason == "" {
			d.result.Reason = reason
		}
		return nil
	}
	copy(b.ID[row][:], id)
	copy(b.Parent[row][:], parent)
	b.Start[row] = int64(start)
	b.Duration[row] = int64(end - start)
	if attrs|events|links != 0 {
		b.SetDropped(row, attrs, events, links)
	}
	b.Commit(row, span.TraceID(trace))
	d.result.Accepted++
	return nil
}

func badIDs(trace, id, parent []byte) string {
	switch {
	case len(trace) != 16:
		return fmt.Sprintf("trace_id has %d bytes, it must have 16", len(trace))
	case span.TraceID(trace).IsZero():
		return "trace_id is all zeroes"
	case len(id) != 8:
		return fmt.Sprintf("span_id has %d bytes, it must have 8", len(id))
	case span.ID(id).IsZero():
		return "span_id is all zeroes"
	case len(parent) != 0 && len(parent) != 8:
		return fmt.Sprintf("parent_span_id has %d bytes, it must have 8 or none", len(parent))
	}
	return ""
}

// enum keeps the values of an OTLP enumeration that fit a byte, among them all
// that are defined; others become the unspecified 0.
func enum(n uint64) uint8 {
	if n > math.MaxUint8 {
		return 0
	}
	return uint8(n)
}

func (d *decoder) status(msg []byte, row uint32) error {
	b := d.batch
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 2<<3 | wireBytes:
			b.Message[row] = b.Messages.Text(f.data)
		case 3<<3 | wireVarint:
			b.Status[row] = span.Status(enum(f.num))
		default:
			f.other(1<<2 | 1<<3)
		}
	}
	return in("status", f.err)
}

func (d *decoder) event(msg []byte, row uint32) error {
	var (
		time    uint64
		name    []byte
		dropped uint32
	)
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireFixed64:
			time = f.num
		case 2<<3 | wireBytes:
			name = f.data
		case 3<<3 | wireBytes:
		case 4<<3 | wireVarint:
			dropped = uint32(f.num)
		default:
			f.other(1<<1 | 1<<2 | 1<<3 | 1<<4)
		}
	}
	if f.err != nil {
		return in("event", f.err)
	}
	d.batch.AddEvent(row, int64(time), name, dropped)
	f = fields{msg: msg}
	for f.next() {
		if f.tag == 3<<3|wireBytes {
			f.err = attribute(&d.batch.Events.Attrs, f.data)
		}
	}
	return in("event", f.err)
}

func (d *decoder) link(msg []byte, row uint32) error {
	var (
		trace, id, state []byte
		flags, dropped   uint32
	)
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			trace = f.data
		case 2<<3 | wireBytes:
			id = f.data
		case 3<<3 | wireBytes:
			state = f.data
		case 4<<3 | wireBytes:
		case 5<<3 | wireVarint:
			dropped = uint32(f.num)
		case 6<<3 | wireFixed32:
			flags = uint32(f.num)
		default:
			f.other(1<<7 - 2)
		}
	}
	if f.err != nil {
		return in("link", f.err)
	}
	// A link whose ids have another length is kept with what fits: it is a
	// hint for people, not part of the tree.
	var t span.TraceID
	var s span.ID
	copy(t[:], trace)
	copy(s[:], id)
	d.batch.AddLink(row, t, s, state, flags, dropped)
	f = fields{msg: msg}
	for f.next() {
		if f.tag == 4<<3|wireBytes {
			f.err = attribute(&d.batch.Links.Attrs, f.data)
		}
	}
	return in("link", f.err)
}
