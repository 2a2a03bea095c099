package otlp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/otlp/otlptest"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// Records go through OpenTelemetry's own encoder and our decoder and stay what they are.
func TestAppendLogs(t *testing.T) {
	for seed := range uint64(20) {
		var want, got span.Logs
		spantest.RandomLogs(&want, rand.New(rand.NewPCG(seed, 1)), 100)
		res, err := otlp.AppendLogs(&got, otlptest.Logs(&want))
		if err != nil || res != (otlp.Result{Accepted: 100}) {
			t.Fatalf("%+v, %v", res, err)
		}
		if diff := cmp.Diff(spantest.LogTexts(&want), spantest.LogTexts(&got)); diff != "" {
			t.Fatalf("seed %d (-sent +decoded):\n%s", seed, diff)
		}
	}
}

// A payload that is cut anywhere leaves nothing behind.
func TestCutLogs(t *testing.T) {
	var l span.Logs
	spantest.RandomLogs(&l, rand.New(rand.NewPCG(1, 1)), 8)
	payload := otlptest.Logs(&l)
	before := spantest.LogTexts(&l)
	for n := range payload {
		if _, err := otlp.AppendLogs(&l, payload[:n]); err == nil {
			l.Truncate(8)
		} else if !errors.Is(err, otlp.ErrMalformed) || l.Len() != 8 {
			t.Fatalf("cut at %d: %d records, %v", n, l.Len(), err)
		}
	}
	if diff := cmp.Diff(before, spantest.LogTexts(&l)); diff != "" {
		t.Errorf("the records changed:\n%s", diff)
	}
}

// logSink keeps what it gets.
type logSink struct{ span.Logs }

func (s *logSink) AppendTraces(context.Context, otlp.Payload) (otlp.Result, error) {
	return otlp.Result{}, errors.New("no traces here")
}

func (s *logSink) AppendLogs(_ context.Context, p otlp.Payload) (otlp.Result, error) {
	return otlp.AppendLogs(&s.Logs, p.Raw)
}

func TestLogsOverHTTP(t *testing.T) {
	var want span.Logs
	spantest.RandomLogs(&want, rand.New(rand.NewPCG(3, 1)), 40)
	asJSON, err := new(plog.JSONMarshaler).MarshalLogs(otlptest.Records(&want))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind string
		body []byte
	}{{"application/x-protobuf", otlptest.Logs(&want)}, {"application/json", asJSON}} {
		sink := new(logSink)
		r := otlp.NewReceiver(sink, otlp.Options{Logger: slog.New(slog.DiscardHandler)})
		req := httptest.NewRequest(http.MethodPost, "/v1/logs", bytes.NewReader(c.body))
		req.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		answer, _ := io.ReadAll(w.Body)
		res := plogotlp.NewExportResponse()
		if c.kind == "application/json" {
			err = res.UnmarshalJSON(answer)
		} else {
			err = res.UnmarshalProto(answer)
		}
		if err != nil || w.Code != http.StatusOK || res.PartialSuccess().RejectedLogRecords() != 0 {
			t.Fatalf("%s: %d %s, %v", c.kind, w.Code, answer, err)
		}
		if diff := cmp.Diff(spantest.LogTexts(&want), spantest.LogTexts(&sink.Logs)); diff != "" {
			t.Errorf("%s (-sent +stored):\n%s", c.kind, diff)
		}
		if n := r.Stats().Counts[otlp.HTTP][otlp.Logs].Accepted; n != 40 {
			t.Errorf("%s: %d counted", c.kind, n)
		}
	}
}

