package instrument_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/everspan/everspan/instrument"
)

// collector takes OTLP over HTTP and remembers what came, a line a span or log
// record.
type collector struct {
	mu    sync.Mutex
	lines []string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r.URL.Path {
	case "/v1/traces":
		var m coltrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(data, &m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, rs := range m.ResourceSpans {
			service := ""
			for _, a := range rs.Resource.Attributes {
				if a.Key == "service.name" {
					service = a.Value.GetStringValue()
				}
			}
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					c.lines = append(c.lines, fmt.Sprintf("span %s %s %x", service, s.Name, s.TraceId))
				}
			}
		}
	case "/v1/logs":
		var m collogs.ExportLogsServiceRequest
		if err := proto.Unmarshal(data, &m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, rl := range m.ResourceLogs {
			for _, sl := range rl.ScopeLogs {
				for _, l := range sl.LogRecords {
					c.lines = append(c.lines, fmt.Sprintf("log %s %x", l.Body.GetStringValue(), l.TraceId))
				}
			}
		}
	case "/v1/metrics":
		c.lines = append(c.lines, "metrics")
	default:
		http.NotFound(w, r)
	}
}

func (c *collector) has(prefix string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, l := range c.lines {
		if strings.HasPrefix(l, prefix) {
			n++
		}
	}
	return n
}

// output is where lines are written by several goroutines.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *output) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(o.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no line with %q in:\n%s", text, o.String())
		}
	}
}

func nothing(context.Context) error { return nil }

func TestStart(t *testing.T) {
	before := slog.Default()
	flags := log.Flags()
	t.Cleanup(func() { slog.SetDefault(before); log.SetOutput(io.Discard); log.SetFlags(flags) })
	c := &collector{}
	server := httptest.NewServer(c)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_SERVICE_NAME", "checkout")
	var out output
	shutdown, err := instrument.Start(t.Context(), instrument.Options{LogHandler: slog.NewTextHandler(&out, nil)})
	if err != nil {
		t.Fatal(err)
	}
	_ = instrument.Do(t.Context(), "order.place", func(ctx context.Context) error {
		slog.InfoContext(ctx, "placed")
		log.Print("by package log")
		return nil
	})
	_, span := otel.Tracer("other").Start(t.Context(), "another")
	span.End()
	if err := shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"span checkout order.place ", "span checkout another ", "log placed ", "log by package log", "metrics"} {
		if c.has(want) != 1 {
			t.Errorf("%q came %d times:\n%s", want, c.has(want), strings.Join(c.lines, "\n"))
		}
	}
	if !strings.Contains(out.String(), "msg=placed trace_id=") || !strings.Contains(out.String(), "by package log") {
		t.Errorf("written: %s", out.String())
	}
}

// What is not in Options is in variables, which the SDK and its exporters read.
func TestVariables(t *testing.T) {
	type request struct{ path, auth, encoding string }
	tests := []struct {
		name string
		env  map[string]string
		want request // of the spans; zero: none came
	}{
		{"general endpoint", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL/base"}, request{path: "/base/v1/traces"}},
		{"endpoint of a signal", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "URL/here", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, request{path: "/here"}},
		{"headers and compression", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20x", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
			request{"/v1/traces", "Bearer x", "gzip"}},
		{"sampler", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_TRACES_SAMPLER": "always_off"}, request{}},
		{"ratio of none", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, request{}},
		{"no exporter", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_TRACES_EXPORTER": "none"}, request{}},
		{"disabled", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_SDK_DISABLED": "true"}, request{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := make(chan request, 10)
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got <- request{r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Content-Encoding")}
			}))
			defer server.Close()
			t.Setenv("OTEL_LOGS_EXPORTER", "none")
			t.Setenv("OTEL_METRICS_EXPORTER", "none")
			for k, v := range tt.env {
				t.Setenv(k, strings.Replace(v, "URL", server.URL, 1))
			}
			tel, err := instrument.New(t.Context(), instrument.Options{LogHandler: slog.DiscardHandler})
			if err != nil {
				t.Fatal(err)
			}
			_ = instrument.Do(tel.Context(t.Context()), "s", nothing)
			if err := tel.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			close(got)
			if first := <-got; first != tt.want {
				t.Errorf("got %+v, want %+v", first, tt.want)
			}
		})
	}
}

