package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"
)

const (
	// traceWait bounds how long a trace may take to become readable.
	traceWait = 15 * time.Second
	tracePoll = 300 * time.Millisecond
)

// awaitTrace returns once the server shows the whole trace of a checkout:
// the notification, which comes last, is in it, and it no longer grows.
func awaitTrace(ctx context.Context, s *Shop, server, id string) error {
	ctx, cancel := context.WithTimeout(ctx, traceWait)
	defer cancel()
	last := 0
	for {
		var seen error
		if err := s.Flush(ctx); err != nil {
			return fmt.Errorf("send spans: %w", err)
		}
		spans, notified, err := readTrace(ctx, server, id)
		switch {
		case err != nil:
			seen = err
		case !notified:
			seen = fmt.Errorf("%d spans, but none of notifications", spans)
		case spans != last:
			seen = fmt.Errorf("%d spans, and still growing", spans)
		default:
			return nil
		}
		last = spans
		if pause(ctx, tracePoll) != nil {
			return fmt.Errorf("trace %s is not complete after %s: %w", id, traceWait, seen)
		}
	}
}

// readTrace says how many spans of a trace the server has, and whether the
// span of the notification is among them.
func readTrace(ctx context.Context, server, id string) (spans int, notified bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/api/v1/traces/"+id+"/waterfall", nil)
	if err != nil {
		return 0, false, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, false, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, false, err
	}
	if res.StatusCode != http.StatusOK {
		return 0, false, fmt.Errorf("the server answers %s", res.Status)
	}
	var waterfall struct {
		SpanCount int `json:"spanCount"`
	}
	if err := json.Unmarshal(data, &waterfall); err != nil {
		return 0, false, fmt.Errorf("waterfall: %w", err)
	}
	return waterfall.SpanCount, bytes.Contains(data, []byte(`"process `+orderPlaced+`"`)), nil
}

// printTrace prints a trace's waterfall with `everspan trace`.
func printTrace(ctx context.Context, b *backend, id string, out io.Writer) error {
	program, err := b.program.find(ctx)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "trace", id, "--logs", "--server", b.url)
	cmd.Stdout = out
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("everspan trace %s: %w", id, err)
	}
	return nil
}
