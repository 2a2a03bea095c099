package grpc_test

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	tracedgrpc "github.com/everspan/everspan/instrument/grpc"
)

func Example() {
	server := grpc.NewServer(tracedgrpc.Server())
	defer server.Stop()
	conn, err := grpc.NewClient("localhost:50051", grpc.WithTransportCredentials(insecure.NewCredentials()), tracedgrpc.Client())
	if err != nil {
		return
	}
	defer conn.Close()
	// Output:
}
