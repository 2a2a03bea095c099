package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	tracednats "github.com/everspan/everspan/instrument/nats"
	tracedsql "github.com/everspan/everspan/instrument/sql"
	"github.com/nats-io/nats.go"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go
)

// worker takes jobs until ctx ends.
func worker(ctx context.Context, queue, file string) error {
	db, err := tracedsql.Open("sqlite", "file:"+filepath.ToSlash(file), tracedsql.System("sqlite"))
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE jobs (text TEXT NOT NULL)"); err != nil {
		return fmt.Errorf("create the table: %w", err)
	}
	conn, err := nats.Connect(queue)
	if err != nil {
		return fmt.Errorf("queue %s: %w", queue, err)
	}
	defer conn.Close()
	handle := func(m *nats.Msg) {
		// An error is on the span, and in the log.
		_ = tracednats.Process(context.Background(), m, func(ctx context.Context) error {
			if _, err := db.ExecContext(ctx, "INSERT INTO jobs (text) VALUES (?)", string(m.Data)); err != nil {
				slog.ErrorContext(ctx, "the job is lost", "error", err)
				return fmt.Errorf("insert the job: %w", err)
			}
			slog.InfoContext(ctx, "the job is written down", "bytes", len(m.Data))
			return nil
		})
	}
	if _, err := conn.QueueSubscribe(subject, "workers", handle); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	fmt.Println("listening 0")
	<-ctx.Done()
	return nil
}
