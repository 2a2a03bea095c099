//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// How an SDK retries: it waits longer each time, or as long as the server says,
// and gives up in the end. An SDK begins with five seconds; that would measure
// waiting, so that the first wait is shorter here.
const (
	firstWait   = 50 * time.Millisecond
	longestWait = 5 * time.Second
	patience    = 2 * time.Minute
)

// refusal is an answer after which the same body may be sent again.
type refusal struct {
	err   error
	after time.Duration // what the server asks for, or 0
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// sendPatiently sends a body until it is acknowledged and returns how often it
// was refused.
func sendPatiently(ctx context.Context, to sender, body []byte) (refused int, err error) {
	wait, since := firstWait, time.Now()
	for {
		err = to.send(ctx, body)
		var r *refusal
		if err == nil || !errors.As(err, &r) || ctx.Err() != nil {
			return refused, err
		}
		refused++
		if time.Since(since) > patience {
			return refused, fmt.Errorf("refused %d times in %v, the last time with: %w", refused, patience, err)
		}
		pause := time.Duration(float64(wait) * (0.5 + rand.Float64()))
		if err := sleep(ctx, max(pause, r.after)); err != nil {
			return refused, err
		}
		wait = min(wait*3/2, longestWait)
	}
}

// partialSuccess returns an error when an ExportTraceServiceResponse says that
// spans were rejected.
func partialSuccess(answer []byte) error {
	for _, partial := range messages(answer, 1) {
		for len(partial) > 0 {
			field, kind, n := protowire.ConsumeTag(partial)
			if n < 0 {
				return protowire.ParseError(n)
			}
			partial = partial[n:]
			if v, m := protowire.ConsumeVarint(partial); field == 1 && kind == protowire.VarintType && m > 0 && v > 0 {
				return fmt.Errorf("the server rejected %d spans: %q", v, answer)
			}
			if n = protowire.ConsumeFieldValue(field, kind, partial); n < 0 {
				return protowire.ParseError(n)
			}
			partial = partial[n:]
		}
	}
	return nil
}
