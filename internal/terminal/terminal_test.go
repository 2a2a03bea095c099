package terminal_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/terminal"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

const checkout = `
	1  - 0s     2310ms gateway   server   "POST /checkout"
	2  1 5ms    12ms   auth      server   validateToken
	3  1 20ms   180ms  inventory server   checkAvailability
	4  3 30ms   140ms  inventory client   "SELECT stock" db.system.name=postgresql
	5  1 205ms  1800ms pricing   server   pricing.calculate
	6  5 215ms  20ms   pricing   client   "SELECT pricing_rules" db.system.name=postgresql
	7  5 240ms  1760ms pricing   client   external.taxApi server.address=api.tax.example
	8  1 2010ms 250ms  orders    server   createOrder
	9  8 2020ms 80ms   orders    client   "INSERT orders" db.system.name=postgresql
	a  8 2110ms 20ms   orders    producer "publish order.created"
	b  a 2150ms 400ms  notifications consumer "process order.created"
	c  b 2160ms 120ms  notifications client sendMail error="421 try again later"
`

const failed = `
	1 - 0s    900ms gateway server "POST /checkout" error="internal error"
	2 1 10ms  850ms pricing server pricing.calculate error
	3 2 20ms  400ms pricing client external.taxApi error http.response.status_code=503
	4 2 450ms 400ms pricing client external.taxApi error="503 Service Unavailable: rate table is being rebuilt, and will be for quite some time"
	5 1 862ms 20ms  orders  server audit error !"java.lang.IllegalStateException: no order"
`

const missing = `
	2 1  10ms  50ms  orders server createOrder
	3 1  300ms 200ms orders server payOrder
	4 99 350ms 20ms  mail   server sendMail
	5 4  340ms 60ms  mail   internal render
	6 4  355ms -1ms  mail   internal odd
	7 7  360ms 5ms   mail   internal ouroboros
	8 4  351ms 5ms   mail   internal twin
	8 4  352ms 5ms   mail   internal twin
`

// hostile has control characters, escape sequences, characters that turn the
// direction, wide ones, an emoji that is made of several, and far too long ones.
var hostile = `
	1 - 0s   100ms "\u202eevil" server "\x1b[31mred\x1b[0m\r\nnew\tline"
	2 1 10ms 20ms  名前サービス  server 在庫を確認するための非常に長い名前のスパン
	3 1 30ms 20ms  "👩‍👩‍👧‍👦 family" internal "🚀🚀🚀 launch"
	4 1 50ms 20ms  שלום internal "مرحبا بالعالم" error="\x07bell \x9b31m\u2028two"
	5 1 70ms 20ms  ` + strings.Repeat("long", 50) + ` internal ` + strings.Repeat("wide＿", 100) + `
	6 1 80ms 5ms   - internal "` + "e" + strings.Repeat("\u0301", 3000) + `nd"
`

func deep(levels int) string {
	var s strings.Builder
	fmt.Fprintln(&s, "1 - 0s 1s loop server start")
	for i := 2; i <= levels; i++ {
		fmt.Fprintf(&s, "%x %x %dms 800ms loop internal again\n", i, i-1, i)
	}
	return s.String()
}

func wide(n int) string {
	var s strings.Builder
	fmt.Fprintln(&s, "1 - 0s 10s api server list")
	for i := 2; i <= n; i++ {
		status := ""
		if i%701 == 0 {
			status = `error="timeout"`
		}
		fmt.Fprintf(&s, "%x 1 %dms 10ms api client item %s\n", i, i, status)
	}
	return s.String()
}

const far = `
	1 - 0s   100ms api  server "GET /"
	2 1 10ms 50ms  api  internal work
	3 1 2h   10ms  mail consumer "two hours later"
	4 1 -87600h 10ms old server "ten years ago"
`

