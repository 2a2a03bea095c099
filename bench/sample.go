//go:build linux

package main

import "math/rand/v2"

// sampleSize is how many traces of a run are known for queries.
const sampleSize = 200_000

// sentTrace is a trace that was sent.
type sentTrace struct {
	id    traceID
	spans int
}

// sample keeps a random part of the traces of a run, all when they are few.
type sample struct {
	rng    *rand.Rand
	size   int
	seen   int
	traces []sentTrace
	giants []sentTrace // at most 1000
	known  *known
}

func newSample(seed uint64, size int) *sample {
	return &sample{rng: rand.New(rand.NewPCG(seed, 0x5a_3e)), size: size, known: newKnown()}
}

func (s *sample) add(id traceID, spans int) {
	s.seen++
	one := sentTrace{id, spans}
	if spans >= giantSize && len(s.giants) < 1000 {
		s.giants = append(s.giants, one)
	}
	if len(s.traces) < s.size {
		s.traces = append(s.traces, one)
	} else if i := s.rng.IntN(s.seen); i < s.size {
		s.traces[i] = one
	}
}
