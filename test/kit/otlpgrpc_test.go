package kit

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/everspan/everspan/instrument"
)

// collector takes spans over gRPC and remembers their names.
type collector struct {
	coltrace.UnimplementedTraceServiceServer
	mu    sync.Mutex
	names []string
	auth  []string
}

func (c *collector) Export(ctx context.Context, r *coltrace.ExportTraceServiceRequest) (*coltrace.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	md, _ := metadata.FromIncomingContext(ctx)
	c.auth = append(c.auth, md.Get("authorization")...)
	for _, rs := range r.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				c.names = append(c.names, s.Name)
			}
		}
	}
	return &coltrace.ExportTraceServiceResponse{}, nil
}

// OTLP over gRPC, asked for by variables and in code.
func TestOTLPOverGRPC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{}
	server := grpc.NewServer()
	coltrace.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(l) }()
	defer server.Stop()
	t.Setenv("OTEL_LOGS_EXPORTER", "none")
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	send := func(name string, o instrument.Options) {
		t.Helper()
		o.LogHandler = slog.DiscardHandler
		tel, err := instrument.New(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		_ = instrument.Do(tel.Context(t.Context()), name, func(context.Context) error { return nil })
		if err := tel.Shutdown(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	send("in code", instrument.Options{Endpoint: "grpc://" + l.Addr().String()})
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+l.Addr().String())
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=x")
	send("by variables", instrument.Options{})
	if len(c.names) != 2 || c.names[0] != "in code" || c.names[1] != "by variables" || len(c.auth) != 1 {
		t.Errorf("got spans %q, authorization %q", c.names, c.auth)
	}
}
