package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/engine"
)

// The messages of jaeger.api_v3 and jaeger.storage.v2, which for the most part have
// the same fields with the same numbers.

var errWire = errors.New("field has another wire type than the schema")

// eachField calls do for the fields of a message.
func eachField(msg []byte, do func(f *easyproto.FieldContext) (ok bool, err error)) error {
	var f easyproto.FieldContext
	for len(msg) > 0 {
		var err error
		if msg, err = f.NextField(msg); err != nil {
			return badRequest{fmt.Errorf("malformed request: %w", err)}
		}
		ok, err := do(&f)
		if err == nil && !ok {
			err = badRequest{fmt.Errorf("malformed request: field %d: %w", f.FieldNum, errWire)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wireQuery returns field 1 of a request, which is its query.
func wireQuery(req []byte) (query []byte, err error) {
	err = eachField(req, func(f *easyproto.FieldContext) (ok bool, err error) {
		if f.FieldNum != 1 {
			return true, nil
		}
		query, ok = f.MessageData()
		return ok, nil
	})
	if err == nil && query == nil {
		err = badRequest{errors.New("missing query")}
	}
	return query, err
}

// readQuery reads TraceQueryParameters. readTag reads one of its attributes, in
// which the two packages differ, and so they do in the number of pagination.
func (q *jaegerQuery) readQuery(msg []byte, pagination uint32, readTag func([]byte) (jaegerTag, error)) error {
	var size int
	err := eachField(msg, func(f *easyproto.FieldContext) (ok bool, err error) {
		var part []byte
		switch f.FieldNum {
		case 1:
			q.service, ok = f.String()
		case 2:
			q.operation, ok = f.String()
		case 3:
			var t jaegerTag
			part, ok = f.MessageData()
			t, err = readTag(part)
			q.tags = append(q.tags, t)
		case 4, 5, 6, 7:
			part, ok = f.MessageData()
			to := []*int64{&q.from, &q.to, &q.shortest, &q.longest}[f.FieldNum-4]
			*to, err = wireNanos(part)
		case 8:
			var n int32
			n, ok = f.Int32()
			q.limit = int(n)
		case pagination:
			part, ok = f.MessageData()
			size, q.after, err = wirePage(part)
		case 9, 10: // filter has the number before pagination; 9 is raw_traces in api_v3
			if f.FieldNum == pagination-1 {
				return true, badRequest{errors.New("query.filter is not supported; use service_name, operation_name, attributes and durations")}
			}
			ok = true
		default:
			ok = true
		}
		return ok, err
	})
	if err != nil {
		return err
	}
	if size > 0 {
		if q.limit > 0 {
			return badRequest{errors.New("search_depth and pagination exclude each other")}
		}
		q.limit, q.paged = size, true
	}
	return q.check()
}

// check completes a query, and returns what is wrong with it.
func (q *jaegerQuery) check() error {
	q.from, q.to = max(q.from, 0), max(q.to, 0) // Go's zero time is before the epoch
	if q.limit <= 0 {
		q.limit = jaegerLimit
	}
	q.limit = min(q.limit, maxJaegerTraces)
	switch {
	case q.to != 0 && q.from >= q.to:
		return badRequest{errors.New("the minimum start time must be before the maximum")}
	case q.shortest < 0 || q.longest < 0:
		return badRequest{errors.New("a duration is negative")}
	case q.longest != 0 && q.shortest > q.longest:
		return badRequest{errors.New("the minimum duration is more than the maximum")}
	case len(q.tags) > maxJaegerTags:
		return badRequest{fmt.Errorf("%d attributes, at most %d are taken", len(q.tags), maxJaegerTags)}
	}
	return nil
}

// wirePage reads a Pagination.
func wirePage(msg []byte) (size int, c *engine.Cursor, err error) {
	var token string
	err = eachField(msg, func(f *easyproto.FieldContext) (ok bool, err error) {
		switch f.FieldNum {
		case 1:
			var n uint32
			n, ok = f.Uint32()
			size = int(min(n, maxJaegerTraces))
		case 2:
			token, ok = f.String()
		default:
			ok = true
		}
		return ok, nil
	})
	if err == nil && size == 0 {
		err = badRequest{errors.New("pagination.page_size is required")}
	}
	if err == nil {
		c, err = parsePageToken(token)
	}
	return size, c, err
}

// wireNanos reads a google.protobuf.Timestamp or Duration as ns.
func wireNanos(msg []byte) (int64, error) {
	var seconds int64
	var nanos int32
	err := eachField(msg, func(f *easyproto.FieldContext) (ok bool, err error) {
		switch f.FieldNum {
		case 1:
			seconds, ok = f.Int64()
		case 2:
			nanos, ok = f.Int32()
		default:
			ok = true
		}
		return ok, nil
	})
	switch limit := int64(math.MaxInt64) / 1e9; {
	case seconds >= limit:
		return math.MaxInt64, err
	case seconds <= -limit:
		return math.MinInt64, err
	}
	return seconds*1e9 + int64(nanos), err
}

// wireTag reads an entry of a map of strings.
func wireTag(msg []byte) (t jaegerTag, err error) {
	err = eachField(msg, func(f *easyproto.FieldContext) (ok bool, err error) {
		switch f.FieldNum {
		case 1:
			t.key, ok = f.String()
		case 2:
			t.value, ok = f.String()
		default:
			ok = true
		}
		return ok, nil
	})
	return t, err
}

// wireKeyValue reads a KeyValue.
func wireKeyValue(msg []byte) (t jaegerTag, err error) {
	err = eachField(msg, func(f *easyproto.FieldContext) (ok bool, err error) {
		switch f.FieldNum {
		case 1:
			t.key, ok = f.String()
		case 2:
			var value []byte
			value, ok = f.MessageData()
			t.value, err = wireValue(value)
		default:
			ok = true
		}
		return ok, err
	})
	return t, err
}

// wireValue reads an AnyValue as text.
func wireValue(msg []byte) (text string, err error) {
	err = eachField(msg, func(f *easyproto.FieldContext) (ok bool, err error) {
		switch f.FieldNum {
		case 1:
			text, ok = f.String()
		case 2:
			var v bool
			v, ok = f.Bool()
			text = strconv.FormatBool(v)
		case 3:
			var v int64
			v, ok = f.Int64()
			text = strconv.FormatInt(v, 10)
		case 4:
			var v float64
			v, ok = f.Double()
			text = strconv.FormatFloat(v, 'g', -1, 64)
		case 7:
			var v []byte
			v, ok = f.Bytes()
			text = base64.StdEncoding.EncodeToString(v)
		default:
			return true, badRequest{errors.New("an attribute to search for is a list; search for one of its values")}
		}
		return ok, nil
	})
	return text, err
}
