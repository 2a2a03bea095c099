package zipkin

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"

	"github.com/everspan/everspan/internal/span"
)

// record is one span as both encodings have it. Its texts belong to the body.
type record struct {
	trace               span.TraceID
	id, parent          span.ID
	bad                 string // why the span is left out, "" if it is not
	kind                span.Kind
	name                []byte
	timestamp, duration uint64 // µs, 0 if absent
	local, remote       endpoint
	annotations         []annotation
	tags                []tag
	debug, shared       bool
}

type endpoint struct {
	service []byte
	address string // "" if absent
	port    uint64 // 0 if absent
}

type annotation struct {
	timestamp uint64 // µs
	value     []byte
}

type tag struct{ key, value []byte }

// maxMicros is the last microsecond that ns in an int64 reach, in the year 2262.
const maxMicros = math.MaxInt64 / 1000

// reject returns why the span can't be kept, "" if it can.
func (r *record) reject() string {
	if r.bad != "" {
		return r.bad
	}
	// The end counts as well; neither operand can overflow the sum.
	if r.timestamp > maxMicros || r.duration > maxMicros || r.timestamp+r.duration > maxMicros {
		return fmt.Sprintf("timestamp %d and duration %d end after the year 2262; they must be microseconds", r.timestamp, r.duration)
	}
	for _, a := range r.annotations {
		if a.timestamp > maxMicros {
			return fmt.Sprintf("an annotation's timestamp %d is after the year 2262; it must be microseconds", a.timestamp)
		}
	}
	return ""
}

var (
	keyService      = []byte("service.name")
	keyAbsent       = []byte("otel.zipkin.absentField.startTime")
	keyShared       = []byte("zipkin.shared")
	keyDebug        = []byte("zipkin.debug")
	keyLocalAddress = []byte("network.local.address")
	keyLocalPort    = []byte("network.local.port")
	keyPeer         = []byte("peer.service")
	keyPeerAddress  = []byte("network.peer.address")
	keyPeerPort     = []byte("network.peer.port")
)

// put appends the span to b, or counts it as rejected.
func (r *record) put(b *span.Batch, res *Result) {
	if reason := r.reject(); reason != "" {
		if res.Rejected++; res.Reason == "" {
			res.Reason = reason
		}
		return
	}
	row := b.Begin(resource(b, r.local.service), 0)
	b.ID[row] = r.id
	if r.parent != r.id {
		b.Parent[row] = r.parent
	}
	b.Kind[row] = r.kind
	b.Name[row] = b.Names.Text(r.name)
	b.Start[row] = int64(r.timestamp) * 1000
	b.Duration[row] = int64(r.duration) * 1000
	b.Attrs.Expect(b.Name[row])
	r.putTags(b, row)
	r.local.put(b, keyLocalAddress, keyLocalPort)
	r.remote.put(b, keyPeerAddress, keyPeerPort)
	if len(r.remote.service) > 0 {
		b.Attrs.Text(keyPeer, span.String, r.remote.service)
	}
	mark(b, keyAbsent, r.timestamp == 0)
	mark(b, keyShared, r.shared)
	mark(b, keyDebug, r.debug)
	for _, a := range r.annotations {
		b.AddEvent(row, int64(a.timestamp)*1000, a.value, 0)
	}
	b.Commit(row, r.trace)
	res.Accepted++
}

// resource returns the resource of a service, which has nothing but its name.
func resource(b *span.Batch, service []byte) uint32 {
	// The prefix keeps the key apart from those of other decoders.
	row, isNew := b.Resources.Intern(append([]byte("zipkin\x00"), service...))
	if isNew && len(service) > 0 {
		b.Resources.Attrs.Text(keyService, span.String, service)
	}
	return row
}

func (e *endpoint) put(b *span.Batch, address, port []byte) {
	if e.address != "" {
		b.Attrs.Text(address, span.String, []byte(e.address))
	}
	if 0 < e.port && e.port <= math.MaxUint16 {
		b.Attrs.Num(port, span.Int, e.port)
	}
}

func mark(b *span.Batch, key []byte, on bool) {
	if on {
		b.Attrs.Num(key, span.Bool, 1)
	}
}

// canonical gives an address as both encodings have it; text that is none is
// kept, for people to read. An IPv4 address in IPv6's form is IPv4 again: some
// reporters send all addresses with 16 bytes.
func canonical(text string) string {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap().String()
	}
	return text
}

// count reads a number that a tag holds as text.
func count(text []byte) (uint32, bool) {
	n, err := strconv.ParseUint(string(text), 10, 32)
	return uint32(n), err == nil
}
