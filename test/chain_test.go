package test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/advise"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// TestChain sends one request through three processes: HTTP to Go, HTTP to Node.js,
// a queue to Go, and a database. It is one trace with one root and no orphan, and
// each process logs in it.
func TestChain(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Node.js; left out with -short")
	}
	requireNode(t, "node", "nats")
	chain := filepath.Join(t.TempDir(), "chain"+filepath.Ext(program))
	build := exec.Command("go", "build", "-o", chain, "github.com/everspan/everspan/test/chain")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build chain: %v\n%s", err, out)
	}
	s := serve(t, t.TempDir())
	logs := newLogTap(t, s.otlpHTTP)
	env := func(service string, more ...string) []string {
		return append(append(os.Environ(), "OTEL_SERVICE_NAME="+service, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
			"OTEL_EXPORTER_OTLP_ENDPOINT="+s.otlpHTTP, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="+logs.url+"/v1/logs",
			"OTEL_METRICS_EXPORTER=none", "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_BLRP_SCHEDULE_DELAY=100"), more...)
	}
	front := start(t, "", env("front"), chain, "front")
	queue := "QUEUE=" + front.await("queue ")
	frontURL := "http://127.0.0.1:" + front.await("listening ")
	startService(t, "", env("worker", queue, "DATABASE="+filepath.Join(t.TempDir(), "jobs.db")), chain, "worker")
	middle := startService(t, "node", env("middle", queue, "OTEL_NODE_RESOURCE_DETECTORS=env,host,os,process,serviceinstance",
		"OTEL_NODE_DISABLED_INSTRUMENTATIONS=net,dns"), // connecting to the queue would be traces of its own
		"node", "--require", "@opentelemetry/auto-instrumentations-node/register", "middle.js")

	res, err := http.Get(frontURL + "/start?middle=" + url.QueryEscape(middle))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusAccepted || string(body) != "passed on" {
		t.Fatalf("the request failed: %s %s", res.Status, body)
	}
	want := []string{"front server GET /start", "front client POST /jobs", "middle server POST", "middle producer publish jobs",
		"worker consumer process jobs", "worker client INSERT jobs"}
	way := func(d *advise.Waterfall) []string { return wayTo(d, "INSERT jobs") }
	doc := waitForTrace(t, s, "front", func(d *advise.Waterfall) bool { return len(way(d)) >= len(want) && !missing(d) })
	if got := way(doc); !slices.Equal(got, want) {
		t.Errorf("the request goes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	flags := doc.Flags
	flags.OutsideParent = 0 // the worker ends after the request, which does not wait for it
	if flags != (advise.FlagCounts{Roots: 1}) || doc.ServiceCount != 3 || doc.ErrorCount != 0 || doc.Root.Service != "front" {
		t.Errorf("root in %s, %d services, %d errors, %+v: not one whole trace of three services", doc.Root.Service, doc.ServiceCount, doc.ErrorCount, doc.Flags)
	}
	for _, service := range []string{"middle", "worker"} {
		if ids := tracesOf(t, s, service); len(ids) != 1 || ids[0] != doc.TraceID {
			t.Errorf("spans of %s are in traces %v, want %s only", service, ids, doc.TraceID)
		}
	}
	for _, service := range []string{"front", "middle", "worker"} {
		if !logs.await(service, doc.TraceID) {
			t.Errorf("%s sends no log record of trace %s", service, doc.TraceID)
		}
	}
	if t.Failed() {
		picture, _, _ := s.everspan("trace", doc.TraceID)
		t.Logf("%s\n%s", picture, front.said())
	}
}

// wayTo lists the spans from the root to the one of a name: service, kind, name.
// Internal spans on the way are passed over.
func wayTo(d *advise.Waterfall, name string) (way []string) {
	at := int32(slices.IndexFunc(d.Nodes, func(n advise.Node) bool { return n.Name == name }))
	for ; at >= 0; at = d.Nodes[at].Parent {
		if n := d.Nodes[at]; n.Kind != "internal" {
			way = append(way, fmt.Sprintf("%s %s %s", n.Service, n.Kind, n.Name))
		}
	}
	slices.Reverse(way)
	return way
}

// logTap passes log records on to a server and notes whose they are.
type logTap struct {
	url  string
	mu   sync.Mutex
	seen map[string]bool // service and trace id
}

func newLogTap(t *testing.T, to string) *logTap {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	tap := &logTap{seen: map[string]bool{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		req := plogotlp.NewExportRequest()
		if err := req.UnmarshalProto(body); err != nil {
			t.Errorf("a request of logs: %v", err)
		}
		tap.note(req)
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	tap.url = server.URL
	return tap
}

func (l *logTap) note(req plogotlp.ExportRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, resource := range req.Logs().ResourceLogs().All() {
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if !record.SpanID().IsEmpty() {
					l.seen[service.Str()+" "+record.TraceID().String()] = true
				}
			}
		}
	}
}

// await reports whether a record of a service with a trace id comes soon.
func (l *logTap) await(service, trace string) bool {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		l.mu.Lock()
		seen := l.seen[service+" "+trace]
		l.mu.Unlock()
		if seen {
			return true
		}
	}
	return false
}
