package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/api"
)

// someLogs are records of the spans of shopSpans, as OTLP/JSON.
func someLogs() []byte {
	now := time.Now()
	record := func(trace, span, service, severity string, number int, ago time.Duration, body string) string {
		ids := ""
		if trace != "" {
			ids = fmt.Sprintf(`"traceId":%q,"spanId":%q,`, pad(trace, 32), pad(span, 16))
		}
		return fmt.Sprintf(`{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]},"scopeLogs":[{"logRecords":[{%s"timeUnixNano":"%d","severityNumber":%d,"severityText":%q,"body":{"stringValue":%q},"attributes":[{"key":"user.id","value":{"stringValue":"u-%d"}}]}]}]}`,
			service, ids, now.Add(-ago).UnixNano(), number, severity, body, number)
	}
	return []byte(`{"resourceLogs":[` + strings.Join([]string{
		record(traceA, "a1", "checkout", "INFO", 9, time.Second, "payment begins"),
		record(traceA, "a2", "bank", "ERROR", 17, 500*time.Millisecond, "the ledger does not answer"),
		record(traceA, "ff", "bank", "WARN", 13, 400*time.Millisecond, "a span that never came"),
		record(traceB, "b1", "checkout", "DEBUG", 5, 10*time.Minute, "healthy"),
		record("", "", "cron", "INFO", 9, 5*time.Second, "nightly run is due"),
		record(short, "c1", "bank", "INFO", 9, 3*time.Hour, "begun"),
	}, ",") + `]}`)
}

// ask asks the native API and decodes the answer.
func (s *server) ask(path string, v any) {
	s.t.Helper()
	status, _, body := s.get(path, "")
	if err := json.Unmarshal(body, v); err != nil || status != 200 {
		s.t.Fatalf("%s: %d, %v\n%s", path, status, err, body)
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "--log-links", "Loki=https://loki.example/?t={trace_id} Kibana=https://kibana.example/{trace_id}")
	s.send(shopSpans()...)
	if status, answer := s.post("/v1/logs", "application/json", "", someLogs()); status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	for _, from := range []string{"the head", "a block"} {
		for _, c := range []struct {
			args []string
			want expect
		}{
			{[]string{"logs"}, expect{stdout: []string{"payment begins", "user.id=u-9", traceA, "healthy", "nightly run is due"}, neverSay: []string{"begun"}, silent: true}},
			{[]string{"logs", "--since", "1d", "--limit", "1", "--oldest"}, expect{stdout: []string{"begun"}, neverSay: []string{"healthy"}, stderr: []string{"--after "}}},
			{[]string{"logs", "--service", "bank", "--severity", "error"}, expect{stdout: []string{"the ledger does not answer"}, neverSay: []string{"never came"}, silent: true}},
			{[]string{"logs", "LEDGER"}, expect{stdout: []string{"the ledger does not answer"}, neverSay: []string{"payment"}, silent: true}},
			{[]string{"logs", "--trace", "trace_id=" + traceA}, expect{stdout: []string{"payment begins", "never came"}, neverSay: []string{"healthy"}, silent: true}},
			{[]string{"logs", "--trace", short}, expect{stdout: []string{"begun"}, silent: true}},
			{[]string{"logs", "--span", "a2"}, expect{stdout: []string{"the ledger"}, neverSay: []string{"payment"}, silent: true}},
			{[]string{"logs", "--attribute", "user.id=u-13"}, expect{stdout: []string{"never came"}, neverSay: []string{"payment"}, silent: true}},
			{[]string{"logs", "--from", "-4h", "--to", "-1h"}, expect{stdout: []string{"begun"}, neverSay: []string{"payment"}, silent: true}},
			{[]string{"logs", "nobody says this"}, expect{quiet: true, stderr: []string{"No log record", "--since"}}},
			{[]string{"logs", "--severity", "loud"}, expect{code: 1, quiet: true, stderr: []string{`"severity"`, "trace, debug, info, warn, error"}}},
			{[]string{"logs", "--trace", "???"}, expect{code: 1, quiet: true, stderr: []string{"no trace id in"}}},
			{[]string{"logs", "--attribute", "x"}, expect{code: 1, quiet: true, stderr: []string{"not key=value"}}},
			{[]string{"trace", traceA, "--logs"}, expect{stdout: []string{"◆ payment begins", "the ledger does not answer", "without a span of this trace", "never came", "Loki: https://loki.example/?t=" + traceA, "Kibana: "}, silent: true}},
			{[]string{"trace", traceA}, expect{stdout: []string{"POST /pay"}, neverSay: []string{"payment begins", "Loki"}, silent: true}},
		} {
			t.Run(from+" "+strings.Join(c.args, " "), func(t *testing.T) {
				c.want.neverSay = append(c.want.neverSay, "\x1b")
				out, errs, code := s.everspan(c.args...)
				c.want.check(t, out, errs, code)
			})
		}
		var doc api.LogAnswer
		s.ask("/api/v1/traces/"+traceA+"/logs", &doc)
		if len(doc.Logs) != 3 || doc.Logs[0].Body != "payment begins" || len(doc.Links) != 2 || doc.Partial != nil {
			t.Errorf("%s: the records of a trace are %+v", from, doc)
		}
		s.stop()
		s = serve(t, s.data, "--log-links", "Loki=https://loki.example/?t={trace_id} Kibana=https://kibana.example/{trace_id}")
	}
	if files, err := filepath.Glob(filepath.Join(s.data, "store", "logs", "*", "logs.parquet")); err != nil || len(files) != 1 {
		t.Errorf("blocks of log records: %v, %v", files, err)
	}
	for args, want := range map[string]expect{
		"ls":                       {stdout: []string{"6 log records", "B/log", "5 spans"}, silent: true},
		"verify":                   {stdout: []string{"all is well", "6 log records", "5 spans"}, silent: true},
		"inspect newest":           {stdout: []string{"spans.parquet"}, silent: true},
		"inspect " + s.logBlock(t): {stdout: []string{"logs.parquet", "severity_number", "6 log records"}, silent: true},
	} {
		out, errs, code := everspan(t, []string{"EVERSPAN_DATA=" + s.data}, append([]string{"block"}, strings.Fields(args)...)...)
		want.check(t, out, errs, code)
	}
	s.stop()
}

// logBlock is the id of the only block of log records.
func (s *server) logBlock(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.data, "store", "logs"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d blocks of log records, %v", len(entries), err)
	}
	return entries[0].Name()
}

func TestWrongLogLink(t *testing.T) {
	t.Parallel()
	out, errs, code := everspan(t, nil, "serve", "--data", t.TempDir(), "--log-links", "Loki=ftp://x/{trace_id}")
	expect{code: 1, quiet: true, stderr: []string{"--log-links Loki=ftp://x/{trace_id}", "begins with http"}}.check(t, out, errs, code)
}
