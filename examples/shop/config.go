package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

const (
	defaultServer   = "http://127.0.0.1:16686"
	defaultEndpoint = "127.0.0.1:4317"
	dataFolder      = "./everspan-data"
)

// config is what the command line and the environment say.
type config struct {
	once        bool
	endpoint    string // from --endpoint
	envEndpoint string // from OTEL_EXPORTER_OTLP_ENDPOINT, unless --endpoint is given
	server      string
	serverGiven bool
	listen      string
	rate        float64
	duration    time.Duration
	seed        uint64
	verbose     bool
}

const usage = `The shop is Everspan's demo: eight services, a database, a queue, and a tax
office that is sometimes slow. If no Everspan answers, it starts one.

Usage: shop [flags]

  shop                      a gentle stream of requests, until Ctrl-C
  shop --rate 20            a busier one
  shop --once               one slow checkout and its waterfall, then exit
  shop --server http://127.0.0.1:8080 --endpoint 127.0.0.1:4400
                            with an Everspan at other addresses

Flags:
`

func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	fs := flag.NewFlagSet("shop", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.VisitAll(func(f *flag.Flag) {
			kind, text := flag.UnquoteUsage(f)
			fmt.Fprintf(stderr, "  %-22s  %s\n", strings.TrimSpace("--"+f.Name+" "+kind), text)
		})
		fmt.Fprint(stderr, "\nEnvironment:\n  OTEL_EXPORTER_OTLP_ENDPOINT  where spans go, unless --endpoint is given\n"+
			"  EVERSPAN_BIN                 the everspan program to run\n")
	}
	fs.BoolVar(&cfg.once, "once", false, "make one slow checkout, print its waterfall, exit")
	fs.StringVar(&cfg.endpoint, "endpoint", "", "`host:port` that spans are sent to, OTLP over gRPC ("+defaultEndpoint+")")
	fs.StringVar(&cfg.server, "server", defaultServer, "`url` of Everspan ("+defaultServer+")")
	fs.StringVar(&cfg.listen, "listen", "127.0.0.1:0", "`host:port` of the shop's gateway (a free port)")
	fs.Float64Var(&cfg.rate, "rate", 2, "requests a second, as a `number` (2)")
	fs.DurationVar(&cfg.duration, "duration", 0, "stop after this `time`, such as 5m (0: never)")
	fs.Uint64Var(&cfg.seed, "seed", 1, "`number` that decides what happens by chance (1)")
	fs.BoolVar(&cfg.verbose, "verbose", false, "print the log lines of the services and of the server")
	if err := fs.Parse(args); err != nil {
		return cfg, err
	}
	fs.Visit(func(f *flag.Flag) { cfg.serverGiven = cfg.serverGiven || f.Name == "server" })
	cfg.server = strings.TrimRight(cfg.server, "/")
	if cfg.endpoint == "" {
		cfg.envEndpoint = os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	var err error
	switch {
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case cfg.rate <= 0 || cfg.rate > 1000:
		err = errors.New("--rate is between 0 and 1000")
	case !strings.Contains(cfg.server, "://"):
		err = errors.New("--server is a URL, such as " + defaultServer)
	}
	if err != nil {
		fmt.Fprintf(stderr, "shop: %v; --help says more\n", err)
	}
	return cfg, err
}
