package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// serverProcess is an `everspan serve` that the demo started itself.
type serverProcess struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
	err    error         // how it ended; valid once exited is closed

	mu    sync.Mutex
	addrs map[string]string // http, otlp-grpc, otlp-http, data
	tail  []string          // its last lines, for an error message
	known chan struct{}     // closed when http and otlp-grpc are in addrs
}

const (
	tailLines = 20

	// The server replays its log first, so a start may take a while.
	startWait = 30 * time.Second
	stopWait  = 10 * time.Second
)

// startServer runs the program and returns once it has said where it listens.
// Its lines are copied to echo.
func startServer(ctx context.Context, program string, args []string, echo io.Writer) (*serverProcess, error) {
	p := &serverProcess{
		cmd:    exec.Command(program, append([]string{"serve"}, args...)...),
		exited: make(chan struct{}),
		addrs:  map[string]string{},
		known:  make(chan struct{}),
	}
	detach(p.cmd)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = w
	err = p.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("start everspan: %w", err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer r.Close()
		p.read(r, echo)
	}()
	go func() {
		p.err = p.cmd.Wait()
		// Its last lines are in the pipe; a child of its own may keep that open.
		_ = r.SetReadDeadline(time.Now().Add(time.Second))
		<-read
		close(p.exited)
	}()

	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	select {
	case <-p.known:
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("everspan serve ended at once: %w\n%s", p.ended(), p.lastLines())
	case <-ctx.Done():
		p.stop()
		return nil, fmt.Errorf("everspan serve did not say where it listens: %w\n%s", ctx.Err(), p.lastLines())
	}
}

// read follows the server's standard error to its end.
func (p *serverProcess) read(r io.Reader, echo io.Writer) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		fmt.Fprintln(echo, line)
		p.note(line)
	}
	_, _ = io.Copy(echo, r) // after a line past any reason, so that the server never blocks
}

// note takes an address line, "  http       http://127.0.0.1:16686".
func (p *serverProcess) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tail = append(p.tail, line)
	if len(p.tail) > tailLines {
		p.tail = p.tail[1:]
	}
	key, value, ok := strings.Cut(strings.TrimSpace(line), " ")
	if !ok {
		return
	}
	switch key {
	case "http", "otlp-grpc", "otlp-http", "data":
	default:
		return
	}
	if _, again := p.addrs[key]; again {
		return
	}
	p.addrs[key] = strings.TrimSpace(value)
	if (key == "http" || key == "otlp-grpc") && p.addrs["http"] != "" && p.addrs["otlp-grpc"] != "" {
		close(p.known)
	}
}

func (p *serverProcess) address(key string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addrs[key]
}

func (p *serverProcess) lastLines() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail, "\n")
}

func (p *serverProcess) ended() error {
	if p.err == nil {
		return errors.New("no error given")
	}
	return p.err
}

// stop asks the server to end and waits; one that does not is killed.
func (p *serverProcess) stop() {
	_ = terminate(p.cmd.Process)
	select {
	case <-p.exited:
	case <-time.After(stopWait):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}
