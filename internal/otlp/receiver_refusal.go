package otlp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// Reason is why a request was refused.
type Reason uint8

// The reasons.
const (
	Malformed   Reason = iota // can't be decoded, however often it is sent
	TooLarge                  // larger than MaxBody
	Unsupported               // method, content type or content encoding
	Overloaded                // no room right now
	Unavailable               // the sink failed
	Cancelled                 // the sender gave up, or its connection broke
	DeadlineExceeded
	reasons
)

// answers says how each reason is told: the same table serves both transports.
// See https://opentelemetry.io/docs/specs/otlp/#failures.
var answers = [reasons]struct {
	name       string
	code       codes.Code
	http       int
	retryAfter time.Duration // 0: the sender must not retry, or waits as it likes
}{
	Malformed:        {"malformed", codes.InvalidArgument, http.StatusBadRequest, 0},
	TooLarge:         {"too_large", codes.ResourceExhausted, http.StatusRequestEntityTooLarge, 0},
	Unsupported:      {"unsupported", codes.InvalidArgument, http.StatusUnsupportedMediaType, 0},
	Overloaded:       {"overloaded", codes.ResourceExhausted, http.StatusTooManyRequests, time.Second},
	Unavailable:      {"unavailable", codes.Unavailable, http.StatusServiceUnavailable, 5 * time.Second},
	Cancelled:        {"cancelled", codes.Canceled, http.StatusServiceUnavailable, time.Second},
	DeadlineExceeded: {"deadline_exceeded", codes.DeadlineExceeded, http.StatusServiceUnavailable, time.Second},
}

// String is the reason's name in metrics.
func (r Reason) String() string { return answers[r].name }

// refusal is the one error type that leaves the transports: what is said to the
// sender, and the cause.
type refusal struct {
	reason Reason
	cause  error
	advice string
}

func (e *refusal) Unwrap() error { return e.cause }

func (e *refusal) Error() string {
	const most = 1024 // it travels in a header
	s := e.cause.Error()
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD") + "; " + e.advice
}

var errFull = fmt.Errorf("the receiver works on as many bytes as it may hold: %w", ErrOverloaded)

func (r *Receiver) tooLarge(limit int64) error {
	return &refusal{TooLarge, fmt.Errorf("the request is larger than %d bytes", limit), "send smaller batches, or raise the receiver's limit"}
}

func malformed(err error) error {
	if errors.Is(err, ErrMalformed) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

// classify makes a refusal of any error.
func classify(ctx context.Context, err error) *refusal {
	var known *refusal
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, ErrMalformed):
		return &refusal{Malformed, err, "sending it again will not help, check the exporter"}
	case errors.Is(err, ErrOverloaded):
		return &refusal{Overloaded, err, "send it again in a second"}
	// Only the request's own context tells of the sender. A context error from
	// inside the sink means that the sink is closing.
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &refusal{DeadlineExceeded, err, "send it again, with a longer timeout"}
	case ctx.Err() != nil:
		return &refusal{Cancelled, err, "send it again"}
	}
	return &refusal{Unavailable, fmt.Errorf("nothing can be stored right now: %w", err), "send it again"}
}
