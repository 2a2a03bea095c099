package test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// runArgs are the arguments of `everspan run` against a server.
func (s *server) runArgs(args ...string) []string {
	return append([]string{"run", "--server", s.http, "--endpoint", s.otlpHTTP}, args...)
}

// TestRunNode has everspan run services that know nothing of tracing, and finds the
// trace of a request to each.
func TestRunNode(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Node.js; left out with -short")
	}
	requireNode(t, "node", "@opentelemetry/auto-instrumentations-node")
	s := serve(t, t.TempDir())
	for _, c := range []struct {
		name, service string
		args          []string
	}{
		{"script", "everspan-test-node", []string{"node", "plain.js"}},
		{"module", "module", []string{"--service", "module", "--", "node", "plain.mjs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, "node", nil, program, s.runArgs(c.args...)...)
			port := p.await("listening ")
			res, err := http.Get("http://127.0.0.1:" + port + "/shelf")
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if string(body) != "you asked for /shelf\n" {
				t.Errorf("it answers %q", body)
			}
			id := regexp.MustCompile(`[0-9a-f]{32}`).FindString(p.await("  everspan trace "))
			if got, want := p.end(syscall.SIGTERM), 128+int(syscall.SIGTERM); got != want && runtime.GOOS != "windows" {
				t.Errorf("exit %d after SIGTERM, want %d", got, want)
			}
			said := p.said()
			if !strings.Contains(said, `as service "`+c.service+`" sends to `+s.otlpHTTP+", traced by @opentelemetry/auto-instrumentations-node 0.") || !strings.Contains(said, "everspan: first trace: GET · ") {
				t.Errorf("it says\n%s", said)
			}
			doc := s.waterfall(id)
			if doc == nil || doc.Root.Service != c.service || doc.Nodes[0].Kind != "server" {
				t.Errorf("trace %s: %+v", id, doc)
			}
			if ids := tracesOf(t, s, c.service); len(ids) != 1 {
				t.Errorf("%d traces, want that of the request only", len(ids))
			}
		})
	}
	// What a short program sends is waited for. What npm itself asks for is not traced.
	for service, args := range map[string][]string{
		"short": {"node", "ask.js", s.http + "/healthz"},
		"npm":   {"npm", "run", "--silent", "ask", "--", s.http + "/healthz"},
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			p := start(t, "node", nil, program, s.runArgs(append([]string{"--service", service, "--"}, args...)...)...)
			if code := p.end(nil); code != 0 || p.out.String() != "ok\n" || !strings.Contains(p.errs.String(), "everspan: first trace: GET · ") {
				t.Errorf("exit %d\n%s", code, p.said())
			}
			if ids := tracesOf(t, s, service); len(ids) != 1 {
				t.Errorf("%d traces, want that of the request only", len(ids))
			}
		})
	}
}

// TestRunNodeMissing runs Node.js where OpenTelemetry's package is not installed.
func TestRunNodeMissing(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node.js is not installed")
	}
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "till.js"), []byte(`console.log("it runs"); process.exit(7)`), 0o644); err != nil {
		t.Fatal(err)
	}
	s := serve(t, t.TempDir())
	p := start(t, dir, []string{"npm_config_prefix=" + dir}, program, s.runArgs("node", "till.js")...)
	if code := p.end(nil); code != 7 {
		t.Errorf("exit %d, want 7", code)
	}
	want := `it runs
everspan: node as service "till" sends to ` + s.otlpHTTP + `
everspan: Node.js is not traced: @opentelemetry/auto-instrumentations-node is not in node_modules of ` + dir + `. Install it there:
  npm install --save-dev @opentelemetry/api @opentelemetry/auto-instrumentations-node
everspan: no trace came. See above for what is missing.
`
	if got := p.out.String() + p.errs.String(); got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
}

