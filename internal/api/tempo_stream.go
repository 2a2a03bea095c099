package api

import (
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/tempo"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// tempoStreams are the methods of tempopb.StreamingQuerier, by which Grafana shows what is
// found before everything is looked at.
//
// Metrics queries are not streamed: no documentation tells the messages that ask for them.
func (s *Server) tempoStreams() grpcMethods {
	return grpcMethods{
		"Search": s.streamSearch,
		"SearchTags": func(c *grpcCall) error {
			req, names, err := s.streamNames(c)
			if err != nil {
				return err
			}
			return sendParts(c, req.Response(names).Names, textSize, func(part []string) []byte { return tempo.Encode(&tempo.TagsResponse{Names: part}) })
		},
		"SearchTagsV2": func(c *grpcCall) error {
			req, names, err := s.streamNames(c)
			if err != nil {
				return err
			}
			for _, scope := range req.ResponseV2(names).Scopes {
				err := sendParts(c, scope.Tags, textSize, func(part []string) []byte {
					return tempo.Encode(&tempo.TagsV2Response{Scopes: []tempo.TagScope{{Name: scope.Name, Tags: part}}})
				})
				if err != nil {
					return err
				}
			}
			return nil
		},
		"SearchTagValues": func(c *grpcCall) error {
			set, err := s.streamValues(c, true)
			if err != nil {
				return err
			}
			return sendParts(c, tempo.Values(set).Values, textSize, func(part []string) []byte { return tempo.Encode(&tempo.ValuesResponse{Values: part}) })
		},
		"SearchTagValuesV2": func(c *grpcCall) error {
			set, err := s.streamValues(c, false)
			if err != nil {
				return err
			}
			size := func(v tempo.TagValue) int { return len(v.Type) + len(v.Value) }
			return sendParts(c, tempo.ValuesV2(set).Values, size, func(part []tempo.TagValue) []byte { return tempo.Encode(&tempo.ValuesV2Response{Values: part}) })
		},
		"MetricsQueryRange": unstreamed, "MetricsQueryInstant": unstreamed,
	}
}

func unstreamed(*grpcCall) error {
	return status.Error(codes.Unimplemented, "metrics queries are not streamed: turn off the streaming of metrics in the settings of the data source")
}

// sendParts sends a list in messages of a bounded size.
func sendParts[T any](c *grpcCall, all []T, size func(T) int, encode func([]T) []byte) error {
	for _, part := range tempo.Parts(all, size) {
		if err := c.send(encode(part)); err != nil {
			return err
		}
	}
	return nil
}

func textSize(s string) int { return len(s) }

func (s *Server) streamSearch(c *grpcCall) error {
	req, err := tempo.DecodeSearch(c.req)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	q, err := req.Search()
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	q.ServiceStats = false
	out := tempo.SearchStream{Send: func(b []byte) error { return c.send(b) }}
	q.Progress = out.Progress
	found, err := s.Engine.Search(c.ctx, q)
	if err != nil {
		return err
	}
	if err := out.Finish(found); err != nil {
		return err
	}
	c.partial(found.Partial)
	return nil
}

func (s *Server) streamNames(c *grpcCall) (*tempo.TagsRequest, *engine.NameSet, error) {
	req, err := tempo.DecodeNames(c.req)
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
	names, err := s.Engine.Names(c.ctx, q)
	return req, names, err
}

func (s *Server) streamValues(c *grpcCall, bare bool) (*engine.ValueSet, error) {
	req, err := tempo.DecodeValues(c.req)
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
	return s.Engine.Values(c.ctx, q)
}
