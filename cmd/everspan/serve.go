package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/store"
	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/ui"
)

type serveCmd struct {
	Data            string        `default:"./everspan-data" env:"EVERSPAN_DATA" placeholder:"DIR" help:"Folder that holds everything (${default})."`
	HTTP            string        `name:"http" default:"127.0.0.1:16686" env:"EVERSPAN_HTTP" placeholder:"ADDR" help:"Address of the query APIs (${default}). For every address: 'off' turns it off, port 0 takes a free one."`
	OTLPGRPC        string        `name:"otlp-grpc" default:"127.0.0.1:4317" env:"EVERSPAN_OTLP_GRPC" placeholder:"ADDR" help:"Address for OTLP over gRPC (${default})."`
	OTLPHTTP        string        `name:"otlp-http" default:"127.0.0.1:4318" env:"EVERSPAN_OTLP_HTTP" placeholder:"ADDR" help:"Address for OTLP over HTTP (${default})."`
	Zipkin          string        `default:"127.0.0.1:9411" env:"EVERSPAN_ZIPKIN" placeholder:"ADDR" help:"Address for Zipkin v2, spans and queries (${default})."`
	JaegerGRPC      string        `name:"jaeger-grpc" default:"127.0.0.1:16685" env:"EVERSPAN_JAEGER_GRPC" placeholder:"ADDR" help:"Address of Jaeger's query service, gRPC (${default})."`
	JaegerStorage   string        `name:"jaeger-storage" default:"127.0.0.1:17271" env:"EVERSPAN_JAEGER_STORAGE" placeholder:"ADDR" help:"Address for a Jaeger that keeps its spans here, remote storage v2 (${default})."`
	JaegerThrift    string        `name:"jaeger-thrift" default:"127.0.0.1:14268" env:"EVERSPAN_JAEGER_THRIFT" placeholder:"ADDR" help:"Address for spans of old Jaeger clients, Thrift over HTTP (${default})."`
	JaegerCollector string        `name:"jaeger-collector" default:"127.0.0.1:14250" env:"EVERSPAN_JAEGER_COLLECTOR" placeholder:"ADDR" help:"Address for spans of old Jaeger agents, gRPC (${default})."`
	SamplingHTTP    string        `name:"sampling-http" default:"127.0.0.1:5778" env:"EVERSPAN_SAMPLING_HTTP" placeholder:"ADDR" help:"Address where SDKs ask for their sampling rate, HTTP (${default})."`
	SamplingGRPC    string        `name:"sampling-grpc" default:"127.0.0.1:5779" env:"EVERSPAN_SAMPLING_GRPC" placeholder:"ADDR" help:"The same over gRPC (${default})."`
	SamplingRate    float64       `name:"sampling-rate" default:"1" env:"EVERSPAN_SAMPLING_RATE" placeholder:"RATE" help:"The part of traces that those SDKs are told to keep, 0 to 1 (${default})."`
	Admin           string        `default:"off" env:"EVERSPAN_ADMIN" placeholder:"ADDR" help:"Address for POST /admin/purge, of this machine only (${default})."`
	AllowPurge      bool          `env:"EVERSPAN_ALLOW_PURGE" help:"Allow /admin/purge to delete all spans and log records, as a test suite needs it."`
	Memory          size          `default:"512MiB" env:"EVERSPAN_MEMORY" placeholder:"SIZE" help:"Bound of what is held in memory (${default}). Past it, senders are told to retry."`
	FlushAfter      time.Duration `default:"10m" env:"EVERSPAN_FLUSH_AFTER" placeholder:"TIME" help:"Age at which spans and log records are written from the log into a block, however few (${default})."`
	Retention       period        `default:"14d" env:"EVERSPAN_RETENTION" placeholder:"TIME" help:"How long spans and log records are kept after they came, in days or like 36h (${default}); 0 keeps them for ever."`
	RetentionSize   size          `default:"0" env:"EVERSPAN_RETENTION_SIZE" placeholder:"SIZE" help:"How much disk blocks may take (no bound); past it, the oldest are deleted."`
	QueryTimeout    time.Duration `default:"30s" env:"EVERSPAN_QUERY_TIMEOUT" placeholder:"TIME" help:"How long a query may take (${default}); then it is answered with what was found, and says so."`
	LogLinks        []string      `name:"log-links" sep:" " env:"EVERSPAN_LOG_LINKS" placeholder:"NAME=URL" help:"Links from a trace to other log stores, with blanks between them: {trace_id}, {from_ms} and {to_ms} in the address are filled in; also from, from_s, from_ns."`
	Insecure        bool          `env:"EVERSPAN_INSECURE" help:"Allow addresses other than loopback. There is no authentication yet: everyone who reaches the port can read and write."`
	LogLevel        string        `default:"info" enum:"debug,info,warn,error" env:"EVERSPAN_LOG_LEVEL" help:"Least level that is logged: debug, info, warn or error (${default})."`
	Config          string        `env:"EVERSPAN_CONFIG" placeholder:"FILE" help:"YAML file with these settings, by the flags' names."`
}

