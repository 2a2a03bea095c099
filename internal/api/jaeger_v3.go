package api

import (
	"errors"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// jaegerV3Methods are the methods of jaeger.api_v3.QueryService.
func (s *Server) jaegerV3Methods() grpcMethods {
	return grpcMethods{
		"GetTrace":           s.v3GetTrace,
		"FindTraces":         s.v3FindTraces,
		"FindTraceSummaries": s.v3FindSummaries,
		"FindSpans":          jaegerUnimplemented,
		"GetServices":        s.grpcServices,
		"GetOperations":      s.grpcOperations,
		"GetDependencies":    s.grpcDependencies(false),
	}
}

func jaegerUnimplemented(*grpcCall) error {
	return status.Error(codes.Unimplemented, "spans are not searched for; use FindTraces")
}

func (s *Server) v3GetTrace(c *grpcCall) error {
	var text string
	if err := eachField(c.req, func(f *easyproto.FieldContext) (ok bool, err error) {
		if f.FieldNum == 1 {
			text, ok = f.String()
			return ok, nil
		}
		return true, nil // the time range is not needed, and raw traces are all there are
	}); err != nil {
		return err
	}
	id, err := span.ParseTraceID(text)
	if err != nil {
		return badRequest{err}
	}
	t, err := s.Store.Trace(c.ctx, id)
	if err != nil {
		return err
	}
	c.partial(t.Partial)
	if t.Spans.Len() == 0 {
		if len(t.Partial) > 0 {
			return status.Error(codes.DataLoss, "trace not found, but not everything could be read: "+t.Partial[0])
		}
		return status.Error(codes.NotFound, "trace not found")
	}
	return sendTrace(t.Spans, c.send)
}

// v3Query reads the query of a request.
func v3Query(req otlp.Message) (*jaegerQuery, error) {
	msg, err := wireQuery(req)
	if err != nil {
		return nil, err
	}
	var q jaegerQuery
	if err := q.readQuery(msg, 11, wireTag); err != nil {
		return nil, err
	}
	if q.from == 0 || q.to == 0 {
		return nil, badRequest{errors.New("start time min and max are required parameters")}
	}
	return &q, nil
}

func (s *Server) v3FindTraces(c *grpcCall) error {
	q, err := v3Query(c.req)
	if err != nil {
		return err
	}
	return s.sendTraces(c, q)
}

// sendTraces answers a search with traces.
func (s *Server) sendTraces(c *grpcCall, q *jaegerQuery) error {
	if q.paged {
		return badRequest{errors.New("pagination does not go with whole traces; use search_depth, or ask for summaries")}
	}
	why, err := q.findTraces(c.ctx, s, func(_ engine.Trace, t store.Trace) error { return sendTrace(t.Spans, c.send) })
	c.partial(why)
	return err
}

func (s *Server) v3FindSummaries(c *grpcCall) error {
	q, err := v3Query(c.req)
	if err != nil {
		return err
	}
	return s.sendSummaries(c, q, true)
}

// summariesPerMessage keeps a message far below what clients take.
const summariesPerMessage = 1000

// sendSummaries answers a search with summaries.
func (s *Server) sendSummaries(c *grpcCall, q *jaegerQuery, hex bool) error {
	all, next, why, err := s.summaries(c.ctx, q)
	if err != nil {
		return err
	}
	c.partial(why)
	for len(all) > summariesPerMessage {
		if err := c.send(encodeSummaries(all[:summariesPerMessage], "", hex)); err != nil {
			return err
		}
		all = all[summariesPerMessage:]
	}
	if len(all) == 0 && next == "" {
		return nil
	}
	return c.send(encodeSummaries(all, next, hex))
}

func (s *Server) grpcServices(c *grpcCall) error {
	names, why, err := s.jaegerServices(c.ctx)
	if err != nil {
		return err
	}
	c.partial(why)
	return c.send(encodeStrings(names))
}

func (s *Server) grpcOperations(c *grpcCall) error {
	var service, kind string
	if err := eachField(c.req, func(f *easyproto.FieldContext) (ok bool, err error) {
		switch f.FieldNum {
		case 1:
			service, ok = f.String()
		case 2:
			kind, ok = f.String()
		default:
			ok = true
		}
		return ok, nil
	}); err != nil {
		return err
	}
	operations, why, err := s.jaegerOperations(c.ctx, service, kind)
	if err != nil {
		return err
	}
	c.partial(why)
	return c.send(encodeOperations(operations))
}

// grpcDependencies answers GetDependencies. In storage.v2 a dependency also has a
// source, and the range may be open.
func (s *Server) grpcDependencies(storage bool) func(*grpcCall) error {
	return func(c *grpcCall) error {
		var from, to int64
		if err := eachField(c.req, func(f *easyproto.FieldContext) (ok bool, err error) {
			var part []byte
			switch f.FieldNum {
			case 1:
				part, ok = f.MessageData()
				from, err = wireNanos(part)
			case 2:
				part, ok = f.MessageData()
				to, err = wireNanos(part)
			default:
				ok = true
			}
			return ok, err
		}); err != nil {
			return err
		}
		from, to = max(from, 0), max(to, 0)
		switch {
		case !storage && from == 0:
			return badRequest{errors.New("start_time is required")}
		case !storage && to == 0:
			return badRequest{errors.New("end_time is required")}
		case to != 0 && to <= from:
			return badRequest{errors.New("end_time must be after start_time")}
		}
		found, err := s.Engine.Dependencies(c.ctx, engine.Range{From: from, To: to})
		if err != nil {
			return err
		}
		c.partial(found.Partial)
		return c.send(encodeJaeger(func(m *easyproto.MessageMarshaler) {
			for _, d := range found.Dependencies {
				o := m.AppendMessage(1)
				o.AppendString(1, d.Parent)
				o.AppendString(2, d.Child)
				o.AppendUint64(3, uint64(d.Calls))
			}
		}))
	}
}
