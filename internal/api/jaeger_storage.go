package api

import (
	"fmt"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// jaegerStorageMethods are the methods of jaeger.storage.v2.
func (s *Server) jaegerStorageMethods() (reader, dependencies, capabilities grpcMethods) {
	reader = grpcMethods{
		"GetTraces":          s.storageGetTraces,
		"FindTraces":         s.storageFindTraces,
		"FindTraceIDs":       s.storageFindIDs,
		"FindTraceSummaries": s.storageFindSummaries,
		"FindSpans":          jaegerUnimplemented,
		"GetServices":        s.grpcServices,
		"GetOperations":      s.grpcOperations,
	}
	dependencies = grpcMethods{"GetDependencies": s.grpcDependencies(true)}
	capabilities = grpcMethods{"GetCapabilities": storageCapabilities}
	return reader, dependencies, capabilities
}

// maxTraceIDs bounds how many traces one request asks for.
const maxTraceIDs = maxJaegerTraces

// storageGetTraces sends the traces that are known of those that are asked for.
func (s *Server) storageGetTraces(c *grpcCall) error {
	var ids []span.TraceID
	if err := eachField(c.req, func(f *easyproto.FieldContext) (bool, error) {
		if f.FieldNum != 1 {
			return true, nil
		}
		params, ok := f.MessageData()
		if !ok {
			return false, nil
		}
		id, err := traceParams(params)
		ids = append(ids, id)
		return true, err
	}); err != nil {
		return err
	}
	if len(ids) > maxTraceIDs {
		return badRequest{fmt.Errorf("%d traces are asked for, at most %d are sent", len(ids), maxTraceIDs)}
	}
	for _, id := range ids {
		t, err := s.Store.Trace(c.ctx, id)
		if err != nil {
			return err
		}
		c.partial(t.Partial)
		if t.Spans.Len() == 0 && len(t.Partial) > 0 {
			return status.Errorf(codes.DataLoss, "trace %s was not found, but not everything could be read: %s", id, t.Partial[0])
		}
		if err := sendTrace(t.Spans, c.send); err != nil {
			return err
		}
	}
	return nil
}

// traceParams reads the id of a GetTraceParams; the time range is not needed.
func traceParams(msg []byte) (id span.TraceID, err error) {
	err = eachField(msg, func(f *easyproto.FieldContext) (bool, error) {
		if f.FieldNum != 1 {
			return true, nil
		}
		raw, ok := f.Bytes()
		if ok && len(raw) != len(id) {
			return true, badRequest{fmt.Errorf("trace_id has %d bytes, it must have 16", len(raw))}
		}
		copy(id[:], raw)
		return ok, nil
	})
	return id, err
}

// storageQuery reads the query of a request.
func storageQuery(req otlp.Message) (*jaegerQuery, error) {
	msg, err := wireQuery(req)
	if err != nil {
		return nil, err
	}
	var q jaegerQuery
	return &q, q.readQuery(msg, 10, wireKeyValue)
}

func (s *Server) storageFindTraces(c *grpcCall) error {
	q, err := storageQuery(c.req)
	if err != nil {
		return err
	}
	return s.sendTraces(c, q)
}

func (s *Server) storageFindSummaries(c *grpcCall) error {
	q, err := storageQuery(c.req)
	if err != nil {
		return err
	}
	return s.sendSummaries(c, q, false)
}

// storageFindIDs answers with ids, and the times between which the traces took place.
func (s *Server) storageFindIDs(c *grpcCall) error {
	q, err := storageQuery(c.req)
	if err != nil {
		return err
	}
	found, err := q.find(c.ctx, s)
	if err != nil {
		return err
	}
	c.partial(found.Partial)
	return c.send(encodeJaeger(func(m *easyproto.MessageMarshaler) {
		for _, t := range found.Traces {
			o := m.AppendMessage(1)
			o.AppendBytes(1, t.TraceID[:])
			appendTimestamp(o, 2, t.Start)
			appendTimestamp(o, 3, t.End)
		}
		if token := q.next(found); token != "" {
			m.AppendString(2, token)
		}
	}))
}

// storageCapabilities tells a Jaeger that a search needs no service, that all
// conditions hold for one span, and that lists come in pages. It has no filter.
func storageCapabilities(c *grpcCall) error {
	return c.send(encodeJaeger(func(m *easyproto.MessageMarshaler) {
		search := m.AppendMessage(1)
		search.AppendBool(1, true) // without_service_name
		search.AppendBool(2, true) // same_span_conjunction
		search.AppendBool(4, true) // paginated
	}))
}

func appendTimestamp(m *easyproto.MessageMarshaler, field uint32, ns int64) {
	t := m.AppendMessage(field)
	t.AppendInt64(1, ns/1e9)
	t.AppendInt32(2, int32(ns%1e9))
}
