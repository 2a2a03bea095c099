package tempo

import (
	"bytes"

	"github.com/everspan/everspan/internal/engine"
)

// MaxMessage bounds a message of a stream, in bytes, as far as what it lists can be
// parted.
const MaxMessage = 1 << 20

// SearchStream turns what an engine finds step by step into messages: first traces
// that are new or that changed, and at the end all of them.
type SearchStream struct {
	Send func(message []byte) error

	told map[string][]byte // traces as they were sent last
	err  error
}

// Progress sends what is new. An error is kept for Finish.
func (s *SearchStream) Progress(found *engine.Found) {
	if s.told == nil {
		s.told = make(map[string][]byte)
	}
	r := Response(found, false)
	var fresh []Trace
	for i := range r.Traces {
		t := &r.Traces[i]
		encoded := Encode(&SearchResponse{Traces: r.Traces[i : i+1]})
		if !bytes.Equal(s.told[t.TraceID], encoded) {
			s.told[t.TraceID] = encoded
			fresh = append(fresh, *t)
		}
	}
	s.send(fresh, r.Metrics)
}

// Finish sends everything, and returns the first error there was.
func (s *SearchStream) Finish(found *engine.Found) error {
	r := Response(found, true)
	s.send(r.Traces, r.Metrics)
	return s.err
}

// send sends traces in as many messages as it takes, at least one.
func (s *SearchStream) send(traces []Trace, m Metrics) {
	for first := true; first || len(traces) > 0; first = false {
		n, size := 0, 0
		for n < len(traces) && (n == 0 || size+traces[n].size() <= MaxMessage) {
			size += traces[n].size()
			n++
		}
		if s.err == nil {
			s.err = s.Send(Encode(&SearchResponse{Traces: traces[:n], Metrics: m}))
		}
		traces = traces[n:]
	}
}

// Parts cuts a list into pieces that make messages of at most MaxMessage bytes; there is
// at least one piece.
func Parts[T any](all []T, size func(T) int) (parts [][]T) {
	from, sum := 0, 0
	for i, one := range all {
		n := size(one) + 16
		if sum += n; sum > MaxMessage && i > from {
			parts = append(parts, all[from:i])
			from, sum = i, n
		}
	}
	return append(parts, all[from:])
}