// Help is printed below the flags.
func (c *serveCmd) Help() string {
	return `Every setting is a flag, a variable and a key of the YAML file; the flag wins over the variable, and that over the file.

Examples:
  everspan serve
  everspan serve --data /var/lib/everspan --memory 2GiB --retention 30d --retention-size 500GiB
  EVERSPAN_OTLP_GRPC=off everspan serve --config everspan.yaml

  everspan serve --log-links 'Kibana=https://kibana/app/discover#/?_g=(time:(from:"{from}",to:"{to}"))&_a=(query:(query:"trace.id:{trace_id}"))'

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
	var links []api.LogLink
	for _, text := range c.LogLinks {
		l, err := api.ParseLogLink(text)
		if err != nil {
			return fmt.Errorf("--log-links %s: %w", text, err)
		}
		links = append(links, l)
	}
	if !(c.SamplingRate >= 0 && c.SamplingRate <= 1) {
		return fmt.Errorf("--sampling-rate is %v, it must be between 0 and 1", c.SamplingRate)
	}
	if c.QueryTimeout <= 0 {
		return fmt.Errorf("--query-timeout is %v, it must be more than nothing", c.QueryTimeout)
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

	ports := c.ports()
	if err := ports.listen(c.Insecure); err != nil {
		return err
	}
	defer ports.close()

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
	server := &api.Server{Store: spans, Engine: engine.New(spans, engine.Options{Timeout: c.QueryTimeout, Memory: int64(c.Memory) / 16}), Log: log, Receiver: receiver, Build: build(), Logger: logger, QueryTimeout: c.QueryTimeout, LogLinks: links, Page: ui.Files(), Ready: func() error {
		if draining.Load() {
			return errors.New("shutting down")
		}
		return nil
	}}

	web := func(h http.Handler) service { return webService{newHTTPServer(h, logger)} }
	failed := make(chan error, len(ports))
	ports.serve(map[string]service{
		"http":             web(server.Handler()),
		"otlp-grpc":        grpcService{receiver.GRPCServer()},
		"otlp-http":        web(receiver),
		"zipkin":           web(server.ZipkinHandler()),
		"jaeger-grpc":      grpcService{server.JaegerQueryServer()},
		"jaeger-storage":   grpcService{server.JaegerStorageServer()},
		"jaeger-thrift":    web(server.JaegerThriftHandler(c.SamplingRate)),
		"jaeger-collector": grpcService{server.JaegerCollectorServer()},
		"sampling-http":    web(api.SamplingHandler(c.SamplingRate)),
		"sampling-grpc":    grpcService{server.SamplingServer(c.SamplingRate)},
		"admin":            web(server.AdminHandler(c.AllowPurge)),
	}, failed)

	fmt.Fprintf(os.Stderr, "everspan %s\n", version)
	ports.print(os.Stderr)
	fmt.Fprintf(os.Stderr, "  %-16s  %s\n", "data", data)

	select {
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "stopping: finishing requests and writing what is in memory")
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	}
	draining.Store(true)
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	ports.stop(drain)
	if closeErr := spans.Close(context.Background()); closeErr != nil {
		logger.Error("could not write what is in memory; it is in the log and comes back at the next start", "error", closeErr)
	}
	return err
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
	if r.Blocks > 0 || r.Head > 0 || r.HeadLogs > 0 {
		logger.Info("opened", "blocks", r.Blocks, "spans_in_blocks", r.Spans, "spans_from_log", r.Head, "logs_in_blocks", r.Logs, "logs_from_log", r.HeadLogs)
	}
}