// TestRunPasses has the program's exit code, input, output and signals pass through.
func TestRunPasses(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a Unix shell")
	}
	t.Parallel()
	s := serve(t, t.TempDir())
	const trap = `trap 'echo heard; exit 5' %; echo listening here; while :; do sleep 0.05; done`
	for _, c := range []struct {
		name   string
		args   []string
		stdin  string
		signal os.Signal
		code   int
		stdout string
		stderr string // part
	}{
		{"exit code", []string{"sh", "-c", "exit 3"}, "", nil, 3, "", ""},
		{"success", []string{"true"}, "", nil, 0, "", "as service \"true\""},
		{"its flags", []string{"--", "echo", "--server", "x", "--", "-h"}, "", nil, 0, "--server x -- -h\n", ""},
		{"its flags without --", []string{"echo", "--help", "--from", "-1h"}, "", nil, 0, "--help --from -1h\n", ""},
		{"input", []string{"sh", "-c", "cat; echo wrong >&2"}, "in\n", nil, 0, "in\n", "wrong"},
		{"environment", []string{"--service", "e", "--", "sh", "-c", "echo $OTEL_SERVICE_NAME $OTEL_METRICS_EXPORTER"}, "", nil, 0, "e none\n", ""},
		{"killed", []string{"sh", "-c", "kill -9 $$"}, "", nil, 137, "", ""},
		{"SIGTERM", []string{"sh", "-c", strings.Replace(trap, "%", "TERM", 1)}, "", syscall.SIGTERM, 5, "heard\n", ""},
		{"SIGINT", []string{"sh", "-c", strings.Replace(trap, "%", "INT", 1)}, "", syscall.SIGINT, 5, "heard\n", ""},
		{"SIGHUP", []string{"sh", "-c", strings.Replace(trap, "%", "HUP", 1)}, "", syscall.SIGHUP, 5, "heard\n", ""},
		{"not caught", []string{"sh", "-c", "echo listening here; exec sleep 60"}, "", syscall.SIGTERM, 143, "", ""},
		{"not found", []string{"no-such-program"}, "", nil, 127, "", "run no-such-program: executable file not found"},
		{"not a program", []string{"./run_test.go"}, "", nil, 126, "", "run ./run_test.go: permission denied"},
		{"nothing", []string{"--"}, "", nil, 2, "", "everspan run --help"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, "", nil, program, s.runArgs(c.args...)...)
			io.WriteString(p.stdin, c.stdin)
			p.stdin.Close()
			if c.signal != nil {
				p.await("listening ")
			}
			if code := p.end(c.signal); code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			out, _ := strings.CutPrefix(p.out.String(), "listening here\n")
			if out != c.stdout || !strings.Contains(p.errs.String(), c.stderr) {
				t.Errorf("stdout %q, want %q; stderr has no %q:\n%s", out, c.stdout, c.stderr, p.errs.String())
			}
		})
	}
	t.Run("no server", func(t *testing.T) {
		t.Parallel()
		out, errs, code := everspan(t, nil, "run", "--server", "127.0.0.1:1", "--", "sh", "-c", "echo it runs; exit 4")
		expect{code: 4, stdout: []string{"it runs\n"}, stderr: []string{
			"WARNING: no everspan answers at http://127.0.0.1:1", "until you start the server: everspan serve", "no trace can be looked for",
		}}.check(t, out, errs, code)
	})
}

// process is a program with what it has printed so far.
type process struct {
	t         *testing.T
	cmd       *exec.Cmd
	stdin     io.WriteCloser
	mu        sync.Mutex
	out, errs bytes.Buffer
	lines     chan string
	ended     chan struct{}
}

func start(t *testing.T, dir string, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(name, args...), lines: make(chan string, 1000), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, append(os.Environ(), env...)
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for from, to := range map[io.Reader]*bytes.Buffer{stdout: &p.out, stderr: &p.errs} {
		readers.Go(func() {
			for in := bufio.NewScanner(from); in.Scan(); {
				p.mu.Lock()
				to.WriteString(in.Text() + "\n")
				p.mu.Unlock()
				p.lines <- in.Text()
			}
		})
	}
	go func() {
		readers.Wait()
		p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// await returns what follows a prefix in the next line that has it.
func (p *process) await(prefix string) string {
	p.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case line := <-p.lines:
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return rest
			}
		case <-p.ended:
			p.t.Fatalf("it ended without %q:\n%s", prefix, p.said())
		case <-late:
			p.t.Fatalf("no %q after a minute:\n%s", prefix, p.said())
		}
	}
}

// end sends a signal, unless it is nil, and returns the exit code.
func (p *process) end(s os.Signal) int {
	p.t.Helper()
	switch {
	case s != nil && runtime.GOOS == "windows":
		p.cmd.Process.Kill()
	case s != nil:
		p.cmd.Process.Signal(s)
	}
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		p.t.Fatalf("it runs on after a minute:\n%s", p.said())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String() + p.errs.String()
}
