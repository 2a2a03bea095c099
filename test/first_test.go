package test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

// TestFirstService does what a new user does with docs/instrument.md: takes its first
// program, thirty lines of it, into a module of its own, runs it, asks it, and looks at the
// trace with its log record.
func TestFirstService(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module; left out with -short")
	}
	began := time.Now()
	page, err := os.ReadFile("../docs/instrument.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindSubmatch(page)
	if m == nil {
		t.Fatal("the page has no program")
	}
	lines := 0
	for line := range strings.Lines(string(m[1])) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	if lines > 30 {
		t.Errorf("the first program has %d lines", lines)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), m[1], 0o644); err != nil {
		t.Fatal(err)
	}
	kit, err := filepath.Abs("../instrument")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "first"+filepath.Ext(program))
	for _, args := range [][]string{
		{"mod", "init", "first"},
		{"mod", "edit", "-replace", "github.com/everspan/everspan/instrument=" + kit}, // as long as it is not published
		{"mod", "tidy"},
		{"build", "-o", program},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	s := serve(t, t.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	service := start(t, "", append(os.Environ(), "ADDR="+address, "OTEL_EXPORTER_OTLP_ENDPOINT="+s.otlpHTTP, "OTEL_BSP_SCHEDULE_DELAY=100"), program)
	var res *http.Response
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if res, err = http.Get("http://" + address + "/hello/bob"); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%v\n%s", err, service.said())
		}
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if string(body) != "hello, bob\n" {
		t.Fatalf("%s %q", res.Status, body)
	}
	doc := waitForTrace(t, s, "hello", func(d *advise.Waterfall) bool { return d.SpanCount == 2 })
	if got := fmt.Sprint(wayTo(doc, "GET /hello/{name}")); got != "[hello server GET /hello/{name}]" || doc.Nodes[1].Name != "greeting.write" || doc.Flags != (advise.FlagCounts{Roots: 1}) {
		t.Errorf("the trace is %+v", doc.Nodes)
	}
	logs := awaitLogs(t, s, doc, "hello")
	if len(logs.Logs) != 1 || logs.Logs[0].Body != "somebody is here" || logs.Logs[0].SpanID != doc.Nodes[1].SpanID {
		t.Errorf("its log records are %+v", logs.Logs)
	}
	if !strings.Contains(service.said(), "trace_id="+doc.TraceID) {
		t.Errorf("the service's own log does not name the trace:\n%s", service.said())
	}
	picture, errs, code := s.everspan("trace", doc.TraceID, "--logs")
	expect{stdout: []string{"◆ somebody is here  name=bob"}, silent: true}.check(t, picture, errs, code)
	t.Logf("from nothing to the trace in %v", time.Since(began).Round(time.Millisecond))
}