func TestDraw(t *testing.T) {
	for _, c := range []struct {
		name, trace string
		o           terminal.Options
	}{
		{"checkout-40", checkout, terminal.Options{Width: 40}},
		{"checkout-60", checkout, terminal.Options{Width: 60}},
		{"checkout-80", checkout, terminal.Options{}},
		{"checkout-120", checkout, terminal.Options{Width: 120}},
		{"checkout-200", checkout, terminal.Options{Width: 200}},
		{"checkout-60-color", checkout, terminal.Options{Width: 60, Color: true}},
		{"checkout-80-color", checkout, terminal.Options{Color: true}},
		{"checkout-120-color", checkout, terminal.Options{Width: 120, Color: true}},
		{"checkout-200-color", checkout, terminal.Options{Width: 200, Color: true}},
		{"failed-80", failed, terminal.Options{Width: 80}},
		{"failed-120-color", failed, terminal.Options{Width: 120, Color: true}},
		{"missing-100", missing, terminal.Options{Width: 100}},
		{"hostile-40", hostile, terminal.Options{Width: 40}},
		{"hostile-100", hostile, terminal.Options{Width: 100}},
		{"deep-100", deep(120), terminal.Options{Width: 100, MaxRows: 30}},
		{"deep-40", deep(30), terminal.Options{Width: 40}},
		{"wide-100", wide(5000), terminal.Options{Width: 100, MaxRows: 12}},
		{"far-80", far, terminal.Options{}},
		{"empty-80", "", terminal.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			wf := advise.NewWaterfall(spantest.Trace(c.trace))
			if c.name == "far-80" {
				wf.Partial = []string{"receiver-2 did not answer"}
			}
			if err := terminal.Draw(&out, wf, c.o); err != nil {
				t.Fatal(err)
			}
			compare(t, c.name, out.String(), c.o)
		})
	}
}

func TestList(t *testing.T) {
	rows := []terminal.TraceRow{
		{"4bf92f3577b34da6a3ce929d0e0e4736", spantest.Start, 2310 * time.Millisecond, "gateway", "POST /checkout", 24, 1},
		{"000000000000000000000000000000ab", spantest.Start.Add(time.Hour), 840 * time.Microsecond, "auth", "validateToken", 1, 0},
		{"7f000000000000000000000000000001", spantest.Start.Add(-time.Minute), 3 * time.Hour, "\x1b[2Jbatch", strings.Repeat("nightly 夜 ", 30), 1234567, 4321},
	}
	for _, w := range []int{40, 60, 80, 120} {
		for _, color := range []bool{false, true} {
			name := fmt.Sprintf("list-%d", w)
			if color {
				name += "-color"
			}
			o := terminal.Options{Width: w, Color: color}
			var out bytes.Buffer
			if err := terminal.List(&out, rows, o); err != nil {
				t.Fatal(err)
			}
			compare(t, name, out.String(), o)
		}
	}
	var out bytes.Buffer
	if err := terminal.List(&out, nil, terminal.Options{}); err != nil || out.String() != "no traces\n" {
		t.Errorf("empty list: %q, %v", out.String(), err)
	}
}

