package kit

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/everspan/everspan/instrument"
	kitgrpc "github.com/everspan/everspan/instrument/grpc"
	"github.com/everspan/everspan/instrument/tracetest"
)

func TestGRPC(t *testing.T) {
	shop, stock := tracetest.New(t), tracetest.New(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(kitgrpc.Server(kitgrpc.With(stock.Telemetry)...))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(l) }()
	defer server.Stop()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()), kitgrpc.Client(kitgrpc.With(shop.Telemetry)...))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = instrument.Do(shop.Context(t.Context()), "stock.check", func(ctx context.Context) error {
		_, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	shop.Expect("stock.check\n grpc.health.v1.Health/Check")
	stock.Expect("grpc.health.v1.Health/Check (remote)")
	if a, b := shop.Span("stock.check").SpanContext().TraceID(), stock.Spans()[0].SpanContext().TraceID(); a != b {
		t.Errorf("two traces, %s and %s", a, b)
	}
}
