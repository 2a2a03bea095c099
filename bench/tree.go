//go:build linux

package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// generated is a span before it is encoded.
type generated struct {
	op         *operation
	instance   *instance
	peer       *instance // caller of a server span, callee of a client span
	peerRoute  string
	trace      traceID
	id, parent [8]byte
	start, end int64 // ns
	traceStart int64
	user       uint32
	failed     bool
	linked     *producedSpan
	seed       uint64 // of its attributes
}

type traceID [16]byte

// node is a span while its trace grows.
type node struct {
	*generated
	parent   int
	children int
	gap      int64 // time of the parent before this call, ns
	took     int64 // ns, the calls included
	cursor   int64 // where the next call of this one begins, ns
}

// todo is a call that a trace may still make.
type todo struct {
	parent int
	chain  []*operation
}

// grower makes the tree of one trace after the other.
type grower struct {
	rng   *rand.Rand
	fleet map[*service][]*instance
	nodes []node
	queue []todo
	loops []todo
}

// grow makes a tree of exactly size spans, breadth first. A size that is less
// than what the operations call leaves the last calls away; what is missing is
// made up by one or two loops, which call once for each row.
func (g *grower) grow(root *operation, size int) []node {
	g.nodes, g.queue, g.loops = g.nodes[:0], g.queue[:0], g.loops[:0]
	g.add(-1, []*operation{root})
	g.drain(size)
	if len(g.loops) == 0 {
		g.loops = append(g.loops, todo{0, root.calls[0].chain})
	}
	hot := [2]todo{g.loops[g.rng.IntN(len(g.loops))], g.loops[g.rng.IntN(len(g.loops))]}
	for i := 0; len(g.nodes) < size; i++ {
		g.queue = append(g.queue, hot[i/5%2])
		g.drain(size)
	}
	return g.nodes
}

// drain makes the calls that wait.
func (g *grower) drain(size int) {
	for i := 0; i < len(g.queue) && len(g.nodes) < size; i++ {
		g.add(g.queue[i].parent, g.queue[i].chain)
	}
	g.queue = g.queue[:0]
}

// add makes a span of the first operation of chain and notes what it calls.
func (g *grower) add(parent int, chain []*operation) {
	op, at := chain[0], len(g.nodes)
	s := &generated{op: op, seed: g.rng.Uint64()}
	binary.LittleEndian.PutUint64(s.id[:], g.rng.Uint64()|1)
	if parent >= 0 && g.nodes[parent].op.service == op.service {
		s.instance = g.nodes[parent].instance
	} else {
		all := g.fleet[op.service]
		s.instance = all[g.rng.IntN(len(all))]
	}
	s.peer = s.instance
	if parent >= 0 {
		p := g.nodes[parent].generated
		s.parent, s.peer = p.id, p.instance
		if p.op.kind == kindClient {
			p.peer, p.peerRoute = s.instance, op.route
		}
		g.nodes[parent].children++
	}
	g.nodes = append(g.nodes, node{generated: s, parent: parent})
	if len(chain) > 1 {
		g.queue = append(g.queue, todo{at, chain[1:]})
	}
	for i := range op.calls {
		c := &op.calls[i]
		if c.loop {
			g.loops = append(g.loops, todo{at, c.chain})
		}
		if c.chance == 1 && !c.loop || g.rng.Float64() < c.chance {
			g.queue = append(g.queue, todo{at, c.chain})
		}
	}
}

// schedule gives every span of the tree its start and its end: a parent takes as
// long as what it does itself and its calls, one after the other or at once.
func (g *grower) schedule(nodes []node, start int64) {
	for i := len(nodes) - 1; i >= 0; i-- {
		n := &nodes[i]
		own := int64(n.op.ms * 1e6 * math.Exp(0.6*g.rng.NormFloat64()))
		if g.rng.IntN(2000) == 0 {
			own *= 40 // a pause, a lock, a cold cache
		}
		n.took += own
		n.gap = int64(20_000 + 180_000*g.rng.Float64())
		if n.parent < 0 || n.op.kind == kindConsumer {
			continue
		}
		p := &nodes[n.parent]
		if p.op.parallel {
			p.took = max(p.took, n.took+n.gap+int64(p.op.ms*1e5))
		} else {
			p.took += n.took + n.gap
		}
	}
	for i := range nodes {
		n := &nodes[i]
		n.start = start
		if n.parent >= 0 {
			p := &nodes[n.parent]
			switch {
			case n.op.kind == kindConsumer:
				n.start = p.end + 2_000_000 + 20*n.gap // it read the message later
			case p.op.parallel:
				n.start = p.start + n.gap
			default:
				n.start = p.cursor + n.gap
				p.cursor = n.start + n.took
			}
		}
		n.end, n.cursor = n.start+n.took, n.start
	}
}
