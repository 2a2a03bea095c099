package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// backend is the Everspan that the shop sends its spans to: one that was there
// already, or one that the demo started.
type backend struct {
	url      string // http://127.0.0.1:16686
	endpoint string // OTLP/gRPC
	program  *binary
	process  *serverProcess // nil if it was there already
	data     string         // temporary data folder, or empty
}

var errNobody = errors.New("nothing answers")

// openBackend uses the server at cfg.server or starts one of its own.
func openBackend(ctx context.Context, cfg config, echo io.Writer) (_ *backend, err error) {
	b := &backend{url: cfg.server, endpoint: cfg.endpoint, program: &binary{}}
	if b.endpoint == "" {
		b.endpoint = cmp.Or(cfg.envEndpoint, defaultEndpoint)
	}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	err = awaitReady(ctx, cfg.server)
	if !errors.Is(err, errNobody) {
		return b, err
	}
	args, err := b.serveArgs(cfg)
	if err != nil {
		return nil, err
	}
	program, err := b.program.find(ctx)
	if err != nil {
		return nil, err
	}
	if b.process, err = startServer(ctx, program, args, echo); err != nil {
		return nil, err
	}
	b.url = b.process.address("http")
	if cfg.envEndpoint == "" {
		b.endpoint = b.process.address("otlp-grpc")
	}
	if err := awaitReady(ctx, b.url); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, b.process.lastLines())
	}
	return b, nil
}

// serveArgs are the flags of `everspan serve`. It listens where the demo was
// told to look, else at the usual addresses, or with --once at free ones.
func (b *backend) serveArgs(cfg config) ([]string, error) {
	data := dataFolder
	if cfg.once {
		var err error
		if data, err = os.MkdirTemp("", "everspan-data-"); err != nil {
			return nil, err
		}
		b.data = data
	}
	args := []string{"--data", data}
	const free = "127.0.0.1:0"
	if cfg.serverGiven {
		addr, err := ownAddress(cfg.server)
		if err != nil {
			return nil, fmt.Errorf("nothing answers at %s, and the demo can't start a server there: %w", cfg.server, err)
		}
		args = append(args, "--http", addr)
	} else if cfg.once {
		args = append(args, "--http", free)
	}
	if endpoint := cmp.Or(cfg.endpoint, cfg.envEndpoint); endpoint != "" {
		addr, err := ownAddress(endpoint)
		if err != nil {
			return nil, fmt.Errorf("nothing answers at %s, and spans are to go to %s: %w", cfg.server, endpoint, err)
		}
		args = append(args, "--otlp-grpc", addr)
	} else if cfg.once {
		args = append(args, "--otlp-grpc", free)
	}
	if cfg.once {
		args = append(args, "--otlp-http", free)
		for _, flag := range unused {
			args = append(args, "--"+flag, "off")
		}
	}
	return args, nil
}

// unused are the listeners of everspan that the demo has no use for.
var unused = []string{"zipkin", "jaeger-grpc", "jaeger-storage", "jaeger-thrift", "jaeger-collector", "sampling-http", "sampling-grpc"}

// ownAddress is the host:port of an address on this machine.
func ownAddress(addr string) (string, error) {
	if u, err := url.Parse(addr); err == nil && u.Host != "" {
		addr = u.Host
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("%s is not this machine", host)
	}
	return addr, nil
}

// awaitReady waits until the server is ready. It returns errNobody if nothing
// listens there.
func awaitReady(ctx context.Context, server string) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/ready", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("server %s: %w", server, err)
			}
			return fmt.Errorf("server %s: %w: %w", server, errNobody, err)
		}
		res.Body.Close()
		switch res.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusServiceUnavailable: // it is starting
		default:
			return fmt.Errorf("something else than Everspan answers at %s: %s", server, res.Status)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("server %s is not ready: %w", server, err)
		}
	}
}

// close stops a server that the demo started and removes what is temporary.
func (b *backend) close() {
	if b.process != nil {
		b.process.stop()
	}
	if b.data != "" {
		_ = os.RemoveAll(b.data)
	}
	b.program.remove()
}
