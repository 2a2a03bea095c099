package tempo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/easyproto"
)

var errField = errors.New("a field has the wrong type")

// fields calls each for every field of a message. Those that it does not know it
// passes over.
func fields(message []byte, each func(f *easyproto.FieldContext) bool) error {
	var f easyproto.FieldContext
	for len(message) > 0 {
		var err error
		if message, err = f.NextField(message); err != nil {
			return err
		}
		if !each(&f) {
			return fmt.Errorf("field %d: %w", f.FieldNum, errField)
		}
	}
	return nil
}

// read sets a value to that of a field.
func read[T, V any](to *T, get func() (V, bool), convert func(V) T) bool {
	v, ok := get()
	if ok {
		*to = convert(v)
	}
	return ok
}

// DecodeSearch reads a SearchRequest.
func DecodeSearch(message []byte) (*SearchRequest, error) {
	r := new(SearchRequest)
	number := func(v uint32) int { return int(min(v, 1<<31-1)) }
	milliseconds := func(v uint32) time.Duration { return time.Duration(v) * time.Millisecond }
	second := func(v uint32) int64 { return int64(v) }
	err := fields(message, func(f *easyproto.FieldContext) bool {
		switch f.FieldNum {
		case 1:
			entry, ok := f.MessageData()
			return ok && r.tag(entry)
		case 2:
			return read(&r.MinDuration, f.Uint32, milliseconds)
		case 3:
			return read(&r.MaxDuration, f.Uint32, milliseconds)
		case 4:
			return read(&r.Limit, f.Uint32, number)
		case 5:
			return read(&r.Start, f.Uint32, second)
		case 6:
			return read(&r.End, f.Uint32, second)
		case 8:
			return read(&r.Query, f.String, strings.Clone)
		case 9:
			return read(&r.Spans, f.Uint32, number)
		}
		return true
	})
	if len(r.Tags) > maxTags {
		return nil, fmt.Errorf("more than %d tags", maxTags)
	}
	slices.SortFunc(r.Tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	return r, err
}

// tag reads an entry of the map of tags.
func (r *SearchRequest) tag(entry []byte) bool {
	var t Tag
	err := fields(entry, func(f *easyproto.FieldContext) bool {
		switch f.FieldNum {
		case 1:
			return read(&t.Key, f.String, strings.Clone)
		case 2:
			return read(&t.Value, f.String, strings.Clone)
		}
		return true
	})
	r.Tags = append(r.Tags, t)
	return err == nil && len(r.Tags) <= maxTags+1
}

// DecodeNames reads a SearchTagsRequest. The time that newer clients send is not
// known to it.
func DecodeNames(message []byte) (*TagsRequest, error) {
	r := new(TagsRequest)
	return r, fields(message, func(f *easyproto.FieldContext) bool {
		return f.FieldNum != 1 || read(&r.Scope, f.String, strings.Clone)
	})
}

// DecodeValues reads a SearchTagValuesRequest. The time that newer clients send is
// not known to it.
func DecodeValues(message []byte) (*ValuesRequest, error) {
	r := new(ValuesRequest)
	return r, fields(message, func(f *easyproto.FieldContext) bool {
		switch f.FieldNum {
		case 1:
			return read(&r.Tag, f.String, strings.Clone)
		case 2:
			return read(&r.Query, f.String, strings.Clone)
		}
		return true
	})
}
