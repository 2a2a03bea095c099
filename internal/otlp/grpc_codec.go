package otlp

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec for everything else
	"google.golang.org/grpc/mem"
)

// codec hands over messages of this package as bytes, with no struct built from
// them, and messages of other services on the same server as protobuf.
type codec struct{}

// Message is an encoded message of another service on the same server: its
// handlers receive into a *Message and send a Message.
type Message []byte

// maxMessage bounds a Message that comes in: a query, not a payload.
const maxMessage = 1 << 20

// grpcRequest is a message in memory that free gives back.
type grpcRequest struct {
	lease  lease
	wire   int // size as sent
	raw    []byte
	buffer *[]byte    // that raw is part of, or
	frame  mem.Buffer // that raw is
	err    error      // why it is not there
}

// grpcResponse is an encoded message.
type grpcResponse []byte

func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) (mem.BufferSlice, error) {
	switch res := v.(type) {
	case grpcResponse:
		return mem.BufferSlice{mem.SliceBuffer(res)}, nil
	case Message:
		return mem.BufferSlice{mem.SliceBuffer(res)}, nil
	}
	return encoding.GetCodecV2("proto").Marshal(v)
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	if m, ok := v.(*Message); ok {
		if data.Len() > maxMessage {
			return fmt.Errorf("a query of %d bytes, at most %d are taken", data.Len(), maxMessage)
		}
		*m = data.Materialize()
		return nil
	}
	req, ok := v.(*grpcRequest)
	if !ok {
		return encoding.GetCodecV2("proto").Unmarshal(data, v)
	}
	req.free() // of what came before in the same call, which grpc-go then refuses
	// An error returned from here would go out as INTERNAL.
	if req.err = req.lease.hold(data.Len()); req.err != nil {
		return nil
	}
	if len(data) == 1 {
		req.frame = data[0]
		req.frame.Ref()
		req.raw = req.frame.ReadOnlyData()
		return nil
	}
	// The decoder wants the message in one piece. It came in HTTP/2 frames or,
	// from decompression, in pieces of 32 KiB.
	req.buffer = getBuffer(int64(data.Len()))
	req.raw = (*req.buffer)[:data.Len()]
	data.CopyTo(req.raw)
	return nil
}

func (r *grpcRequest) free() {
	if r.frame != nil {
		r.frame.Free()
	}
	if r.buffer != nil {
		putBuffer(r.buffer)
	}
	r.lease.release()
	r.raw, r.frame, r.buffer = nil, nil, nil
}
