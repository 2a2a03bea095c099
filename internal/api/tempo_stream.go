package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/tempo"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// tempoStreams serves tempopb.StreamingQuerier, by which Grafana shows what is found
// before everything is looked at. It is gRPC on the port of the HTTP API.
//
// Metrics queries are not streamed: no documentation tells the messages that ask for them.
func (s *Server) tempoStreams() *grpc.Server {
	g := grpc.NewServer(grpc.ForceServerCodecV2(bytesCodec{}), grpc.MaxRecvMsgSize(maxStreamRequest), grpc.MaxConcurrentStreams(256))
	desc := &grpc.ServiceDesc{ServiceName: "tempopb.StreamingQuerier", HandlerType: (*any)(nil)}
	add := func(name string, answer func(ctx context.Context, request []byte, send func([]byte) error) error) {
		desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: name, ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
			var request []byte
			if err := stream.RecvMsg(&request); err != nil {
				return err
			}
			return s.streamStatus(stream, name, answer(stream.Context(), request, func(b []byte) error { return stream.SendMsg(b) }))
		}})
	}
	add("Search", s.streamSearch)
	add("SearchTags", func(ctx context.Context, request []byte, send func([]byte) error) error {
		req, names, err := s.streamNames(ctx, request)
		if err != nil {
			return err
		}
		for _, part := range tempo.Parts(req.Response(names).Names, textSize) {
			if err := send(tempo.Encode(&tempo.TagsResponse{Names: part})); err != nil {
				return err
			}
		}
		return nil
	})
	add("SearchTagsV2", func(ctx context.Context, request []byte, send func([]byte) error) error {
		req, names, err := s.streamNames(ctx, request)
		if err != nil {
			return err
		}
		for _, scope := range req.ResponseV2(names).Scopes {
			for _, part := range tempo.Parts(scope.Tags, textSize) {
				if err := send(tempo.Encode(&tempo.TagsV2Response{Scopes: []tempo.TagScope{{Name: scope.Name, Tags: part}}})); err != nil {
					return err
				}
			}
		}
		return nil
	})
	add("SearchTagValues", func(ctx context.Context, request []byte, send func([]byte) error) error {
		set, err := s.streamValues(ctx, request, true)
		if err != nil {
			return err
		}
		for _, part := range tempo.Parts(tempo.Values(set).Values, textSize) {
			if err := send(tempo.Encode(&tempo.ValuesResponse{Values: part})); err != nil {
				return err
			}
		}
		return nil
	})
	add("SearchTagValuesV2", func(ctx context.Context, request []byte, send func([]byte) error) error {
		set, err := s.streamValues(ctx, request, false)
		if err != nil {
			return err
		}
		for _, part := range tempo.Parts(tempo.ValuesV2(set).Values, func(v tempo.TagValue) int { return len(v.Type) + len(v.Value) }) {
			if err := send(tempo.Encode(&tempo.ValuesV2Response{Values: part})); err != nil {
				return err
			}
		}
		return nil
	})
	for _, name := range []string{"MetricsQueryRange", "MetricsQueryInstant"} {
		add(name, func(context.Context, []byte, func([]byte) error) error {
			return status.Error(codes.Unimplemented, "metrics queries are not streamed: turn off the streaming of metrics in the settings of the data source")
		})
	}
	g.RegisterService(desc, s)
	return g
}

// maxStreamRequest bounds a request: a query, or the tags of a search.
const maxStreamRequest = 1 << 20

func textSize(s string) int { return len(s) }

func (s *Server) streamSearch(ctx context.Context, request []byte, send func([]byte) error) error {
	req, err := tempo.DecodeSearch(request)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	q, err := req.Search()
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	q.ServiceStats = false
	out := tempo.SearchStream{Send: send}
	q.Progress = out.Progress
	found, err := s.Engine.Search(ctx, q)
	if err != nil {
		return err
	}
	if err := out.Finish(found); err != nil {
		return err
	}
	return missing(found.Partial)
}

func (s *Server) streamNames(ctx context.Context, request []byte) (*tempo.TagsRequest, *engine.NameSet, error) {
	req, err := tempo.DecodeNames(request)
	if err != nil {
		return nil, nil, status.Error(codes.InvalidArgument, err.Error())
	}
	q, ask, err := req.Names()
	if err != nil {
		return nil, nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if !ask {
		return req, nil, nil
	}
	names, err := s.Engine.Names(ctx, q)
	return req, names, err
}

func (s *Server) streamValues(ctx context.Context, request []byte, bare bool) (*engine.ValueSet, error) {
	req, err := tempo.DecodeValues(request)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	q, ask, err := req.Values(bare)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if !ask {
		return nil, nil
	}
	return s.Engine.Values(ctx, q)
}

// missing is why an answer that was sent may not be whole.
type missing []string

func (m missing) Error() string { return strings.Join(m, "; ") }

// streamStatus makes a gRPC status of an error. That something is missing is told in
// the trailer x-everspan-partial, since the messages have no place for it.
func (s *Server) streamStatus(stream grpc.ServerStream, name string, err error) error {
	if why, ok := err.(missing); ok {
		if len(why) > 0 {
			stream.SetTrailer(metadata.Pairs("x-everspan-partial", oneLine(why)))
		}
		return nil
	}
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	switch s.queryStatus(stream.Context(), name, err) {
	case 0:
		return status.FromContextError(stream.Context().Err()).Err()
	case http.StatusBadRequest:
		return status.Error(codes.InvalidArgument, err.Error())
	}
	return status.Error(codes.Internal, err.Error())
}

// bytesCodec hands over messages as bytes.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
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
