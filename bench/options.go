//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// options is what the command line says.
type options struct {
	spans       int
	seed        uint64
	hold        int
	protocol    string
	path        string // of OTLP over HTTP; empty: that of traces
	compression string
	connections int
	rate        float64 // spans/s, 0: as fast as it goes

	binary   string
	target   string
	pid      int
	data     string
	query    string
	queryAPI string

	settle  time.Duration
	queries int
	verify  string
	json    string

	server []string // flags of our own server
}

const help = `bench measures what a tracing server costs: spans a second, CPU a million spans,
memory, bytes a span on disk, restart and query times. The workload is an online
shop; the same seed makes the same bytes.

Usage:
  go run ./bench [flags] [-- flags of the server]
  go run ./bench generate --spans N --seed S --out FILE
  go run ./bench compare A.json B.json
  go run ./bench logs [--records N]                 the same figures for log records

Examples:
  go run ./bench                                    two million spans
  go run ./bench --spans 200000 --json a.json       a quick one, for later
  go run ./bench -- --memory 128MiB                 a server with less memory
  go run ./bench --protocol http --compression gzip
  go run ./bench --rate 50000 --queries 100
  go run ./bench --binary /tmp/everspan-old         another build of the server
  go run ./bench compare a.json b.json

  # a server that is running
  go run ./bench --target 127.0.0.1:4317 --pid 1234 --data /var/tempo \
      --query http://127.0.0.1:3200 --query-api tempo --settle 2m

Without --target the server is built from this tree and started with its default
settings, free ports, a new folder and --flush-after 15s.

Flags:
`

func parseOptions(args []string) (*options, error) {
	o := new(options)
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&o.spans, "spans", 2_014_465, "spans to send")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the workload and of the queries")
	f.IntVar(&o.hold, "hold", 4_000_000, "most spans to hold in memory; more are encoded to a temporary file in $TMPDIR")
	f.StringVar(&o.protocol, "protocol", "grpc", "OTLP over grpc or http")
	f.StringVar(&o.compression, "compression", "none", "of http bodies: none, gzip or zstd; done before the clock starts")
	f.IntVar(&o.connections, "connections", 4, "connections, one request at a time on each")
	f.Float64Var(&o.rate, "rate", 0, "spans a second; 0: as fast as the server takes them")
	f.StringVar(&o.binary, "binary", "", "server to start instead of building one")
	f.StringVar(&o.target, "target", "", "OTLP address of a running server (host:port)")
	f.IntVar(&o.pid, "pid", 0, "its process, whose CPU and memory are read")
	f.StringVar(&o.data, "data", "", "its folder, whose size is the disk figure; without --target, a new folder that is kept")
	f.StringVar(&o.query, "query", "", "its base URL for queries, like http://127.0.0.1:16686")
	f.StringVar(&o.queryAPI, "query-api", "everspan", "what it answers there: everspan or tempo")
	f.DurationVar(&o.settle, "settle", 0, "least time to wait after the load, for a server that writes what it has much later")
	f.IntVar(&o.queries, "queries", 500, "queries of each kind, at most 30 s of them; 0: none")
	f.StringVar(&o.verify, "verify", "sample", "traces to read back and count: all, sample (2,000) or none")
	f.StringVar(&o.json, "json", "", "file for everything as JSON; - for the standard output, instead of the table")
	f.Usage = func() { fmt.Fprint(f.Output(), help); f.PrintDefaults() }

	own, server, _ := split(args)
	f.SetOutput(os.Stdout)
	if slices.ContainsFunc(own, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" }) {
		f.Usage()
		return nil, flag.ErrHelp
	}
	f.Usage = func() {}
	f.SetOutput(new(strings.Builder)) // the error says it
	if err := f.Parse(own); err != nil {
		return nil, fmt.Errorf("%w; --help lists the flags", err)
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is neither a command (generate, compare) nor a flag; flags of the server come after --", f.Arg(0))
	}
	o.server = server
	return o, o.check()
}

// split cuts args at --.
func split(args []string) (own, server []string, cut bool) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:], true
	}
	return args, nil, false
}

func (o *options) check() error {
	oneOf := func(flag, v string, allowed ...string) error {
		if !slices.Contains(allowed, v) {
			return fmt.Errorf("--%s %s: it is one of %s", flag, v, strings.Join(allowed, ", "))
		}
		return nil
	}
	err := errors.Join(
		oneOf("protocol", o.protocol, "grpc", "http"),
		oneOf("compression", o.compression, "none", "gzip", "zstd"),
		oneOf("query-api", o.queryAPI, "everspan", "tempo"),
		oneOf("verify", o.verify, "all", "sample", "none"))
	switch {
	case err != nil:
		return err
	case o.spans < minSize:
		return fmt.Errorf("--spans %d: the smallest trace has %d", o.spans, minSize)
	case o.connections < 1:
		return fmt.Errorf("--connections %d: at least one is needed", o.connections)
	case o.rate < 0 || o.queries < 0 || o.hold < 0:
		return errors.New("--rate, --queries and --hold can't be negative")
	case o.protocol == "grpc" && o.compression != "none":
		return fmt.Errorf("--compression %s is for --protocol http only: gRPC would compress while the clock runs", o.compression)
	case o.target == "" && (o.pid != 0 || o.query != "" || o.queryAPI != "everspan"):
		return errors.New("--pid, --query and --query-api describe a running server: add --target, its OTLP address")
	case o.target != "" && (len(o.server) > 0 || o.binary != ""):
		return errors.New("--binary and flags after -- are for a server that bench starts: leave --target out")
	case o.verify == "all" && o.spans > o.hold:
		return fmt.Errorf("--verify all: of more than --hold %d spans not every trace is remembered; use --verify sample", o.hold)
	}
	return nil
}
