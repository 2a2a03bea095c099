package zipkin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/everspan/everspan/internal/span"
)

// AppendJSON decodes a JSON array of Zipkin v2 spans and appends them to b. A
// span without a valid trace id and span id, or with a time past the year 2262,
// is left out and counted. When the body is malformed, no span of it is left in b
// and the error wraps [ErrMalformed]. The body is not kept.
//
// Fields are read as liberally as Zipkin reads them: a number may be text, a
// tag's value may be a number, null is the same as absent.
func AppendJSON(b *span.Batch, body []byte) (Result, error) {
	rows := b.Len()
	res, err := appendJSON(b, body)
	if err != nil {
		b.Truncate(rows)
		return Result{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return res, nil
}

var (
	errNoArray = errors.New("the body is no JSON array of spans")
	errV1      = errors.New("a span has binaryAnnotations, as Zipkin v1 has them; have the reporter send v2")
)

func appendJSON(b *span.Batch, body []byte) (res Result, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	switch t, err := d.Token(); {
	case err != nil:
		return res, fmt.Errorf("%w: %w", errNoArray, whole(err))
	case t != json.Delim('['):
		return res, errNoArray
	}
	for n := 0; d.More(); n++ {
		var s jsonSpan
		if err := d.Decode(&s); err != nil {
			return res, fmt.Errorf("span %d: %w", n, whole(err))
		}
		if s.BinaryAnnotations {
			return res, errV1
		}
		r := s.record()
		r.put(b, &res)
	}
	if _, err := d.Token(); err != nil {
		return res, whole(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return res, errors.New("there is more after the array of spans")
	}
	return res, nil
}

// whole names the end of a body that is not the end of the array.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

type jsonSpan struct {
	TraceID        string       `json:"traceId"`
	ID             string       `json:"id"`
	ParentID       string       `json:"parentId"`
	Kind           string       `json:"kind"`
	Name           string       `json:"name"`
	Timestamp      number       `json:"timestamp"`
	Duration       number       `json:"duration"`
	LocalEndpoint  jsonEndpoint `json:"localEndpoint"`
	RemoteEndpoint jsonEndpoint `json:"remoteEndpoint"`
	Annotations    []struct {
		Timestamp number `json:"timestamp"`
		Value     string `json:"value"`
	} `json:"annotations"`
	Tags              jsonTags `json:"tags"`
	Debug             bool     `json:"debug"`
	Shared            bool     `json:"shared"`
	BinaryAnnotations present  `json:"binaryAnnotations"`
}

// present is true for a field that is there, whatever it holds.
type present bool

// UnmarshalJSON takes anything.
func (p *present) UnmarshalJSON([]byte) error {
	*p = true
	return nil
}

type jsonEndpoint struct {
	ServiceName string `json:"serviceName"`
	IPv4        string `json:"ipv4"`
	IPv6        string `json:"ipv6"`
	Port        number `json:"port"`
}

func (e *jsonEndpoint) endpoint() endpoint {
	out := endpoint{service: []byte(e.ServiceName), port: uint64(e.Port)}
	for _, text := range []string{e.IPv4, e.IPv6} {
		if text != "" {
			out.address = canonical(text)
		}
	}
	return out
}

var kinds = map[string]span.Kind{"CLIENT": span.KindClient, "SERVER": span.KindServer, "PRODUCER": span.KindProducer, "CONSUMER": span.KindConsumer}

func (s *jsonSpan) record() record {
	r := record{
		kind: kinds[strings.ToUpper(s.Kind)], name: []byte(s.Name),
		timestamp: uint64(s.Timestamp), duration: uint64(s.Duration),
		local: s.LocalEndpoint.endpoint(), remote: s.RemoteEndpoint.endpoint(),
		tags: s.Tags, debug: s.Debug, shared: s.Shared,
	}
	for _, a := range s.Annotations {
		r.annotations = append(r.annotations, annotation{uint64(a.Timestamp), []byte(a.Value)})
	}
	var err error
	if r.trace, err = span.ParseTraceID(s.TraceID); err != nil {
		r.bad = "traceId: " + err.Error()
	} else if r.id, err = span.ParseID(s.ID); err != nil {
		r.bad = "id: " + err.Error()
	} else if strings.Trim(s.ParentID, "0") != "" { // zeroes mean none
		if r.parent, err = span.ParseID(s.ParentID); err != nil {
			r.bad = "parentId: " + err.Error()
		}
	}
	return r
}

// number is a whole number that is not negative; what is too large for it is
// the largest.
type number uint64

// UnmarshalJSON also takes a number in quotes or with a fraction, which is cut.
func (n *number) UnmarshalJSON(raw []byte) error {
	text := string(bytes.Trim(raw, `"`))
	if text == "null" || text == "" {
		return nil
	}
	if whole, err := strconv.ParseUint(text, 10, 64); err == nil {
		*n = number(whole)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case f >= 1<<63: // infinite, too
		*n = math.MaxUint64
	case err == nil && f >= 0:
		*n = number(f)
	default:
		return fmt.Errorf("%.40q is not a number that is zero or more", text)
	}
	return nil
}

// jsonTags keeps the order in which tags were sent.
type jsonTags []tag

// UnmarshalJSON takes an object. Values that are no text are kept as their JSON.
func (t *jsonTags) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	open, err := d.Token()
	if err != nil || open == nil { // null
		return err
	}
	if open != json.Delim('{') {
		return fmt.Errorf("tags are %.20q, they must be an object", raw)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		var text string
		switch value[0] {
		case 'n':
			continue
		case '"':
			if err := json.Unmarshal(value, &text); err != nil {
				return err
			}
		default:
			text = string(value)
		}
		name, _ := key.(string) // nothing else comes before a colon
		*t = append(*t, tag{[]byte(name), []byte(text)})
	}
	return nil
}
