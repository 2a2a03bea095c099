//go:build linux

package main

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// seenSpan is a span as a receiver has it.
type seenSpan struct {
	service string
	ptrace.Span
}

// TestKnown counts in the payloads what the sender says of them.
func TestKnown(t *testing.T) {
	w := newWorkload(3, 60_000)
	traces := make(map[pcommon.TraceID]map[pcommon.SpanID]seenSpan)
	err := w.generate(func(p payload) error {
		all, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(p.bytes)
		if err != nil {
			return err
		}
		for _, rs := range all.ResourceSpans().All() {
			service, _ := rs.Resource().Attributes().Get("service.name")
			for _, ss := range rs.ScopeSpans().All() {
				for _, s := range ss.Spans().All() {
					if traces[s.TraceID()] == nil {
						traces[s.TraceID()] = make(map[pcommon.SpanID]seenSpan)
					}
					traces[s.TraceID()][s.SpanID()] = seenSpan{service.Str(), s}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := newKnown()
	operations := make(map[string]int)
	url := regexp.MustCompile("^(?:" + urlPattern() + ")$")
	for _, spans := range traces {
		in := make(map[string]bool) // what the trace has, each counted once
		for _, s := range spans {
			got.spans++
			got.services[s.service] = true
			in["op "+s.service+" "+s.Name()] = true
			if up, ok := spans[s.ParentSpanID()]; ok && up.service != s.service {
				got.calls[[2]string{up.service, s.service}] = true
			}
			failed := s.Status().Code() == ptrace.StatusCodeError
			if failed {
				in["failed "+s.service] = true
			}
			for up, ok := spans[s.ParentSpanID()]; ok && failed; up, ok = spans[up.ParentSpanID()] {
				if up.service == "frontend" {
					in["below"] = true
				}
			}
			if s.EndTimestamp()-s.StartTimestamp() > slowSpan {
				in["slow"] = true
			}
			for key, v := range s.Attributes().All() {
				switch {
				case key == "user.id", key == "session.id":
					in[key+" "+v.Str()] = true
				case key == "http.route":
					got.routes[v.Str()] = true
				case key == "url.full" && url.MatchString(v.Str()):
					in["carrier"] = true
				}
			}
		}
		got.slow, got.below, got.carrier = got.slow+one(in["slow"]), got.below+one(in["below"]), got.carrier+one(in["carrier"])
		for what := range in {
			operations[what]++
		}
	}
	want := w.sample.known
	if got.spans != want.spans || got.slow != want.slow || got.below != want.below || got.carrier != want.carrier || want.below == 0 || want.carrier == 0 {
		t.Errorf("spans %d, slow %d, below %d, carrier %d; the sender says %d, %d, %d, %d", got.spans, got.slow, got.below, got.carrier, want.spans, want.slow, want.below, want.carrier)
	}
	if !maps.Equal(got.routes, want.routes) || !maps.Equal(got.services, want.services) {
		t.Errorf("%d routes and %d services, the sender says %d and %d", len(got.routes), len(got.services), len(want.routes), len(want.services))
	}
	for op, n := range want.traces {
		if seen := operations["op "+op.service.name+" "+op.name]; seen != n {
			t.Errorf("%s of %s: %d traces, the sender says %d", op.name, op.service.name, seen, n)
		}
	}
	for service, n := range want.failed {
		if seen := operations["failed "+service]; seen != n {
			t.Errorf("failed %s: %d, the sender says %d", service, seen, n)
		}
	}
	for user, n := range want.users {
		if seen := operations["user.id "+userName(user)]; seen != n {
			t.Errorf("%s: %d, the sender says %d", userName(user), seen, n)
		}
	}
	for session, n := range want.sessions {
		if seen := operations["session.id "+session]; seen != n {
			t.Errorf("session %s: %d, the sender says %d", session, seen, n)
		}
	}
	if len(want.users) < 10 || len(want.sessions) < 10 {
		t.Errorf("only %d users and %d sessions are followed", len(want.users), len(want.sessions))
	}
}

// TestQuestions asks every kind of question of a sample, without a server.
func TestQuestions(t *testing.T) {
	w := newWorkload(1, 30_000)
	if err := w.generate(func(payload) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, api := range []string{"everspan", "tempo"} {
		a := &asker{rng: w.rng, api: api, sent: w.sample, end: w.now}
		for _, kind := range queryKinds {
			q, ok := kind.ask(a)
			if !ok && len(w.sample.giants) == 0 && strings.HasPrefix(kind.name, "trace of") {
				continue // so few spans have no giant among them
			}
			if !ok || q.path == "" {
				t.Errorf("%s, %s: nothing is asked", api, kind.name)
			}
			t.Logf("%s, %s: %s, want %d", api, kind.name, q.path, q.want)
		}
	}
}
