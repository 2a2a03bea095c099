package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

// TestNode sends one request through a Go service, a Node.js service and back
// to the Go service. Both are instrumented with stock SDKs, which send what
// they have over each of OTLP's protocols. The request is one trace.
func TestNode(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Node.js; left out with -short")
	}
	requireNode(t, "node", "@opentelemetry/sdk-node")
	gosvc := filepath.Join(t.TempDir(), "gosvc"+filepath.Ext(program))
	build := exec.Command("go", "build", "-o", gosvc, "github.com/everspan/everspan/test/gosvc")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build gosvc: %v\n%s", err, out)
	}
	s := serve(t, t.TempDir())
	for _, protocol := range []string{"http/protobuf", "http/json", "grpc"} {
		t.Run(strings.ReplaceAll(protocol, "/", "-"), func(t *testing.T) {
			endpoint := s.otlpHTTP
			goProtocol := "http/protobuf" // the Go SDK has no JSON
			if protocol == "grpc" {
				endpoint, goProtocol = "http://"+s.grpc, "grpc"
			}
			env := func(service, protocol string) []string {
				return append(os.Environ(), "PORT=0", "OTEL_SERVICE_NAME="+service, "OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint,
					"OTEL_EXPORTER_OTLP_PROTOCOL="+protocol, "OTEL_BSP_SCHEDULE_DELAY=100")
			}
			goName, nodeName := "go-"+t.Name(), "node-"+t.Name()
			goService := startService(t, "", env(goName, goProtocol), gosvc)
			node := startService(t, "node", append(env(nodeName, protocol), "OTEL_NODE_RESOURCE_DETECTORS=env,host,os,process,serviceinstance"),
				"node", "--require", "@opentelemetry/auto-instrumentations-node/register", "service.js")

			res, err := http.Get(goService + "/start?node=" + node)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != http.StatusOK || !strings.Contains(string(body), "called back") {
				t.Fatalf("the request failed: %s %s", res.Status, body)
			}

			// Server in Go, client, server in Node.js, client, server in Go.
			const chain = 5
			doc := waitForTrace(t, s, goName, func(d *advise.Waterfall) bool { return len(longestChain(d, goName, nodeName)) >= chain && !missing(d) })
			if got, want := longestChain(doc, goName, nodeName), []string{"go server", "go client", "node server", "node client", "go server"}; !slices.Equal(got, want) {
				t.Errorf("the request goes %v, want %v", got, want)
			}
			flags := doc.Flags
			flags.OutsideParent = 0 // a server may end a little after its client has the answer
			if flags != (advise.FlagCounts{Roots: 1}) || doc.ServiceCount != 2 || doc.ErrorCount != 0 || doc.Root.Service != goName {
				t.Errorf("root in %s, %d services, %d errors, %+v: not one whole trace of two services", doc.Root.Service, doc.ServiceCount, doc.ErrorCount, doc.Flags)
			}
			if t.Failed() {
				picture, _, _ := s.everspan("trace", doc.TraceID)
				t.Log(picture)
			}
			// Node.js opened no trace of its own.
			if ids := tracesOf(t, s, nodeName); len(ids) != 1 || ids[0] != doc.TraceID {
				t.Errorf("spans of Node.js are in traces %v, want %s only", ids, doc.TraceID)
			}
		})
	}
}

// requireNode skips the test without Node.js and what `npm ci` installs in a folder
// here, where a person runs it. In CI it fails: a test that nobody sees skipped
// tests nothing.
func requireNode(t *testing.T, folder, module string) {
	t.Helper()
	why := ""
	if _, err := exec.LookPath("node"); err != nil {
		why = "Node.js is not installed (https://nodejs.org, version 20 or later)"
	} else if _, err := os.Stat(filepath.Join(folder, "node_modules", filepath.FromSlash(module))); err != nil {
		why = fmt.Sprintf("test/%s/node_modules is missing: run `make node` (or `npm ci` in test/%s)", folder, folder)
	}
	switch {
	case why == "":
	case os.Getenv("CI") == "true":
		t.Fatalf("the test with %s can't run: %s", module, why)
	default:
		t.Skipf("NOT TESTED with %s: %s", module, why)
	}
}

// startService starts a program that prints `listening PORT`, and returns its
// address.
func startService(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	stdin, err := cmd.StdinPipe() // its end ends gosvc
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	port := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if p, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
				port <- p
			}
		}
	}()
	t.Cleanup(func() {
		stdin.Close()
		if runtime.GOOS == "windows" {
			cmd.Process.Kill()
		} else {
			cmd.Process.Signal(os.Interrupt)
		}
		late := time.AfterFunc(15*time.Second, func() { cmd.Process.Kill() })
		<-done
		cmd.Wait()
		late.Stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, &errs)
		}
	})
	select {
	case p := <-port:
		return "http://127.0.0.1:" + p
	case <-done:
		cmd.Wait()
		t.Fatalf("%s ended at once:\n%s", name, &errs)
	case <-time.After(time.Minute):
		t.Fatalf("%s does not listen after a minute", name)
	}
	return ""
}

// waitForTrace returns the one trace of a service as soon as it is whole.
func waitForTrace(t *testing.T, s *server, service string, whole func(*advise.Waterfall) bool) *advise.Waterfall {
	t.Helper()
	var doc *advise.Waterfall
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ids := tracesOf(t, s, service)
		if len(ids) > 1 {
			t.Fatalf("%s has %d traces, want 1: %v", service, len(ids), ids)
		}
		if len(ids) == 1 {
			if doc = s.waterfall(ids[0]); whole(doc) {
				return doc
			}
		}
	}
	picture := "no trace"
	if doc != nil {
		picture, _, _ = s.everspan("trace", doc.TraceID)
	}
	t.Fatalf("the trace of %s is not whole after 20 s:\n%s", service, picture)
	return nil
}

// tracesOf lists the ids of the traces with a span of a service.
func tracesOf(t *testing.T, s *server, service string) (ids []string) {
	t.Helper()
	out, errs, code := s.everspan("traces", "--service", service, "--json")
	var list struct {
		Traces []struct {
			TraceID string `json:"traceId"`
		} `json:"traces"`
	}
	if err := json.Unmarshal([]byte(out), &list); code != 0 || err != nil {
		t.Fatalf("traces: exit %d, %v\n%s%s", code, err, out, errs)
	}
	for _, trace := range list.Traces {
		ids = append(ids, trace.TraceID)
	}
	return ids
}

func missing(d *advise.Waterfall) bool {
	return slices.ContainsFunc(d.Nodes, func(n advise.Node) bool { return n.Missing })
}

// longestChain gives the longest way from the root along server and client
// spans, each as its language and kind. Other spans on the way are passed over.
func longestChain(d *advise.Waterfall, goName, nodeName string) []string {
	language := map[string]string{goName: "go", nodeName: "node"}
	var longest []string
	for _, n := range d.Nodes {
		var chain []string
		for at := n.Index; at >= 0; at = d.Nodes[at].Parent {
			if n := d.Nodes[at]; n.Kind == "server" || n.Kind == "client" {
				chain = append(chain, fmt.Sprintf("%s %s", language[n.Service], n.Kind))
			}
		}
		if len(chain) > len(longest) {
			longest = chain
		}
	}
	slices.Reverse(longest)
	return longest
}
