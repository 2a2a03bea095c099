package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/store"
	"github.com/everspan/everspan/internal/wal"
)

type serveCmd struct {
	Data          string        `default:"./everspan-data" env:"EVERSPAN_DATA" placeholder:"DIR" help:"Folder that holds everything (${default})."`
	HTTP          string        `name:"http" default:"127.0.0.1:16686" env:"EVERSPAN_HTTP" placeholder:"ADDR" help:"Address of the query APIs (${default}). For every address: 'off' turns it off, port 0 takes a free one."`
	OTLPGRPC      string        `name:"otlp-grpc" default:"127.0.0.1:4317" env:"EVERSPAN_OTLP_GRPC" placeholder:"ADDR" help:"Address for OTLP over gRPC (${default})."`
	OTLPHTTP      string        `name:"otlp-http" default:"127.0.0.1:4318" env:"EVERSPAN_OTLP_HTTP" placeholder:"ADDR" help:"Address for OTLP over HTTP (${default})."`
	Zipkin        string        `default:"127.0.0.1:9411" env:"EVERSPAN_ZIPKIN" placeholder:"ADDR" help:"Address for Zipkin v2 spans (${default})."`
	Memory        size          `default:"512MiB" env:"EVERSPAN_MEMORY" placeholder:"SIZE" help:"Bound of what is held in memory (${default}). Past it, senders are told to retry."`
	FlushAfter    time.Duration `default:"10m" env:"EVERSPAN_FLUSH_AFTER" placeholder:"TIME" help:"Age at which spans are written from the log into a block, however few (${default})."`
	Retention     period        `default:"14d" env:"EVERSPAN_RETENTION" placeholder:"TIME" help:"How long spans are kept after they came, in days or like 36h (${default}); 0 keeps them for ever."`
	RetentionSize size          `default:"0" env:"EVERSPAN_RETENTION_SIZE" placeholder:"SIZE" help:"How much disk blocks may take (no bound); past it, the oldest are deleted."`
	Insecure      bool          `env:"EVERSPAN_INSECURE" help:"Allow addresses other than loopback. There is no authentication yet: everyone who reaches the port can read and write."`
	LogLevel      string        `default:"info" enum:"debug,info,warn,error" env:"EVERSPAN_LOG_LEVEL" help:"Least level that is logged: debug, info, warn or error (${default})."`
	Config        string        `env:"EVERSPAN_CONFIG" placeholder:"FILE" help:"YAML file with these settings, by the flags' names."`
}

// Help is printed below the flags.
func (c *serveCmd) Help() string {
	return `Every setting is a flag, a variable and a key of the YAML file; the flag wins over the variable, and that over the file.

Examples:
  everspan serve
  everspan serve --data /var/lib/everspan --memory 2GiB --retention 30d --retention-size 500GiB
  EVERSPAN_OTLP_GRPC=off everspan serve --config everspan.yaml

  # everspan.yaml
  data: ${HOME}/traces
  otlp-http: 127.0.0.1:4318
  memory: 1GiB`
}

// minMemory is what a handful of payloads of the largest size need.
const minMemory = 64 << 20

