package otlp

import (
	"encoding/binary"
	"errors"
	"fmt"

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
