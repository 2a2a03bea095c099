// Command gosvc is a small Go service, instrumented with the OpenTelemetry SDK
// and otelhttp as any service is, for the end-to-end test with a service in
// another language.
//
//	GET /start?node=URL   calls URL/hello?callback=…, with /callback of this service
//	GET /callback         answers
//
// It prints `listening PORT`. Tracing is set up by OTEL_* variables alone. An
// interrupt or the end of standard input ends it: spans are sent, then it exits.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	var exporter *otlptrace.Exporter
	var err error
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		exporter, err = otlptracegrpc.New(ctx)
	} else {
		exporter, err = otlptracehttp.New(ctx)
	}
	if err != nil {
		return fmt.Errorf("exporter: %w", err)
	}
	// The provider takes resource and batching from the environment.
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: handler("http://" + l.Addr().String()), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	fmt.Println("listening", port)

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.Shutdown(end)
	return provider.Shutdown(end)
}

// handler serves what is asked at the address own.
func handler(own string) http.Handler {
	client := http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport), Timeout: 10 * time.Second}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /start", func(w http.ResponseWriter, r *http.Request) {
		node := strings.TrimRight(r.URL.Query().Get("node"), "/")
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, node+"/hello?callback="+url.QueryEscape(own+"/callback"), nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		res, err := client.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(res.StatusCode)
		io.Copy(w, res.Body)
	})
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "called back")
	})
	return otelhttp.NewHandler(mux, "gosvc")
}
