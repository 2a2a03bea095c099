//go:build linux

// Command bench measures what a tracing server costs on a seeded workload: CPU
// and memory, bytes on disk, and the time that queries take. See --help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	err := command(ctx, os.Args[1:])
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted; the server was stopped and temporary files are removed")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// command runs the subcommand that args begin with; without one it measures.
func command(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "generate":
			return generateCommand(ctx, args[1:])
		case "logs":
			return logsCommand(ctx, args[1:])
		case "compare":
			return compareCommand(args[1:])
		case "help":
			args = []string{"--help"}
		}
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	r, err := measure(ctx, o)
	if err != nil {
		return err
	}
	return r.write(o.json)
}

// say tells whoever waits how far things are.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
