package api

import (
	"strings"
	"testing"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// query encodes a request with a query, from its first second to its last.
func query(fill func(q *easyproto.MessageMarshaler)) []byte {
	return message(func(m *easyproto.MessageMarshaler) {
		q := m.AppendMessage(1)
		q.AppendMessage(4).AppendInt64(1, 1_699_999_999)
		q.AppendMessage(5).AppendInt64(1, 1_700_001_000)
		if fill != nil {
			fill(q)
		}
	})
}

func TestJaegerQueryService(t *testing.T) {
	s := newJaegerShop(t)
	const service = "/jaeger.api_v3.QueryService/"
	attribute := func(q *easyproto.MessageMarshaler, key, value string) {
		a := q.AppendMessage(3)
		a.AppendString(1, key)
		a.AppendString(2, value)
	}
	goldenCalls(t, "jaeger_grpc.txt", dial(t, s.JaegerQueryServer()), []callJaeger{
		{service + "GetTrace", message(func(m *easyproto.MessageMarshaler) { m.AppendString(1, "abcd") })},
		{service + "GetTrace", message(func(m *easyproto.MessageMarshaler) { m.AppendString(1, "abce") })},
		{service + "GetTrace", message(func(m *easyproto.MessageMarshaler) { m.AppendString(1, "xyz") })},
		{service + "GetTrace", message(func(m *easyproto.MessageMarshaler) { m.AppendUint64(1, 5) })},
		{service + "GetTrace", []byte{0x0a, 0x05}},
		{service + "FindTraces", query(func(q *easyproto.MessageMarshaler) {
			q.AppendString(1, "gateway")
			attribute(q, "http.status_code", "404")
			q.AppendBool(9, true)
		})},
		{service + "FindTraces", query(func(q *easyproto.MessageMarshaler) { q.AppendString(1, "nobody") })},
		{service + "FindTraces", query(func(q *easyproto.MessageMarshaler) { q.AppendMessage(10).AppendString(1, "eq") })},
		{service + "FindTraces", query(func(q *easyproto.MessageMarshaler) { q.AppendMessage(11).AppendUint32(1, 3) })},
		{service + "FindTraces", message(func(m *easyproto.MessageMarshaler) { m.AppendMessage(1).AppendString(1, "x") })},
		{service + "FindTraces", nil},
		{service + "FindTraceSummaries", query(func(q *easyproto.MessageMarshaler) { q.AppendInt32(8, 2) })},
		{service + "FindTraceSummaries", query(func(q *easyproto.MessageMarshaler) { q.AppendMessage(11).AppendUint32(1, 1) })},
		{service + "FindTraceSummaries", query(func(q *easyproto.MessageMarshaler) {
			p := q.AppendMessage(11)
			p.AppendUint32(1, 1)
			p.AppendString(2, "odd")
		})},
		{service + "FindTraceSummaries", query(func(q *easyproto.MessageMarshaler) {
			q.AppendInt32(8, 5)
			q.AppendMessage(11).AppendUint32(1, 1)
		})},
		{service + "FindTraceSummaries", query(func(q *easyproto.MessageMarshaler) {
			q.AppendMessage(6).AppendInt32(2, 30_000_000)
			q.AppendMessage(7).AppendInt32(2, 30_000_000)
		})},
		{service + "FindSpans", nil},
		{service + "GetDependencies", nil},
		{service + "GetDependencies", message(func(m *easyproto.MessageMarshaler) {
			m.AppendMessage(1).AppendInt64(1, 1_699_999_999)
			m.AppendMessage(2).AppendInt64(1, 1_700_001_000)
		})},
		{service + "GetServices", nil},
		{service + "GetOperations", message(func(m *easyproto.MessageMarshaler) { m.AppendString(1, "gateway") })},
		{service + "GetOperations", message(func(m *easyproto.MessageMarshaler) {
			m.AppendString(1, "gateway")
			m.AppendString(2, "client")
		})},
	})
}

func TestJaegerStorage(t *testing.T) {
	s := newJaegerShop(t)
	const reader = "/jaeger.storage.v2.TraceReader/"
	get := func(ids ...span.TraceID) []byte {
		return message(func(m *easyproto.MessageMarshaler) {
			for _, id := range ids {
				m.AppendMessage(1).AppendBytes(1, id[:])
			}
		})
	}
	attribute := func(q *easyproto.MessageMarshaler, key string, value func(v *easyproto.MessageMarshaler)) {
		a := q.AppendMessage(3)
		a.AppendString(1, key)
		value(a.AppendMessage(2))
	}
	conn := dial(t, s.JaegerStorageServer())
	goldenCalls(t, "jaeger_storage.txt", conn, []callJaeger{
		{"/jaeger.storage.v2.Capabilities/GetCapabilities", nil},
		{"/jaeger.storage.v2.DependencyReader/GetDependencies", nil},
		{reader + "GetServices", nil},
		{reader + "GetOperations", nil},
		{reader + "GetTraces", get(span.TraceID{14: 0xab, 15: 0xcd}, span.TraceID{15: 1})},
		{reader + "GetTraces", message(func(m *easyproto.MessageMarshaler) { m.AppendMessage(1).AppendBytes(1, []byte{1}) })},
		{reader + "FindTraceIDs", query(func(q *easyproto.MessageMarshaler) {
			attribute(q, "http.status_code", func(v *easyproto.MessageMarshaler) { v.AppendInt64(3, 200) })
			attribute(q, "ratio", func(v *easyproto.MessageMarshaler) { v.AppendDouble(4, 0.5) })
			attribute(q, "cached", func(v *easyproto.MessageMarshaler) { v.AppendBool(2, false) })
		})},
		{reader + "FindTraceIDs", query(func(q *easyproto.MessageMarshaler) {
			attribute(q, "blob", func(v *easyproto.MessageMarshaler) { v.AppendBytes(7, []byte{0, 1, 255}) })
		})},
		{reader + "FindTraceIDs", query(func(q *easyproto.MessageMarshaler) {
			attribute(q, "x", func(v *easyproto.MessageMarshaler) { v.AppendMessage(5) })
		})},
		{reader + "FindTraceIDs", query(func(q *easyproto.MessageMarshaler) { q.AppendMessage(10).AppendUint32(1, 2) })},
		{reader + "FindTraceSummaries", query(func(q *easyproto.MessageMarshaler) { q.AppendString(2, "load") })},
		{reader + "FindTraces", query(func(q *easyproto.MessageMarshaler) { q.AppendMessage(9).AppendString(1, "eq") })},
		// Without times, and with those of a Go program that does not set them.
		{reader + "FindTraceIDs", message(func(m *easyproto.MessageMarshaler) {
			q := m.AppendMessage(1)
			q.AppendMessage(4).AppendInt64(1, -62135596800)
			q.AppendMessage(5).AppendInt64(1, -62135596800)
			q.AppendInt32(8, 1)
		})},
	})
	// The same port takes spans, which are readable at once.
	const export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	var b span.Batch
	row := b.Begin(0, 0)
	b.Resources.Intern([]byte("one"))
	b.Scopes.Intern([]byte("one"))
	b.ID[row] = span.ID{1}
	b.Commit(row, span.TraceID{7})
	if _, _, err := ask(t, conn, export, otlp.AppendProto(nil, &b)); err != nil {
		t.Fatal(err)
	}
	if messages, _, err := ask(t, conn, reader+"GetTraces", get(span.TraceID{7})); err != nil || len(messages) != 1 {
		t.Errorf("what was written: %d messages, %v", len(messages), err)
	}
	for _, service := range []string{"", "jaeger.storage.v2.TraceReader", "jaeger.storage.v2.DependencyReader", "jaeger.storage.v2.Capabilities"} {
		res, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		if err != nil || res.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("health of %q: %v, %v", service, res, err)
		}
	}
}

