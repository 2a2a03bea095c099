package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"now": "2026-11-23T08:00:00Z", "-1h": "2026-11-23T07:00:00Z", "1h30m": "2026-11-23T06:30:00Z", "-7d": "2026-11-16T08:00:00Z", "0s": "2026-11-23T08:00:00Z",
		"2026-01-02T03:04:05Z": "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5+01:00": "2026-01-02T02:04:05.5Z",
		"": "", "--1h": "", "yesterday": "", "2026-01-02": "", "0001-01-01T00:00:00Z": "", "2300-01-01T00:00:00Z": "",
	} {
		got, err := parseTime(text, now)
		if want == "" && err == nil || want != "" && (err != nil || got.UTC().Format(time.RFC3339Nano) != want) {
			t.Errorf("%q is %v, %v; want %q", text, got, err, want)
		}
	}
}

func TestJoinPast(t *testing.T) {
	for in, want := range map[string]string{
		"a --from -1h --to -30m b": "a --from=-1h --to=-30m b",
		"--from 1h --to --from":    "--from 1h --to --from",
		"--from - --to":            "--from - --to",
		"--out -1h":                "--out -1h",
	} {
		args := strings.Fields(in)
		before := slices.Clone(args)
		if got := strings.Join(joinPast(args), " "); got != want || !slices.Equal(args, before) {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}
