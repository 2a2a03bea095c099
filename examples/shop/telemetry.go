package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/everspan/everspan/instrument"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

const version = "1.4.0"

// newTelemetry sets up traces and logs for one service, as if it had a process
// of its own: its own resource, its own queue, its own connection.
func (s *Shop) newTelemetry(service string) (*instrument.Telemetry, error) {
	t, err := instrument.New(s.ctx, instrument.Options{
		ServiceName:    service,
		ServiceVersion: version,
		Attributes:     s.resource(service),
		Endpoint:       overGRPC(s.opts.Endpoint),
		LogHandler:     s.terminal.WithAttrs([]slog.Attr{slog.String("service", service)}),
		// Not the usual five seconds: whoever watches a demo wants to see a
		// request soon after it ended.
		Delay: 500 * time.Millisecond,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", service, err)
	}
	return t, nil
}

// resource is what the services tell about themselves beside name and version.
func (s *Shop) resource(service string) []attribute.KeyValue {
	return []attribute.KeyValue{
		semconv.ServiceNamespace("shop"),
		semconv.ServiceInstanceID(service + "-" + s.instance),
		semconv.DeploymentEnvironmentNameKey.String("demo"),
	}
}

// overGRPC is an address as the kit wants it: host:port, or a URL as in
// OTEL_EXPORTER_OTLP_ENDPOINT. The demo always speaks gRPC.
func overGRPC(endpoint string) string {
	if endpoint == "" {
		return ""
	}
	if rest, ok := strings.CutPrefix(endpoint, "https://"); ok {
		return "grpcs://" + rest
	}
	return "grpc://" + strings.TrimPrefix(endpoint, "http://")
}

// terminal writes log lines for who watches the demo. Those of requests are
// there with --verbose only, since failures belong to the demo; all of them are
// sent to the server. What is said besides, as that the server can't be reached,
// all services say at once: it is written once.
type terminal struct {
	slog.Handler
	verbose bool
	said    *sayings
}

type sayings struct {
	mu   sync.Mutex
	last map[string]time.Time
}

const sayAgain = 10 * time.Second

func newTerminal(w io.Writer, verbose bool) terminal {
	return terminal{slog.NewTextHandler(w, nil), verbose, &sayings{last: map[string]time.Time{}}}
}

func (h terminal) Handle(ctx context.Context, r slog.Record) error {
	if !h.verbose && (trace.SpanContextFromContext(ctx).IsValid() || h.said.again(r.Message)) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h terminal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return terminal{h.Handler.WithAttrs(attrs), h.verbose, h.said}
}

func (h terminal) WithGroup(name string) slog.Handler {
	return terminal{h.Handler.WithGroup(name), h.verbose, h.said}
}

// again reports whether a message was written a moment ago.
func (s *sayings) again(message string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.last[message]
	if ok && time.Since(last) < sayAgain {
		return true
	}
	s.last[message] = time.Now()
	return false
}
