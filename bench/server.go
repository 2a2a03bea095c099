//go:build linux

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
	"syscall"
	"time"
)

// server is an `everspan serve` of our own.
type server struct {
	cmd        *exec.Cmd
	grpc, http string
	log        string // file with what it said
}

// usage is what a server process cost in all, flush and shutdown included.
type usage struct {
	CPU     time.Duration `json:"cpuNano"`
	PeakRSS int64         `json:"peakBytes"`
}

// build compiles the server.
func build(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", to, "github.com/everspan/everspan/cmd/everspan")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build everspan: %w\n%s", err, out)
	}
	return nil
}

// start runs a server on free ports and waits until it says where it listens.
func start(binary, data string, args ...string) (*server, error) {
	s := &server{log: data + ".log"}
	s.cmd = exec.Command(binary, append([]string{"serve", "--data", data, "--http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "off"}, args...)...)
	out, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(io.TeeReader(out, file))
	for lines.Scan() {
		switch f := strings.Fields(lines.Text()); {
		case len(f) == 2 && f[0] == "http":
			s.http = f[1]
		case len(f) == 2 && f[0] == "otlp-grpc":
			s.grpc = f[1]
		case len(f) == 2 && f[0] == "data":
			go func() { io.Copy(file, out); file.Close() }()
			return s, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("the server ended at once; see %s", s.log), s.cmd.Wait())
}

// stop ends the server as an operator would and returns what it cost.
func (s *server) stop() (usage, error) {
	var u usage
	s.cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	for {
		u.PeakRSS = max(u.PeakRSS, peakMemory(s.cmd.Process.Pid))
		select {
		case err := <-ended:
			state := s.cmd.ProcessState
			u.CPU = state.UserTime() + state.SystemTime()
			return u, err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most memory that a running process has had resident. Its
// accounting after the end would count this process's memory as well, which a
// child has until it becomes another program.
func peakMemory(pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), "VmHWM:")
	var kib int64
	fmt.Sscan(rest, &kib)
	return kib << 10
}

// processCPU is the CPU time of a running process so far.
func processCPU(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// Fields 14 and 15 are user and system time in ticks of 10 ms; the second
	// field, a name in brackets, may hold spaces.
	_, rest, ok := strings.Cut(string(raw), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has an unknown form", pid)
	}
	var user, system int64
	if _, err := fmt.Sscan(f[11]+" "+f[12], &user, &system); err != nil {
		return 0, err
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil
}
