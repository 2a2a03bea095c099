package spantest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/everspan/everspan/internal/span"
)

// RandomLogs appends n log records to l: every column is used, bodies and attributes of
// every type, some records without a trace, some rare keys and hard texts.
func RandomLogs(l *span.Logs, rng *rand.Rand, n int) {
	traces := make([]span.TraceID, n/6+1) // the first is zero: no trace
	for i := range traces[1:] {
		fill(rng, traces[1+i][:])
	}
	for range n {
		resource := l.Resources.InternSet(span.Set{}, func(to *span.Attrs) {
			to.Text([]byte("service.name"), span.String, []byte(pick(rng, "gateway", "cart", "pricing")))
			to.Num([]byte("process.pid"), span.Int, uint64(rng.IntN(3)))
		})
		scope := l.Scopes.InternSet(span.Set{Name: pick(rng, "", "log/slog"), Dropped: uint32(rng.IntN(2))}, func(to *span.Attrs) {})
		row := l.Begin(resource, scope)
		l.Time[row] = 1_700_000_000_000_000_000 + rng.Int64N(1e12)
		l.Observed[row] = l.Time[row] + rng.Int64N(1e6)
		l.Severity[row] = span.Severity(rng.IntN(25))
		l.Level[row] = l.Levels.Text([]byte(pick(rng, "", "INFO", "WARN")))
		l.Event[row] = l.Events.Text([]byte(pick(rng, "", "", "order.placed")))
		l.Flags[row] = rng.Uint32N(2)
		l.SetDropped(row, rng.Uint32N(2))
		var drawn span.Attrs
		drawn.Begin(0)
		attributes(&drawn, rng, 4, 5000)
		seen := make(map[string]bool)
		for k, v := range drawn.Row(0) {
			if !seen[k] { // which OpenTelemetry's own encoder has no room for
				l.Attrs.Set([]byte(k), v)
			}
			seen[k] = true
		}
		trace := traces[rng.IntN(len(traces))]
		if trace != (span.TraceID{}) && rng.IntN(4) > 0 {
			fill(rng, l.ID[row][:])
		}
		if rng.IntN(8) > 0 {
			l.Commit(row, trace, []byte(pick(rng, "", "cart is empty", hard, fmt.Sprintf("order %d placed", rng.IntN(1e6)))), span.String)
			continue
		}
		v := RandomValue(rng)
		if v.Type == span.String {
			l.Commit(row, trace, []byte(v.Str), v.Type)
		} else {
			l.Commit(row, trace, []byte(v.Text()), v.Type)
		}
	}
}

// RandomValue draws a value of any type.
func RandomValue(rng *rand.Rand) span.Value {
	switch rng.IntN(6) {
	case 0:
		return span.Value{Type: span.String, Str: pick(rng, "", "eu", hard)}
	case 1:
		return span.Value{Type: span.Int, Num: rng.Uint64()}
	case 2:
		return span.Value{Type: span.Double, Num: math.Float64bits(rng.NormFloat64())}
	case 3:
		return span.Value{Type: span.Bool, Num: rng.Uint64N(2)}
	case 4:
		return span.Value{Type: span.Bytes, Str: pick(rng, "", "\xff\x00x")}
	}
	return span.Value{Type: span.JSON, Str: pick(rng, `[1,"a"]`, `{"a":{"b":1.0}}`)}
}

// LogTexts prints every record on its own, for comparison.
func LogTexts(l *span.Logs) []string {
	texts := make([]string, l.Len())
	attrs := l.Attrs.ByRow(l.Len())
	for i := range texts {
		row := uint32(i)
		var t strings.Builder
		fmt.Fprintf(&t, "%d %d %s %s %d %q %q flags %d dropped %d\n", l.Time[row], l.Observed[row], l.TraceID(row), l.ID[row], l.Severity[row],
			l.Levels.String(l.Level[row]), l.Events.String(l.Event[row]), l.Flags[row], l.DroppedAttrs.Count(row))
		fmt.Fprintf(&t, "  body %v %q\n", l.BodyType[row], l.BodyText(row))
		set := func(name string, s *span.Sets, row uint32) {
			fmt.Fprintf(&t, "  %s %q %q %q %d%s\n", name, s.Name[row], s.Version[row], s.Schema[row], s.Dropped[row], pairs(s.Attrs.Row(row)))
		}
		set("resource", &l.Resources, l.Resource[row])
		set("scope", &l.Scopes, l.Scope[row])
		fmt.Fprintf(&t, "  attributes%s\n", pairs(attrs.Row(row)))
		texts[i] = t.String()
	}
	return texts
}
