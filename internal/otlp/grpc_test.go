package otlp

import (
	"net"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// serveGRPC starts a server with the health service beside OTLP.
func serveGRPC(t testing.TB, r *Receiver) (*grpc.Server, *grpc.ClientConn, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := r.GRPCServer()
	healthpb.RegisterHealthServer(s, health.NewServer())
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	cc, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return s, cc, l.Addr().String()
}

func request(t testing.TB, proto []byte) ptraceotlp.ExportRequest {
	t.Helper()
	traces, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(proto)
	if err != nil {
		t.Fatal(err)
	}
	return ptraceotlp.NewExportRequestFromTraces(traces)
}

func TestGRPCRoundTrip(t *testing.T) {
	for _, encoding := range []string{"", "gzip", "zstd"} {
		sink := new(memorySink)
		r := NewReceiver(sink, Options{Logger: quiet()})
		_, cc, _ := serveGRPC(t, r)
		want, proto, _ := sample(1, 400)
		var options []grpc.CallOption
		if encoding != "" {
			options = append(options, grpc.UseCompressor(encoding))
		}
		for _, proto := range [][]byte{proto, nil} {
			res, err := ptraceotlp.NewGRPCClient(cc).Export(t.Context(), request(t, proto), options...)
			if err != nil || res.PartialSuccess().RejectedSpans() != 0 {
				t.Fatalf("%q: %v, %v", encoding, res, err)
			}
		}
		same(t, encoding, want, sink)
		if p := sink.last; p.Packed != nil || p.Encoding != Identity {
			t.Errorf("%q: a packed payload of %d bytes", encoding, len(p.Packed))
		}
		s := r.Stats()
		c := s.Counts[GRPC][Traces]
		if c.Requests != 2 || c.Accepted != 400 || c.Received() != 400 || c.Bytes != int64(len(sink.last.Raw)) || c.WireBytes == 0 || encoding != "" && c.WireBytes > c.Bytes/2 || s.InFlight != 0 {
			t.Errorf("%q: counted %+v of %d bytes, %d in flight", encoding, c, len(sink.last.Raw), s.InFlight)
		}
	}
}

func TestGRPCStatus(t *testing.T) {
	_, proto, _ := sample(1, 10)
	traces := "/" + grpcServices[Traces] + "/Export"
	tests := []struct {
		name   string
		o      Options
		sink   *memorySink
		method string
		body   []byte
		code   codes.Code
		retry  bool
		reason Reason
		spans  int64 // refused, as far as known
	}{
		{name: "accepted", body: proto},
		{name: "empty"},
		{name: "malformed", body: []byte{1, 2, 3}, code: codes.InvalidArgument, reason: Malformed},
		{name: "cut", body: proto[:len(proto)-1], code: codes.InvalidArgument, reason: Malformed, spans: 9},
		{name: "no room in the sink", sink: &memorySink{err: errFull}, body: proto, code: codes.ResourceExhausted, retry: true, reason: Overloaded, spans: 10},
		{name: "no room", o: Options{MaxInFlight: 4, MaxBody: 1 << 20}, body: proto, code: codes.ResourceExhausted, reason: TooLarge},
		{name: "store fails", sink: &memorySink{err: errDisk}, body: proto, code: codes.Unavailable, reason: Unavailable, spans: 10},
		{name: "too large", o: Options{MaxBody: 100}, body: proto, code: codes.ResourceExhausted, reason: TooLarge},
		{name: "no such method", method: "/" + grpcServices[Traces] + "/Import", body: proto, code: codes.Unimplemented, reason: reasons},
		{name: "no such service", method: "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export", code: codes.Unimplemented, reason: reasons},
	}
	for _, test := range tests {
		if test.sink == nil {
			test.sink = new(memorySink)
		}
		if test.method == "" {
			test.method = traces
		}
		test.o.Logger = quiet()
		r := NewReceiver(test.sink, test.o)
		_, cc, _ := serveGRPC(t, r)
		var reply grpcRequest
		reply.lease.r = NewReceiver(nil, Options{})
		err := cc.Invoke(t.Context(), test.method, grpcResponse(test.body), &reply, grpc.ForceCodecV2(codec{}))
		if status.Code(err) != test.code || hasRetry(err) != test.retry {
			t.Errorf("%s: %v, retry %v; want %v, %v", test.name, err, hasRetry(err), test.code, test.retry)
		}
		s := r.Stats()
		c := s.Counts[GRPC][Traces]
		if test.code != codes.OK && test.reason != reasons && (c.Refused[test.reason] != 1 || c.RefusedRecords[test.reason] != test.spans || c.Received() != test.spans) || s.InFlight != 0 {
			t.Errorf("%s: counted %+v, %d in flight", test.name, c, s.InFlight)
		}
	}
}

func hasRetry(err error) bool {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok && info.RetryDelay.AsDuration() == time.Second {
			return true
		}
	}
	return false
}

func TestGRPCPartialSuccess(t *testing.T) {
	sink := new(memorySink)
	_, cc, _ := serveGRPC(t, NewReceiver(sink, Options{}))
	traces, err := new(ptrace.JSONUnmarshaler).UnmarshalTraces([]byte(withBadID))
	if err != nil {
		t.Fatal(err)
	}
	res, err := ptraceotlp.NewGRPCClient(cc).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(traces))
	if err != nil {
		t.Fatal(err)
	}
	if p := res.PartialSuccess(); p.RejectedSpans() != 1 || !strings.HasPrefix(p.ErrorMessage(), "span_id ") || sink.spans() != 2 {
		t.Errorf("%d rejected: %q, %d stored", p.RejectedSpans(), p.ErrorMessage(), sink.spans())
	}
}

func TestGRPCOtherServices(t *testing.T) {
	sink := new(memorySink)
	r := NewReceiver(sink, Options{Logger: quiet()})
	_, cc, _ := serveGRPC(t, r)
	logs, metrics := plogotlp.NewExportRequest(), pmetricotlp.NewExportRequest()
	logs.Logs().ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	metrics.Metrics().ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetName("n")
	if res, err := plogotlp.NewGRPCClient(cc).Export(t.Context(), logs); err != nil || res.PartialSuccess().RejectedLogRecords() != 0 {
		t.Errorf("logs: %v", err)
	}
	if res, err := pmetricotlp.NewGRPCClient(cc).Export(t.Context(), metrics); err != nil || res.PartialSuccess().RejectedDataPoints() != 0 {
		t.Errorf("metrics: %v", err)
	}
	if sink.logs.Len() != 1 || sink.logs.BodyText(0) != "hello" {
		t.Errorf("%d records are stored", sink.logs.Len())
	}
	if c := r.Stats().Counts[GRPC]; c[Logs].Accepted != 1 || c[Metrics].Dropped != 1 || c[Traces].Requests != 0 {
		t.Errorf("counted %+v", c)
	}
	if res, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil || res.Status != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("health beside it: %v", err)
	}
}
