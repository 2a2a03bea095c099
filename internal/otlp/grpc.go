package otlp

import (
	"context"
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

var grpcServices = [signals]string{
	Traces:  "opentelemetry.proto.collector.trace.v1.TraceService",
	Logs:    "opentelemetry.proto.collector.logs.v1.LogsService",
	Metrics: "opentelemetry.proto.collector.metrics.v1.MetricsService",
}

// GRPCServer returns a server that serves OTLP; the caller may register more
// services, such as health, and serves it. Options are added to the server's
// own.
//
// The methods are registered as streams, so that a request can be refused before
// any of it is read. An interceptor, as for authentication, must therefore be a
// stream interceptor: a unary one is not called.
func (r *Receiver) GRPCServer(options ...grpc.ServerOption) *grpc.Server {
	s := NewGRPCServer(int(r.o.MaxBody), options...)
	for signal, name := range grpcServices {
		s.RegisterService(&grpc.ServiceDesc{
			ServiceName: name,
			HandlerType: (*any)(nil),
			Streams: []grpc.StreamDesc{{
				StreamName:    "Export",
				ServerStreams: true, // and one message from the client, which is what a unary call sends
				Handler: func(_ any, stream grpc.ServerStream) error {
					return r.export(stream, Signal(signal))
				},
			}},
		}, r)
	}
	return s
}

// NewGRPCServer returns a server without any service, for messages of at most so
// many bytes. Handlers of services that are registered may receive and send each
// [Message].
func NewGRPCServer(maxBytes int, options ...grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append([]grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{}),
		// Of the message as sent and, while it is decompressed, of its content.
		grpc.MaxRecvMsgSize(maxBytes),
		// An exporter has few requests under way; a connection with more
		// than this waits its turn.
		grpc.MaxConcurrentStreams(256),
		grpc.MaxHeaderListSize(64 << 10),
		// Exporters keep a connection for days. A peer that vanished is found
		// in a minute, and exporters may ping as often as their documentation
		// suggests without being cut off.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 40 * time.Second, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.StatsHandler(wireSize{}),
	}, options...)...)
}

// export answers one call.
func (r *Receiver) export(stream grpc.ServerStream, s Signal) error {
	return r.stream(stream, &r.counts[GRPC][s], func(ctx context.Context, c *counters, req *grpcRequest) ([]byte, error) {
		if !s.stored() {
			r.drop(c, s)
			return nil, nil
		}
		res, err := r.append(ctx, c, s, Payload{Raw: req.raw})
		return appendResponse(nil, res), err
	})
}

// stream receives the one message of a call and sends what take makes of it.
func (r *Receiver) stream(stream grpc.ServerStream, c *counters, take func(context.Context, *counters, *grpcRequest) ([]byte, error)) error {
	c.requests.Add(1)
	ctx := stream.Context()
	if r.full() {
		return r.grpcRefusal(ctx, c, errFull)
	}
	req := grpcRequest{lease: lease{r: r}}
	defer req.free()
	if err := stream.RecvMsg(&req); err != nil {
		// grpc-go has answered already, in its own words. This only counts.
		r.refuse(c, &refusal{reason: receiveReason(err), cause: err})
		return err
	}
	c.wire.Add(int64(req.wire))
	if req.err != nil {
		return r.grpcRefusal(ctx, c, req.err)
	}
	response, err := take(ctx, c, &req)
	if err != nil {
		return r.grpcRefusal(ctx, c, err)
	}
	return stream.SendMsg(grpcResponse(response))
}

// receiveReason tells why a message could not be received. grpc-go says Internal
// when it can't be decompressed or is not one message.
func receiveReason(err error) Reason {
	switch status.Code(err) {
	case codes.ResourceExhausted:
		return TooLarge
	case codes.Canceled:
		return Cancelled
	case codes.DeadlineExceeded:
		return DeadlineExceeded
	}
	return Malformed
}

// grpcRefusal counts a refusal and makes the status that tells it.
func (r *Receiver) grpcRefusal(ctx context.Context, c *counters, err error) error {
	e := classify(ctx, err)
	r.refuse(c, e)
	answer := answers[e.reason]
	st := status.New(answer.code, e.Error())
	// RESOURCE_EXHAUSTED means "give up" to an exporter unless it has this.
	// Other codes leave the waiting to the exporter's own backoff.
	if answer.code == codes.ResourceExhausted && answer.retryAfter > 0 {
		with, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(answer.retryAfter)})
		if err != nil {
			return errors.Join(st.Err(), err) // never: a RetryInfo can be marshalled
		}
		st = with
	}
	return st.Err()
}

// wireSize tells a request how many bytes it had before decompression.
type wireSize struct{}

func (wireSize) HandleRPC(_ context.Context, s stats.RPCStats) {
	if in, ok := s.(*stats.InPayload); ok {
		if req, ok := in.Payload.(*grpcRequest); ok {
			req.wire = in.CompressedLength
		}
	}
}

func (wireSize) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (wireSize) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (wireSize) HandleConn(context.Context, stats.ConnStats)                       {}
