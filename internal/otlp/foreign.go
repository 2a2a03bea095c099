package otlp

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/everspan/everspan/internal/span"
	"google.golang.org/grpc"
)

// Decode appends the spans of a body of another protocol to an empty batch. An
// error means that the body can't be decoded, however often it is sent.
type Decode func(b *span.Batch, body []byte) (Result, error)

// Foreign is another protocol for traces.
type Foreign struct {
	Transport Transport // that it is counted as
	Formats   []Format  // over HTTP, by content type; a gRPC message is of the first
}

// Format is one encoding of a protocol.
type Format struct {
	Type   string // the content type
	Decode Decode
}

// Refusal is how HTTP tells why a request was not taken.
type Refusal struct {
	Status     int
	RetryAfter time.Duration // 0 if the sender must not retry
	Text       string        // cause and way out
}

// Serve takes a request of another protocol under the limits of this receiver
// and returns when its spans are durable, or why they are not. The method and the
// path are the caller's to check, the answer is the caller's to write. The sink
// gets the spans as OTLP, so that what stores them knows one format.
//
// Nothing tells a batch's size beforehand. Room is held for as much as the body,
// which is more than usual spans need, and for the rest when it is known: spans
// that have nothing but ids take four times their JSON until then.
func (r *Receiver) Serve(req *http.Request, f Foreign) (Result, *Refusal) {
	c := &r.counts[f.Transport][Traces]
	c.requests.Add(1)
	res, err := r.serve(c, req, f)
	if err != nil {
		e := classify(req.Context(), err)
		r.refuse(c, e)
		return Result{}, &Refusal{answers[e.reason].http, answers[e.reason].retryAfter, e.Error()}
	}
	return res, nil
}

func (r *Receiver) serve(c *counters, req *http.Request, f Foreign) (Result, error) {
	var types []string
	for _, format := range f.Formats {
		types = append(types, format.Type)
	}
	kind, encoding, err := contentOf(req.Header, types...)
	if err != nil {
		return Result{}, err
	}
	if err := r.room(req); err != nil {
		return Result{}, err
	}
	decode := f.Formats[slices.Index(types, kind)].Decode
	return r.read(c, req, encoding, func(l *lease, p Payload) (Result, error) {
		return r.translate(req.Context(), l, c, decode, p.Raw)
	})
}

// ServeStream takes the one message of a unary call of another protocol, as
// [Receiver.Serve] takes a request over HTTP, and answers with response, which is
// encoded. The server must be one of [Receiver.GRPCServer].
func (r *Receiver) ServeStream(stream grpc.ServerStream, f Foreign, response []byte) error {
	return r.stream(stream, &r.counts[f.Transport][Traces], func(ctx context.Context, c *counters, req *grpcRequest) ([]byte, error) {
		_, err := r.translate(ctx, &req.lease, c, f.Formats[0].Decode, req.raw)
		return response, err
	})
}

var batches = sync.Pool{New: func() any { return new(span.Batch) }}

// translate decodes a body, encodes its spans as OTLP and hands them to the sink.
func (r *Receiver) translate(ctx context.Context, l *lease, c *counters, decode Decode, body []byte) (Result, error) {
	b := batches.Get().(*span.Batch)
	defer func() {
		if b.Size() <= maxPooled {
			b.Reset()
			batches.Put(b)
		}
	}()
	if err := l.hold(len(body)); err != nil {
		return Result{}, err
	}
	res, err := decode(b, body)
	if err != nil {
		return Result{}, &refusal{Malformed, err, "sending it again will not help, check the reporter"}
	}
	if res.Accepted == 0 && res.Rejected > 0 {
		c.rejected.Add(int64(res.Rejected))
		return Result{}, &refusal{Malformed, fmt.Errorf("none of %d spans is valid: %s", res.Rejected, res.Reason), "check the reporter"}
	}
	l.free(len(body))
	if err := l.hold(b.Size()); err != nil {
		return Result{}, err
	}
	proto := getBuffer(int64(len(body)))
	defer putBuffer(proto)
	*proto = AppendProto(*proto, b)
	if int64(len(*proto)) > r.o.MaxBody {
		return Result{}, r.tooLarge(r.o.MaxBody)
	}
	if err := l.hold(len(*proto)); err != nil {
		return Result{}, err
	}
	stored, err := r.append(ctx, c, Traces, Payload{Raw: *proto})
	if err != nil {
		return Result{}, err
	}
	c.rejected.Add(int64(res.Rejected))
	stored.Rejected += res.Rejected
	if stored.Reason == "" {
		stored.Reason = res.Reason
	}
	return stored, nil
}