// compare checks what holds for all output, and compares it with a golden file.
func compare(t *testing.T, name, got string, o terminal.Options) {
	t.Helper()
	columns := o.Width
	if columns == 0 {
		columns = 80
	}
	for line := range strings.Lines(got) {
		line = strings.TrimSuffix(line, "\n")
		if w := ansi.StringWidth(line); w > columns {
			t.Errorf("%d columns of %d: %s", w, columns, line)
		}
		if !o.Color && strings.ContainsRune(line, '\x1b') {
			t.Errorf("escape sequence in plain text: %q", line)
		}
		for _, r := range ansi.Strip(line) {
			if r < ' ' || 0x7f <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e {
				t.Errorf("%U in %q", r, line)
			}
		}
	}
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestColorOnlyColors holds that colour adds nothing but colour.
func TestColorOnlyColors(t *testing.T) {
	for _, trace := range []string{checkout, failed, missing, hostile} {
		wf := advise.NewWaterfall(spantest.Trace(trace))
		var plain, color bytes.Buffer
		if err := terminal.Draw(&plain, wf, terminal.Options{Width: 100}); err != nil {
			t.Fatal(err)
		}
		if err := terminal.Draw(&color, wf, terminal.Options{Width: 100, Color: true}); err != nil {
			t.Fatal(err)
		}
		var stripped strings.Builder
		for line := range strings.Lines(color.String()) {
			stripped.WriteString(strings.TrimRight(ansi.Strip(line), " \n") + "\n")
		}
		if diff := cmp.Diff(plain.String(), stripped.String()); diff != "" {
			t.Errorf("colour changes the text (-plain +colour):\n%s", diff)
		}
	}
}

func TestFewRowsKeepWhatMatters(t *testing.T) {
	var out bytes.Buffer
	text := wide(5000) + "ffff 1 8s 1900ms api client slow\n"
	if err := terminal.Draw(&out, advise.NewWaterfall(spantest.Trace(text)), terminal.Options{Width: 100, MaxRows: 12}); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(strings.TrimSpace(line), "api ") {
			rows++
		}
	}
	if rows != 12 {
		t.Errorf("%d rows, want 12", rows)
	}
	for _, want := range []string{"bottleneck", "✗ timeout", "more spans, ", "--all shows them"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestContradictionsAreErrors(t *testing.T) {
	for name, change := range map[string]func(*advise.Waterfall){
		"parent":     func(wf *advise.Waterfall) { wf.Nodes[1].Parent = 5 },
		"depth":      func(wf *advise.Waterfall) { wf.Nodes[1].Depth = -1 },
		"duration":   func(wf *advise.Waterfall) { wf.Nodes[1].Duration = -1 },
		"path":       func(wf *advise.Waterfall) { wf.CriticalPath[0].Node = 100 },
		"gap":        func(wf *advise.Waterfall) { wf.Gaps[0].Node = -1 },
		"root":       func(wf *advise.Waterfall) { wf.Root.Node = 100 },
		"bottleneck": func(wf *advise.Waterfall) { wf.Verdict.Node = -1 },
		"extent":     func(wf *advise.Waterfall) { wf.Duration = -1 },
	} {
		wf := advise.NewWaterfall(spantest.Trace(checkout))
		change(wf)
		if err := terminal.Draw(io.Discard, wf, terminal.Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteErrors(t *testing.T) {
	wf := advise.NewWaterfall(spantest.Trace(checkout))
	if err := terminal.Draw(brokenPipe{}, wf, terminal.Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("draw: %v", err)
	}
	if err := terminal.List(brokenPipe{}, []terminal.TraceRow{{}}, terminal.Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("list: %v", err)
	}
}

func chain(levels int) *span.Batch {
	var b span.Batch
	b.Resources.Intern(nil)
	for i := 1; i <= levels; i++ {
		row := b.Begin(0, 0)
		b.ID[row] = span.ID{1, byte(i >> 16), byte(i >> 8), byte(i)}
		if i > 1 {
			b.Parent[row] = b.ID[row-1]
		}
		b.Start[row], b.Duration[row] = int64(i), int64(2*(levels-i)+1)
		b.Name[row] = b.Names.Text([]byte("again"))
		b.Commit(row, spantest.TraceID)
	}
	return &b
}

func TestDepth100000(t *testing.T) {
	wf := advise.NewWaterfall(chain(100_000))
	for _, rows := range []int{0, terminal.AllRows} {
		var out bytes.Buffer
		if err := terminal.Draw(&out, wf, terminal.Options{Width: 40, MaxRows: rows}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if w := ansi.StringWidth(strings.TrimSuffix(line, "\n")); w > 40 {
				t.Fatalf("%d columns: %s", w, line)
			}
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, c := range []struct {
		name  string
		spans *span.Batch
		rows  int
	}{
		{"wide/all", spantest.Trace(wide(100_000)), terminal.AllRows},
		{"wide/200", spantest.Trace(wide(100_000)), 0},
		{"deep/all", chain(100_000), terminal.AllRows},
	} {
		b.Run(c.name, func(b *testing.B) {
			wf := advise.NewWaterfall(c.spans)
			for b.Loop() {
				if err := terminal.Draw(io.Discard, wf, terminal.Options{Width: 120, Color: true, MaxRows: c.rows}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
