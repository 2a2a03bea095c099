package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// port is one address that everspan serves something on.
type port struct {
	flag, addr string
	scheme     string // of the address when it is printed
	loopback   bool   // --insecure does not open it to other machines
	listener   net.Listener
	service    service
}

// ports is every address there is, in the order in which they are printed.
type ports []*port

// ports returns the addresses of the settings that are not off.
func (c *serveCmd) ports() ports {
	var on ports
	for _, p := range (ports{
		{flag: "http", addr: c.HTTP, scheme: "http://"},
		{flag: "otlp-grpc", addr: c.OTLPGRPC},
		{flag: "otlp-http", addr: c.OTLPHTTP, scheme: "http://"},
		{flag: "zipkin", addr: c.Zipkin, scheme: "http://"},
		{flag: "jaeger-grpc", addr: c.JaegerGRPC},
		{flag: "jaeger-storage", addr: c.JaegerStorage},
		{flag: "jaeger-thrift", addr: c.JaegerThrift, scheme: "http://"},
		{flag: "jaeger-collector", addr: c.JaegerCollector},
		{flag: "sampling-http", addr: c.SamplingHTTP, scheme: "http://"},
		{flag: "sampling-grpc", addr: c.SamplingGRPC},
		{flag: "admin", addr: c.Admin, scheme: "http://", loopback: true},
	}) {
		if p.addr != "off" {
			on = append(on, p)
		}
	}
	return on
}

// listen opens all ports, or none.
func (ps ports) listen(insecure bool) error {
	if len(ps) == 0 || len(ps) == 1 && ps[0].flag == "admin" {
		return errors.New("every listener is off: nothing to serve")
	}
	for _, p := range ps {
		var err error
		if p.listener, err = p.listen(insecure && !p.loopback); err != nil {
			ps.close()
			return err
		}
	}
	return nil
}

func (p *port) listen(insecure bool) (net.Listener, error) {
	host, number, err := net.SplitHostPort(p.addr)
	if err != nil {
		return nil, &hinted{fmt.Errorf("--%s %s: %w", p.flag, p.addr, err), "An address is host:port, like 127.0.0.1:4317, or off."}
	}
	if ip := net.ParseIP(host); !insecure && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		hint := "Listen on 127.0.0.1 behind a proxy that authenticates, or add --insecure."
		if p.loopback {
			hint = "Listen on 127.0.0.1; --insecure does not open this port."
		}
		return nil, &hinted{fmt.Errorf("--%s %s: this address can be reached from other machines, and there is no authentication yet", p.flag, p.addr), hint}
	}
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		if strings.Contains(err.Error(), "in use") || strings.Contains(err.Error(), "Only one usage of each socket") {
			return nil, &hinted{fmt.Errorf("--%s %s: port %s is taken by another process, maybe another everspan or a collector", p.flag, p.addr, number),
				fmt.Sprintf("Stop that process, or choose another address: --%s %s (port 0 takes a free one, off turns it off).", p.flag, net.JoinHostPort(host, "0"))}
		}
		return nil, fmt.Errorf("--%s %s: %w", p.flag, p.addr, err)
	}
	return l, nil
}

func (ps ports) close() {
	for _, p := range ps {
		if p.listener != nil {
			p.listener.Close()
		}
	}
}

// print says where each listener is, one line each: key, spaces, value. Tools
// that start everspan on free ports read these lines.
func (ps ports) print(w io.Writer) {
	for _, p := range ps {
		fmt.Fprintf(w, "  %-16s  %s%s\n", p.flag, p.scheme, p.listener.Addr())
	}
}

// serve serves what services has for each port, and sends why one ended.
func (ps ports) serve(services map[string]service, failed chan<- error) {
	for _, p := range ps {
		p.service = services[p.flag]
		go func() { failed <- p.service.Serve(p.listener) }()
	}
}

// stop lets requests end until ctx does, and then ends them.
func (ps ports) stop(ctx context.Context) {
	var all sync.WaitGroup
	for _, p := range ps {
		all.Go(func() { p.service.stop(ctx) })
	}
	all.Wait()
}

// service is a server of one protocol.
type service interface {
	Serve(net.Listener) error
	stop(ctx context.Context)
}

type webService struct{ *http.Server }

func (s webService) stop(ctx context.Context) {
	if s.Shutdown(ctx) != nil {
		s.Close()
	}
}

type grpcService struct{ *grpc.Server }

func (s grpcService) stop(ctx context.Context) {
	stopped := make(chan struct{})
	go func() { s.GracefulStop(); close(stopped) }()
	select {
	case <-stopped:
	case <-ctx.Done():
		s.Stop()
	}
}

// newHTTPServer bounds how long a client may hold a connection without using it.
func newHTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug), Protocols: new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	return s
}
