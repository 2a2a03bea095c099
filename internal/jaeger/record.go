package jaeger

import (
	"errors"
	"fmt"
	"math"

	"github.com/everspan/everspan/internal/span"
)

// record is one span as both encodings have it. Its texts belong to the body.
type record struct {
	trace      span.TraceID
	id, parent span.ID
	bad        string // why the span is left out, "" if it is not
	name       []byte
	start, end int64 // ns since the Unix epoch
	refs       []ref
	tags       []tag
	logs       []log
	items      int // how many of those three there are, and fields of logs
}

type ref struct {
	trace   span.TraceID
	id      span.ID
	follows bool // FOLLOWS_FROM, or else CHILD_OF
}

// tag is a key and a value: a number, or a text that belongs to the body.
type tag struct {
	key  []byte
	typ  span.Type
	num  uint64
	text []byte
}

type log struct {
	time   int64 // ns since the Unix epoch
	fields []tag
}

type process struct {
	service []byte
	tags    []tag
	items   int
}

// maxItems bounds the tags, logs and references of a span, and the tags of a process:
// a body may hold many more of them, empty, than memory would.
const maxItems = 1 << 17

var errItems = errors.New("a span or process has more than 131072 tags, logs and references")

// another counts an item.
func another(items *int) error {
	if *items++; *items > maxItems {
		return errItems
	}
	return nil
}

// put appends the span to b, or counts it as rejected.
func (r *record) put(b *span.Batch, resource uint32, res *Result) {
	switch {
	case r.bad != "":
	case r.trace.IsZero():
		r.bad = "the trace id is all zeroes"
	case r.id.IsZero():
		r.bad = "the span id is all zeroes"
	}
	if r.bad != "" {
		if res.Rejected++; res.Reason == "" {
			res.Reason = r.bad
		}
		return
	}
	row := b.Begin(resource, 0)
	b.ID[row] = r.id
	b.Start[row], b.Duration[row] = r.start, r.end-r.start
	b.Name[row] = b.Names.Text(r.name)
	parent := r.parentID()
	if parent != r.id {
		b.Parent[row] = parent
	}
	b.Attrs.Expect(b.Name[row])
	r.putTags(b, row)
	for _, l := range r.logs {
		l.put(b, row)
	}
	for _, f := range r.refs {
		if f.id == parent && !f.follows {
			continue
		}
		b.AddLink(row, f.trace, f.id, nil, 0, 0)
		kind := "child_of"
		if f.follows {
			kind = "follows_from"
		}
		b.Links.Attrs.Text([]byte("opentracing.ref_type"), span.String, []byte(kind))
	}
	b.Commit(row, r.trace)
	res.Accepted++
}

// parentID is the parent's id, zero if there is none.
func (r *record) parentID() (parent span.ID) {
	if !r.parent.IsZero() {
		return r.parent
	}
	for _, f := range r.refs {
		switch {
		case f.trace != r.trace:
		case !f.follows:
			return f.id
		case parent.IsZero():
			parent = f.id
		}
	}
	return parent
}

func (l *log) put(b *span.Batch, row uint32) {
	var name []byte
	at := -1
	for i, f := range l.fields {
		if string(f.key) == "event" && f.typ == span.String {
			name, at = f.text, i
			break
		}
	}
	b.AddEvent(row, l.time, name, 0)
	for i, f := range l.fields {
		if i != at {
			f.put(&b.Events.Attrs)
		}
	}
}

func (t *tag) put(to *span.Attrs) {
	switch t.typ {
	case span.String, span.Bytes:
		to.Text(t.key, t.typ, t.text)
	default:
		to.Num(t.key, t.typ, t.num)
	}
}

// maxMicros is the last microsecond that ns in an int64 reach, in the year 2262.
const maxMicros = math.MaxInt64 / 1000

// micros sets start and end from µs.
func (r *record) micros(start, duration int64) {
	if start < 0 || start > maxMicros || duration < -maxMicros || duration > maxMicros-start {
		r.bad = fmt.Sprintf("startTime %d and duration %d end after the year 2262, or begin before 1970; they must be microseconds", start, duration)
		return
	}
	r.start, r.end = start*1000, (start+duration)*1000
}

// resource returns the resource of a process, which raw identifies and read reads.
func resource(b *span.Batch, encoding string, raw []byte, read func() (process, error)) (uint32, error) {
	// The prefix keeps the key apart from those of other decoders.
	row, isNew := b.Resources.Intern(append([]byte("jaeger "+encoding+"\x00"), raw...))
	if !isNew {
		return row, nil
	}
	p, err := read()
	if err != nil {
		b.Resources.Forget(row)
		return 0, err
	}
	attrs := &b.Resources.Attrs
	if len(p.service) > 0 && string(p.service) != noService {
		attrs.Text([]byte("service.name"), span.String, p.service)
	}
	for _, t := range p.tags {
		switch {
		case string(t.key) == "hostname" && !has(p.tags, "host.name"):
			t.key = []byte("host.name")
		case string(t.key) == "jaeger.version" && t.typ == span.String && !has(p.tags, "opencensus.exporterversion"):
			t.key, t.text = []byte("opencensus.exporterversion"), append([]byte("Jaeger-"), t.text...)
		}
		t.put(attrs)
	}
	return row, nil
}

// noService is what OpenTelemetry's exporter for Jaeger sends for a resource that
// does not name its service.
const noService = "OTLPResourceNoServiceName"

func has(tags []tag, key string) bool {
	for _, t := range tags {
		if string(t.key) == key {
			return true
		}
	}
	return false
}
