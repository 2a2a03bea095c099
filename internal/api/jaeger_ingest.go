package api

import (
	"math"
	"net/http"
	"strconv"

	"github.com/everspan/everspan/internal/jaeger"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func jaegerThrift(b *span.Batch, body []byte) (otlp.Result, error) {
	res, err := jaeger.AppendThrift(b, body)
	return otlp.Result(res), err
}

func jaegerProto(b *span.Batch, body []byte) (otlp.Result, error) {
	res, err := jaeger.AppendProto(b, body)
	return otlp.Result(res), err
}

var jaegerThriftFormat = otlp.Foreign{Transport: otlp.Jaeger, Formats: []otlp.Format{
	{Type: "application/vnd.apache.thrift.binary", Decode: jaegerThrift},
	{Type: "application/x-thrift", Decode: jaegerThrift},
}}

var jaegerProtoFormat = otlp.Foreign{Transport: otlp.Jaeger, Formats: []otlp.Format{{Type: "application/grpc", Decode: jaegerProto}}}

// JaegerThriftHandler serves the port where old Jaeger clients send their spans.
//
//	POST /api/traces                 a Batch of jaeger.thrift in the binary protocol
//	GET /api/sampling?service=name   what SamplingHandler answers
func (s *Server) JaegerThriftHandler(samplingRate float64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/traces", s.jaegerSpans)
	mux.Handle("GET /api/sampling", SamplingHandler(samplingRate))
	mux.HandleFunc("GET /{$}", s.ready)
	return harden(mux)
}

// jaegerSpans answers 202 when the spans are durable. There is no way to say that
// some were left out: those are counted in /metrics.
func (s *Server) jaegerSpans(w http.ResponseWriter, r *http.Request) {
	s.foreignSpans(w, r, jaegerThriftFormat)
}

// foreignSpans receives spans of another protocol. What is asked to come again is told
// as 503, as collectors of Jaeger and Zipkin do.
func (s *Server) foreignSpans(w http.ResponseWriter, r *http.Request, format otlp.Foreign) {
	_, refused := s.Receiver.Serve(r, format)
	if refused == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	status := refused.Status
	if status == http.StatusTooManyRequests {
		status = http.StatusServiceUnavailable
	}
	if refused.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refused.RetryAfter.Seconds()))))
	}
	http.Error(w, refused.Text, status)
}

// JaegerCollectorServer serves jaeger.api_v2.CollectorService, where Jaeger's agents
// send spans.
func (s *Server) JaegerCollectorServer() *grpc.Server {
	const service = "jaeger.api_v2.CollectorService"
	to := s.Receiver.GRPCServer()
	to.RegisterService(&grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
		StreamName:    "PostSpans",
		ServerStreams: true,
		Handler: func(_ any, stream grpc.ServerStream) error {
			return s.Receiver.ServeStream(stream, jaegerProtoFormat, nil) // PostSpansResponse is empty
		},
	}}}, s)
	newHealth(to).SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
	return to
}
