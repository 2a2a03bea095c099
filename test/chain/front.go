package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/everspan/everspan/instrument"
	"github.com/nats-io/nats-server/v2/server"
)

// front serves until ctx ends.
func front(ctx context.Context) error {
	queue, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	queue.Start()
	defer queue.Shutdown()
	if !queue.ReadyForConnections(10 * time.Second) {
		return errors.New("queue: not ready after 10 s")
	}
	fmt.Println("queue", queue.ClientURL())

	client := instrument.Client(&http.Client{Timeout: 10 * time.Second})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /start", func(w http.ResponseWriter, r *http.Request) {
		ctx := instrument.Route(r.Context(), "/jobs")
		slog.InfoContext(ctx, "a job is wanted")
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL.Query().Get("middle")+"/jobs", strings.NewReader("paint the fence"))
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
		_, _ = io.Copy(w, res.Body)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: instrument.Handler(mux), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	fmt.Println("listening", port)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.Shutdown(end)
}