// TestSendTrace splits a trace whose spans are of very different sizes.
func TestSendTrace(t *testing.T) {
	var b span.Batch
	b.Resources.Intern([]byte("one"))
	b.Scopes.Intern([]byte("one"))
	for i := range 5000 {
		row := b.Begin(0, 0)
		b.ID[row] = span.ID{byte(i >> 8), byte(i), 1}
		size := 10
		switch {
		case i == 100:
			size = 3 << 20 // alone more than a message should have
		case i > 2500 && i < 2600:
			size = 100 << 10
		}
		b.Attrs.Text([]byte("text"), span.String, []byte(strings.Repeat("x", size)))
		b.Commit(row, span.TraceID{1})
	}
	spans, messages := 0, 0
	if err := sendTrace(&b, func(m otlp.Message) error {
		traces, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(m)
		n := traces.SpanCount()
		if len(m) > chunkBytes && n != 1 || n == 0 {
			t.Errorf("a message of %d bytes has %d spans", len(m), n)
		}
		spans += n
		messages++
		return err
	}); err != nil || spans != b.Len() || messages > 40 {
		t.Errorf("%d spans in %d messages, %v", spans, messages, err)
	}
}

// FuzzJaegerMessages reads requests of both packages from any bytes.
func FuzzJaegerMessages(f *testing.F) {
	for _, req := range [][]byte{
		{}, query(nil), query(func(q *easyproto.MessageMarshaler) {
			q.AppendString(1, "service")
			q.AppendMessage(3).AppendString(1, "key")
			q.AppendMessage(6).AppendInt64(1, 1<<40)
			q.AppendMessage(10).AppendUint32(1, 5)
		}),
	} {
		f.Add(req)
	}
	f.Fuzz(func(t *testing.T, req []byte) {
		for _, parse := range []func(otlp.Message) (*jaegerQuery, error){v3Query, storageQuery} {
			q, err := parse(req)
			if err != nil {
				continue
			}
			if q.limit < 1 || q.limit > maxJaegerTraces || q.from < 0 || q.to < 0 || q.shortest < 0 || q.longest < 0 || len(q.tags) > maxJaegerTags {
				t.Fatalf("%x: %+v", req, q)
			}
			q.filter()
		}
		traceParams(req)
	})
}
