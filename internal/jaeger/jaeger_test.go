package jaeger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/google/go-cmp/cmp"
	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	thriftgen "github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	translator "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/jaeger"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/everspan/everspan/internal/jaeger"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
)

// batch is what both encodings and the collector's translator are asked about. Every
// span has one thing that is remarkable.
func batch() *model.Batch {
	start := time.Unix(1_700_000_000, 123_456_000).UTC()
	trace := model.NewTraceID(7, 9)
	b := &model.Batch{Process: &model.Process{ServiceName: "cart", Tags: []model.KeyValue{
		model.String("hostname", "box"), model.String("jaeger.version", "Go-2.30"), model.Int64("pid", 12),
	}}}
	id := model.SpanID(0)
	add := func(tags []model.KeyValue, refs []model.SpanRef, logs ...model.Log) {
		id++
		b.Spans = append(b.Spans, &model.Span{
			TraceID: trace, SpanID: id, OperationName: "op", StartTime: start, Duration: 1500 * time.Microsecond,
			Flags: 1, Tags: tags, References: refs, Logs: logs,
		})
	}
	add(nil, nil)
	add([]model.KeyValue{
		model.String("s", "text"), model.Int64("i", -5), model.Float64("f", 72.5), model.Bool("t", true), model.Bool("no", false), model.Binary("b", []byte{0, 255}),
	}, []model.SpanRef{model.NewChildOfRef(trace, 1)})
	for _, kind := range []string{"client", "server", "producer", "consumer", "internal"} {
		add([]model.KeyValue{model.String("span.kind", kind), model.Int64("http.status_code", 404)}, nil)
	}
	add([]model.KeyValue{model.Bool("error", true), model.String("http.status_message", "Gone")}, nil)
	add([]model.KeyValue{model.Bool("error", true), model.String("otel.status_description", "told"), model.String("http.status_message", "Gone")}, nil)
	add([]model.KeyValue{model.Bool("error", false)}, nil)
	add([]model.KeyValue{model.Bool("error", true), model.String("otel.status_code", "OK")}, nil)
	add([]model.KeyValue{model.String("otel.status_code", "OK"), model.Int64("http.status_code", 500)}, nil)
	add([]model.KeyValue{model.String("otel.status_code", "ERROR"), model.String("otel.status_description", "why")}, nil)
	add([]model.KeyValue{model.String("otel.status_description", "of nothing")}, nil)
	add([]model.KeyValue{model.String("http.status_code", "503"), model.String("http.status_message", "later"), model.String("otel.status_description", "x")}, nil)
	add(nil, nil, model.Log{Timestamp: start.Add(time.Microsecond), Fields: []model.KeyValue{model.String("event", "retry"), model.Int64("n", 2)}},
		model.Log{Timestamp: start.Add(2 * time.Microsecond), Fields: []model.KeyValue{model.String("message", "hello")}},
		model.Log{Timestamp: start.Add(3 * time.Microsecond)})
	other := model.NewTraceID(0, 3)
	add(nil, []model.SpanRef{model.NewFollowsFromRef(other, 4), model.NewFollowsFromRef(trace, 2), model.NewChildOfRef(trace, 1), model.NewChildOfRef(trace, 5)})
	add(nil, []model.SpanRef{model.NewFollowsFromRef(trace, 2)})
	add(nil, []model.SpanRef{model.NewChildOfRef(other, 2)})
	return b
}

// toThrift is a batch as old clients send it.
func toThrift(b *model.Batch) *thriftgen.Batch {
	tags := func(from []model.KeyValue) (to []*thriftgen.Tag) {
		for _, kv := range from {
			t := &thriftgen.Tag{Key: kv.Key}
			switch kv.VType {
			case model.StringType:
				t.VType, t.VStr = thriftgen.TagType_STRING, &kv.VStr
			case model.BoolType:
				t.VType, t.VBool = thriftgen.TagType_BOOL, &kv.VBool
			case model.Int64Type:
				t.VType, t.VLong = thriftgen.TagType_LONG, &kv.VInt64
			case model.Float64Type:
				t.VType, t.VDouble = thriftgen.TagType_DOUBLE, &kv.VFloat64
			case model.BinaryType:
				t.VType, t.VBinary = thriftgen.TagType_BINARY, kv.VBinary
			}
			to = append(to, t)
		}
		return to
	}
	out := &thriftgen.Batch{Process: &thriftgen.Process{ServiceName: b.Process.ServiceName, Tags: tags(b.Process.Tags)}, Spans: []*thriftgen.Span{}}
	for _, s := range b.Spans {
		t := &thriftgen.Span{
			TraceIdHigh: int64(s.TraceID.High), TraceIdLow: int64(s.TraceID.Low), SpanId: int64(s.SpanID), OperationName: s.OperationName,
			StartTime: s.StartTime.UnixMicro(), Duration: s.Duration.Microseconds(), Flags: 1, Tags: tags(s.Tags),
		}
		for _, r := range s.References {
			t.References = append(t.References, &thriftgen.SpanRef{
				RefType: thriftgen.SpanRefType(r.RefType), TraceIdHigh: int64(r.TraceID.High), TraceIdLow: int64(r.TraceID.Low), SpanId: int64(r.SpanID),
			})
		}
		for _, l := range s.Logs {
			t.Logs = append(t.Logs, &thriftgen.Log{Timestamp: l.Timestamp.UnixMicro(), Fields: tags(l.Fields)})
		}
		out.Spans = append(out.Spans, t)
	}
	return out
}

