//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// The server is quiet when it has nothing left to write and has used less than
// quietShare of a core for quietTime.
const (
	quietTime  = 5 * time.Second
	quietShare = 0.03
	quietLimit = 10 * time.Minute
)

// waitQuiet waits until the server is quiet and returns how long that took,
// without the time of watching that nothing happens any more. metrics is the
// base address of Everspan's own metrics; empty: there are none. settle is the least time to wait.
func waitQuiet(ctx context.Context, p process, metrics string, settle time.Duration) (time.Duration, error) {
	if p == 0 && metrics == "" {
		say("neither --pid nor everspan's metrics: what the server does after the last answer is not seen")
		return 0, nil
	}
	type moment struct {
		at  time.Time
		cpu time.Duration
	}
	var seen []moment
	start, told := time.Now(), time.Now()
	for {
		used, err := p.cpu()
		if err != nil {
			return 0, err
		}
		now := moment{time.Now(), used}
		seen = append(seen, now)
		for len(seen) > 1 && now.at.Sub(seen[1].at) >= quietTime {
			seen = seen[1:]
		}
		over := now.at.Sub(seen[0].at)
		share := float64(now.cpu-seen[0].cpu) / float64(max(over, 1))
		left, err := unfinished(ctx, metrics)
		if err != nil {
			return 0, err
		}
		if over >= quietTime && share < quietShare && left == "" && now.at.Sub(start) >= settle {
			return seen[0].at.Sub(start), nil
		}
		if now.at.Sub(told) > 5*time.Second {
			told = now.at
			say("  waiting until the server is quiet: %.2f cores, %s", share, orNothing(left))
		}
		if now.at.Sub(start) > quietLimit+settle {
			return 0, fmt.Errorf("the server is not quiet after %v: %.2f cores, %s; is something else sending to it?", quietLimit, share, orNothing(left))
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

func orNothing(left string) string {
	if left == "" {
		return "nothing left to write"
	}
	return left
}

// unfinished says what the server has still to write, by its own metrics.
func unfinished(ctx context.Context, metrics string) (string, error) {
	if metrics == "" {
		return "", nil
	}
	m, err := scrape(ctx, metrics)
	if err != nil {
		return "", err
	}
	if n := m["everspan_head_spans"]; n > 0 {
		return fmt.Sprintf("%.0f spans in memory", n), nil
	}
	if n := m["everspan_head_logs"]; n > 0 {
		return fmt.Sprintf("%.0f log records in memory", n), nil
	}
	if n := m["everspan_compaction_pending"]; n > 0 {
		return fmt.Sprintf("%.0f compactions pending", n), nil
	}
	return "", nil
}
