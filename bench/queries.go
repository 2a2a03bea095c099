//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// asker has what queries are drawn from.
type asker struct {
	rng  *rand.Rand
	base string
	api  string // everspan or tempo
	sent *sample
	end  int64 // of the run's span time, ns since 1970
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

// queryKinds is the table of what is measured; add more here.
var queryKinds = []queryKind{
	{"trace by id, OTLP", 100, "", func(a *asker) (question, bool) { return a.traceOTLP(a.sent.traces) }},
	{"trace by id, waterfall", 100, "everspan", func(a *asker) (question, bool) { return a.traceWaterfall(a.sent.traces) }},
	{"trace of 9,999 spans, OTLP", 20, "", func(a *asker) (question, bool) { return a.traceOTLP(a.sent.giants) }},
	{"trace of 9,999 spans, waterfall", 20, "everspan", func(a *asker) (question, bool) { return a.traceWaterfall(a.sent.giants) }},
	{"unknown trace id", 100, "", (*asker).unknownTrace},
	{"list: service and operation", 100, "", (*asker).listOperation},
	{"list: errors of a service", 100, "", (*asker).listErrors},
	{"list: at least 2 s", 100, "", (*asker).listSlow},
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

func (a *asker) listOperation() (question, bool) {
	s := &shop[a.rng.IntN(len(shop))]
	name := s.ops[a.rng.IntN(len(s.ops))].name
	return a.list(url.Values{"service": {s.name}, "name": {name}}, fmt.Sprintf("resource.service.name=%q && name=%q", s.name, name)), true
}

func (a *asker) listErrors() (question, bool) {
	s := &shop[a.rng.IntN(len(shop))]
	return a.list(url.Values{"service": {s.name}, "errors": {"true"}}, fmt.Sprintf("resource.service.name=%q && status=error", s.name)), true
}

func (a *asker) listSlow() (question, bool) {
	return a.list(url.Values{"minDuration": {"2s"}}, "traceDuration>2s"), true
}

// list asks for the 20 newest traces: by Everspan's parameters or by TraceQL. To
// Tempo it says the time of the run, because it would look at recent spans only.
func (a *asker) list(parameters url.Values, traceQL string) question {
	q := question{path: "/api/v1/traces", count: countList, want: -1}
	if a.api == "tempo" {
		second := int64(time.Second)
		parameters = url.Values{"q": {"{" + traceQL + "}"}, "start": {fmt.Sprint(epoch / second)}, "end": {fmt.Sprint(a.end/second + 1)}}
		q.path = "/api/search"
	}
	parameters.Set("limit", "20")
	q.path += "?" + parameters.Encode()
	return q
}
