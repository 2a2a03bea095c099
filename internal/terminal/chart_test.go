package terminal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/terminal"
	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// chart makes a chart of so many samples, whose series are functions of the sample's place,
// from 0 to 1.
func chart(samples int, step time.Duration, unit string, series map[string]func(x float64) float64) *terminal.Chart {
	c := &terminal.Chart{Step: step, Unit: unit}
	for i := range samples {
		c.Times = append(c.Times, noon.Add(time.Duration(i)*step))
	}
	for _, name := range slices.Sorted(maps.Keys(series)) {
		s := terminal.ChartSeries{}
		for label := range strings.SplitSeq(name, " ") {
			key, value, ok := strings.Cut(label, "=")
			if !ok {
				key, value = "resource.service.name", label
			}
			if name != "" {
				s.Labels = append(s.Labels, terminal.Pair{Name: key, Value: value})
			}
		}
		for i := range samples {
			s.Values = append(s.Values, series[name](float64(i)/float64(max(samples-1, 1))))
		}
		c.Series = append(c.Series, s)
	}
	return c
}

func wave(mean, swing, turns float64) func(float64) float64 {
	return func(x float64) float64 { return mean + swing*math.Sin(2*math.Pi*turns*x) }
}

func flat(v float64) func(float64) float64 { return func(float64) float64 { return v } }

// holes has no value for a third of the time.
func holes(x float64) float64 {
	if x > 0.3 && x < 0.6 {
		return math.NaN()
	}
	return 0.05 + x/10
}

func charts() map[string]*terminal.Chart {
	type series = map[string]func(float64) float64
	many := series{}
	for i := range 20 {
		many[fmt.Sprintf("service-%02d", i)] = wave(float64(i), 1, 2)
	}
	heat := series{}
	for i := range 6 {
		upper := 0.001 * math.Pow(4, float64(i))
		heat[fmt.Sprintf("__bucket=%g", upper)] = wave(float64(10-3*max(i-2, 2-i)), 3, 1+float64(i)/4)
	}
	histogram := chart(60, time.Minute, "", heat)
	histogram.Buckets = "s"
	return map[string]*terminal.Chart{
		"rate":      chart(60, time.Minute, "1/s", series{"": wave(10, 8, 1.5)}),
		"services":  chart(60, time.Minute, "1/s", series{"gateway": wave(120, 60, 1), "pricing": wave(40, 10, 3), "orders": flat(0)}),
		"quantiles": chart(30, 2*time.Minute, "s", series{"p=0.5 resource.service.name=gateway": holes, "p=0.99 resource.service.name=gateway": wave(1.2, 0.9, 2)}),
		"days":      chart(500, time.Hour, "", series{"": wave(0, 2e6, 5)}),
		"many":      chart(240, 15*time.Second, "1/s", many),
		"histogram": histogram,
		"one":       chart(1, 0, "s", series{"gateway": flat(1.5), "pricing": flat(0.0123), "orders": flat(math.NaN()), "\x1b[31mbad\u202e": flat(0.7)}),
		"odd":       chart(3, time.Second, "", series{"infinite": flat(math.Inf(1)), "small": wave(1e-9, 1e-9, 1), "a=b c=" + strings.Repeat("long", 60): flat(1e300)}),
		"compare": chart(2, time.Minute, "", series{
			"__meta_type=selection span:status=error": flat(10), "__meta_type=baseline span:status=ok": flat(90), "__meta_type=baseline span:status=error": flat(10),
			"__meta_type=selection_total span:status=nil": flat(10), "__meta_type=baseline_total span:status=nil": flat(100),
			"__meta_type=selection resource.service.name=bank": flat(4), "__meta_type=selection resource.service.name=\x1b[31mshop": flat(6),
			"__meta_type=baseline resource.service.name=bank": flat(40), "__meta_type=baseline resource.service.name=cart": flat(60),
			"__meta_type=selection_total resource.service.name=nil": flat(10), "__meta_type=baseline_total resource.service.name=nil": flat(100),
			"__meta_type=selection span.long=" + strings.Repeat("long", 50): flat(7), "__meta_type=selection_total span.long=nil": flat(7),
			"__meta_type=selection span.chance=one": flat(1), "__meta_type=selection_total span.chance=nil": flat(1),
		}),
		"compare-few": chart(1, 0, "", series{
			"__meta_type=selection_total name=nil": flat(2), "__meta_type=baseline_total name=nil": flat(5),
			"__meta_type=selection a=b": flat(2), "__meta_type=baseline a=c": flat(2),
		}),
		"compare-equal": chart(1, 0, "", series{"__meta_type=selection a=b": flat(1), "__meta_type=selection_total a=nil": flat(1), "__meta_type=baseline a=b": flat(1), "__meta_type=baseline_total a=nil": flat(1)}),
		"nothing":       chart(3, time.Second, "", nil),
	}
}

