//go:build linux

package main

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"
)

// epoch is when the shop opens: 2026-01-01 00:00 UTC, in ns since 1970.
const epoch = int64(1_767_225_600_000_000_000)

// tracesPerSecond is the shop's traffic: two million spans take one hour.
const tracesPerSecond = 28.95

// payloadSpans is how many spans a payload has; the last one has fewer.
const payloadSpans = 800

// payload is an encoded ExportTraceServiceRequest.
type payload struct {
	bytes []byte
	spans int
}

// workload generates the shop's spans. The same seed and number of spans give
// the same bytes.
type workload struct {
	rng    *rand.Rand
	roots  *roots
	bulk   *operation
	order  []*instance
	grower grower

	left   int // spans that are not made yet
	made   int // traces
	now    int64
	next   int64 // start of the next trace, ns
	flying int   // spans that are made and not sent

	produced producedSpans
	pending  []group
	count    int // spans in pending
	sample   *sample
}

// group is spans of one instance that it sent at once.
type group struct {
	instance *instance
	spans    []*generated
}

func newWorkload(seed uint64, spans int) *workload {
	rng := rand.New(rand.NewPCG(seed, 0x5e_ed))
	ops := newOperations()
	w := &workload{rng: rng, roots: newRoots(ops), bulk: ops[bulkRoot], left: spans, now: epoch, next: epoch, sample: newSample(seed, sampleSize)}
	var fleet map[*service][]*instance
	fleet, w.order = newFleet(rng)
	w.grower = grower{rng: rng, fleet: fleet}
	return w
}

// generate calls each with one payload after the other. The bytes are valid
// until each returns.
func (w *workload) generate(each func(p payload) error) error {
	e := encoder{}
	for w.left > 0 || w.flying > 0 {
		for _, i := range w.order {
			at := w.now + i.phase
			for w.left > 0 && w.next <= at {
				w.addTrace(w.next)
				w.next += int64(w.rng.ExpFloat64() * float64(time.Second) / tracesPerSecond)
			}
			w.flush(i, at)
			for w.count >= payloadSpans {
				if err := each(w.cut(&e)); err != nil {
					return err
				}
			}
		}
		w.now += flushEvery
	}
	if w.count > 0 {
		return each(w.cut(&e))
	}
	return nil
}

// addTrace makes a trace that starts at start.
func (w *workload) addTrace(start int64) {
	size := drawSize(w.rng)
	root := w.roots.draw(w.rng, size)
	if w.made%giantEvery == giantFirst {
		size, root = giantSize, w.bulk
	}
	// The last trace takes what is left, so that the number of spans is exact.
	if w.left-size < minSize {
		size = w.left
	}
	w.left -= size
	w.made++
	w.flying += size

	var id traceID
	binary.LittleEndian.PutUint64(id[:8], w.rng.Uint64())
	binary.LittleEndian.PutUint64(id[8:], w.rng.Uint64()|1)
	w.sample.add(id, size)
	nodes := w.grower.grow(root, size)
	w.grower.schedule(nodes, start)
	user := w.rng.Uint32N(users)
	if w.rng.IntN(100) == 0 {
		w.fail(nodes)
	}
	for i := range nodes {
		s := nodes[i].generated
		s.trace, s.user, s.traceStart = id, user, start
		switch s.op.kind {
		case kindProducer:
			w.produced.add(s)
		case kindConsumer:
			s.linked = w.produced.before(w.rng, s.start)
		}
		s.instance.ended = append(s.instance.ended, s)
	}
	w.sample.known.add(nodes, user)
}

// fail lets the last call of a trace fail, and those that waited for it.
func (w *workload) fail(nodes []node) {
	at := len(nodes) - 1
	for at >= 0 {
		nodes[at].failed = true
		if w.rng.IntN(10) == 0 {
			return // it had a way around
		}
		at = nodes[at].parent
	}
}

// flush moves the spans of an instance that ended before at to the collector,
// as an SDK sends them: by library, in the order in which they ended.
func (w *workload) flush(i *instance, at int64) {
	var sent []*generated
	keep := i.ended[:0]
	for _, s := range i.ended {
		if s.end <= at {
			sent = append(sent, s)
		} else {
			keep = append(keep, s)
		}
	}
	clear(i.ended[len(keep):])
	i.ended = keep
	if len(sent) == 0 {
		return
	}
	slices.SortStableFunc(sent, func(a, b *generated) int {
		return cmp.Or(a.op.scopeID-b.op.scopeID, cmp.Compare(a.end, b.end))
	})
	w.pending = append(w.pending, group{i, sent})
	w.count += len(sent)
	w.flying -= len(sent)
}

// cut encodes the oldest spans of the collector as a payload.
func (w *workload) cut(e *encoder) payload {
	e.begin()
	n, used := 0, 0
	for n < payloadSpans && used < len(w.pending) {
		g := &w.pending[used]
		take := min(len(g.spans), payloadSpans-n)
		e.add(g.instance, g.spans[:take])
		n += take
		if g.spans = g.spans[take:]; len(g.spans) == 0 {
			used++
		}
	}
	w.pending = slices.Delete(w.pending, 0, used)
	w.count -= n
	return payload{e.payload, n}
}
