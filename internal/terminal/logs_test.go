package terminal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/terminal"
)

// checkoutLogs are log lines of the spans of checkout, and some that have none.
func checkoutLogs() []terminal.LogLine {
	id := spantest.TraceID.String()
	at := func(ms int, span, service, severity, body string, attrs ...string) terminal.LogLine {
		l := terminal.LogLine{Time: spantest.Start.Add(time.Duration(ms) * time.Millisecond), TraceID: id, Service: service, Severity: severity, Body: body}
		if span != "" {
			l.SpanID = strings.Repeat("0", 16-len(span)) + span
		}
		for i := 0; i < len(attrs); i += 2 {
			l.Attrs = append(l.Attrs, terminal.Pair{Name: attrs[i], Value: attrs[i+1]})
		}
		return l
	}
	lines := []terminal.LogLine{
		at(2, "1", "gateway", "info", "checkout begins", "user", "ada"),
		at(2305, "1", "gateway", "info", "checkout is done, and what it says is much too long for what is left of a line", "items", "3"),
		at(900, "5", "pricing", "warn", "the tax office is slow\ntry again", "attempt", "2", "after", "650 ms"),
		at(2550, "c", "notifications", "error", "no mail sent", "error", "421 try again later"),
		at(-5, "2", "auth", "debug3", "token is cached"),
		at(2222, "ff", "cart", "", "of a span that was not received \x1b[2J"),
		at(100, "", "cart", "fatal", ""),
	}
	for i := range 23 {
		lines = append(lines, at(30+i, "4", "inventory", "trace", fmt.Sprint("row ", i)))
	}
	return lines
}

func TestDrawLogs(t *testing.T) {
	for _, o := range []terminal.Options{{Width: 40}, {Width: 80}, {Width: 120}, {Width: 120, Color: true}, {Width: 160, MaxRows: terminal.AllRows}} {
		name := fmt.Sprintf("checkout-logs-%d", o.Width)
		if o.Color {
			name += "-color"
		}
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			o.Logs = checkoutLogs()
			if err := terminal.Draw(&out, advise.NewWaterfall(spantest.Trace(checkout)), o); err != nil {
				t.Fatal(err)
			}
			compare(t, name, out.String(), o)
		})
	}
}

func TestLogs(t *testing.T) {
	for _, o := range []terminal.Options{{Width: 40}, {Width: 80}, {Width: 120}, {Width: 120, Color: true}} {
		name := fmt.Sprintf("logs-%d", o.Width)
		if o.Color {
			name += "-color"
		}
		lines := checkoutLogs()[:7]
		lines[5].TraceID = ""
		lines[6].Time = lines[6].Time.Add(24 * time.Hour)
		var out bytes.Buffer
		if err := terminal.Logs(&out, lines, o); err != nil {
			t.Fatal(err)
		}
		compare(t, name, out.String(), o)
	}
	var out bytes.Buffer
	if err := terminal.Logs(&out, nil, terminal.Options{}); err != nil || out.String() != "no log lines\n" {
		t.Errorf("empty list: %q, %v", out.String(), err)
	}
}