// TestBegin is a program that has set up nothing: its lines are text on
// standard error, each once, by slog and by log.
func TestBegin(t *testing.T) {
	if os.Getenv("EVERSPAN_TEST_BEGIN") != "" {
		for range 2 { // twice does no harm
			shutdown, err := instrument.Start(t.Context(), instrument.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer shutdown(t.Context())
		}
		_ = instrument.Do(t.Context(), "s", func(ctx context.Context) error {
			slog.InfoContext(ctx, "by slog")
			log.Print("by log")
			return nil
		})
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestBegin$")
	cmd.Env = append(os.Environ(), "EVERSPAN_TEST_BEGIN=1", "OTEL_TRACES_EXPORTER=none", "OTEL_LOGS_EXPORTER=none", "OTEL_METRICS_EXPORTER=none")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`level=INFO msg="by slog" trace_id=`, `level=INFO msg="by log"`} {
		if strings.Count(string(out), want) != 1 {
			t.Errorf("want one line with %q:\n%s", want, out)
		}
	}
}

// The collector goes away and comes back: the service goes on, one line says
// so each time, and what waited is sent.
func TestCollectorGone(t *testing.T) {
	c := &collector{}
	server := httptest.NewServer(c)
	address := server.Listener.Addr().String()
	server.Close()

	var out output
	tel, err := instrument.New(t.Context(), instrument.Options{ServiceName: "s", Endpoint: "http://" + address, Delay: 5 * time.Millisecond,
		LogHandler: slog.NewTextHandler(&out, nil)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := tel.Context(t.Context())
	_ = instrument.Do(ctx, "first", nothing)
	tel.Logger().Info("hello")
	out.await(t, "can't be reached")

	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip("the port is taken by now: ", err)
	}
	server = &httptest.Server{Listener: l, Config: &http.Server{Handler: c}}
	server.Start()
	defer server.Close()
	out.await(t, "taken again")
	_ = instrument.Do(ctx, "second", nothing)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"span s first", "span s second", "log hello"} {
		if c.has(want) != 1 {
			t.Errorf("%q came %d times", want, c.has(want))
		}
	}
	if n := strings.Count(out.String(), "can't be reached"); n != 1 {
		t.Errorf("said %d times that the collector is gone:\n%s", n, out.String())
	}
	if n := strings.Count(out.String(), "taken again"); n != 1 {
		t.Errorf("said %d times that it is back:\n%s", n, out.String())
	}
	if s := tel.Stats(); s != (instrument.Stats{SpansSent: 2, LogsSent: 1}) {
		t.Errorf("%+v", s)
	}
}

// A collector that is overloaded and asks to come back gets everything.
func TestCollectorBusy(t *testing.T) {
	c := &collector{}
	var mu sync.Mutex
	refused := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		refused[r.URL.Path]++
		n := refused[r.URL.Path]
		mu.Unlock()
		if n <= 2 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		c.ServeHTTP(w, r)
	}))
	defer server.Close()
	var out output
	tel, err := instrument.New(t.Context(), instrument.Options{ServiceName: "s", Endpoint: server.URL, Delay: 5 * time.Millisecond, LogHandler: slog.NewTextHandler(&out, nil)})
	if err != nil {
		t.Fatal(err)
	}
	_ = instrument.Do(tel.Context(t.Context()), "work", nothing)
	tel.Logger().Info("hello")
	for deadline := time.Now().Add(20 * time.Second); tel.Stats() != (instrument.Stats{SpansSent: 1, LogsSent: 1}) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if c.has("span s work") != 1 || c.has("log hello") != 1 || tel.Stats() != (instrument.Stats{SpansSent: 1, LogsSent: 1}) {
		t.Errorf("%+v, refused %v\n%s", tel.Stats(), refused, out.String())
	}
}

// With nobody there over gRPC, it is said as soon.
func TestCollectorGoneGRPC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var out output
	tel, err := instrument.New(t.Context(), instrument.Options{Endpoint: "grpc://" + address, Delay: 5 * time.Millisecond, LogHandler: slog.NewTextHandler(&out, nil)})
	if err != nil {
		t.Fatal(err)
	}
	_ = instrument.Do(tel.Context(t.Context()), "work", nothing)
	out.await(t, "can't be reached")
	began := time.Now()
	if err := tel.Shutdown(t.Context()); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("shutdown after %v: %v", time.Since(began), err)
	}
}

// With nobody there, shutdown ends soon and tells what is lost; overload is counted.
func TestDrops(t *testing.T) {
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "8")
	t.Setenv("OTEL_BLRP_MAX_QUEUE_SIZE", "4")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var out output
	tel, err := instrument.New(t.Context(), instrument.Options{Endpoint: "http://" + address, LogHandler: slog.NewTextHandler(&out, nil)})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		_ = instrument.Do(tel.Context(t.Context()), "s", nothing)
		tel.Logger().Info("l")
	}
	if s := tel.Stats(); s.SpansDropped != 12 || s.LogsDropped != 16 {
		t.Errorf("%+v before the shutdown, want what the queues did not hold", s)
	}
	err = tel.Shutdown(t.Context())
	if err == nil || !strings.Contains(err.Error(), "8 spans and 4 log records were not taken") {
		t.Errorf("shutdown: %v", err)
	}
	if s := tel.Stats(); s != (instrument.Stats{SpansDropped: 20, LogsDropped: 20}) {
		t.Errorf("%+v", s)
	}
	if n := strings.Count(out.String(), "faster than it is sent"); n != 2 {
		t.Errorf("said %d times that a queue is full, want once a signal:\n%s", n, out.String())
	}
}

