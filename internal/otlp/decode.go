package otlp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/everspan/everspan/internal/span"
)

// ErrMalformed is wrapped by every error that says a payload can't be decoded,
// however often it is sent.
var ErrMalformed = errors.New("malformed OTLP payload")

// Result says what became of the spans or log records of a payload that could be decoded.
type Result struct {
	Accepted int    // spans or log records appended
	Rejected int    // spans left out; log records never are
	Reason   string // why the first of those was left out
}

// AppendTraces decodes an ExportTraceServiceRequest and appends its spans to b.
// A span without a valid trace id and span id is left out and counted. When the
// payload is malformed, nothing of it is left in b and the error wraps
// [ErrMalformed]. The payload is not kept.
func AppendTraces(b *span.Batch, payload []byte) (Result, error) {
	rows := b.Len()
	result, err := decode(decoder{batch: b, sets: sets{&b.Resources, &b.Scopes, &b.Resource, &b.Scope}}, payload)
	if err != nil {
		b.Truncate(rows)
	}
	return result, err
}

// decode decodes a payload with d, of which no more than the target need be set.
func decode(target decoder, payload []byte) (Result, error) {
	d := decoders.Get().(*decoder)
	target.key = d.key
	*d = target
	err := d.request(payload)
	result := d.result
	*d = decoder{key: d.key}
	decoders.Put(d)
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return result, nil
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// decoder reads the requests of one signal. All of them hold records in groups by
// resource and scope, in the same fields.
type decoder struct {
	batch  *span.Batch // of traces
	logs   *span.Logs  // of logs
	sets   sets
	result Result
	key    []byte // scratch for the identity of a resource or scope
}

// sets are the resources and scopes of a table, and the columns that refer to them.
type sets struct {
	resources, scopes *span.Sets
	resource, scope   *[]uint32
}

// in says in which message an error is.
func in(message string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", message, err)
}

func (d *decoder) request(msg []byte) error {
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			f.err = d.resourceGroup(f.data)
		default:
			f.other(1 << 1)
		}
	}
	return in("request", f.err)
}

// join adds a part to a message that was sent in parts, mostly one. It never
// writes to the payload.
func join(have, part []byte) []byte {
	if have == nil {
		return part
	}
	return append(have[:len(have):len(have)], part...)
}

// identity builds the key under which a set is interned.
func (d *decoder) identity(set, schema []byte) []byte {
	d.key = binary.AppendUvarint(d.key[:0], uint64(len(schema)))
	d.key = append(d.key, schema...)
	d.key = append(d.key, set...)
	return d.key
}

// resourceGroup reads a ResourceSpans or ResourceLogs in one pass: its resource and
// schema URL may come after the records, and a resource that was sent in parts is
// joined, which is what protobuf says it means. So the records get it last.
func (d *decoder) resourceGroup(msg []byte) error {
	first := len(*d.sets.resource)
	var set, schema []byte
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			set = join(set, f.data)
		case 2<<3 | wireBytes:
			f.err = d.scopeGroup(f.data)
		case 3<<3 | wireBytes:
			schema = f.data
		default:
			f.other(1<<1 | 1<<2 | 1<<3)
		}
	}
	if f.err != nil {
		return in("resource_"+d.records(), f.err)
	}
	return in("resource", d.intern(d.sets.resources, set, schema, resource, (*d.sets.resource)[first:]))
}

// intern makes a set, which read decodes when it is new, that of all rows.
func (d *decoder) intern(sets *span.Sets, set, schema []byte, read func([]byte, *span.Sets, uint32) error, rows []uint32) error {
	row, isNew := sets.Intern(d.identity(set, schema))
	if isNew {
		sets.Schema[row] = text(schema)
		if err := read(set, sets, row); err != nil {
			// So that a later payload does not find half of it.
			sets.Forget(row)
			return err
		}
	}
	for i := range rows {
		rows[i] = row
	}
	return nil
}

func resource(msg []byte, sets *span.Sets, row uint32) error {
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			f.err = attribute(&sets.Attrs, f.data)
		case 2<<3 | wireVarint:
			sets.Dropped[row] = uint32(f.num)
		default:
			f.other(1<<1 | 1<<2)
		}
	}
	return f.err
}

// records is what the signal's records are called in the names of messages.
func (d *decoder) records() string {
	if d.logs != nil {
		return "logs"
	}
	return "spans"
}

// scopeGroup reads a ScopeSpans or ScopeLogs as resourceGroup does.
func (d *decoder) scopeGroup(msg []byte) error {
	first := len(*d.sets.scope)
	var set, schema []byte
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			set = join(set, f.data)
		case 2<<3 | wireBytes:
			if d.logs != nil {
				f.err = in("log_record", d.logRecord(f.data))
			} else {
				f.err = in("span", d.span(f.data))
			}
		case 3<<3 | wireBytes:
			schema = f.data
		default:
			f.other(1<<1 | 1<<2 | 1<<3)
		}
	}
	if f.err != nil {
		return in("scope_"+d.records(), f.err)
	}
	return in("scope", d.intern(d.sets.scopes, set, schema, scope, (*d.sets.scope)[first:]))
}

func scope(msg []byte, sets *span.Sets, row uint32) error {
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			sets.Name[row] = text(f.data)
		case 2<<3 | wireBytes:
			sets.Version[row] = text(f.data)
		case 3<<3 | wireBytes:
			f.err = attribute(&sets.Attrs, f.data)
		case 4<<3 | wireVarint:
			sets.Dropped[row] = uint32(f.num)
		default:
			f.other(1<<1 | 1<<2 | 1<<3 | 1<<4)
		}
	}
	return f.err
}

// countRecords counts the spans or log records of a payload without decoding them; of a
// malformed one those before the fault.
func countRecords(payload []byte) (n int) {
	for request := (fields{msg: payload}); request.next(); {
		if request.tag != 1<<3|wireBytes {
			continue
		}
		for rs := (fields{msg: request.data}); rs.next(); {
			if rs.tag != 2<<3|wireBytes {
				continue
			}
			for ss := (fields{msg: rs.data}); ss.next(); {
				if ss.tag == 2<<3|wireBytes {
					n++
				}
			}
		}
	}
	return n
}
