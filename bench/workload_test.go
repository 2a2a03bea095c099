//go:build linux

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// firstPayload is the hash of the first payload of seed 1. A change of it is a
// change of the workload: figures from before and after can't be compared.
const firstPayload = "8b5212d036339a380b83d1561d0e66d73dbee13217e3a6c740ba78b6788b63e2"

// facts are what is counted in a workload of 100,000 spans.
type facts struct {
	spans, exceptions, links, linksInTrace int
	raw, byPayload                         int
	attributes                             map[int]int
	names                                  map[string][]string // keys, by service and operation
	services                               map[string]map[string]bool
	traces                                 map[pcommon.TraceID]int
	payloadsOf                             map[pcommon.TraceID]map[int]bool
	failed                                 map[pcommon.TraceID]bool
	produced                               map[pcommon.SpanID]pcommon.TraceID
	linked                                 map[pcommon.SpanID]pcommon.TraceID
	stackSizes                             []int
	problems                               []string
}

func TestWorkload(t *testing.T) {
	const n = 100_000
	w := newWorkload(1, n)
	f := facts{
		attributes: map[int]int{}, names: map[string][]string{}, services: map[string]map[string]bool{}, traces: map[pcommon.TraceID]int{},
		payloadsOf: map[pcommon.TraceID]map[int]bool{}, failed: map[pcommon.TraceID]bool{},
		produced: map[pcommon.SpanID]pcommon.TraceID{}, linked: map[pcommon.SpanID]pcommon.TraceID{},
	}
	var written byteCount
	one, stream := fastest(nil), fastest(&written)
	payloads := 0
	var first string
	err := w.generate(func(p payload) error {
		if payloads++; payloads == 1 {
			first = fmt.Sprintf("%x", sha256.Sum256(p.bytes))
		}
		if p.spans != payloadSpans && f.spans+p.spans != n {
			t.Errorf("payload %d has %d spans", payloads, p.spans)
		}
		f.raw += len(p.bytes)
		f.byPayload += len(one.EncodeAll(p.bytes, nil))
		stream.Write(p.bytes)
		var u ptrace.ProtoUnmarshaler
		traces, err := u.UnmarshalTraces(p.bytes)
		if err == nil {
			f.count(payloads, traces)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
	if first != firstPayload {
		t.Errorf("the first payload's hash is %s, not %s", first, firstPayload)
	}
	if f.spans != n || len(f.traces) != w.sample.seen {
		t.Errorf("%d spans in %d traces, want %d in %d", f.spans, len(f.traces), n, w.sample.seen)
	}
	for _, s := range w.sample.traces {
		if got := f.traces[pcommon.TraceID(s.id)]; got != s.spans {
			t.Errorf("trace %x has %d spans, the sample says %d", s.id, got, s.spans)
		}
	}
	for id, trace := range f.linked {
		if f.produced[id] != trace {
			t.Errorf("a link goes to %s in %s, which is no producer", id, trace)
		}
	}
	for _, p := range f.problems {
		t.Error(p)
	}

	var sizes []int
	sum, apart := 0, 0
	for id, size := range f.traces {
		sizes = append(sizes, size)
		apart += len(f.payloadsOf[id])
		if size < giantSize {
			sum += size
		}
	}
	slices.Sort(sizes)
	between(t, "median size", float64(sizes[len(sizes)/2]), 10, 12)
	between(t, "p90 of sizes", float64(sizes[len(sizes)*90/100]), 42, 48)
	between(t, "p99 of sizes", float64(sizes[len(sizes)*99/100]), 114, 134)
	between(t, "mean size", float64(sum)/float64(len(sizes)-len(w.sample.giants)), 18.2, 20)
	between(t, "giants", float64(len(w.sample.giants)), 1, 1)
	between(t, "payloads a trace", float64(apart)/float64(len(sizes)), 2, 20)
	between(t, "traces with errors, %", 100*float64(len(f.failed))/float64(len(sizes)), 0.6, 1.4)
	between(t, "spans with a stack trace, %", 100*float64(f.exceptions)/n, 0.8, 1.2)
	between(t, "least stack trace", float64(slices.Min(f.stackSizes)), 1000, 2100)
	between(t, "largest stack trace", float64(slices.Max(f.stackSizes)), 1000, 2100)
	between(t, "links, % of spans", 100*float64(f.links)/n, 0.5, 3)
	between(t, "links into the same trace, %", 100*float64(f.linksInTrace)/float64(f.links), 0, 20)
	between(t, "services", float64(len(f.services)), 20, 20)
	for name, instances := range f.services {
		between(t, "instances of "+name, float64(len(instances)), 3, 8)
	}
	between(t, "operations", float64(len(f.names)), 60, 60)
	between(t, "raw B/span", float64(f.raw)/n, 461*0.95, 461*1.05)
	between(t, "zstd by payload, B/span", float64(f.byPayload)/n, 67*0.92, 67*1.08)
	between(t, "zstd as one stream, B/span", float64(written)/n, 56*0.92, 56*1.08)
	t.Logf("%.1f / %.1f / %.1f B/span, attributes %v", float64(f.raw)/n, float64(f.byPayload)/n, float64(written)/n, f.attributes)
}

// count takes in the spans of one payload.
func (f *facts) count(payload int, traces ptrace.Traces) {
	for _, rs := range traces.ResourceSpans().All() {
		if rs.Resource().Attributes().Len() != 10 {
			f.problems = append(f.problems, fmt.Sprintf("%d resource attributes", rs.Resource().Attributes().Len()))
		}
		service, _ := rs.Resource().Attributes().Get("service.name")
		instance, _ := rs.Resource().Attributes().Get("service.instance.id")
		if f.services[service.Str()] == nil {
			f.services[service.Str()] = map[string]bool{}
		}
		f.services[service.Str()][instance.Str()] = true
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				f.span(payload, service.Str(), s)
			}
		}
	}
}

func (f *facts) span(payload int, service string, s ptrace.Span) {
	f.spans++
	f.traces[s.TraceID()]++
	if f.payloadsOf[s.TraceID()] == nil {
		f.payloadsOf[s.TraceID()] = map[int]bool{}
	}
	f.payloadsOf[s.TraceID()][payload] = true
	f.attributes[s.Attributes().Len()]++
	if n := s.Attributes().Len(); n < 8 || n > 15 {
		f.problems = append(f.problems, fmt.Sprintf("%s has %d attributes", s.Name(), n))
	}
	var keys []string
	for k := range s.Attributes().All() {
		keys = append(keys, k)
	}
	op := service + " " + s.Name()
	if have, ok := f.names[op]; ok && !slices.Equal(have, keys) {
		f.problems = append(f.problems, fmt.Sprintf("%s has the keys %v and %v", op, have, keys))
	}
	f.names[op] = keys
	if s.EndTimestamp() < s.StartTimestamp() {
		f.problems = append(f.problems, s.Name()+" ends before it starts")
	}
	if s.Status().Code() == ptrace.StatusCodeError {
		f.failed[s.TraceID()] = true
	}
	if s.Kind() == ptrace.SpanKindProducer {
		f.produced[s.SpanID()] = s.TraceID()
	}
	for _, e := range s.Events().All() {
		f.exceptions++
		v, _ := e.Attributes().Get("exception.stacktrace")
		f.stackSizes = append(f.stackSizes, len(v.Str()))
	}
	for _, l := range s.Links().All() {
		f.links++
		f.linked[l.SpanID()] = l.TraceID()
		if l.TraceID() == s.TraceID() {
			f.linksInTrace++
		}
		if s.Kind() != ptrace.SpanKindConsumer {
			f.problems = append(f.problems, s.Name()+" has a link")
		}
	}
}

func TestWorkloadIsDeterministic(t *testing.T) {
	hash := func(seed uint64) []byte {
		h := sha256.New()
		newWorkload(seed, 5_000).generate(func(p payload) error { h.Write(p.bytes); return nil })
		return h.Sum(nil)
	}
	if a, b := hash(7), hash(7); !bytes.Equal(a, b) {
		t.Error("the same seed made different bytes")
	}
	if a, b := hash(7), hash(8); bytes.Equal(a, b) {
		t.Error("two seeds made the same bytes")
	}
}

func TestSampleOfManyTraces(t *testing.T) {
	s := newSample(1, 1000)
	for i := range 100_000 {
		s.add(traceID{byte(i), byte(i >> 8), byte(i >> 16)}, i)
	}
	sum := 0
	for _, one := range s.traces {
		sum += one.spans
	}
	between(t, "mean of the sample", float64(sum)/float64(len(s.traces)), 45_000, 55_000)
}

func between(t *testing.T, what string, got, least, most float64) {
	t.Helper()
	if !(got >= least && got <= most) {
		t.Errorf("%s: %.2f, want %.2f to %.2f", what, got, least, most)
	}
}
