package otlp

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// oracle decodes a payload with OpenTelemetry's own library and copies it into
// a batch value by value. It returns nil when the library refuses the payload.
func oracle(payload []byte) *span.Batch {
	traces, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(payload)
	if err != nil {
		return nil
	}
	b := new(span.Batch)
	for _, rs := range traces.ResourceSpans().All() {
		resource := b.Resources.InternSet(span.Set{Schema: text([]byte(rs.SchemaUrl())), Dropped: rs.Resource().DroppedAttributesCount()}, func(to *span.Attrs) {
			fromMap(to, rs.Resource().Attributes())
		})
		for _, ss := range rs.ScopeSpans().All() {
			scope := b.Scopes.InternSet(span.Set{
				Name: text([]byte(ss.Scope().Name())), Version: text([]byte(ss.Scope().Version())),
				Schema: text([]byte(ss.SchemaUrl())), Dropped: ss.Scope().DroppedAttributesCount(),
			}, func(to *span.Attrs) { fromMap(to, ss.Scope().Attributes()) })
			for _, s := range ss.Spans().All() {
				if s.TraceID().IsEmpty() || s.SpanID().IsEmpty() {
					continue
				}
				row := b.Begin(resource, scope)
				b.ID[row], b.Parent[row] = span.ID(s.SpanID()), span.ID(s.ParentSpanID())
				b.Start[row] = int64(s.StartTimestamp())
				b.Duration[row] = int64(s.EndTimestamp() - s.StartTimestamp())
				b.Name[row] = b.Names.Text([]byte(s.Name()))
				b.Kind[row] = span.Kind(enum(uint64(s.Kind())))
				b.Status[row] = span.Status(enum(uint64(s.Status().Code())))
				b.Message[row] = b.Messages.Text([]byte(s.Status().Message()))
				b.State[row] = b.States.Text([]byte(s.TraceState().AsRaw()))
				b.Flags[row] = s.Flags()
				b.SetDropped(row, s.DroppedAttributesCount(), s.DroppedEventsCount(), s.DroppedLinksCount())
				fromMap(&b.Attrs, s.Attributes())
				for _, e := range s.Events().All() {
					b.AddEvent(row, int64(e.Timestamp()), []byte(e.Name()), e.DroppedAttributesCount())
					fromMap(&b.Events.Attrs, e.Attributes())
				}
				for _, l := range s.Links().All() {
					b.AddLink(row, span.TraceID(l.TraceID()), span.ID(l.SpanID()), []byte(l.TraceState().AsRaw()), l.Flags(), l.DroppedAttributesCount())
					fromMap(&b.Links.Attrs, l.Attributes())
				}
				b.Commit(row, span.TraceID(s.TraceID()))
			}
		}
	}
	return b
}

func fromMap(to *span.Attrs, m pcommon.Map) {
	for k, v := range m.All() {
		to.Set([]byte(k), fromValue(v))
	}
}

func fromValue(v pcommon.Value) span.Value {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return span.Value{Type: span.String, Str: v.Str()}
	case pcommon.ValueTypeInt:
		return span.Value{Type: span.Int, Num: uint64(v.Int())}
	case pcommon.ValueTypeDouble:
		return span.Value{Type: span.Double, Num: math.Float64bits(v.Double())}
	case pcommon.ValueTypeBool:
		if v.Bool() {
			return span.Value{Type: span.Bool, Num: 1}
		}
		return span.Value{Type: span.Bool}
	case pcommon.ValueTypeBytes:
		return span.Value{Type: span.Bytes, Str: string(v.Bytes().AsRaw())}
	case pcommon.ValueTypeSlice:
		s := "["
		for i, item := range v.Slice().All() {
			if i > 0 {
				s += ","
			}
			s += string(fromValue(item).AppendText(nil))
		}
		return span.Value{Type: span.JSON, Str: s + "]"}
	case pcommon.ValueTypeMap:
		s := "{"
		for k, item := range v.Map().All() {
			if s != "{" {
				s += ","
			}
			if strings.HasPrefix(k, "$") {
				k = "$" + k
			}
			s += string(span.AppendQuoted(nil, text([]byte(k)))) + ":" + string(fromValue(item).AppendText(nil))
		}
		return span.Value{Type: span.JSON, Str: s + "}"}
	}
	return span.Value{Type: span.JSON, Str: "null"}
}

func randomPayload(seed uint64, n int) (*span.Batch, []byte) {
	b := new(span.Batch)
	spantest.Random(b, rand.New(rand.NewPCG(seed, 2)), n)
	return b, AppendProto(nil, b)
}