func encodeThrift(t testing.TB, b *thriftgen.Batch) []byte {
	t.Helper()
	buffer := thrift.NewTMemoryBuffer()
	if err := b.Write(t.Context(), thrift.NewTBinaryProtocolConf(buffer, nil)); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func encodeProto(t testing.TB, b *model.Batch) []byte {
	t.Helper()
	body, err := (&api_v2.PostSpansRequest{Batch: *b}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestAsTheCollector compares with what the collector's own receivers make of the
// same bytes.
func TestAsTheCollector(t *testing.T) {
	type decode func(*span.Batch, []byte) (jaeger.Result, error)
	old := toThrift(batch())
	fromThrift, err := translator.ThriftToTraces(old)
	if err != nil {
		t.Fatal(err)
	}
	own := batch()
	own.Spans[3].Process = &model.Process{ServiceName: "other"}
	own.Spans[4].Process = &model.Process{ServiceName: "OTLPResourceNoServiceName"}
	body := encodeProto(t, own)
	fromProto, err := translator.ProtoToTraces([]*model.Batch{own})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		body   []byte
		decode decode
		want   ptrace.Traces
	}{
		{"thrift", encodeThrift(t, old), jaeger.AppendThrift, fromThrift},
		{"proto", body, jaeger.AppendProto, fromProto},
	} {
		var got, want span.Batch
		res, err := c.decode(&got, c.body)
		if err != nil || res.Accepted != c.want.SpanCount() || res.Rejected != 0 {
			t.Fatalf("%s: %+v, %v, want %d spans", c.name, res, err, c.want.SpanCount())
		}
		raw, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(c.want)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := otlp.AppendTraces(&want, raw); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(spantest.Dump(&want), spantest.Dump(&got)); diff != "" {
			t.Errorf("%s (-collector +got):\n%s", c.name, diff)
		}
	}
}

// TestTags covers what the collector leaves as tags.
func TestTags(t *testing.T) {
	b := &model.Batch{Process: &model.Process{}, Spans: []*model.Span{{
		TraceID: model.NewTraceID(0, 1), SpanID: 2, OperationName: "op", StartTime: time.Unix(0, 5000), Tags: []model.KeyValue{
			model.String("error", "true"), model.String("span.kind", "odd"), model.String("w3c.tracestate", "a=b"),
			model.String("otel.library.name", "lib"), model.String("otel.library.version", "1.2"),
		},
	}}}
	var got span.Batch
	if _, err := jaeger.AppendThrift(&got, encodeThrift(t, toThrift(b))); err != nil {
		t.Fatal(err)
	}
	if got.Status[0] != span.StatusError || got.States.String(got.State[0]) != "a=b" || got.Scopes.Name[got.Scope[0]] != "lib" || got.Scopes.Version[got.Scope[0]] != "1.2" {
		t.Errorf("got\n%s", spantest.Dump(&got))
	}
	if v, ok := got.Attrs.Get(0, "span.kind"); !ok || v.Str != "odd" {
		t.Errorf("an unknown kind is lost:\n%s", spantest.Dump(&got))
	}
}

func TestRejected(t *testing.T) {
	b := batch()
	b.Spans = b.Spans[:4]
	b.Spans[0].TraceID = model.TraceID{}
	b.Spans[1].SpanID = 0
	b.Spans[2].StartTime = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, decode := range map[string]func() (jaeger.Result, error){
		"thrift": func() (jaeger.Result, error) {
			return jaeger.AppendThrift(new(span.Batch), encodeThrift(t, toThrift(b)))
		},
		"proto": func() (jaeger.Result, error) { return jaeger.AppendProto(new(span.Batch), encodeProto(t, b)) },
	} {
		if res, err := decode(); err != nil || res.Accepted != 1 || res.Rejected != 3 || !strings.Contains(res.Reason, "trace id") {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	thrift, proto := encodeThrift(t, toThrift(batch())), encodeProto(t, batch())
	deep := []byte{}
	for range 100 {
		deep = append(deep, 12, 0, 99)
	}
	many := []byte{12, 0, 1, 15, 0, 2, 12, 0, 2, 0, 1}
	many = append(append(many, make([]byte, 1<<17+1)...), 0, 0)
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"nothing":    {nil, "unexpected end"},
		"cut":        {thrift[:len(thrift)/2], "unexpected end"},
		"more":       {append(slices.Clone(thrift), 1), "1 bytes follow"},
		"deep":       {deep, "nested"},
		"many":       {many, "131072 tags"},
		"odd list":   {[]byte{15, 0, 2, 11, 0, 0, 0, 1, 0, 0, 0, 0, 0}, "must be structs"},
		"wrong type": {[]byte{12, 0, 1, 99, 0, 0, 0}, "unknown type 99"},
		"negative":   {[]byte{12, 0, 1, 11, 0, 1, 255, 255, 255, 255, 0, 0}, "unexpected end"},
	} {
		b := new(span.Batch)
		if res, err := jaeger.AppendThrift(b, c.body); !errors.Is(err, jaeger.ErrMalformed) || !strings.Contains(err.Error(), c.want) || res.Accepted != 0 || b.Len() != 0 {
			t.Errorf("thrift, %s: %+v, %v, want %q", name, res, err, c.want)
		}
	}
	for n := 1; n < len(proto); n += 7 {
		b := new(span.Batch)
		if _, err := jaeger.AppendProto(b, proto[:n]); !errors.Is(err, jaeger.ErrMalformed) || b.Len() != 0 {
			t.Fatalf("proto, %d bytes: %v", n, err)
		}
	}
}
