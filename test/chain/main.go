// Command chain is the two ends of a chain of processes, for the end-to-end test
// of one trace through HTTP, another language, a queue and a database:
//
//	chain front     GET /start?middle=URL sends a job to URL/jobs; the queue runs here
//	chain worker    takes jobs from the queue at QUEUE and writes them to the SQLite file DATABASE
//
// Between them is test/node/middle.js, which puts jobs into the queue. Each prints
// `listening` and its port, the front before it `queue` and the address. Telemetry is
// set up by OTEL_* variables alone. An interrupt or the end of standard input ends it:
// what has not been sent is sent, then it exits.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/everspan/everspan/instrument"
)

// subject is where jobs are in the queue.
const subject = "jobs"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "chain:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	shutdown, err := instrument.Start(ctx, instrument.Options{})
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := shutdown(ctx); err != nil {
			slog.Error("telemetry is lost", "error", err)
		}
	}()
	switch {
	case err != nil:
		return err
	case len(args) == 1 && args[0] == "front":
		return front(ctx)
	case len(args) == 1 && args[0] == "worker":
		return worker(ctx, os.Getenv("QUEUE"), os.Getenv("DATABASE"))
	}
	return fmt.Errorf("want front or worker, not %q", args)
}
