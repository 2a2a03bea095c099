//go:build linux

package main

import (
	"strings"
)

// known is what the sender knows of its spans, to check the answers of queries.
type known struct {
	spans    int
	traces   map[*operation]int // that have the operation
	failed   map[string]int     // traces in which a span of the service failed
	slow     int                // traces with a span of more than two seconds
	below    int                // traces with a failed span below one of the frontend
	carrier  int                // traces that ask the carrier's API
	users    map[uint32]int     // traces that carry the user's id, of some users
	sessions map[string]int     // traces that carry the session's id, of the same users
	services map[string]bool    // that sent
	routes   map[string]bool    // values of http.route
	calls    map[[2]string]bool // a service's span below another's: who calls whom
}

// slowSpan is what the queries ask for as slow, in ns.
const slowSpan = 2_000_000_000

// followed is one of how many users is counted.
const followed = 50

// carrierHost is asked by shipping; a regular expression looks for it.
const carrierHost = "api.carrier.example"

func newKnown() *known {
	return &known{
		traces: make(map[*operation]int), failed: make(map[string]int), users: make(map[uint32]int), sessions: make(map[string]int),
		services: make(map[string]bool), routes: make(map[string]bool), calls: make(map[[2]string]bool),
	}
}

// add counts a trace that is complete.
func (k *known) add(nodes []node, user uint32) {
	k.spans += len(nodes)
	ops, failed := make(map[*operation]bool), make(map[string]bool)
	var slow, below, carrier, id, session bool
	under := make([]bool, len(nodes)) // the node has the frontend above it; parents come first
	for i := range nodes {
		n := &nodes[i]
		ops[n.op] = true
		k.services[n.op.service.name] = true
		if p := n.parent; p >= 0 {
			caller := nodes[p].op.service.name
			under[i] = under[p] || caller == "frontend"
			if caller != n.op.service.name {
				k.calls[[2]string{caller, n.op.service.name}] = true
			}
		}
		if n.failed {
			failed[n.op.service.name] = true
			below = below || under[i]
		}
		slow = slow || n.end-n.start > slowSpan
		for _, a := range n.op.attrs {
			switch {
			case a.key == "user.id":
				id = true
			case a.key == "session.id":
				session = true
			case a.key == "http.route":
				k.routes[a.constant.(string)] = true
			case a.key == "server.address" && a.constant == carrierHost:
				carrier = true
			}
		}
	}
	for op := range ops {
		k.traces[op]++
	}
	for service := range failed {
		k.failed[service]++
	}
	k.slow += one(slow)
	k.below += one(below)
	k.carrier += one(carrier)
	if mix(uint64(user))%followed == 0 {
		d := draw{generated: nodes[0].generated}
		if id {
			k.users[user]++
		}
		if session {
			k.sessions[string(sessionID(&d, nil))]++
		}
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// userName is the user's id as spans have it.
func userName(user uint32) string {
	return string(userID(&draw{generated: &generated{user: user}}, nil))
}

// urlPattern is a regular expression for what the carrier is asked.
func urlPattern() string {
	return "https://" + strings.ReplaceAll(carrierHost, ".", "[.]") + "/labels/.*"
}
