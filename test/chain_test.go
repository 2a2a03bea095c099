package test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/api"
)

// TestChain sends one request through three processes: HTTP to Go, HTTP to Node.js,
// a queue to Go, and a database. It is one trace with one root and no orphan, and
// the log records of all three stand at its spans.
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
	env := func(service string, more ...string) []string {
		return append(append(os.Environ(), "OTEL_SERVICE_NAME="+service, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
			"OTEL_EXPORTER_OTLP_ENDPOINT="+s.otlpHTTP, "OTEL_METRICS_EXPORTER=none", "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_BLRP_SCHEDULE_DELAY=100"), more...)
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
	for _, r := range awaitLogs(t, s, doc, "front", "middle", "worker").Logs {
		if r.TraceID != doc.TraceID {
			t.Errorf("a record of trace %s among those of %s: %+v", r.TraceID, doc.TraceID, r)
		}
	}
	picture, errs, code := s.everspan("trace", doc.TraceID, "--logs")
	expect{stdout: []string{"◆ ", "INSERT jobs"}, neverSay: []string{"without a span"}, silent: true}.check(t, picture, errs, code)
	if t.Failed() {
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

// awaitLogs waits until a trace has a log record of each service at one of its spans, and
// returns all that it has.
func awaitLogs(t *testing.T, s *server, doc *advise.Waterfall, services ...string) api.LogAnswer {
	t.Helper()
	owner := make(map[string]string) // service by span
	for _, n := range doc.Nodes {
		owner[n.SpanID] = n.Service
	}
	var logs api.LogAnswer
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		s.ask("/api/v1/traces/"+doc.TraceID+"/logs", &logs)
		left := slices.Clone(services)
		for _, r := range logs.Logs {
			if owner[r.SpanID] == r.Service {
				left = slices.DeleteFunc(left, func(service string) bool { return service == r.Service })
			}
		}
		if len(left) == 0 {
			return logs
		}
		if time.Now().After(end) {
			t.Errorf("no log record of %v at a span of the trace: %+v", left, logs.Logs)
			return logs
		}
	}
}
