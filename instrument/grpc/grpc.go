// Package grpc traces gRPC servers and clients: one option each.
//
//	server := grpc.NewServer(tracedgrpc.Server())
//	conn, err := grpc.NewClient(address, tracedgrpc.Client())
package grpc

import (
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"

	"github.com/everspan/everspan/instrument"
)

// Server makes a span for each call that a server answers, called by its
// method ("shop.Orders/Place"), and continues the trace of the caller.
func Server(opts ...otelgrpc.Option) grpc.ServerOption {
	return grpc.StatsHandler(otelgrpc.NewServerHandler(opts...))
}

// Client makes a span for each call of a connection and tells the other side
// the trace.
func Client(opts ...otelgrpc.Option) grpc.DialOption {
	return grpc.WithStatsHandler(otelgrpc.NewClientHandler(opts...))
}

// With are the options that make [Server] and [Client] use a Telemetry that is
// not the global one.
func With(t *instrument.Telemetry) []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(t.TracerProvider()),
		otelgrpc.WithMeterProvider(t.MeterProvider()),
		otelgrpc.WithPropagators(t.Propagator()),
	}
}
