package test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/advise"
)

// oneSpan is a span as a test needs it, in a payload of its own.
type oneSpan struct {
	trace, id, parent string // ids may be short; without an id the span is refused
	service, name     string
	ago, took         time.Duration
	failed            bool
}

// json is the span as an OTLP request.
func (o oneSpan) json() []byte {
	start := time.Now().Add(-o.ago - o.took).UnixNano()
	status := 0
	if o.failed {
		status = 2
	}
	return fmt.Appendf(nil, `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]},
		"scopeSpans":[{"spans":[{"traceId":%q,"spanId":%q,"parentSpanId":%q,"name":%q,"kind":2,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","status":{"code":%d}}]}]}]}`,
		o.service, pad(o.trace, 32), pad(o.id, 16), pad(o.parent, 16), o.name, start, start+o.took.Nanoseconds(), status)
}

// pad fills an id up with zeroes on the left.
func pad(id string, digits int) string {
	if id == "" {
		return ""
	}
	return strings.Repeat("0", digits-len(id)) + id
}

// send sends each span in a request of its own; all must be taken.
func (s *server) send(spans ...oneSpan) {
	s.t.Helper()
	for _, o := range spans {
		if status, answer := s.post("/v1/traces", "application/json", "", o.json()); status != 200 || strings.Contains(answer, "rejected") {
			s.t.Fatalf("a good span is refused: %d %s", status, answer)
		}
	}
}

const (
	traceA = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceB = "0af7651916cd43dd8448eb211c80319c"
	short  = "abc123" // a 64-bit id as Zipkin writes it
)

// expect is what a run of the program must say and not say.
type expect struct {
	code          int
	stdout        []string
	stderr        []string
	neverSay      []string
	quiet, silent bool // nothing on stdout, nothing on stderr
}

func (e expect) check(t *testing.T, stdout, stderr string, code int) {
	t.Helper()
	if code != e.code {
		t.Errorf("exit %d, want %d", code, e.code)
	}
	for _, want := range e.stdout {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout does not say %q", want)
		}
	}
	for _, want := range e.stderr {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr does not say %q", want)
		}
	}
	for _, never := range append(e.neverSay, "panic", "goroutine ", "%!") {
		if strings.Contains(stdout+stderr, never) {
			t.Errorf("it says %q", never)
		}
	}
	if e.quiet && stdout != "" || e.silent && stderr != "" {
		t.Error("it says more than it should")
	}
	if t.Failed() {
		t.Logf("stdout:\n%s\nstderr:\n%s", stdout, stderr)
	}
}

func TestCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	// What is refused must be refused before anything is opened; free ports and
	// a folder of its own keep a wrong success from doing harm.
	serve := func(args ...string) []string {
		return append([]string{"serve", "--data", filepath.Join(t.TempDir(), "d"), "--http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--zipkin", "127.0.0.1:0"}, args...)
	}
	const nobody = "--server=http://127.0.0.1:1"
	for _, c := range []struct {
		name string
		args []string
		env  string
		want expect
	}{
		{"nothing", nil, "", expect{stdout: []string{"Examples:", "everspan serve", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"}, silent: true}},
		{"help", []string{"--help"}, "", expect{stdout: []string{"Examples:", "serve ", "trace ", "traces ", "version "}, silent: true}},
		{"serve --help", []string{"serve", "--help"}, "", expect{stdout: []string{"Examples:", "--config", "$EVERSPAN_MEMORY", "127.0.0.1:4317", "the flag wins"}, silent: true}},
		{"run --help", []string{"run", "--help"}, "", expect{stdout: []string{"Examples:", "everspan run -- node server.js", "--javaagent", "--endpoint"}, silent: true}},
		{"run nothing", []string{"run"}, "", expect{code: 2, stderr: []string{"<command>", "everspan run --help"}, quiet: true}},
		{"query nothing", []string{"query"}, "", expect{code: 2, stderr: []string{"<query>", "Try: everspan query --help"}, quiet: true}},
		{"wrong flag of a command", []string{"block", "export", "--fromm", "x"}, "", expect{code: 2, stderr: []string{"--fromm", "Try: everspan block export --help"}, quiet: true}},
		{"trace --help", []string{"trace", "--help"}, "", expect{stdout: []string{"Examples:", "--json", "--width"}, silent: true}},
		{"query --help", []string{"query", "--help"}, "", expect{stdout: []string{"Examples:", "--explain", "--step", "single quotes"}, silent: true}},
		{"traces --help", []string{"traces", "--help"}, "", expect{stdout: []string{"Examples:", "--min-duration", "--since"}, silent: true}},
		{"block", []string{"block"}, "", expect{code: 2, stderr: []string{`"ls"`, "--help"}, quiet: true}},
		{"block --help", []string{"block", "--help"}, "", expect{stdout: []string{"Examples:", "change nothing", "ls ", "inspect ", "verify ", "export "}, silent: true}},
		{"block export --help", []string{"block", "export", "--help"}, "", expect{stdout: []string{"Examples:", "--from", "--format", "memory and log", "is not exported"}, silent: true}},
		{"wrong format", []string{"block", "export", "--format", "csv"}, "", expect{code: 2, stderr: []string{"--format", `"parquet"`, `"csv"`}, quiet: true}},
		{"version", []string{"version"}, "", expect{stdout: []string{"everspan ", "go1."}, silent: true}},
		{"version --json", []string{"version", "--json"}, "", expect{stdout: []string{`{"version":"`}, silent: true}},
		{"wrong command", []string{"sevre"}, "", expect{code: 2, stderr: []string{"sevre", "everspan --help"}, quiet: true}},
		{"wrong flag", []string{"serve", "--dta", "x"}, "", expect{code: 2, stderr: []string{"unknown flag --dta", "--help"}, quiet: true}},
		{"wrong type", []string{"traces", "--limit", "many"}, "", expect{code: 2, stderr: []string{"--limit", `"many"`}, quiet: true}},
		{"wrong duration", []string{"traces", "--since", "1d"}, "", expect{code: 2, stderr: []string{"--since", `"1d"`}, quiet: true}},
		{"wrong size", serve("--memory", "lots"), "", expect{code: 2, stderr: []string{"--memory", "like 512MiB"}, quiet: true}},
		{"wrong variable", serve(), "EVERSPAN_MEMORY=lots", expect{code: 2, stderr: []string{"EVERSPAN_MEMORY", "like 512MiB"}, quiet: true}},
		{"too little memory", serve("--memory", "1MiB"), "", expect{code: 1, stderr: []string{"--memory is 1 MiB", "at least 64 MiB"}, quiet: true}},
		{"no age", serve("--flush-after", "0s"), "", expect{code: 1, stderr: []string{"--flush-after"}, quiet: true}},
		{"wrong level", serve("--log-level", "loud"), "", expect{code: 2, stderr: []string{"--log-level", `"warn"`, `"loud"`}, quiet: true}},
		{"no port", serve("--http", "localhost"), "", expect{code: 1, stderr: []string{"--http localhost", "host:port"}, quiet: true}},
		{"all interfaces", serve("--otlp-grpc", "0.0.0.0:0"), "", expect{code: 1, stderr: []string{"--otlp-grpc 0.0.0.0:0", "no authentication", "--insecure"}, quiet: true}},
		{"no host", serve("--otlp-http", ":0"), "", expect{code: 1, stderr: []string{"--otlp-http :0", "--insecure"}, quiet: true}},
		{"admin for all", serve("--admin", "0.0.0.0:0", "--insecure"), "", expect{code: 1, stderr: []string{"--admin 0.0.0.0:0", "--insecure does not open"}, quiet: true}},
		{"only admin", []string{"serve", "--http", "off", "--otlp-grpc", "off", "--otlp-http", "off", "--zipkin", "off", "--admin", "127.0.0.1:0"}, "", expect{code: 1, stderr: []string{"every listener is off"}, quiet: true}},
		{"sampling more than all", serve("--sampling-rate", "1.5"), "", expect{code: 1, stderr: []string{"--sampling-rate is 1.5", "between 0 and 1"}, quiet: true}},
		{"a name", serve("--http", "example.com:0"), "", expect{code: 1, stderr: []string{"--http example.com:0", "--insecure"}, quiet: true}},
		{"all off", []string{"serve", "--http", "off", "--otlp-grpc", "off", "--otlp-http", "off", "--zipkin", "off"}, "", expect{code: 1, stderr: []string{"every listener is off"}, quiet: true}},
		{"data is a file", serve("--data", file), "", expect{code: 1, stderr: []string{"data folder", file}, quiet: true}},
		{"no such config", serve("--config", file+".yaml"), "", expect{code: 2, stderr: []string{file + ".yaml"}, quiet: true}},
		{"trace without server", []string{"trace", nobody, traceA}, "", expect{code: 1, stderr: []string{"no everspan answers at http://127.0.0.1:1", "`everspan serve`", "--server"}, quiet: true}},
		{"traces without server", []string{"traces"}, "EVERSPAN_SERVER=127.0.0.1:1", expect{code: 1, stderr: []string{"no everspan answers at http://127.0.0.1:1"}, quiet: true}},
		{"no server's address", []string{"traces", "--server", "http://a b"}, "", expect{code: 1, stderr: []string{"--server"}, quiet: true}},
		{"trace without id", []string{"trace"}, "", expect{code: 2, stderr: []string{"<id>"}, quiet: true}},
		{"garbage id", []string{"trace", nobody, "not-a-trace"}, "", expect{code: 1, stderr: []string{`no trace id in "not-a-trace"`, "1 to 32 hexadecimal digits"}, quiet: true}},
		{"long id", []string{"trace", nobody, traceA + "00"}, "", expect{code: 1, stderr: []string{"no trace id", "1 to 32"}, quiet: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, errs, code := everspan(t, []string{c.env}, c.args...)
			c.want.check(t, out, errs, code)
		})
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, flag := range append([]string{"http", "otlp-grpc", "otlp-http", "zipkin"}, extra...) {
		flag = "--" + flag
		args := []string{"serve", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--zipkin", "127.0.0.1:0", flag, l.Addr().String()}
		out, errs, code := everspan(t, nil, args...)
		expect{code: 1, quiet: true, stderr: []string{flag + " " + l.Addr().String(), "port " + port + " is taken", flag + " 127.0.0.1:0", "off"}}.check(t, out, errs, code)
	}
}

func TestFolderInUse(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	out, errs, code := everspan(t, nil, "serve", "--data", s.data, "--http", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off", "--zipkin", "off")
	expect{code: 1, quiet: true, stderr: []string{fmt.Sprintf("(pid %d)", s.cmd.Process.Pid), s.data, "--data"}}.check(t, out, errs, code)
	s.kill()
	// The lock dies with its process.
	serve(t, s.data)
}

func TestListenersOff(t *testing.T) {
	t.Parallel()
	flags := append([]string{"http", "otlp-grpc", "otlp-http", "zipkin"}, extra...)
	var on []string
	for _, flag := range flags {
		on = append(on, "--"+flag, "127.0.0.1:0")
	}
	for _, off := range flags {
		s := serve(t, t.TempDir(), append(slices.Clone(on), "--"+off, "off")...)
		for _, flag := range flags {
			if printed := strings.Contains(s.said(), "  "+flag+" "); printed == (flag == off) {
				t.Errorf("--%s off: %s is printed: %v\n%s", off, flag, printed, s.said())
			}
		}
		s.stop()
	}
	// The port of the queries takes spans as well, so one port is enough.
	s := serve(t, t.TempDir(), "--otlp-grpc", "off", "--otlp-http", "off", "--zipkin", "off")
	s.otlpHTTP = s.http
	s.send(oneSpan{trace: traceA, id: "00f067aa0ba902b7", service: "one", name: "port"})
	if doc := s.waterfall(traceA); doc == nil || doc.SpanCount != 1 {
		t.Errorf("a span sent to --http is not there: %+v", doc)
	}
	// Insecure is what it takes to listen for others.
	s = serve(t, t.TempDir(), "--http", "0.0.0.0:0", "--insecure")
	if s.http == "" {
		t.Errorf("--insecure does not listen:\n%s", s.said())
	}
}

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	// A wrong --memory is told with its value, which shows where it came from.
	args := func(more ...string) []string {
		return append([]string{"serve", "--data", filepath.Join(dir, "d"), "--http", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off", "--zipkin", "off"}, more...)
	}
	const variable = "EVERSPAN_TEST_SIZE"
	for i, c := range []struct {
		name, yaml string
		env        []string
		args       []string
		want       expect
	}{
		{"file", "memory: 3MiB", nil, args(), expect{code: 1, stderr: []string{"--memory is 3 MiB"}}},
		{"number", "memory: 3145728", nil, args(), expect{code: 1, stderr: []string{"--memory is 3 MiB"}}},
		{"variable before file", "memory: 3MiB", []string{"EVERSPAN_MEMORY=2MiB"}, args(), expect{code: 1, stderr: []string{"--memory is 2 MiB"}}},
		{"flag before variable", "memory: 3MiB", []string{"EVERSPAN_MEMORY=2MiB"}, args("--memory", "1MiB"), expect{code: 1, stderr: []string{"--memory is 1 MiB"}}},
		{"flag before file", "memory: 3MiB", nil, args("--memory", "1MiB"), expect{code: 1, stderr: []string{"--memory is 1 MiB"}}},
		{"file before default", "http: off", nil, []string{"serve", "--otlp-grpc", "off", "--otlp-http", "off", "--zipkin", "off"}, expect{code: 1, stderr: []string{"every listener is off"}}},
		{"unknown key", "memory: 1GiB\nmemroy: 2GiB", nil, args(), expect{code: 2, stderr: []string{`unknown key "memroy"`, "data, http, otlp-grpc, otlp-http, zipkin, jaeger-grpc, jaeger-storage"}}},
		{"nested", "memory: {a: 1}", nil, args(), expect{code: 2, stderr: []string{`key "memory"`, "one value"}}},
		{"empty", "memory:", nil, args(), expect{code: 2, stderr: []string{`key "memory"`}}},
		{"twice", "memory: 1GiB\nmemory: 2GiB", nil, args(), expect{code: 2, stderr: []string{`"memory"`, "line 2"}}},
		{"two documents", "memory: 1GiB\n---\nmemory: 2GiB", nil, args(), expect{code: 2, stderr: []string{"one YAML document"}}},
		{"wrong value", "flush-after: soon", nil, args(), expect{code: 2, stderr: []string{`key "flush-after"`, `"soon"`}, neverSay: []string{"--flush-after"}}},
		{"no YAML", "a: : b", nil, args(), expect{code: 2, stderr: []string{"line 1"}}},
		{"a list", "- memory", nil, args(), expect{code: 2, stderr: []string{"line 1"}}},
		{"expanded", "memory: ${" + variable + "}MiB", []string{variable + "=5"}, args(), expect{code: 1, stderr: []string{"--memory is 5 MiB"}}},
		{"default unused", "memory: ${" + variable + ":-7}MiB", []string{variable + "=5"}, args(), expect{code: 1, stderr: []string{"--memory is 5 MiB"}}},
		{"default", "memory: ${" + variable + ":-7}MiB", nil, args(), expect{code: 1, stderr: []string{"--memory is 7 MiB"}}},
		{"default of empty", "memory: ${" + variable + ":-7}MiB", []string{variable + "="}, args(), expect{code: 1, stderr: []string{"--memory is 7 MiB"}}},
		{"missing variable", "memory: ${" + variable + "}", nil, args(), expect{code: 2, stderr: []string{`key "memory"`, variable + " is not set", "${" + variable + ":-default}"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
			if err := os.WriteFile(file, []byte(c.yaml), 0o644); err != nil {
				t.Fatal(err)
			}
			c.want.quiet = true
			if c.want.code == 2 {
				c.want.stderr = append(c.want.stderr, file)
			}
			out, errs, code := everspan(t, c.env, append(c.args, "--config", file)...)
			c.want.check(t, out, errs, code)
			out, errs, code = everspan(t, append(c.env, "EVERSPAN_CONFIG="+file), c.args...)
			c.want.check(t, out, errs, code)
		})
	}
	t.Run("used", func(t *testing.T) {
		file := filepath.Join(dir, "used.yaml")
		if err := os.WriteFile(file, []byte("# a comment\nflush-after: ${EVERSPAN_TEST_AGE:-50ms}\nlog-level: error\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		s := serve(t, t.TempDir(), "--config", file)
		s.send(oneSpan{trace: traceA, id: "00f067aa0ba902b7", service: "a", name: "b"})
		for end := time.Now().Add(20 * time.Second); s.metrics()["everspan_blocks"] == 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("flush-after of the file is not used: no block after 20 s")
			}
		}
	})
}

func TestTrace(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.send(oneSpan{trace: traceA, id: "00f067aa0ba902b7", service: "checkout", name: "POST /pay", took: 2 * time.Second, failed: true},
		oneSpan{trace: traceA, id: "00f067aa0ba902b8", parent: "00f067aa0ba902b7", service: "bank", name: "charge", took: time.Second},
		oneSpan{trace: short, id: "1", service: "old", name: "zipkin"})
	for _, c := range []struct {
		name string
		args []string
		env  string
		want expect
	}{
		{"id", []string{traceA}, "", expect{stdout: []string{traceA, "POST /pay", "charge", "2 spans"}}},
		{"upper case", []string{strings.ToUpper(traceA)}, "", expect{stdout: []string{traceA}}},
		{"short id", []string{short}, "", expect{stdout: []string{"zipkin"}}},
		{"traceparent", []string{"00-" + traceA + "-00f067aa0ba902b7-01"}, "", expect{stdout: []string{traceA}}},
		{"header", []string{"traceparent: 00-" + traceA + "-00f067aa0ba902b7-01"}, "", expect{stdout: []string{traceA}}},
		{"log line", []string{"level=error", "msg=\"can't pay\"", "trace_id=" + traceA, "span_id=00f067aa0ba902b7"}, "", expect{stdout: []string{traceA}}},
		{"JSON log", []string{`{"level":"error","spanId":"00f067aa0ba902b7","traceId":"` + traceA + `"}`}, "", expect{stdout: []string{traceA}}},
		{"address", []string{"http://localhost:3000/trace/" + traceA + "?from=1"}, "", expect{stdout: []string{traceA}}},
		{"unknown", []string{traceB}, "", expect{code: 1, quiet: true, stderr: []string{"trace " + traceB + " is not known", "`everspan traces`"}}},
		{"zeroes", []string{"0000"}, "", expect{code: 1, quiet: true, stderr: []string{"all zeroes", "1 to 32 hexadecimal digits"}}},
		{"not everspan", []string{traceA, "--server", s.otlpHTTP}, "", expect{code: 1, quiet: true, stderr: []string{"404", "--server"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.silent = c.want.code == 0
			c.want.neverSay = []string{"\x1b"} // piped output is plain
			out, errs, code := s.everspan(append([]string{"trace"}, c.args...)...)
			c.want.check(t, out, errs, code)
		})
	}
	t.Run("json", func(t *testing.T) {
		out, errs, code := s.everspan("trace", traceA, "--json")
		var doc advise.Waterfall
		if err := json.Unmarshal([]byte(out), &doc); err != nil || code != 0 || errs != "" {
			t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
		}
		if doc.TraceID != traceA || doc.SpanCount != 2 || doc.ErrorCount != 1 || doc.Root.Service != "checkout" || len(doc.Partial) > 0 {
			t.Errorf("%+v", doc)
		}
	})
	t.Run("width", func(t *testing.T) {
		widest := func(args ...string) int {
			out, _, _ := s.everspan(append([]string{"trace", traceA}, args...)...)
			n := 0
			for line := range strings.Lines(out) {
				n = max(n, len([]rune(strings.TrimRight(line, "\n"))))
			}
			return n
		}
		if n := widest("--width", "60"); n > 60 || n < 50 {
			t.Errorf("--width 60 takes %d columns", n)
		}
		if n := widest(); n > 120 || n < 100 {
			t.Errorf("piped output takes %d columns, not 120", n)
		}
		if n := widest("--width", "1"); n == 0 {
			t.Error("--width 1 draws nothing")
		}
	})
}

func TestTraces(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	id := func(i int) string { return fmt.Sprintf("%032x", i) }
	s.send(
		oneSpan{trace: id(1), id: "11", service: "checkout", name: "POST /pay", took: 2 * time.Second, failed: true},
		oneSpan{trace: id(1), id: "12", parent: "11", service: "bank", name: "charge", took: time.Second},
		oneSpan{trace: id(2), id: "21", service: "cart", name: "GET /cart", ago: 5 * time.Minute, took: 10 * time.Millisecond},
		oneSpan{trace: id(3), id: "31", service: "checkout", name: "GET /health", ago: 10 * time.Minute, took: time.Millisecond},
		oneSpan{trace: id(4), id: "41", service: "cart", name: "GET /cart", ago: 3 * time.Hour, took: time.Minute},
	)
	for _, from := range []string{"the head", "a block"} {
		for _, c := range []struct {
			args []string
			want []int
		}{
			{nil, []int{1, 2, 3}},
			{[]string{"--service", "checkout"}, []int{1, 3}},
			{[]string{"--service", "bank"}, []int{1}},
			{[]string{"--name", "GET /cart"}, []int{2}},
			{[]string{"--name", "charge"}, []int{1}},
			{[]string{"--errors"}, []int{1}},
			{[]string{"--min-duration", "5ms"}, []int{1, 2}},
			{[]string{"--min-duration", "2s", "--since", "4h"}, []int{1, 4}},
			{[]string{"--since", "7m"}, []int{1, 2}},
			{[]string{"--since", "24h"}, []int{1, 2, 3, 4}},
			{[]string{"--limit", "1"}, []int{1}},
			{[]string{"--service", "cart", "--since", "4h", "--limit", "1"}, []int{2}},
			{[]string{"--service", "cart", "--errors"}, nil},
		} {
			t.Run(from+strings.Join(c.args, " "), func(t *testing.T) {
				out, errs, code := s.everspan(append([]string{"traces", "--json"}, c.args...)...)
				var list struct{ Traces []struct{ TraceID string } }
				if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 {
					t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
				}
				var got, want []string
				for _, trace := range list.Traces {
					got = append(got, trace.TraceID)
				}
				for _, i := range c.want {
					want = append(want, id(i))
				}
				if !slices.Equal(got, want) {
					t.Errorf("traces %v, want %v", got, want)
				}
			})
		}
		s.stop()
		s = serve(t, s.data)
	}
	t.Run("text", func(t *testing.T) {
		out, errs, code := s.everspan("traces")
		expect{stdout: []string{id(1), "checkout", "POST /pay", "GET /health"}, neverSay: []string{"\x1b", id(4)}, silent: true}.check(t, out, errs, code)
	})
	t.Run("none", func(t *testing.T) {
		out, errs, code := s.everspan("traces", "--service", "nobody", "--since", "90m")
		expect{quiet: true, stderr: []string{"No trace in the last 1h30m fits", "--since"}}.check(t, out, errs, code)
	})
	t.Run("wrong limit", func(t *testing.T) {
		out, errs, code := s.everspan("traces", "--limit", "0")
		expect{code: 1, quiet: true, stderr: []string{"limit", "between 1 and 10000"}}.check(t, out, errs, code)
	})
}
