// Command hello is a small service that tells what it does:
//
//	curl http://127.0.0.1:8080/hello/bob
package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/signal"

	"github.com/everspan/everspan/instrument"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	shutdown, err := instrument.Start(ctx, instrument.Options{ServiceName: "hello"})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		_ = instrument.Do(r.Context(), "greeting.write", func(ctx context.Context) error {
			slog.InfoContext(ctx, "somebody is here", "name", r.PathValue("name"))
			_, err := w.Write([]byte("hello, " + r.PathValue("name") + "\n"))
			return err
		})
	})
	go http.ListenAndServe(cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"), instrument.Handler(mux))
	<-ctx.Done()
	_ = shutdown(context.Background())
}