func TestChart(t *testing.T) {
	for name, c := range charts() {
		for _, w := range []int{70, 110} {
			o := terminal.Options{Width: w}
			var out bytes.Buffer
			if err := terminal.DrawChart(&out, c, o); err != nil {
				t.Fatal(err)
			}
			compare(t, fmt.Sprintf("chart-%s-%d", name, w), out.String(), o)
			var color, plain strings.Builder
			if err := terminal.DrawChart(&color, c, terminal.Options{Width: w, Color: true}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(color.String()) {
				plain.WriteString(strings.TrimRight(ansi.Strip(line), " \n") + "\n")
			}
			if diff := cmp.Diff(out.String(), plain.String()); diff != "" {
				t.Errorf("%s: colour changes the text (-plain +colour):\n%s", name, diff)
			}
		}
		// However narrow, it does not fail.
		if err := terminal.DrawChart(io.Discard, c, terminal.Options{Width: 1}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := chart(2, time.Second, "", map[string]func(float64) float64{"": flat(1)})
	wrong.Series[0].Values = nil
	if err := terminal.DrawChart(io.Discard, wrong, terminal.Options{}); err == nil {
		t.Error("a series without values is drawn")
	}
	if err := terminal.DrawChart(brokenPipe{}, charts()["rate"], terminal.Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write: %v", err)
	}
}

func TestFound(t *testing.T) {
	rows := []terminal.FoundRow{
		{TraceRow: terminal.TraceRow{TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", Start: spantest.Start, Duration: 2310 * time.Millisecond, Service: "gateway", Name: "POST /checkout", Spans: 24, Errors: 1}, Sets: []terminal.SpansetRow{
			{Matched: 12, Spans: []terminal.SpanRow{
				{ID: "1", Name: "POST /checkout", Duration: 2310 * time.Millisecond, Attrs: []terminal.Pair{{Name: "resource.service.name", Value: "gateway"}, {Name: "span:status", Value: "error"}}},
				{ID: "2", Name: "charge\x1b[2J", Offset: 12500 * time.Microsecond, Duration: 840 * time.Microsecond, Attrs: []terminal.Pair{{Name: "span.tags", Value: "a"}, {Name: "span.tags", Value: "b"}}},
				{ID: "3", Name: "before", Offset: -time.Second},
			}},
		}},
		{TraceRow: terminal.TraceRow{TraceID: "000000000000000000000000000000ab", Start: spantest.Start.Add(time.Hour), Duration: 840 * time.Microsecond, Service: "auth", Name: "validateToken", Spans: 3}, Sets: []terminal.SpansetRow{
			{Matched: 2, Common: []terminal.Pair{{Name: "by(name)", Value: "a"}, {Name: "count()", Value: "2"}}, Spans: []terminal.SpanRow{{ID: "1", Name: "validateToken"}}},
			{Matched: 1, Common: []terminal.Pair{{Name: "by(name)", Value: strings.Repeat("long ", 40)}}},
		}},
	}
	for _, w := range []int{40, 70, 110} {
		for _, color := range []bool{false, true} {
			name := fmt.Sprintf("found-%d", w)
			if color {
				name += "-color"
			}
			o := terminal.Options{Width: w, Color: color}
			var out bytes.Buffer
			if err := terminal.Found(&out, rows, o); err != nil {
				t.Fatal(err)
			}
			compare(t, name, out.String(), o)
		}
	}
}
