// Command everspan is a distributed tracing system in one binary: it receives
// spans and log records, keeps them, and shows each request as a waterfall that says why it was
// slow.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve   serveCmd   `cmd:"" help:"Receive spans, keep them, answer queries."`
	Run     runCmd     `cmd:"" help:"Run a program and have its traces sent to the server."`
	Trace   traceCmd   `cmd:"" help:"Show the waterfall of a trace."`
	Traces  tracesCmd  `cmd:"" help:"List the newest traces."`
	Logs    logsCmd    `cmd:"" help:"List log records, each with the trace it belongs to."`
	Query   queryCmd   `cmd:"" help:"Ask for traces and series in TraceQL."`
	Block   blockCmd   `cmd:"" help:"Look into the data folder: list, inspect, verify and export blocks."`
	Version versionCmd `cmd:"" help:"Say which build this is."`

	Completion completionCmd `cmd:"" help:"Print a script that completes everspan's words in bash, zsh or fish."`
}

const description = `Every trace, kept.

Examples:
  everspan serve                                 # keep spans in ./everspan-data
  everspan run -- node server.js                 # trace a program without a change to it
  everspan traces --service checkout --errors    # the newest failed ones
  everspan trace 4bf92f3577b34da6a3ce929d0e0e4736
  everspan trace 4bf92f3577b34da6a3ce929d0e0e4736 --logs
  everspan logs --severity error                 # what went wrong, and in which trace
  everspan query '{ duration > 2s }'
  everspan query '{ } | rate() by(resource.service.name)'

Send spans and logs with any OpenTelemetry SDK:
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 ./your-service`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run is main with an exit code: 0 for success, 1 for a failure, 2 for a wrong
// command line.
func run(ctx context.Context, args []string) int {
	var c commands
	var settings settingsFile
	exited := -1
	parser, err := kong.New(&c, kong.Name("everspan"), kong.Description(description),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exited = code }),
		kong.Resolvers(&settings),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Vars{"server": defaultServer})
	if err != nil {
		panic(err) // the commands above are wrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(joinPast(args))
	if exited >= 0 { // help has been printed
		return exited
	}
	if err := settings.explain(err); err != nil {
		fmt.Fprintf(os.Stderr, "everspan: %v\nTry: %s --help\n", err, meant(err))
		return 2
	}
	if err := command.Run(); err != nil {
		var code exitCode
		if errors.As(err, &code) {
			return int(code)
		}
		fmt.Fprintf(os.Stderr, "everspan: %v\n", err)
		var e *hinted
		if errors.As(err, &e) && e.hint != "" {
			fmt.Fprintf(os.Stderr, "%s\n", e.hint)
		}
		return 1
	}
	return 0
}

// meant is the command, with those above it, that a wrong command line names.
func meant(err error) string {
	words := "everspan"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		for _, p := range wrong.Context.Path {
			if p.Command != nil {
				words += " " + p.Command.Name
			}
		}
	}
	return words
}

// hinted is an error with a way out.
type hinted struct {
	err  error
	hint string
}

func (e *hinted) Error() string { return e.err.Error() }
func (e *hinted) Unwrap() error { return e.err }
