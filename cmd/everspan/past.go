package main

import (
	"errors"
	"slices"
	"strings"
	"time"
)

const timeHint = "A time is like 2026-11-23T08:15:00Z, or now, or how long ago it is: -1h, -30m, -7d."

// parseTime reads a time as RFC 3339, or relative to now.
func parseTime(text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		if t.Year() < 1970 || t.Year() > 2261 { // what 64 bits of ns hold
			return t, errors.New("out of range")
		}
		return t, nil
	}
	var ago period
	if ago.UnmarshalText([]byte(strings.TrimPrefix(text, "-"))) != nil {
		return now, errors.New("not a time")
	}
	return now.Add(-time.Duration(ago)), nil
}

// joinPast joins --from and --to with a time that begins with a minus, which kong
// would take for a flag. What follows `run` is the program's.
func joinPast(args []string) []string {
	if len(args) > 0 && args[0] == "run" {
		return args
	}
	args = slices.Clone(args)
	for i := 0; i+1 < len(args); i++ {
		next := args[i+1]
		if (args[i] == "--from" || args[i] == "--to") && len(next) > 1 && next[0] == '-' && next[1] >= '0' && next[1] <= '9' {
			args[i] += "=" + next
			args = slices.Delete(args, i+1, i+2)
		}
	}
	return args
}
