//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
)

// asker has what queries are drawn from.
type asker struct {
	rng  *rand.Rand
	base string
	api  string // everspan or tempo
	sent *sample
	end  int64 // of the run's span time, ns since 1970
	// process is the server; restart begins it anew, so that the next query is the
	// first that it answers. nil if the server is not ours.
	process process
	restart func() error
}

// question is one query, and what its answer must be.
type question struct {
	path   string
	accept string
	status int // 0: 200
	count  func(body []byte) (int, error)
	want   int // of count; -1: anything
}

// queryKind is a kind of query. A part of a hundred of --queries is asked.
type queryKind struct {
	name string
	part int
	api  string // empty: both
	ask  func(a *asker) (q question, ok bool)
}

// queryKinds is the table of what is measured; add more here. All but the
// waterfall is asked as Tempo is asked.
var queryKinds = []queryKind{
	{"trace by id, OTLP", 100, "", func(a *asker) (question, bool) { return a.traceOTLP(a.sent.traces) }},
	{"trace by id, waterfall", 100, "everspan", func(a *asker) (question, bool) { return a.traceWaterfall(a.sent.traces) }},
	{"trace of 9,999 spans, OTLP", 20, "", func(a *asker) (question, bool) { return a.traceOTLP(a.sent.giants) }},
	{"trace of 9,999 spans, waterfall", 20, "everspan", func(a *asker) (question, bool) { return a.traceWaterfall(a.sent.giants) }},
	{"unknown trace id", 100, "", (*asker).unknownTrace},
	{"search: service and operation", 100, "", (*asker).searchOperation},
	{"search: user.id, rare", 100, "", (*asker).searchUser},
	{"search: user.id, unknown", 100, "", (*asker).searchNobody},
	{"search: session.id", 100, "", (*asker).searchSession},
	{"search: duration > 2s", 100, "", (*asker).searchSlow},
	{"search: errors of a service", 100, "", (*asker).searchErrors},
	{"search: errors below frontend", 20, "", (*asker).searchBelow},
	{"search: regexp on url.full", 20, "", (*asker).searchURL},
	{"values of http.route", 20, "", (*asker).values},
	{"rate by service, all the time", 4, "", (*asker).rate},
	{"p99 by route, all the time", 4, "", (*asker).quantile},
	{"who calls whom, all the time", 4, "everspan", (*asker).calls},
}

func (a *asker) traceOTLP(from []sentTrace) (question, bool) {
	if len(from) == 0 {
		return question{}, false
	}
	t := from[a.rng.IntN(len(from))]
	return a.otlp(t), true
}

func (a *asker) otlp(t sentTrace) question {
	return question{path: fmt.Sprintf("/api/traces/%x", t.id), accept: "application/protobuf", count: countOTLP, want: t.spans}
}

func (a *asker) traceWaterfall(from []sentTrace) (question, bool) {
	if len(from) == 0 {
		return question{}, false
	}
	t := from[a.rng.IntN(len(from))]
	return question{path: fmt.Sprintf("/api/v1/traces/%x/waterfall", t.id), count: countWaterfall, want: t.spans}, true
}

func (a *asker) unknownTrace() (question, bool) {
	return question{path: fmt.Sprintf("/api/traces/%016x%016x", a.rng.Uint64(), a.rng.Uint64()|1), accept: "application/protobuf", status: http.StatusNotFound, want: -1}, true
}
