package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// fraudHost is the name of the service in Node.js.
const fraudHost = "fraud"

// findFraud returns the folder of the service in Node.js, in the checkout that
// the demo was built from, or why it can't be started.
func findFraud() (dir string, err error) {
	_, file, _, _ := runtime.Caller(0)
	dir = filepath.Join(filepath.Dir(file), "fraud")
	if _, err := exec.LookPath("node"); err != nil {
		return "", errors.New("no Node.js is installed (https://nodejs.org, version 20 or later)")
	}
	if _, err := os.Stat(filepath.Join(dir, "fraud.js")); err != nil {
		return "", errors.New("the demo is not run from a checkout")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@opentelemetry", "sdk-node")); err != nil {
		return "", errors.New("run `npm ci` in examples/shop/fraud")
	}
	return dir, nil
}

// fraudProcess is the service in Node.js, with a stock SDK of its own.
type fraudProcess struct {
	cmd    *exec.Cmd
	stdin  io.Closer // its end ends the process
	exited chan struct{}
	err    error // how it ended; valid once exited is closed
}

// startFraud starts the service and announces its address in the network, until
// the process ends.
func (s *Shop) startFraud() error {
	cmd := exec.Command("node", "--require", "./telemetry.js", "fraud.js")
	cmd.Dir = s.opts.Fraud
	cmd.Env = append(os.Environ(), s.fraudSettings()...)
	detach(cmd)
	var log strings.Builder // read once the process has ended
	cmd.Stderr = &log
	if s.opts.Verbose {
		cmd.Stderr = s.opts.Log
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("%s: %w", fraudHost, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("%s: %w", fraudHost, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", fraudHost, err)
	}
	f := &fraudProcess{cmd: cmd, stdin: stdin, exited: make(chan struct{})}
	s.fraud = f
	port := make(chan string, 1)
	go func() {
		defer close(f.exited)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if p, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
				port <- p
			}
		}
		s.network.announce(fraudHost, "")
		f.err = cmd.Wait()
	}()
	select {
	case p := <-port:
		s.network.announce(fraudHost, "127.0.0.1:"+p)
		return nil
	case <-f.exited:
		return fmt.Errorf("%s ended at once: %w\n%s", fraudHost, cmp.Or(f.err, errors.New("no error given")), log.String())
	case <-time.After(startWait):
		return fmt.Errorf("%s does not listen after %s", fraudHost, startWait)
	}
}

// fraudSettings are the variables that set up a stock SDK.
func (s *Shop) fraudSettings() []string {
	var resource []string
	for _, a := range append(s.resource(fraudHost), attribute.String("service.version", version)) {
		resource = append(resource, fmt.Sprintf("%s=%s", a.Key, a.Value.AsString()))
	}
	env := []string{
		"OTEL_SERVICE_NAME=" + fraudHost,
		"OTEL_RESOURCE_ATTRIBUTES=" + strings.Join(resource, ","),
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=none",
		"OTEL_BSP_SCHEDULE_DELAY=300", "OTEL_BLRP_SCHEDULE_DELAY=300",
	}
	if endpoint, ok := strings.CutPrefix(overGRPC(s.opts.Endpoint), "grpc"); ok {
		env = append(env, "OTEL_EXPORTER_OTLP_ENDPOINT=http"+endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc")
	}
	return env
}

// stop lets the process send its spans and end; one that does not is killed.
func (f *fraudProcess) stop(ctx context.Context) error {
	f.stdin.Close()
	select {
	case <-f.exited:
		if f.err != nil {
			return fmt.Errorf("%s: %w", fraudHost, f.err)
		}
		return nil
	case <-ctx.Done():
		_ = f.cmd.Process.Kill()
		<-f.exited
		return fmt.Errorf("%s: %w", fraudHost, ctx.Err())
	}
}

type assessment struct {
	Score    int  `json:"score"`
	Accepted bool `json:"accepted"`
}

// assess asks whether an order is to be trusted. A shop without the service
// trusts everybody.
func (o *orders) assess(ctx context.Context, in order) error {
	if !o.network.knows(fraudHost) {
		return nil
	}
	var out assessment
	err := o.do(ctx, call{to: fraudHost, method: http.MethodPost, route: "/assessments", in: in, out: &out})
	if err != nil {
		return err
	}
	if !out.Accepted {
		return failure(http.StatusForbidden, "order of %s is suspicious: score %d", in.User, out.Score)
	}
	return nil
}
