//go:build linux

package main

import "math/rand/v2"

// producedSpan is a message that a consumer may read.
type producedSpan struct {
	trace traceID
	id    [8]byte
	end   int64 // ns
}

// producedSpans are the latest messages, oldest overwritten first.
type producedSpans struct {
	ring [256]producedSpan
	n    int
}

func (p *producedSpans) add(s *generated) {
	p.ring[p.n%len(p.ring)] = producedSpan{s.trace, s.id, s.end}
	p.n++
}

// before draws one of the messages that were written before a moment, or nil
// when there is none.
func (p *producedSpans) before(rng *rand.Rand, moment int64) *producedSpan {
	known := min(p.n, len(p.ring))
	for range min(known, 8) {
		if one := p.ring[(p.n-1-rng.IntN(known))%len(p.ring)]; one.end <= moment {
			return &one
		}
	}
	return nil
}
