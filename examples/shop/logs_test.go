package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// logBuffer keeps log lines of several services.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.b.String()), "\n")
}

// TestLogsHaveTraces has customers do what goes well and what fails. While the
// shop is open all that its services do is requests and messages: each line they
// write, and each record they send, is of a trace.
func TestLogsHaveTraces(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	opts := Options{Log: log, TaxScript: []taxMood{taxBroken, taxFine, taxBroken}}
	services := []string{"gateway", "auth", "inventory", "pricing", "orders", "notifications"}
	if dir, err := findFraud(); err == nil {
		opts.Fraud = dir
		services = append(services, fraudHost)
	}
	shop, sink, end := openTestShopWith(t, opts)
	c, stranger, ctx := shop.customer(), shop.customer(), t.Context()
	stranger.key = []byte("not ours")
	order := visitOf(t, http.StatusServiceUnavailable)(c.checkout(ctx, "dirk"))
	traces := map[string]bool{order.traceID: true}
	for _, v := range []visit{
		visitOf(t, 200)(c.checkout(ctx, "dirk")),
		visitOf(t, http.StatusConflict)(c.checkout(ctx, "dirk")), // an empty cart
		visitOf(t, 200)(c.addItem(ctx, "dirk", item{"kettle", 1})),
		visitOf(t, 200)(c.checkout(ctx, "dirk")), // with an older tax rate
		visitOf(t, 200)(c.checkout(ctx, "bob")),  // whose mailbox is full
		visitOf(t, http.StatusUnauthorized)(stranger.checkout(ctx, "ada")),
		visitOf(t, http.StatusConflict)(c.addItem(ctx, "ada", item{"pot-antique", 1})),
		visitOf(t, http.StatusBadRequest)(c.send(ctx, http.MethodPost, "/checkout", newToken(c.key, "ada"), []int{})),
	} {
		traces[v.traceID] = true
	}
	end()

	// The services in Go write text, that in Node.js JSON.
	ids := regexp.MustCompile(`\btrace_id"?[=:]"?([0-9a-f]{32})\b.*\bspan_id"?[=:]"?[0-9a-f]{16}\b`)
	lines := log.lines()
	for _, line := range lines {
		if m := ids.FindStringSubmatch(line); m == nil || !traces[m[1]] {
			t.Errorf("a line has no trace of a request: %s", line)
		}
	}
	if len(lines) < 15 {
		t.Errorf("only %d lines are written:\n%s", len(lines), strings.Join(lines, "\n"))
	}

	seen := map[string]int{}
	spans := map[string]bool{}
	for _, s := range sink.where(func(sinkSpan) bool { return true }) {
		spans[string(s.TraceId)+string(s.SpanId)] = true
	}
	for _, r := range sink.logs("") {
		seen[r.service]++
		if !spans[string(r.TraceId)+string(r.SpanId)] || !traces[r.trace()] {
			t.Errorf("a record of %s has no span: %v", r.service, r.LogRecord)
		}
	}
	for _, service := range services {
		if seen[service] == 0 {
			t.Errorf("no log record of %s is sent", service)
		}
	}
	if n := len(sink.logs("")); n != len(lines) {
		t.Errorf("%d records are sent, %d lines written", n, len(lines))
	}
}

// requireFraud returns the folder of the service in Node.js. Where it can't be
// started the test is skipped, unless this is CI.
func requireFraud(t *testing.T) string {
	t.Helper()
	dir, err := findFraud()
	if err == nil {
		return dir
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("the test with Node.js can't run: %v", err)
	}
	t.Skipf("NOT TESTED with Node.js: %v", err)
	return ""
}

// TestFraud has the service in Node.js in the trace of a checkout.
func TestFraud(t *testing.T) {
	t.Parallel()
	shop, sink, end := openTestShopWith(t, Options{Fraud: requireFraud(t), Log: t.Output(), TaxScript: []taxMood{taxFine}})
	v := visitOf(t, 200)(shop.customer().checkout(t.Context(), "ada"))
	end()
	spans := sink.trace(v.traceID)
	if root := checkTree(t, spans); root.Name != "POST /checkout" {
		t.Errorf("root is %q", root.Name)
	}
	assess, call := named(t, spans, "assessOrder"), named(t, spans, "POST /assessments")
	if assess.service != fraudHost || assess.Kind != tracepb.Span_SPAN_KIND_SERVER || call.service != "orders" {
		t.Errorf("assessOrder is a span of %s, %s; its call of %s", assess.service, assess.Kind, call.service)
	}
	if string(assess.ParentSpanId) != string(call.SpanId) {
		t.Error("assessOrder is no child of the call")
	}
	for key, want := range map[string]string{"telemetry.sdk.language": "nodejs", "service.version": version, "service.namespace": "shop"} {
		if got := assess.resource[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	logged := false
	for _, r := range sink.logs(v.traceID) {
		logged = logged || r.service == fraudHost && string(r.SpanId) == string(assess.SpanId)
	}
	if !logged {
		t.Error("no log record of assessOrder")
	}
}

func TestFindFraud(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node.js is not installed")
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := findFraud(); err == nil || !strings.Contains(err.Error(), "no Node.js") {
		t.Errorf("without Node.js: %v", err)
	}
}
