//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// server is an `everspan serve` of our own.
type server struct {
	binary, data string
	flags        []string
	log          string // file with what it said

	cmd                  *exec.Cmd
	ended                chan error
	grpc, otlpHTTP, http string // where it listens
}

// buildServer compiles the server as `make build` does.
func buildServer(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", to, "github.com/everspan/everspan/cmd/everspan")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s\nUse --binary to measure one that is built already", err, out)
	}
	return nil
}

// newServer prepares a server with a folder in dir, or the one that was asked for.
func newServer(ctx context.Context, o *options, dir string) (*server, error) {
	s := &server{binary: o.binary, data: o.data, log: filepath.Join(dir, "server.log"), flags: o.server}
	if s.data == "" {
		s.data = filepath.Join(dir, "data")
	} else if names, _ := os.ReadDir(s.data); len(names) > 0 {
		return nil, fmt.Errorf("--data %s is not empty: its spans would count as well; name a new folder", s.data)
	}
	if !slices.ContainsFunc(s.flags, func(f string) bool { return strings.HasPrefix(f, "--flush-after") }) {
		s.flags = append([]string{"--flush-after", "15s"}, s.flags...)
	}
	if s.binary == "" {
		say("building the server")
		s.binary = filepath.Join(dir, "everspan")
		return s, buildServer(ctx, s.binary)
	}
	return s, nil
}

// start runs the server on free ports and returns when it is ready.
func (s *server) start(ctx context.Context) error {
	args := []string{"serve", "--data", s.data, "--http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--zipkin", "off",
		"--jaeger-grpc", "off", "--jaeger-storage", "off", "--jaeger-thrift", "off", "--jaeger-collector", "off", "--sampling-http", "off", "--sampling-grpc", "off"}
	s.cmd = exec.Command(s.binary, append(args, s.flags...)...)
	// Ctrl-C is for us: we end the server. It does not outlive us either.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	s.cmd.Stderr, s.cmd.Stdout = in, in
	file, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	err = s.cmd.Start()
	in.Close()
	if err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	s.ended = make(chan error, 1)
	cmd := s.cmd
	go func() { s.ended <- cmd.Wait() }()
	// A server that says nothing must not keep us from ending.
	defer context.AfterFunc(ctx, func() { cmd.Process.Kill() })()
	lines := bufio.NewScanner(io.TeeReader(out, file))
	listening := false
	for !listening && lines.Scan() {
		switch f := strings.Fields(lines.Text()); {
		case len(f) == 2 && f[0] == "http":
			s.http = f[1]
		case len(f) == 2 && f[0] == "otlp-grpc":
			s.grpc = f[1]
		case len(f) == 2 && f[0] == "otlp-http":
			s.otlpHTTP = f[1]
		case len(f) == 2 && f[0] == "data":
			listening = true
		}
	}
	if !listening {
		said, _ := os.ReadFile(s.log)
		return errors.Join(ctx.Err(), fmt.Errorf("the server ended at once; it said:\n%s", said), s.wait())
	}
	go func() { io.Copy(file, out); file.Close(); out.Close() }()
	for {
		res, err := http.Get(s.http + "/ready")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.ended:
			s.cmd = nil
			return fmt.Errorf("the server ended before it was ready: %v; see %s", err, s.log)
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.stop())
		}
	}
}

// process is where the server runs now.
func (s *server) process() process { return process(s.cmd.Process.Pid) }

// stop ends the server as an operator would. It does nothing when it has ended.
func (s *server) stop() error {
	if s.cmd == nil {
		return nil
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	return s.wait()
}

func (s *server) wait() error {
	select {
	case err := <-s.ended:
		s.cmd = nil
		return err
	case <-time.After(2 * time.Minute):
		s.cmd.Process.Kill()
		<-s.ended
		s.cmd = nil
		return errors.New("the server did not end within two minutes of SIGTERM and was killed")
	}
}

// trouble is what the server logged as warnings and errors, at most some lines.
func (s *server) trouble() (lines []string) {
	raw, _ := os.ReadFile(s.log)
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			if lines = append(lines, strings.TrimSpace(line)); len(lines) == 20 {
				break
			}
		}
	}
	return lines
}