func TestRoundTrip(t *testing.T) {
	want, payload := randomPayload(1, 400)
	var got span.Batch
	res, err := AppendTraces(&got, payload)
	if err != nil || res.Accepted != 400 || res.Rejected != 0 {
		t.Fatalf("result %+v, %v", res, err)
	}
	if diff := cmp.Diff(spantest.Dump(want), spantest.Dump(&got)); diff != "" {
		t.Errorf("encoded and decoded (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(spantest.Dump(oracle(payload)), spantest.Dump(&got)); diff != "" {
		t.Errorf("against the library (-library +ours):\n%s", diff)
	}
	traces, err := new(ptrace.JSONUnmarshaler).UnmarshalTraces(AppendJSON(nil, want, "resourceSpans"))
	if err != nil {
		t.Fatal(err)
	}
	back, _ := new(ptrace.ProtoMarshaler).MarshalTraces(traces)
	if diff := cmp.Diff(spantest.Dump(want), spantest.Dump(oracle(back))); diff != "" {
		t.Errorf("through JSON (-want +got):\n%s", diff)
	}
}

func TestNestedValues(t *testing.T) {
	traces := ptrace.NewTraces()
	s := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{1})
	s.SetSpanID(pcommon.SpanID{1})
	list := s.Attributes().PutEmptySlice("list")
	list.AppendEmpty().SetStr("a")
	list.AppendEmpty().SetInt(-1)
	list.AppendEmpty().SetDouble(2)
	list.AppendEmpty().SetDouble(math.Inf(1))
	list.AppendEmpty()
	list.AppendEmpty().SetEmptyBytes().FromRaw([]byte{0, 255})
	m := list.AppendEmpty().SetEmptyMap()
	m.PutStr("$bytes", "not bytes")
	m.PutBool("x", true)
	m.PutEmptySlice("empty")
	s.Attributes().PutEmptyMap("none")
	s.Attributes().PutEmpty("null")
	payload, _ := new(ptrace.ProtoMarshaler).MarshalTraces(traces)
	var b span.Batch
	if _, err := AppendTraces(&b, payload); err != nil {
		t.Fatal(err)
	}
	const want = `["a",-1,2.0,{"$double":"+Inf"},null,{"$bytes":"AP8="},{"$$bytes":"not bytes","x":true,"empty":[]}]`
	if v, _ := b.Attrs.Get(0, "list"); v.Text() != want {
		t.Errorf("list is\n%s, want\n%s", v.Text(), want)
	}
	back := AppendProto(nil, &b)
	if diff := cmp.Diff(spantest.Dump(&b), spantest.Dump(oracle(back))); diff != "" {
		t.Errorf("encoded again (-want +got):\n%s", diff)
	}
	if got, _ := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(back); !cmp.Equal(traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().AsRaw(), got.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().AsRaw()) {
		t.Error("the values differ after a round trip")
	}
}

func TestRejectedSpans(t *testing.T) {
	tests := []struct {
		name   string
		break_ func(ptrace.Span)
		reason string
	}{
		{"zero trace id", func(s ptrace.Span) { s.SetTraceID(pcommon.TraceID{}) }, "trace_id has 0 bytes, it must have 16"},
		{"zero span id", func(s ptrace.Span) { s.SetSpanID(pcommon.SpanID{}) }, "span_id has 0 bytes, it must have 8"},
	}
	for _, test := range tests {
		traces := ptrace.NewTraces()
		spans := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		for i := range 3 {
			s := spans.AppendEmpty()
			s.SetTraceID(pcommon.TraceID{1})
			s.SetSpanID(pcommon.SpanID{byte(i + 1)})
			s.Attributes().PutInt("n", int64(i))
			s.Events().AppendEmpty().SetName("e")
			if i == 1 {
				test.break_(s)
			}
		}
		payload, _ := new(ptrace.ProtoMarshaler).MarshalTraces(traces)
		var b span.Batch
		res, err := AppendTraces(&b, payload)
		if err != nil || res.Accepted != 2 || res.Rejected != 1 || res.Reason != test.reason {
			t.Errorf("%s: %+v, %v; want reason %q", test.name, res, err, test.reason)
		}
		if diff := cmp.Diff(spantest.Dump(oracle(payload)), spantest.Dump(&b)); diff != "" {
			t.Errorf("%s: what is left (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestCutAnywhere cuts a payload at every length: it decodes, or it is refused
// and leaves nothing behind.
func TestCutAnywhere(t *testing.T) {
	_, payload := randomPayload(3, 20)
	var b span.Batch
	spantest.Random(&b, rand.New(rand.NewPCG(1, 1)), 5)
	before := spantest.Dump(&b)
	for n := range len(payload) {
		if _, err := AppendTraces(&b, payload[:n]); err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("cut at %d: %v does not wrap ErrMalformed", n, err)
			}
		}
		b.Truncate(5)
		if b.Len() != 5 {
			t.Fatalf("cut at %d: %d spans", n, b.Len())
		}
	}
	if diff := cmp.Diff(before, spantest.Dump(&b)); diff != "" {
		t.Errorf("the batch changed:\n%s", diff)
	}
}

func TestDeepValueIsRefused(t *testing.T) {
	traces := ptrace.NewTraces()
	s := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{1})
	s.SetSpanID(pcommon.SpanID{1})
	v := s.Attributes().PutEmpty("deep")
	for range 100 {
		v = v.SetEmptySlice().AppendEmpty()
	}
	payload, _ := new(ptrace.ProtoMarshaler).MarshalTraces(traces)
	if _, err := AppendTraces(new(span.Batch), payload); !errors.Is(err, errDepth) {
		t.Errorf("error is %v", err)
	}
}

func FuzzAppendTraces(f *testing.F) {
	for seed := range uint64(4) {
		_, payload := randomPayload(seed, int(seed)*3)
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var b span.Batch
		res, err := AppendTraces(&b, payload)
		if err != nil {
			if b.Len() != 0 || spantest.Dump(&b) != "" {
				t.Fatalf("refused, and %d spans are left", b.Len())
			}
			return
		}
		if res.Accepted != b.Len() {
			t.Fatalf("%d spans counted, %d there", res.Accepted, b.Len())
		}
		dump := spantest.Dump(&b)
		back := AppendProto(nil, &b)
		var again span.Batch
		if _, err := AppendTraces(&again, back); err != nil {
			t.Fatalf("our own encoding is refused: %v", err)
		}
		if diff := cmp.Diff(dump, spantest.Dump(&again)); diff != "" {
			t.Fatalf("encoded and decoded again (-first +second):\n%s", diff)
		}
	})
}
