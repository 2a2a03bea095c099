package instrument_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/everspan/everspan/instrument"
)

const (
	w3c    = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	traceA = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanA  = "00f067aa0ba902b7"
)

func TestPropagatorReads(t *testing.T) {
	p, err := instrument.Propagator()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		header []string
		want   string // trace, span, sampled
	}{
		{"nothing", nil, ""},
		{"w3c", []string{"traceparent", w3c}, traceA + " " + spanA + " 01"},
		{"w3c not sampled", []string{"traceparent", w3c[:53] + "00"}, traceA + " " + spanA + " 00"},
		{"b3 single", []string{"b3", traceA + "-" + spanA + "-1"}, traceA + " " + spanA + " 01"},
		{"b3 single, not sampled", []string{"b3", traceA + "-" + spanA + "-0"}, traceA + " " + spanA + " 00"},
		{"b3 single, undecided", []string{"b3", traceA + "-" + spanA}, traceA + " " + spanA + " 01"},
		{"b3 multi", []string{"X-B3-TraceId", traceA, "X-B3-SpanId", spanA, "X-B3-Sampled", "1"}, traceA + " " + spanA + " 01"},
		{"b3 multi, not sampled", []string{"X-B3-TraceId", traceA, "X-B3-SpanId", spanA, "X-B3-Sampled", "0"}, traceA + " " + spanA + " 00"},
		{"b3 multi, undecided", []string{"X-B3-TraceId", traceA, "X-B3-SpanId", spanA}, traceA + " " + spanA + " 01"},
		{"b3 of 64 bits", []string{"b3", "a3ce929d0e0e4736-" + spanA + "-1"}, "0000000000000000a3ce929d0e0e4736 " + spanA + " 01"},
		{"jaeger", []string{"uber-trace-id", traceA + ":" + spanA + ":0:1"}, traceA + " " + spanA + " 01"},
		{"jaeger, not sampled", []string{"uber-trace-id", traceA + ":" + spanA + ":0:0"}, traceA + " " + spanA + " 00"},
		{"x-ray", []string{"X-Amzn-Trace-Id", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=" + spanA + ";Sampled=1"}, traceA + " " + spanA + " 01"},
		{"x-ray, undecided", []string{"X-Amzn-Trace-Id", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=" + spanA + ";Sampled=?"}, traceA + " " + spanA + " 01"},
		{"w3c first", []string{"traceparent", w3c, "b3", "11111111111111111111111111111111-2222222222222222-1"}, traceA + " " + spanA + " 01"},
		{"broken w3c", []string{"traceparent", "00-zz", "b3", traceA + "-" + spanA + "-1"}, traceA + " " + spanA + " 01"},
		{"all broken", []string{"traceparent", "00-zz", "b3", "?", "uber-trace-id", ":::", "X-Amzn-Trace-Id", "Root="}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			for pair := range slices.Chunk(tt.header, 2) {
				h.Set(pair[0], pair[1])
			}
			sc := trace.SpanContextFromContext(p.Extract(context.Background(), propagation.HeaderCarrier(h)))
			got := ""
			if sc.IsValid() {
				got = sc.TraceID().String() + " " + sc.SpanID().String() + " " + sc.TraceFlags().String()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPropagatorWrites(t *testing.T) {
	tests := []struct {
		formats []string
		want    instrument.Map
	}{
		{nil, instrument.Map{"traceparent": w3c, "baggage": "user=bob"}},
		{[]string{"tracecontext", "b3multi"}, instrument.Map{"traceparent": w3c, "x-b3-traceid": traceA, "x-b3-spanid": spanA, "x-b3-sampled": "1"}},
		{[]string{"b3"}, instrument.Map{"b3": traceA + "-" + spanA + "-1"}},
		{[]string{"jaeger"}, instrument.Map{"uber-trace-id": traceA + ":" + spanA + ":0:1"}},
		{[]string{"none"}, instrument.Map{}},
	}
	ctx := propagation.TraceContext{}.Extract(t.Context(), instrument.Map{"traceparent": w3c})
	member, _ := baggage.NewMember("user", "bob")
	bag, _ := baggage.New(member)
	ctx = baggage.ContextWithBaggage(ctx, bag)
	for _, tt := range tests {
		p, err := instrument.Propagator(tt.formats...)
		if err != nil {
			t.Fatal(err)
		}
		got := instrument.Map{}
		p.Inject(ctx, got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.formats, diff)
		}
	}
}
