package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary play the everspan program, so that the whole
// demo can be tried without it.
func TestMain(m *testing.M) {
	if os.Getenv("SHOP_TEST_EVERSPAN") != "" {
		if err := fakeEverspan(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func fakeEverspan(args []string) error {
	if len(args) == 5 && args[0] == "trace" && args[2] == "--logs" && args[3] == "--server" {
		fmt.Println("waterfall of", args[1])
		return nil
	}
	if len(args) == 0 || args[0] != "serve" {
		return fmt.Errorf("everspan: unexpected %q", args)
	}
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	data, web, otlp := fs.String("data", "", ""), fs.String("http", "127.0.0.1:16686", ""), fs.String("otlp-grpc", defaultEndpoint, "")
	fs.String("otlp-http", "127.0.0.1:4318", "")
	for _, name := range unused {
		fs.String(name, "127.0.0.1:9411", "")
	}
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	grpcLn, err := net.Listen("tcp", *otlp)
	if err != nil {
		return err
	}
	spans := &sink{}
	defer spans.serve(grpcLn)()
	httpLn, err := net.Listen("tcp", *web)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /api/v1/traces/{id}/waterfall", func(w http.ResponseWriter, r *http.Request) {
		names := []string{}
		for _, s := range spans.trace(r.PathValue("id")) {
			names = append(names, s.Name)
		}
		if len(names) == 0 {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"spanCount": len(names), "names": names})
	})
	go func() { _ = http.Serve(httpLn, mux) }()
	fmt.Fprintf(os.Stderr, "everspan is ready\n  http       http://%s\n  otlp-grpc  %s\n  data       %s\n", httpLn.Addr(), grpcLn.Addr(), *data)
	<-ctx.Done()
	return nil
}

// useFakeEverspan also takes a free port for the default server's place.
func useFakeEverspan(t *testing.T) {
	t.Helper()
	t.Setenv("EVERSPAN_BIN", os.Args[0])
	t.Setenv("SHOP_TEST_EVERSPAN", "1")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("TMPDIR", t.TempDir())
}

// free is an address that nothing listens at.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func runShop(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cfg, err := parse(args, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = run(t.Context(), cfg, &out, t.Output())
	return out.String(), err
}

func TestOnce(t *testing.T) {
	useFakeEverspan(t)
	out, err := runShop(t, "--once", "--server", "http://"+free(t))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out, "waterfall of ") || strings.Count(out, "\n") != 1 {
		t.Errorf("output %q, want one waterfall", out)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	useFakeEverspan(t)
	t.Chdir(t.TempDir())
	out, err := runShop(t, "--server", "http://"+free(t), "--endpoint", free(t), "--rate", "8", "--duration", "6s")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out)
	for _, want := range []string{"  shop      http://127.0.0.1:", "slow: POST /checkout took", "waterfall of ", " requests, ", "The shop is closed."} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q", want)
		}
	}
}

func TestServerThatFails(t *testing.T) {
	useFakeEverspan(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	_, err = runShop(t, "--once", "--server", "http://"+free(t), "--endpoint", busy.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error %v, want the server's own words", err)
	}
}

func TestServerElsewhere(t *testing.T) {
	useFakeEverspan(t)
	_, err := runShop(t, "--once", "--server", "http://"+free(t), "--endpoint", "collector.example:4317")
	if err == nil || !strings.Contains(err.Error(), "collector.example is not this machine") {
		t.Errorf("error %v", err)
	}
}

func TestPauseEndsEarly(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pause(ctx, time.Hour); err == nil {
		t.Error("no error")
	}
}
