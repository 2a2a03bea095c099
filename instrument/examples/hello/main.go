// Command hello is a small service that tells what it does:
//
//	curl http://127.0.0.1:8080/hello/bob
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"go.opentelemetry.io/otel/attribute"

	"github.com/everspan/everspan/instrument"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	shutdown, err := instrument.Start(ctx, instrument.Options{ServiceName: "hello"})
	if err != nil {
		log.Fatal(err)
	}
	defer shutdown(context.Background())

	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", hello)
	server := &http.Server{Addr: cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"), Handler: instrument.Handler(mux)}
	go func() {
		slog.Info("listening", "address", server.Addr)
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	<-ctx.Done()
	server.Shutdown(context.Background())
}

func hello(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	err := instrument.Do(r.Context(), "greeting.write", func(ctx context.Context) error {
		slog.InfoContext(ctx, "somebody is here", "name", name)
		if name == "nobody" {
			return errors.New("nobody is here")
		}
		_, err := fmt.Fprintf(w, "hello, %s\n", name)
		return err
	}, attribute.String("hello.name", name))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