// A collector that accepts connections and says nothing does not hold up the
// service's end.
func TestShutdownDeadline(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	tel, err := instrument.New(t.Context(), instrument.Options{Endpoint: server.URL, LogHandler: slog.DiscardHandler})
	if err != nil {
		t.Fatal(err)
	}
	_ = instrument.Do(tel.Context(t.Context()), "s", nothing)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := tel.Shutdown(ctx); err == nil {
		t.Error("no error, though nothing was taken")
	}
	if ctx.Err() == nil {
		t.Error("gave up before the deadline")
	}
}

// A collector that knows no logs is told apart from one that is gone.
func TestRefused(t *testing.T) {
	c := &collector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/logs" {
			http.NotFound(w, r)
			return
		}
		c.ServeHTTP(w, r)
	}))
	defer server.Close()
	var out output
	tel, err := instrument.New(t.Context(), instrument.Options{ServiceName: "s", Endpoint: server.URL, LogHandler: slog.NewTextHandler(&out, nil)})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_ = instrument.Do(tel.Context(t.Context()), "work", nothing)
		tel.Logger().Info("hello")
		_ = tel.Flush(t.Context())
	}
	_ = tel.Shutdown(t.Context())
	if c.has("span s work") != 3 {
		t.Error("spans are missing")
	}
	if n := strings.Count(out.String(), "refused"); n != 1 {
		t.Errorf("said %d times that logs are refused:\n%s", n, out.String())
	}
	if s := tel.Stats(); s != (instrument.Stats{SpansSent: 3, LogsDropped: 3}) {
		t.Errorf("%+v", s)
	}
}

func TestSettings(t *testing.T) {
	tests := []struct {
		name string
		env  []string
		o    instrument.Options
		err  string
	}{
		{"exporter", []string{"OTEL_TRACES_EXPORTER=zipkin"}, instrument.Options{}, `OTEL_TRACES_EXPORTER="zipkin": want otlp, console or none`},
		{"protocol", []string{"OTEL_EXPORTER_OTLP_PROTOCOL=thrift"}, instrument.Options{}, `want http/protobuf, http/json or grpc`},
		{"propagator", []string{"OTEL_PROPAGATORS=tracecontext,ottrace"}, instrument.Options{}, `"ottrace" is none of`},
		{"endpoint", nil, instrument.Options{Endpoint: "localhost:4317"}, `want a URL`},
		{"scheme", nil, instrument.Options{Endpoint: "ftp://localhost"}, `scheme "ftp"`},
		{"remote sampler", []string{"OTEL_TRACES_SAMPLER=jaeger_remote", "OTEL_TRACES_SAMPLER_ARG=endpoint=http://x,rate=1"}, instrument.Options{}, `unknown setting "rate"`},
		{"disabled", []string{"OTEL_SDK_DISABLED=true", "OTEL_TRACES_EXPORTER=zipkin"}, instrument.Options{}, ``},
		{"none", []string{"OTEL_TRACES_EXPORTER=none", "OTEL_LOGS_EXPORTER=none", "OTEL_METRICS_EXPORTER=none"}, instrument.Options{}, ``},
		{"grpc", []string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_METRICS_EXPORTER=none"}, instrument.Options{}, ``},
		{"ratio", []string{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.5", "OTEL_METRICS_EXPORTER=none"}, instrument.Options{}, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, e := range tt.env {
				k, v, _ := strings.Cut(e, "=")
				t.Setenv(k, v)
			}
			tt.o.LogHandler = slog.DiscardHandler
			tel, err := instrument.New(t.Context(), tt.o)
			if err == nil {
				_ = tel.Shutdown(t.Context())
			}
			if got := fmt.Sprint(err); tt.err == "" && err != nil || !strings.Contains(got, tt.err) {
				t.Errorf("error %q, want %q", got, tt.err)
			}
		})
	}
}

// What Start returns can be deferred before the error is looked at.
func TestStartFails(t *testing.T) {
	t.Setenv("OTEL_LOGS_EXPORTER", "file")
	shutdown, err := instrument.Start(t.Context(), instrument.Options{})
	if err == nil {
		t.Error("no error")
	}
	if err := shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
