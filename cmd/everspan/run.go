package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

type runCmd struct {
	serverFlag
	Endpoint  string   `placeholder:"URL" help:"Where the program sends to over OTLP/HTTP; http://127.0.0.1:4318, or the address of --server."`
	Service   string   `placeholder:"NAME" help:"Name of the service; of the program, its script or its package.json by default."`
	Javaagent string   `type:"path" placeholder:"JAR" help:"OpenTelemetry's agent for Java; looked for in ., ~/.everspan, /opt and /usr/share/java by default."`
	Load      bool     `default:"true" negatable:"" help:"Load what traces the program; --no-load is for one that starts an SDK of its own."`
	Command   []string `arg:"" passthrough:"" help:"The program and its arguments."`
}

// Help is printed below the flags.
func (c *runCmd) Help() string {
	return `The program runs as it would without everspan: its input and output, signals and exit code pass through. Node.js, Python
and Java are traced without a change to the program, once OpenTelemetry's package is installed; where it is not, everspan
says how to install it. What you have set in the environment (OTEL_*) stays as it is. docs/run.md tells more.

Examples:
  everspan run -- node server.js
  everspan run --service checkout -- npm start
  everspan run -- python -m flask run
  everspan run --no-load -- node --require ./my-tracing.js server.js
  everspan run --javaagent ~/opentelemetry-javaagent.jar -- java -jar shop.jar
  everspan run -- ./my-go-service`
}

// exitCode ends everspan with the code of the program that it ran.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// serverWait is how long the program waits for a server that does not answer.
const serverWait = 2 * time.Second

// Run runs the program.
func (c *runCmd) Run() error {
	args := c.Command
	if args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		say("no program is named\nTry: everspan run --help")
		return exitCode(2)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return notStarted(args[0], err)
	}
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("run: working directory: %w", err)
	}
	l := newLaunch(args, path, dir, os.Environ())
	l.javaagent, l.bare = c.Javaagent, !c.Load
	ctx, stop := context.WithTimeout(context.Background(), serverWait)
	endpoint, down := c.endpoint(ctx)
	stop()
	if down != nil {
		say("%s", down)
	}
	l.prepare(c.Service, endpoint, c.Endpoint != "")
	l.tell()
	watch := watchTraces(c.serverFlag, l.service, time.Now())
	code, err := l.run()
	if err != nil {
		watch.stop()
		return notStarted(args[0], err)
	}
	watch.end(l.patience(), l.checks())
	if code != 0 {
		return exitCode(code)
	}
	return nil
}

// say prints a line about the program, apart from what the program prints. Lines
// below it are bare, so that commands in them can be copied.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "everspan: "+format+"\n", args...)
}
