// Package test runs the real binary: what a user meets, from the command line
// to the answer, with crashes in between.
package test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

var program string // the everspan that TestMain builds

// extra are the listeners that a test has to ask for.
var extra = []string{"jaeger-grpc", "jaeger-storage", "jaeger-thrift", "jaeger-collector", "sampling-http", "sampling-grpc", "admin"}

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "6") // the tests mostly wait for programs
	os.Exit(func() int {
		for _, name := range extra {
			os.Setenv("EVERSPAN_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), "off")
		}
		dir, err := os.MkdirTemp("", "everspan-test")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "everspan")
		build := exec.Command("go", "build", "-o", program, "github.com/everspan/everspan/cmd/everspan")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "build everspan:", err)
			return 1
		}
		return m.Run()
	}())
}

// server is a running `everspan serve`.
type server struct {
	t          testing.TB
	cmd        *exec.Cmd
	data       string
	http       string // http://127.0.0.1:…
	grpc       string // 127.0.0.1:…
	otlpHTTP   string
	zipkin     string
	ports      map[string]string // addresses of all listeners, by flag
	mu         sync.Mutex
	output     bytes.Buffer
	outputDone chan struct{}
}

// serve starts a server on free ports with its data in dir.
func serve(t testing.TB, dir string, args ...string) *server {
	t.Helper()
	s := &server{t: t, data: dir, ports: make(map[string]string), outputDone: make(chan struct{})}
	s.cmd = exec.Command(program, append([]string{"serve", "--data", dir,
		"--http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--zipkin", "127.0.0.1:0"}, args...)...)
	out, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.kill() })
	ready := make(chan struct{})
	go func() {
		defer close(s.outputDone)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			s.mu.Lock()
			s.output.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			switch f := strings.Fields(lines.Text()); {
			case len(f) != 2:
			case f[0] == "data":
				s.http, s.grpc, s.otlpHTTP, s.zipkin = s.ports["http"], s.ports["otlp-grpc"], s.ports["otlp-http"], s.ports["zipkin"]
				close(ready)
			default:
				s.ports[f[0]] = f[1]
			}
		}
	}()
	select {
	case <-ready:
	case <-s.outputDone:
		t.Fatalf("everspan serve ended at once:\n%s", s.said())
	case <-time.After(30 * time.Second):
		t.Fatalf("everspan serve is not ready after 30 s:\n%s", s.said())
	}
	return s
}

func (s *server) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

// kill ends the server without a word, as a power cut of the process would.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		s.cmd.Process.Kill()
		<-s.outputDone
		s.cmd.Wait()
	}
}

// stop ends the server as an operator would; it must exit with 0.
func (s *server) stop() {
	s.t.Helper()
	s.cmd.Process.Signal(os.Interrupt)
	<-s.outputDone
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("everspan serve: %v\n%s", err, s.said())
	}
}

// everspan runs a command against the server.
func (s *server) everspan(args ...string) (stdout, stderr string, code int) {
	return everspan(s.t, []string{"EVERSPAN_SERVER=" + s.http}, args...)
}

// everspan runs a command and returns what it printed and its exit code.
func everspan(t testing.TB, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// waterfall asks for a trace; nil when it is not known.
func (s *server) waterfall(id string) *advise.Waterfall {
	s.t.Helper()
	res, err := http.Get(s.http + "/api/v1/traces/" + id + "/waterfall")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode == http.StatusNotFound {
		return nil
	}
	var doc advise.Waterfall
	if res.StatusCode != http.StatusOK || json.Unmarshal(body, &doc) != nil {
		s.t.Fatalf("trace %s: %s: %.500s", id, res.Status, body)
	}
	return &doc
}

// post sends an OTLP/HTTP request and returns the status.
func (s *server) post(path, contentType, encoding string, body []byte) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.otlpHTTP+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(answer)
}
