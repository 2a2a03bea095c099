//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// loaded is what a load came to.
type loaded struct {
	Spans   int           `json:"spans"`
	Bytes   int64         `json:"bytes"`
	Took    time.Duration `json:"tookNano"`
	Retries int64         `json:"retries"`
}

// load sends all payloads over the given number of connections, one request at a
// time on each, and retries what is refused for now, as an SDK does.
func load(ctx context.Context, addr string, connections int, payloads []payload) (loaded, error) {
	var result loaded
	for _, p := range payloads {
		result.Spans += p.spans
		result.Bytes += int64(len(p.bytes))
	}
	var next, retries atomic.Int64
	errs := make([]error, connections)
	var wg sync.WaitGroup
	start := time.Now()
	for c := range connections {
		wg.Go(func() {
			conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{})))
			if err != nil {
				errs[c] = err
				return
			}
			defer conn.Close()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(payloads) {
					return
				}
				n, err := send(ctx, conn, payloads[i].bytes)
				retries.Add(int64(n))
				if err != nil {
					errs[c] = fmt.Errorf("payload %d: %w", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	result.Took, result.Retries = time.Since(start), retries.Load()
	return result, errors.Join(errs...)
}

// send exports one payload and returns how often it was refused for now.
func send(ctx context.Context, conn *grpc.ClientConn, body []byte) (retries int, err error) {
	wait := 50 * time.Millisecond
	for {
		var answer []byte
		err = conn.Invoke(ctx, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", body, &answer)
		if err == nil {
			if len(answer) > 0 {
				return retries, fmt.Errorf("partial success: %q", answer)
			}
			return retries, nil
		}
		if retries++; !retryable(err) || retries > 200 {
			return retries, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return retries, ctx.Err()
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// retryable follows OTLP's table of codes.
func retryable(err error) bool {
	s := status.Convert(err)
	switch s.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return true
	case codes.ResourceExhausted:
		for _, d := range s.Details() {
			if _, ok := d.(*errdetails.RetryInfo); ok {
				return true
			}
		}
	}
	return false
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

// unmarshalCost is how long OpenTelemetry's own library takes only to unmarshal
// the payloads, on one core: the yardstick of everything else.
func unmarshalCost(payloads []payload) (time.Duration, error) {
	var u ptrace.ProtoUnmarshaler
	before := cpuTime()
	for _, p := range payloads {
		if _, err := u.UnmarshalTraces(p.bytes); err != nil {
			return 0, err
		}
	}
	return cpuTime() - before, nil
}
