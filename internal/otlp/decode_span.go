package otlp

import (
	"fmt"
	"math"

	"github.com/everspan/everspan/internal/span"
)

func (d *decoder) span(msg []byte, resource, scope uint32) error {
	b := d.batch
	row := b.Begin(resource, scope)
	var (
		trace, id, parent                         []byte
		start, end                                uint64
		droppedAttrs, droppedEvents, droppedLinks uint32
		f                                         field
		v                                         []byte
		n                                         uint64
		err                                       error
	)
	for len(msg) > 0 {
		if msg, err = f.NextField(msg); err != nil {
			return fmt.Errorf("span: %w", err)
		}
		switch f.FieldNum {
		case 1:
			trace, err = data(&f)
		case 2:
			id, err = data(&f)
		case 3:
			if v, err = data(&f); err == nil {
				b.State[row] = b.States.Text(v)
			}
		case 4:
			parent, err = data(&f)
		case 5:
			if v, err = data(&f); err == nil {
				b.Name[row] = b.Names.Text(v)
			}
		case 6:
			n, err = varint(&f)
			b.Kind[row] = span.Kind(enum(n))
		case 7:
			start, err = fixed64(&f)
		case 8:
			end, err = fixed64(&f)
		case 9:
			err = d.attribute(&b.Attrs, &f)
		case 10:
			n, err = varint(&f)
			droppedAttrs = uint32(n)
		case 11:
			if v, err = data(&f); err == nil {
				err = d.event(v, row)
			}
		case 12:
			n, err = varint(&f)
			droppedEvents = uint32(n)
		case 13:
			if v, err = data(&f); err == nil {
				err = d.link(v, row)
			}
		case 14:
			n, err = varint(&f)
			droppedLinks = uint32(n)
		case 15:
			if v, err = data(&f); err == nil {
				err = d.status(v, row)
			}
		case 16:
			b.Flags[row], err = fixed32(&f)
		}
		if err != nil {
			return fmt.Errorf("span: %w", err)
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
	b.SetDropped(row, droppedAttrs, droppedEvents, droppedLinks)
	b.Commit(row, span.TraceID(trace))
	d.result.Spans++
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
	return walk(msg, "status", func(f *field) error {
		switch f.FieldNum {
		case 2:
			v, err := data(f)
			if err == nil {
				b.Message[row] = b.Messages.Text(v)
			}
			return err
		case 3:
			n, err := varint(f)
			b.Status[row] = span.Status(enum(n))
			return err
		}
		return nil
	})
}

func (d *decoder) event(msg []byte, row uint32) error {
	var (
		time    uint64
		name    []byte
		dropped uint64
	)
	err := walk(msg, "event", func(f *field) (err error) {
		switch f.FieldNum {
		case 1:
			time, err = fixed64(f)
		case 2:
			name, err = data(f)
		case 4:
			dropped, err = varint(f)
		}
		return err
	})
	if err != nil {
		return err
	}
	e := &d.batch.Events
	d.batch.AddEvent(row, int64(time), name, uint32(dropped))
	return walk(msg, "event", func(f *field) error {
		if f.FieldNum != 3 {
			return nil
		}
		return d.attribute(&e.Attrs, f)
	})
}

func (d *decoder) link(msg []byte, row uint32) error {
	var (
		trace, id, state []byte
		flags            uint32
		dropped          uint64
	)
	err := walk(msg, "link", func(f *field) (err error) {
		switch f.FieldNum {
		case 1:
			trace, err = data(f)
		case 2:
			id, err = data(f)
		case 3:
			state, err = data(f)
		case 5:
			dropped, err = varint(f)
		case 6:
			flags, err = fixed32(f)
		}
		return err
	})
	if err != nil {
		return err
	}
	// A link whose ids have another length is kept with what fits: it is a
	// hint for people, not part of the tree.
	var t span.TraceID
	var s span.ID
	copy(t[:], trace)
	copy(s[:], id)
	l := &d.batch.Links
	d.batch.AddLink(row, t, s, state, flags, uint32(dropped))
	return walk(msg, "link", func(f *field) error {
		if f.FieldNum != 4 {
			return nil
		}
		return d.attribute(&l.Attrs, f)
	})
}
