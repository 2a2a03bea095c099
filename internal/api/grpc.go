package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/store"
	"github.com/everspan/everspan/internal/traceql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// grpcCall is a call of a gRPC method: the message that came, and where those go
// that answer it.
type grpcCall struct {
	ctx    context.Context
	stream grpc.ServerStream
	req    otlp.Message
}

func (c *grpcCall) send(m otlp.Message) error { return c.stream.SendMsg(m) }

// partial tells why an answer may lack something. The messages have no place for
// it, so that it is a trailer.
func (c *grpcCall) partial(why []string) {
	if len(why) > 0 {
		c.stream.SetTrailer(metadata.Pairs("x-everspan-partial", oneLine(why)))
	}
}

// grpcMethods are the methods of a gRPC service, by name.
type grpcMethods map[string]func(*grpcCall) error

// register adds a service to a server. Every method is a stream of one message from
// the client, which on the wire a unary one is as well.
func (m grpcMethods) register(s *Server, to *grpc.Server, health *health.Server, service string) {
	desc := grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil)}
	for name, serve := range m {
		desc.Streams = append(desc.Streams, grpc.StreamDesc{
			StreamName:    name,
			ServerStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error {
				c := &grpcCall{ctx: stream.Context(), stream: stream}
				if err := stream.RecvMsg(&c.req); err != nil {
					return err
				}
				return s.grpcStatus(c.ctx, service+"/"+name, serve(c))
			},
		})
	}
	to.RegisterService(&desc, s)
	health.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
}

// badRequest is a request that can't be answered, whoever asks it how often.
type badRequest struct{ error }

// grpcStatus is an error as gRPC tells it.
func (s *Server) grpcStatus(ctx context.Context, method string, err error) error {
	var bad badRequest
	var wrong *traceql.Error
	switch _, known := status.FromError(err); {
	case err == nil || known:
		return err
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	case errors.As(err, &bad), errors.As(err, &wrong), errors.Is(err, engine.ErrRange):
		return status.Error(codes.InvalidArgument, err.Error())
	case errors.Is(err, store.ErrClosed):
		return status.Error(codes.Unavailable, err.Error())
	}
	s.Logger.Error("query failed", "method", method, "error", err)
	return status.Error(codes.Internal, err.Error())
}

// newHealth registers the health service on a server.
func newHealth(to *grpc.Server) *health.Server {
	h := health.NewServer()
	grpc_health_v1.RegisterHealthServer(to, h)
	return h
}

// maxGRPCQuery bounds a message on the ports that take queries only.
const maxGRPCQuery = 1 << 20

// grpcServer serves everything that there is over gRPC, for the port of HTTP.
func (s *Server) grpcServer() *grpc.Server {
	to := s.Receiver.GRPCServer()
	h := newHealth(to)
	s.registerStorage(to, h)
	s.jaegerV3Methods().register(s, to, h, "jaeger.api_v3.QueryService")
	s.tempoStreams().register(s, to, h, "tempopb.StreamingQuerier")
	return to
}

// JaegerQueryServer serves jaeger.api_v3.QueryService.
// https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v3/query_service.proto
func (s *Server) JaegerQueryServer() *grpc.Server {
	to := otlp.NewGRPCServer(maxGRPCQuery)
	s.jaegerV3Methods().register(s, to, newHealth(to), "jaeger.api_v3.QueryService")
	return to
}

// JaegerStorageServer serves Jaeger's remote storage v2, which a Jaeger reads from
// and, by OTLP, writes to.
// https://github.com/jaegertracing/jaeger-idl/tree/main/proto/storage/v2
func (s *Server) JaegerStorageServer() *grpc.Server {
	to := s.Receiver.GRPCServer()
	h := newHealth(to)
	s.registerStorage(to, h)
	return to
}

func (s *Server) registerStorage(to *grpc.Server, h *health.Server) {
	reader, dependencies, capabilities := s.jaegerStorageMethods()
	reader.register(s, to, h, "jaeger.storage.v2.TraceReader")
	dependencies.register(s, to, h, "jaeger.storage.v2.DependencyReader")
	capabilities.register(s, to, h, "jaeger.storage.v2.Capabilities")
}

// grpcFirst hands calls of gRPC to a server of it, and all else to next.
func grpcFirst(g *grpc.Server, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			g.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
