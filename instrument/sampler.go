package instrument

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Sampler keeps a ratio of all traces. It decides by the trace's own
// randomness, so every service that keeps at least as much keeps the same
// traces, and writes the ratio into the tracestate (ot=th:…), so that whoever
// counts spans later knows how many one stands for. A span with a parent is
// kept if the parent is. The ratio can be changed at any time.
//
// Keep all (1, the default of [Start]) unless the network can't carry it:
// the store can tell later which traces were slow or failed, a sampler can't.
//
// Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
type Sampler struct {
	setting     atomic.Pointer[ratioSetting]
	independent bool // decides for children as well
}

type ratioSetting struct {
	ratio float64
	th    uint64
	never bool
	state trace.TraceState // ot=th:…, what a root gets
}

// NewSampler returns a sampler that keeps ratio of all traces, from 0 to 1.
func NewSampler(ratio float64) *Sampler {
	s := &Sampler{}
	s.SetRatio(ratio)
	return s
}

// SetRatio changes the ratio, from 0 to 1, for traces that begin from now on.
func (s *Sampler) SetRatio(ratio float64) {
	if !(ratio > 0) { // NaN as well
		s.setting.Store(&ratioSetting{never: true})
		return
	}
	n := &ratioSetting{ratio: min(ratio, 1), th: threshold(ratio)}
	n.state, _ = n.state.Insert("ot", otState{th: n.th, hasTh: true}.String())
	s.setting.Store(n)
}

// Ratio is what was set last.
func (s *Sampler) Ratio() float64 { return s.setting.Load().ratio }

// Description names the sampler in OpenTelemetry's way.
func (s *Sampler) Description() string {
	kind := "ParentBased"
	if s.independent {
		kind = "Independent"
	}
	return fmt.Sprintf("%s{ConsistentProbability{%g}}", kind, s.Ratio())
}

// ShouldSample decides whether a span is kept.
func (s *Sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	if parent.IsValid() && !s.independent {
		return follow(parent)
	}
	now := s.setting.Load()
	randomness := traceRandomness(p.TraceID)
	state := now.state
	if parent.IsValid() {
		state = parent.TraceState()
		o := parseOT(state.Get("ot"))
		if o.hasRv {
			randomness = o.rv
		}
		keep := !now.never && randomness >= now.th
		o.th, o.hasTh = now.th, keep
		state = withOT(state, o)
	}
	if now.never || randomness < now.th {
		return sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: parentState(parent, state)}
	}
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample, Tracestate: state}
}

// parentState is the tracestate of a span that is not kept: a root has none.
func parentState(parent trace.SpanContext, state trace.TraceState) trace.TraceState {
	if parent.IsValid() {
		return state
	}
	return trace.TraceState{}
}

// follow does as the parent did. A threshold that contradicts what was decided
// is no probability and is erased.
func follow(parent trace.SpanContext) sdktrace.SamplingResult {
	r := sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: parent.TraceState()}
	if parent.IsSampled() {
		r.Decision = sdktrace.RecordAndSample
	}
	if !parent.IsRemote() {
		return r // was looked at when it came in
	}
	value := r.Tracestate.Get("ot")
	if value == "" {
		return r
	}
	o := parseOT(value)
	randomness := traceRandomness(parent.TraceID())
	if o.hasRv {
		randomness = o.rv
	}
	if o.hasTh && (randomness >= o.th) != parent.IsSampled() {
		o.hasTh = false
		r.Tracestate = withOT(r.Tracestate, o)
	}
	return r
}

// traceRandomness is the lower 56 bits of a trace id, which are random.
// Source: https://www.w3.org/TR/trace-context-2/#randomness-of-trace-id
func traceRandomness(id trace.TraceID) uint64 {
	return binary.BigEndian.Uint64(id[8:]) & (maxCount - 1)
}

func withOT(state trace.TraceState, o otState) trace.TraceState {
	value := o.String()
	if value == "" {
		return state.Delete("ot")
	}
	if changed, err := state.Insert("ot", value); err == nil {
		return changed
	}
	return state.Delete("ot")
}
