package test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/api"
)

// shopSpans are three traces of two services.
func shopSpans() []oneSpan {
	return []oneSpan{
		{trace: traceA, id: "a1", service: "checkout", name: "POST /pay", took: 2 * time.Second, failed: true},
		{trace: traceA, id: "a2", parent: "a1", service: "bank", name: "charge", took: time.Second, failed: true},
		{trace: traceA, id: "a3", parent: "a2", service: "bank", name: "ledger", took: 500 * time.Millisecond},
		{trace: traceB, id: "b1", service: "checkout", name: "GET /health", ago: 10 * time.Minute, took: time.Millisecond},
		{trace: short, id: "c1", service: "bank", name: "nightly", ago: 3 * time.Hour, took: time.Minute},
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.send(shopSpans()...)
	full := pad(short, 32)
	for _, from := range []string{"the head", "a block"} {
		for _, c := range []struct {
			args []string
			want expect
		}{
			{[]string{"{ }"}, expect{stdout: []string{traceA, traceB, "POST /pay · checkout", "3 spans"}, neverSay: []string{full}, silent: true}},
			{[]string{"{", "status", "=", "error", "}"}, expect{stdout: []string{traceA, "charge", "span:status=error"}, neverSay: []string{traceB, "ledger"}, silent: true}},
			{[]string{`{ resource.service.name = "checkout" } >> { name = "ledger" }`}, expect{stdout: []string{traceA, "ledger", "500 ms"}, neverSay: []string{traceB}, silent: true}},
			{[]string{"{ } | by(resource.service.name) | count() > 1"}, expect{stdout: []string{`resource.service.name=bank count()=2`, "2 spans"}, silent: true}},
			{[]string{"{ }", "--spans", "1"}, expect{stdout: []string{"2 more spans"}, silent: true}},
			{[]string{"{ duration > 30s }", "--since", "1d"}, expect{stdout: []string{full, "nightly"}, neverSay: []string{traceA}, silent: true}},
			{[]string{"{ }", "--from", "-4h", "--to", "-1h"}, expect{stdout: []string{full}, neverSay: []string{traceA}, silent: true}},
			{[]string{"{ }", "--limit", "1"}, expect{stdout: []string{traceA}, stderr: []string{"--after "}, neverSay: []string{traceB}}},
			{[]string{"{ }", "--explain"}, expect{stdout: []string{"spans looked at", "blocks"}, silent: true}},
			{[]string{`{ name = "nobody" }`}, expect{quiet: true, stderr: []string{"No trace", "--since"}}},
			{[]string{"{ } | rate() by(resource.service.name)", "--step", "1m"}, expect{stdout: []string{"every 1m, a second", "bank  last ", "checkout  last ", "┤", "┼", "└┬"}, silent: true}},
			{[]string{"{ } | max_over_time(duration) by(resource.service.name)", "--since", "1d", "--step", "0"}, expect{stdout: []string{"bank", "60 s", "checkout", "2 s", "████"}, neverSay: []string{"┤"}, silent: true}},
			{[]string{"{ } | histogram_over_time(duration)", "--since", "1d"}, expect{stdout: []string{"≤ 2 s│", "█ "}, silent: true}},
			{[]string{"{ status = error } | count_over_time()", "--step", "0", "--explain"}, expect{stdout: []string{"all ", " 2 ", "spans looked at"}, silent: true}},
			{[]string{`{ name = "nobody" } | avg_over_time(duration)`}, expect{stdout: []string{"no series"}, silent: true}},
			{[]string{"{ } | compare({ status = error })", "--since", "1d", "--step", "0"}, expect{stdout: []string{"span:status=error"}, silent: true}},
			{[]string{"{ } | rate()", "--step", "1us"}, expect{code: 1, quiet: true, stderr: []string{"step 1µs for 1h0m0s", "at least 1ms"}}},
			{[]string{"{ } | rat()"}, expect{code: 1, quiet: true, stderr: []string{"did you mean rate?", "^^^"}}},
			{[]string{"{ }", "--width", "50"}, expect{stdout: []string{traceA + "\n"}, silent: true}},
			{[]string{"{ status = eror }"}, expect{code: 1, quiet: true, stderr: []string{`1:12: unknown name "eror"; did you mean error?`, "{ status = eror }\n           ^^^^"}}},
			{[]string{"{ }", "--since", "0s"}, expect{code: 1, quiet: true, stderr: []string{"--since"}}},
			{[]string{"{ }", "--from", "noon"}, expect{code: 1, quiet: true, stderr: []string{"--from noon", "2026-11-23T08:15:00Z"}}},
			{[]string{"{ }", "--limit", "0"}, expect{code: 1, quiet: true, stderr: []string{"limit", "between 1 and 10000"}}},
			{nil, expect{code: 2, quiet: true, stderr: []string{"<query>"}}},
		} {
			t.Run(from+" "+strings.Join(c.args, " "), func(t *testing.T) {
				c.want.neverSay = append(c.want.neverSay, "\x1b")
				out, errs, code := s.everspan(append([]string{"query"}, c.args...)...)
				c.want.check(t, out, errs, code)
			})
		}
		t.Run(from+", pages", func(t *testing.T) {
			var seen []string
			for after := ""; len(seen) < 10; {
				out, _, _ := s.everspan("query", "{ }", "--since", "1d", "--limit", "1", "--json", "--after="+after)
				var doc api.QueryAnswer
				if err := json.Unmarshal([]byte(out), &doc); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				for _, trace := range doc.Traces {
					seen = append(seen, trace.TraceID)
				}
				if after = doc.Next; after == "" {
					break
				}
			}
			if got, want := fmt.Sprint(seen), fmt.Sprint([]string{traceA, traceB, full}); got != want {
				t.Errorf("pages of one trace: %s, want %s", got, want)
			}
		})
		s.stop()
		s = serve(t, s.data)
	}
}

// TestCompletion has bash complete words, if there is one.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"zsh", "fish"} {
		out, errs, code := everspan(t, nil, "completion", shell)
		expect{stdout: []string{"min-duration", "export", "Ask for traces and series in TraceQL"}, silent: true}.check(t, out, errs, code)
	}
	out, errs, code := everspan(t, nil, "completion", "csh")
	expect{code: 2, quiet: true, stderr: []string{"zsh", `"csh"`}}.check(t, out, errs, code)

	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	script, errs, code := everspan(t, nil, "completion", "bash")
	expect{stdout: []string{"complete "}, silent: true}.check(t, script, errs, code)
	for words, want := range map[string]string{
		"everspan que":                 "query",
		"everspan block ex":            "export",
		"everspan block export --fro":  "--from",
		"everspan traces --err":        "--errors",
		"everspan serve --log-level ":  "debug info warn error",
		"everspan completion ":         "bash zsh fish --help",
		"everspan query --nothing":     "",
		"everspan run --ser":           "--server --service",
		"everspan run --service a esa": "esac", // a word of bash's, as every command
		"everspan run --no":            "--no-load",
		"everspan run -- esa":          "esac",
		"everspan run -- node --ser":   "", // the program's own
		"everspan serve --data /tm":    "", // the shell's own completion of files
	} {
		list := strings.Split(words, " ")
		cmd := exec.Command(bash, append([]string{"-c", script + `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _everspan; echo "${COMPREPLY[*]}"`, "bash"}, list...)...)
		got, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("%q completes to %q, want %q: %v", words, got, want, err)
		}
	}
	if zsh, err := exec.LookPath("zsh"); err == nil {
		script, _, _ := everspan(t, nil, "completion", "zsh")
		if out, err := exec.Command(zsh, "-n", "-c", script).CombinedOutput(); err != nil {
			t.Errorf("zsh: %v\n%s", err, out)
		}
	}
}