// drainTime is how long requests may take to end after SIGTERM.
const drainTime = 10 * time.Second

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context) (err error) {
	if c.Memory < minMemory {
		return fmt.Errorf("--memory is %d MiB, at least %d MiB are needed", c.Memory>>20, minMemory>>20)
	}
	if c.FlushAfter <= 0 {
		return fmt.Errorf("--flush-after is %v, it must be more than nothing", c.FlushAfter)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	// Near the limit the collector works harder instead of letting the heap grow by
	// half. A quarter of --memory is for payloads in flight, which are seldom all
	// there; what is not counted in it gets some room of its own.
	debug.SetMemoryLimit(int64(c.Memory)/4*3 + 64<<20)
	if os.Getenv("GOGC") == "" {
		// Columns have no pointers, so that collecting is cheap: rather often than
		// with a heap of twice the size.
		debug.SetGCPercent(50)
	}

	listeners, err := c.listen()
	if err != nil {
		return err
	}
	defer listeners.close()

	data, err := filepath.Abs(c.Data)
	if err != nil {
		return err
	}
	unlock, err := lockFolder(data)
	if err != nil {
		return err
	}
	defer unlock()
	bkt, err := bucket.OpenDir(filepath.Join(data, "store"))
	if err != nil {
		return err
	}
	defer bkt.Close()
	log, err := wal.Open(filepath.Join(data, "log"), wal.Options{
		// Small segments keep a replay's memory and the log's rest small.
		SegmentBytes: 16 << 20, PendingBytes: int64(c.Memory) / 8, Logger: logger,
	})
	if err != nil {
		return err
	}
	defer log.Close()
	spans, report, err := store.Open(ctx, bkt, log, store.Options{
		Memory: int64(c.Memory) / 2, FlushAge: c.FlushAfter,
		RetainAge: time.Duration(c.Retention), RetainBytes: int64(c.RetentionSize), Logger: logger,
	})
	if err != nil {
		return err
	}
	tell(logger, report)

	receiver := otlp.NewReceiver(spans, otlp.Options{MaxInFlight: int64(c.Memory) / 4, Logger: logger})
	var draining atomic.Bool
	server := &api.Server{Store: spans, Engine: engine.New(spans, engine.Options{}), Log: log, Receiver: receiver, Build: build(), Logger: logger, Ready: func() error {
		if draining.Load() {
			return errors.New("shutting down")
		}
		return nil
	}}

	failed := make(chan error, 4)
	grpcServer := receiver.GRPCServer()
	httpServers := map[net.Listener]*http.Server{}
	serve := func(l net.Listener, h http.Handler) {
		if l != nil {
			s := newHTTPServer(h, logger)
			httpServers[l] = s
			go func() { failed <- s.Serve(l) }()
		}
	}
	serve(listeners.http, server.Handler())
	serve(listeners.otlpHTTP, receiver)
	serve(listeners.zipkin, server.ZipkinHandler())
	if listeners.otlpGRPC != nil {
		go func() { failed <- grpcServer.Serve(listeners.otlpGRPC) }()
	}

	fmt.Fprintf(os.Stderr, "everspan %s\n", version)
	listeners.print()
	fmt.Fprintf(os.Stderr, "  data       %s\n", data)

	select {
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "stopping: finishing requests and writing what is in memory")
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	}
	draining.Store(true)
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	stopped := make(chan struct{})
	go func() { grpcServer.GracefulStop(); close(stopped) }()
	for _, s := range httpServers {
		if s.Shutdown(drain) != nil {
			s.Close()
		}
	}
	select {
	case <-stopped:
	case <-drain.Done():
		grpcServer.Stop()
	}
	if closeErr := spans.Close(context.Background()); closeErr != nil {
		logger.Error("could not write what is in memory; it is in the log and comes back at the next start", "error", closeErr)
	}
	return err
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

// tell logs what opening the store found out of the ordinary.
func tell(logger *slog.Logger, r store.Report) {
	for _, d := range r.Log.Damage {
		logger.Warn("damage in the log", "what", d.String())
	}
	for _, key := range r.Damaged {
		logger.Error("a manifest is damaged and was passed over", "manifest", key)
	}
	for _, id := range r.Adopted {
		logger.Warn("a block without a manifest was taken in", "block", id)
	}
	for _, what := range r.Aside {
		logger.Error("a record of the log could not be decoded and is kept aside", "what", what)
	}
	for _, id := range r.Removed {
		logger.Info("an unfinished block was removed; its spans are in the log", "block", id)
	}
	if r.Blocks > 0 || r.Head > 0 {
		logger.Info("opened", "blocks", r.Blocks, "spans_in_blocks", r.Spans, "spans_from_log", r.Head)
	}
}

// listeners are the open ports; one that is off is nil.
type listeners struct{ http, otlpGRPC, otlpHTTP, zipkin net.Listener }

func (c *serveCmd) listen() (l listeners, err error) {
	for _, p := range []struct {
		flag, addr string
		to         *net.Listener
	}{{"http", c.HTTP, &l.http}, {"otlp-grpc", c.OTLPGRPC, &l.otlpGRPC}, {"otlp-http", c.OTLPHTTP, &l.otlpHTTP}, {"zipkin", c.Zipkin, &l.zipkin}} {
		if p.addr == "off" {
			continue
		}
		if *p.to, err = c.listenOn(p.flag, p.addr); err != nil {
			l.close()
			return listeners{}, err
		}
	}
	if l == (listeners{}) {
		return l, errors.New("every listener is off: nothing to serve")
	}
	return l, nil
}

func (c *serveCmd) listenOn(flag, addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &hinted{fmt.Errorf("--%s %s: %w", flag, addr, err), "An address is host:port, like 127.0.0.1:4317, or off."}
	}
	if ip := net.ParseIP(host); !c.Insecure && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, &hinted{fmt.Errorf("--%s %s: this address can be reached from other machines, and there is no authentication yet", flag, addr),
			"Listen on 127.0.0.1 behind a proxy that authenticates, or add --insecure."}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		if strings.Contains(err.Error(), "in use") || strings.Contains(err.Error(), "Only one usage of each socket") {
			return nil, &hinted{fmt.Errorf("--%s %s: port %s is taken by another process, maybe another everspan or a collector", flag, addr, port),
				fmt.Sprintf("Stop that process, or choose another address: --%s %s (port 0 takes a free one, off turns it off).", flag, net.JoinHostPort(host, "0"))}
		}
		return nil, fmt.Errorf("--%s %s: %w", flag, addr, err)
	}
	return l, nil
}

func (l listeners) close() {
	for _, one := range []net.Listener{l.http, l.otlpGRPC, l.otlpHTTP, l.zipkin} {
		if one != nil {
			one.Close()
		}
	}
}

// print says where each listener is, one line each: key, spaces, value. Tools
// that start everspan on free ports read these lines.
func (l listeners) print() {
	if l.http != nil {
		fmt.Fprintf(os.Stderr, "  http       http://%s\n", l.http.Addr())
	}
	if l.otlpGRPC != nil {
		fmt.Fprintf(os.Stderr, "  otlp-grpc  %s\n", l.otlpGRPC.Addr())
	}
	if l.otlpHTTP != nil {
		fmt.Fprintf(os.Stderr, "  otlp-http  http://%s\n", l.otlpHTTP.Addr())
	}
	if l.zipkin != nil {
		fmt.Fprintf(os.Stderr, "  zipkin     http://%s\n", l.zipkin.Addr())
	}
}
