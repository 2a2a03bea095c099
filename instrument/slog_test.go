package instrument_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/tracetest"
)

// noTime takes what differs between runs out of lines.
func noTime(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey:
		return slog.Attr{}
	case "trace_id", "span_id":
		return slog.String(a.Key, strings.Repeat("x", len(a.Value.String())/4))
	}
	return a
}

func TestLogLines(t *testing.T) {
	rec := tracetest.New(t)
	var out bytes.Buffer
	root := slog.New(instrument.LogHandler(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime}), rec.LoggerProvider()))
	ctx, span := rec.TracerProvider().Tracer("x").Start(t.Context(), "s")
	defer span.End()

	tests := []struct {
		name string
		log  func(ctx context.Context, l *slog.Logger)
		line string // with a span
		bare string // without
	}{
		{"plain", func(ctx context.Context, l *slog.Logger) { l.InfoContext(ctx, "m", "a", 1) },
			`{"level":"INFO","msg":"m","a":1,"trace_id":"xxxxxxxx","span_id":"xxxx"}`,
			`{"level":"INFO","msg":"m","a":1}`},
		{"with", func(ctx context.Context, l *slog.Logger) { l.With("w", 2).InfoContext(ctx, "m", "a", 1) },
			`{"level":"INFO","msg":"m","w":2,"a":1,"trace_id":"xxxxxxxx","span_id":"xxxx"}`,
			`{"level":"INFO","msg":"m","w":2,"a":1}`},
		{"group", func(ctx context.Context, l *slog.Logger) { l.WithGroup("g").InfoContext(ctx, "m", "a", 1) },
			`{"level":"INFO","msg":"m","g":{"a":1},"trace_id":"xxxxxxxx","span_id":"xxxx"}`,
			`{"level":"INFO","msg":"m","g":{"a":1}}`},
		{"groups and attributes", func(ctx context.Context, l *slog.Logger) {
			l.With("w", 2).WithGroup("g").With("x", 3).WithGroup("h").With("y", 4).With("z", 5).InfoContext(ctx, "m", "a", 1)
		},
			`{"level":"INFO","msg":"m","w":2,"g":{"x":3,"h":{"y":4,"z":5,"a":1}},"trace_id":"xxxxxxxx","span_id":"xxxx"}`,
			`{"level":"INFO","msg":"m","w":2,"g":{"x":3,"h":{"y":4,"z":5,"a":1}}}`},
		{"empty group", func(ctx context.Context, l *slog.Logger) { l.WithGroup("g").InfoContext(ctx, "m") },
			`{"level":"INFO","msg":"m","trace_id":"xxxxxxxx","span_id":"xxxx"}`,
			`{"level":"INFO","msg":"m"}`},
		{"many", func(ctx context.Context, l *slog.Logger) {
			l.InfoContext(ctx, "m", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5, "f", 6, "g", 7)
		},
			`{"level":"INFO","msg":"m","a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"trace_id":"xxxxxxxx","span_id":"xxxx"}`,
			`{"level":"INFO","msg":"m","a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range []struct {
				ctx  context.Context
				want string
			}{{ctx, tt.line}, {t.Context(), tt.bare}} {
				out.Reset()
				before := len(rec.Logs())
				tt.log(c.ctx, root)
				if diff := cmp.Diff(c.want, strings.TrimSpace(out.String())); diff != "" {
					t.Errorf("line (-want +got):\n%s", diff)
				}
				sent := rec.Logs()[before:]
				if len(sent) != 1 {
					t.Fatalf("%d records sent, want one", len(sent))
				}
				if c.ctx == ctx && (sent[0].TraceID() != span.SpanContext().TraceID() || sent[0].SpanID() != span.SpanContext().SpanID()) {
					t.Errorf("the record sent has trace %s, span %s", sent[0].TraceID(), sent[0].SpanID())
				}
				sent[0].WalkAttributes(func(kv attribute.KeyValue) bool {
					if kv.Key == "trace_id" {
						t.Error("the record sent has trace_id as an attribute as well")
					}
					return true
				})
			}
		})
	}
}

// Handlers that share a parent must not write into each other's attributes.
func TestLogSiblings(t *testing.T) {
	var out bytes.Buffer
	rec := tracetest.New(t)
	root := slog.New(instrument.LogHandler(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime}), nil))
	ctx, span := rec.TracerProvider().Tracer("x").Start(t.Context(), "s")
	defer span.End()
	g := root.WithGroup("g").With("a", 1)
	one, two := g.With("one", 1), g.With("two", 2)
	one.InfoContext(ctx, "m")
	two.InfoContext(ctx, "m")
	want := `{"level":"INFO","msg":"m","g":{"a":1,"one":1},"trace_id":"xxxxxxxx","span_id":"xxxx"}
{"level":"INFO","msg":"m","g":{"a":1,"two":2},"trace_id":"xxxxxxxx","span_id":"xxxx"}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// What the output does not log is not sent either.
func TestLogLevel(t *testing.T) {
	rec := tracetest.New(t)
	l := slog.New(instrument.LogHandler(slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: slog.LevelWarn}), rec.LoggerProvider()))
	l.Info("no")
	l.Warn("yes")
	if n := len(rec.Logs()); n != 1 {
		t.Errorf("%d records were sent, want one", n)
	}
}