// What is odd in a record and how it is kept.
func TestOddLogs(t *testing.T) {
	for name, c := range map[string]struct{ json, want string }{
		"observed time stands in": {`{"observedTimeUnixNano":"7"}`, "7 7"},
		"severity by name":        {`{"severityNumber":"SEVERITY_NUMBER_WARN2"}`, " 14 "},
		"unknown severity":        {`{"severityNumber":99}`, "0000 0 \"\""},
		"short ids are no ids":    {`{"traceId":"0102","spanId":"03"}`, "00000000000000000000000000000000 0000000000000000"},
		"body of a number":        {`{"body":{"intValue":"5"}}`, `body int "5"`},
		"body of a map":           {`{"body":{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}}`, `body json "{\"a\":true}"`},
		"no body":                 {`{}`, `body string ""`},
	} {
		sink := new(logSink)
		r := otlp.NewReceiver(sink, otlp.Options{Logger: slog.New(slog.DiscardHandler)})
		body := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + c.json + `]}]}]}`
		req := httptest.NewRequest(http.MethodPost, "/v1/logs", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if text := strings.Join(spantest.LogTexts(&sink.Logs), ""); w.Code != http.StatusOK || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s\n%swant %q", name, w.Code, w.Body, text, c.want)
		}
	}
}

func FuzzAppendLogs(f *testing.F) {
	for seed := range uint64(4) {
		var l span.Logs
		spantest.RandomLogs(&l, rand.New(rand.NewPCG(seed, 1)), int(seed)*3)
		f.Add(otlptest.Logs(&l))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var l span.Logs
		res, err := otlp.AppendLogs(&l, payload)
		if err != nil {
			if l.Len() != 0 {
				t.Fatalf("refused, and %d records are left", l.Len())
			}
			return
		}
		if res.Accepted != l.Len() {
			t.Fatalf("%d records counted, %d there", res.Accepted, l.Len())
		}
		var copied span.Logs
		copied.AppendRows(l.View(), span.Seq(l.Len()))
		if diff := cmp.Diff(spantest.LogTexts(&l), spantest.LogTexts(&copied)); diff != "" {
			t.Fatalf("copied (-first +second):\n%s", diff)
		}
		// What OpenTelemetry's own library reads is the same, if it reads it.
		if want, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(payload); err == nil && want.LogRecordCount() != l.Len() {
			t.Fatalf("%d records, the library reads %d", l.Len(), want.LogRecordCount())
		}
	})
}

// BenchmarkAppendLogs decodes requests of 800 records in groups of 32.
func BenchmarkAppendLogs(b *testing.B) {
	const records = 800
	var l span.Logs
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range records {
		resource := l.Resources.InternSet(span.Set{}, func(to *span.Attrs) {
			for k := range 8 {
				to.Text([]byte("resource.key."+string(rune('a'+k))), span.String, []byte("value-"+string(rune('a'+i/32))))
			}
		})
		row := l.Begin(resource, l.Scopes.InternSet(span.Set{Name: "log/slog"}, func(*span.Attrs) {}))
		l.Time[row], l.Observed[row], l.Severity[row] = int64(i), int64(i+5), 9
		l.Level[row] = l.Levels.Code([]byte("INFO"))
		rng.Uint64()
		l.ID[row] = span.ID{byte(i), byte(i >> 8), 1}
		l.Attrs.Text([]byte("user.id"), span.String, []byte("user-"+string(rune('a'+i%26))))
		l.Attrs.Num([]byte("items"), span.Int, uint64(i%7))
		l.Commit(row, span.TraceID{byte(i / 9), byte(i >> 8), 7}, []byte("request handled"), span.String)
	}
	payload := otlptest.Logs(&l)
	merged := plogotlp.NewExportRequest()
	if err := merged.UnmarshalProto(payload); err != nil {
		b.Fatal(err)
	}
	grouped := plog.NewLogs()
	for i, rl := range merged.Logs().ResourceLogs().All() {
		if i%32 == 0 {
			rl.CopyTo(grouped.ResourceLogs().AppendEmpty())
			continue
		}
		last := grouped.ResourceLogs().At(grouped.ResourceLogs().Len() - 1)
		rl.ScopeLogs().At(0).LogRecords().At(0).CopyTo(last.ScopeLogs().At(0).LogRecords().AppendEmpty())
	}
	payload, err := new(plog.ProtoMarshaler).MarshalLogs(grouped)
	if err != nil {
		b.Fatal(err)
	}
	var to span.Logs
	b.ReportAllocs()
	for b.Loop() {
		if to.Len() > 100_000 {
			to.Reset()
		}
		if _, err := otlp.AppendLogs(&to, payload); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}
