package kit

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// TestHello runs the service that docs/instrument.md begins with, as a program:
// it answers, and what it did is at the collector when it has ended.
func TestHello(t *testing.T) {
	program := filepath.Join(t.TempDir(), "hello")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/everspan/everspan/instrument/examples/hello").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{}
	server := grpc.NewServer()
	coltrace.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(l) }()
	defer server.Stop()

	address := fmt.Sprint("127.0.0.1:", freePort(t))
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "ADDR="+address, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+l.Addr().String(),
		"OTEL_LOGS_EXPORTER=none", "OTEL_METRICS_EXPORTER=none")
	var said lines
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()

	var answers []string
	for _, name := range []string{"bob", "eve"} {
		answers = append(answers, ask(t, "http://"+address+"/hello/"+name))
	}
	if want := []string{"hello, bob\n", "hello, eve\n"}; !slices.Equal(answers, want) {
		t.Errorf("answers %q, want %q", answers, want)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v\n%s", err, said.String())
	}
	slices.Sort(c.names)
	if want := []string{"GET /hello/{name}", "GET /hello/{name}", "greeting.write", "greeting.write"}; !slices.Equal(c.names, want) {
		t.Errorf("spans %q, want %q\n%s", c.names, want, said.String())
	}
	if n := strings.Count(said.String(), "trace_id="); n != 2 {
		t.Errorf("%d log lines have a trace, want 2:\n%s", n, said.String())
	}
}

// ask waits for a service that is just starting.
func ask(t *testing.T, url string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(url)
		if err == nil {
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			return string(body)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
