package otlp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/span"
)

// ErrMalformed is wrapped by every error that says a payload can't be decoded,
// however often it is sent.
var ErrMalformed = errors.New("malformed OTLP payload")

// Result says what became of the spans of a payload that could be decoded.
type Result struct {
	Spans    int    // spans appended
	Rejected int    // spans left out
	Reason   string // why the first of those was left out
}

// AppendTraces decodes an ExportTraceServiceRequest and appends its spans to b.
// A span without a valid trace id and span id is left out and counted. When the
// payload is malformed, nothing of it is left in b and the error wraps
// [ErrMalformed]. The payload is not kept.
func AppendTraces(b *span.Batch, payload []byte) (Result, error) {
	d := decoder{batch: b}
	rows := b.Len()
	if err := d.request(payload); err != nil {
		b.Truncate(rows)
		return Result{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return d.result, nil
}

type decoder struct {
	batch  *span.Batch
	result Result
	key    []byte // scratch for the identity of a resource or scope
}

type field = easyproto.FieldContext

// walk calls each for every field of a message.
func walk(msg []byte, name string, each func(f *field) error) error {
	var f field
	for len(msg) > 0 {
		var err error
		if msg, err = f.NextField(msg); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := each(&f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

var errWireType = errors.New("field has another wire type than the schema")

// data returns a field's bytes, of a string, bytes or message.
func data(f *field) ([]byte, error) {
	if v, ok := f.MessageData(); ok {
		return v, nil
	}
	return nil, fmt.Errorf("field %d: %w", f.FieldNum, errWireType)
}

func varint(f *field) (uint64, error) {
	if v, ok := f.Uint64(); ok {
		return v, nil
	}
	return 0, fmt.Errorf("field %d: %w", f.FieldNum, errWireType)
}

func fixed64(f *field) (uint64, error) {
	if v, ok := f.Fixed64(); ok {
		return v, nil
	}
	return 0, fmt.Errorf("field %d: %w", f.FieldNum, errWireType)
}

func fixed32(f *field) (uint32, error) {
	if v, ok := f.Fixed32(); ok {
		return v, nil
	}
	return 0, fmt.Errorf("field %d: %w", f.FieldNum, errWireType)
}

func (d *decoder) request(msg []byte) error {
	return walk(msg, "request", func(f *field) error {
		if f.FieldNum != 1 {
			return nil
		}
		m, err := data(f)
		if err != nil {
			return err
		}
		return d.resourceSpans(m)
	})
}

// group reads what a ResourceSpans and a ScopeSpans have in common: field 1
// identifies the set, field 3 is its schema URL, and both may come after the
// fields 2 that need them. A message that was sent in parts is joined, which is
// what protobuf says it means.
func (d *decoder) group(msg []byte, name string) (set, schema []byte, err error) {
	seen := 0
	err = walk(msg, name, func(f *field) (err error) {
		switch f.FieldNum {
		case 1:
			var part []byte
			if part, err = data(f); err != nil {
				return err
			}
			if seen++; seen == 1 {
				set = part
			} else {
				set = append(set[:len(set):len(set)], part...)
			}
		case 3:
			schema, err = data(f)
		}
		return err
	})
	return set, schema, err
}

// identity builds the key under which a set is interned.
func (d *decoder) identity(set, schema []byte) []byte {
	d.key = binary.AppendUvarint(d.key[:0], uint64(len(schema)))
	d.key = append(d.key, schema...)
	d.key = append(d.key, set...)
	return d.key
}

func (d *decoder) resourceSpans(msg []byte) error {
	set, schema, err := d.group(msg, "resource_spans")
	if err != nil {
		return err
	}
	sets := &d.batch.Resources
	resource, isNew := sets.Intern(d.identity(set, schema))
	if isNew {
		sets.Schema[resource] = text(schema)
		err := walk(set, "resource", func(f *field) error {
			switch f.FieldNum {
			case 1:
				return d.attribute(&sets.Attrs, f)
			case 2:
				n, err := varint(f)
				sets.Dropped[resource] = uint32(n)
				return err
			}
			return nil
		})
		if err != nil {
			return d.forget(sets, resource, err)
		}
	}
	return walk(msg, "resource_spans", func(f *field) error {
		if f.FieldNum != 2 {
			return nil
		}
		m, err := data(f)
		if err != nil {
			return err
		}
		return d.scopeSpans(m, resource)
	})
}

func (d *decoder) scopeSpans(msg []byte, resource uint32) error {
	set, schema, err := d.group(msg, "scope_spans")
	if err != nil {
		return err
	}
	sets := &d.batch.Scopes
	scope, isNew := sets.Intern(d.identity(set, schema))
	if isNew {
		sets.Schema[scope] = text(schema)
		err := walk(set, "scope", func(f *field) error {
			switch f.FieldNum {
			case 1, 2:
				v, err := data(f)
				if f.FieldNum == 1 {
					sets.Name[scope] = text(v)
				} else {
					sets.Version[scope] = text(v)
				}
				return err
			case 3:
				return d.attribute(&sets.Attrs, f)
			case 4:
				n, err := varint(f)
				sets.Dropped[scope] = uint32(n)
				return err
			}
			return nil
		})
		if err != nil {
			return d.forget(sets, scope, err)
		}
	}
	return walk(msg, "scope_spans", func(f *field) error {
		if f.FieldNum != 2 {
			return nil
		}
		m, err := data(f)
		if err != nil {
			return err
		}
		return d.span(m, resource, scope)
	})
}

// forget takes back a set whose attributes turned out to be malformed, so that
// a later payload does not find half of it.
func (d *decoder) forget(sets *span.Sets, row uint32, err error) error {
	sets.Forget(row)
	return err
}

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
