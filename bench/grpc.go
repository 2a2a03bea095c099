//go:build linux

package main

import (
	"context"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// grpcSender sends bodies as they are, without encoding a message.
type grpcSender struct{ conn *grpc.ClientConn }

func newGRPCSender(addr string) (sender, error) {
	addr = strings.TrimPrefix(addr, "http://")
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{})))
	return grpcSender{conn}, err
}

func (s grpcSender) close() { s.conn.Close() }

func (s grpcSender) send(ctx context.Context, body []byte) error {
	var answer []byte
	err := s.conn.Invoke(ctx, exportMethod, body, &answer)
	if err == nil {
		return partialSuccess(answer)
	}
	st := status.Convert(err)
	r := &refusal{err: err}
	told := false
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			r.after, told = info.GetRetryDelay().AsDuration(), true
		}
	}
	// OTLP's table of codes.
	switch st.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return r
	case codes.ResourceExhausted:
		if told {
			return r
		}
	}
	return err
}

// rawCodec sends and receives bytes as they are.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}
