//go:build linux

package main

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"
)

// newest is how many traces a search asks for. Of rare ones more are asked for, so
// that all of them must be found.
const (
	newest = 20
	rare   = 1000
)

func (a *asker) searchOperation() (question, bool) {
	s := &shop[a.rng.IntN(len(shop))]
	i := a.rng.IntN(len(s.ops))
	want := 0
	for op, n := range a.sent.known.traces {
		if op.spec == &s.ops[i] {
			want = n
		}
	}
	return a.search(fmt.Sprintf("{resource.service.name=%q && name=%q}", s.name, s.ops[i].name), newest, want), true
}

func (a *asker) searchErrors() (question, bool) {
	s := &shop[a.rng.IntN(len(shop))]
	return a.search(fmt.Sprintf("{resource.service.name=%q && status=error}", s.name), newest, a.sent.known.failed[s.name]), true
}

func (a *asker) searchUser() (question, bool) {
	user, n, ok := pick(a, a.sent.known.users)
	return a.search(fmt.Sprintf("{span.user.id=%q}", userName(user)), rare, n), ok
}

func (a *asker) searchNobody() (question, bool) {
	return a.search(fmt.Sprintf("{span.user.id=\"nobody-%d\"}", a.rng.Uint32()), newest, 0), true
}

func (a *asker) searchSession() (question, bool) {
	session, n, ok := pick(a, a.sent.known.sessions)
	return a.search(fmt.Sprintf("{span.session.id=%q}", session), rare, n), ok
}

func (a *asker) searchSlow() (question, bool) {
	return a.search("{duration > 2s}", newest, a.sent.known.slow), true
}

func (a *asker) searchBelow() (question, bool) {
	return a.search(`{resource.service.name="frontend"} >> {status=error}`, newest, a.sent.known.below), true
}

func (a *asker) searchURL() (question, bool) {
	return a.search(fmt.Sprintf("{span.url.full=~%q}", urlPattern()), newest, a.sent.known.carrier), true
}

// pick draws one of what is counted, the same for the same seed.
func pick[K string | uint32](a *asker, from map[K]int) (key K, n int, ok bool) {
	if len(from) == 0 {
		return key, 0, false
	}
	keys := slices.Sorted(maps.Keys(from))
	key = keys[a.rng.IntN(len(keys))]
	return key, from[key], true
}

// search asks for the newest traces that match, of which there are so many.
func (a *asker) search(query string, limit, there int) question {
	return question{path: "/api/search?" + a.parameters(url.Values{"q": {query}, "limit": {fmt.Sprint(limit)}}), count: countList, want: min(limit, there)}
}

func (a *asker) values() (question, bool) {
	return question{path: "/api/v2/search/tag/span.http.route/values?" + a.parameters(url.Values{}), count: countValues, want: len(a.sent.known.routes)}, true
}

// step is the distance of the samples of metrics queries.
const step = time.Minute

// rate counts every span of the run.
func (a *asker) rate() (question, bool) {
	return a.series("{} | rate() by (resource.service.name)", countRate, a.sent.known.spans), true
}

// quantile has a series for each route, and one for spans that have none.
func (a *asker) quantile() (question, bool) {
	return a.series("{} | quantile_over_time(duration, .99) by (span.http.route)", countSeries, len(a.sent.known.routes)+1), true
}

// calls has a series for each service that calls another.
func (a *asker) calls() (question, bool) {
	return a.series("{parent.resource.service.name != resource.service.name} | rate() by (parent.resource.service.name, resource.service.name)", countSeries, len(a.sent.known.calls)), true
}

func (a *asker) series(query string, count func([]byte) (int, error), want int) question {
	if a.api == "tempo" {
		want = -1 // it has its own idea of what belongs to a time
	}
	return question{path: "/api/metrics/query_range?" + a.parameters(url.Values{"q": {query}, "step": {fmt.Sprintf("%.0fs", step.Seconds())}, "exemplars": {"1"}}), count: count, want: want}
}

// parameters adds the time of the run: without it, Tempo would look at recent spans
// only.
func (a *asker) parameters(v url.Values) string {
	second := int64(time.Second)
	v.Set("start", fmt.Sprint(epoch/second))
	v.Set("end", fmt.Sprint(a.end/second+1))
	return v.Encode()
}
