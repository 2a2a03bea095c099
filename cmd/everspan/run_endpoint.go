package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/everspan/everspan/internal/api"
)

const (
	defaultServer   = "http://127.0.0.1:16686"
	defaultEndpoint = "http://127.0.0.1:4318"
)

// endpoint returns the address that the program sends to, and what to tell when
// nothing answers there. The port of the queries takes OTLP as well, so a server at
// another address is sent to where it is asked.
func (c *runCmd) endpoint(ctx context.Context) (endpoint string, down error) {
	server := strings.TrimRight(withScheme(c.Server), "/")
	endpoint = strings.TrimRight(withScheme(c.Endpoint), "/")
	if endpoint == "" {
		endpoint = defaultEndpoint
		if server != defaultServer {
			endpoint = server
		}
	}
	var asked api.QueryAnswer
	_, err := c.get(ctx, "/api/v1/query?since=1s&limit=1&q=%7B%7D", &asked)
	sent := takesOTLP(ctx, endpoint)
	switch {
	case sent != nil && err == nil && c.Endpoint == "":
		return server, nil // its port 4318 is off, or elsewhere
	case sent != nil:
		return endpoint, fmt.Errorf(`WARNING: no everspan answers at %s: %w
The program runs, but what it sends is lost until you start the server: everspan serve`, endpoint, sent)
	case err != nil:
		return endpoint, fmt.Errorf("%s takes what the program sends, but traces can't be looked up: %w", endpoint, err)
	}
	return endpoint, nil
}

// takesOTLP sends an empty request and returns why it was not taken.
func takesOTLP(ctx context.Context, endpoint string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/v1/traces", http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	client := http.Client{Timeout: serverWait}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return plainCause(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s/v1/traces answers %s", endpoint, res.Status)
	}
	return nil
}
