package otlp

import (
	"fmt"

	"github.com/everspan/everspan/internal/span"
)

// AppendLogs decodes an ExportLogsServiceRequest and appends its records to l. An id that
// is not valid is left out, as if the record had no trace or no span. When the payload is
// malformed, nothing of it is left in l and the error wraps [ErrMalformed]. The payload
// is not kept.
func AppendLogs(l *span.Logs, payload []byte) (Result, error) {
	rows := l.Len()
	result, err := decode(decoder{logs: l, sets: sets{&l.Resources, &l.Scopes, &l.Resource, &l.Scope}}, payload)
	if err != nil {
		l.Truncate(rows)
	}
	return result, err
}

// logRecord decodes a LogRecord. It is opentelemetry-proto's logs.proto, v1.9.
func (d *decoder) logRecord(msg []byte) error {
	l := d.logs
	row := l.Begin(0, 0)
	var trace, id []byte
	var body anyValue
	f := fields{msg: msg}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireFixed64:
			l.Time[row] = int64(f.num)
		case 2<<3 | wireVarint:
			if l.Severity[row] = span.Severity(enum(f.num)); l.Severity[row] > span.MaxSeverity {
				l.Severity[row] = 0
			}
		case 3<<3 | wireBytes:
			l.Level[row] = l.Levels.Text(f.data)
		case 5<<3 | wireBytes:
			body, f.err = readAny(f.data)
		case 6<<3 | wireBytes:
			f.err = attribute(&l.Attrs, f.data)
		case 7<<3 | wireVarint:
			l.SetDropped(row, uint32(f.num))
		case 8<<3 | wireFixed32:
			l.Flags[row] = uint32(f.num)
		case 9<<3 | wireBytes:
			trace = f.data
		case 10<<3 | wireBytes:
			id = f.data
		case 11<<3 | wireFixed64:
			l.Observed[row] = int64(f.num)
		case 12<<3 | wireBytes:
			l.Event[row] = l.Events.Text(f.data)
		default:
			f.other(1<<13 - 2 - 1<<4)
		}
	}
	if f.err != nil {
		return f.err
	}
	if l.Time[row] == 0 {
		l.Time[row] = l.Observed[row]
	}
	var of span.TraceID
	if len(trace) == len(of) {
		of = span.TraceID(trace)
	}
	if len(id) == len(l.ID[row]) {
		l.ID[row] = span.ID(id)
	}
	d.result.Accepted++
	return d.body(row, of, body)
}

// body ends a record with its body: a string as it is, and everything else as the text
// of its value.
func (d *decoder) body(row uint32, trace span.TraceID, body anyValue) error {
	if body.field == 0 || body.field == anyString {
		d.logs.Commit(row, trace, body.data, span.String)
		return nil
	}
	buf := jsonBuffers.Get().(*[]byte)
	defer jsonBuffers.Put(buf)
	json, err := appendAny((*buf)[:0], body, 0)
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if cap(json) <= 64<<10 {
		*buf = json // a giant is not kept
	}
	d.logs.Commit(row, trace, json, bodyTypes[body.field])
	return nil
}

// bodyTypes are the types of a body by the field of AnyValue that holds it.
var bodyTypes = [...]span.Type{
	anyString: span.String, anyBool: span.Bool, anyInt: span.Int, anyDouble: span.Double,
	anyArray: span.JSON, anyKvlist: span.JSON, anyBytes: span.Bytes,
}
