package advise_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite golden files")

const golden = "----\n"

func TestAnalyze(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(text), golden)
			a := advise.Analyze(span.NewTree(spantest.Trace(input)))
			if err := check(a); err != nil {
				t.Error(err)
			}
			got := describe(a)
			if *update {
				if err := os.WriteFile(file, []byte(input+golden+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("analysis (-want +got):\n%s", diff)
			}
		})
	}
}

// describe prints verdict, failure, path and gaps, and a line a node with its
// total, self and critical time.
func describe(a *advise.Analysis) string {
	var s strings.Builder
	b := a.Tree.Spans
	name := func(node int32) string {
		n := a.Tree.Nodes[node]
		if n.Row < 0 {
			return "placeholder"
		}
		return b.Names.String(b.Name[n.Row])
	}
	at := func(ns int64) time.Duration { return time.Duration(ns - spantest.Start.UnixNano()) }
	if v := a.Verdict; v != nil {
		fmt.Fprintf(&s, "%s\nclass %s, share %.4f, peer %q\n", v.Text, string(v.Class), v.Share, v.Peer)
	}
	if a.Failure != nil {
		fmt.Fprintln(&s, a.Failure.Text)
	}
	for _, p := range a.Path {
		fmt.Fprintf(&s, "path %v-%v %s\n", at(p.From), at(p.To), name(p.Node))
	}
	for _, g := range a.Gaps {
		fmt.Fprintf(&s, "gap %v-%v %s\n", at(g.From), at(g.To), name(g.Node))
	}
	for i, n := range a.Tree.Nodes {
		fmt.Fprintf(&s, "%s%s: total %v, self %v, critical %v\n", strings.Repeat("  ", int(n.Depth)), name(int32(i)),
			time.Duration(n.Duration), time.Duration(a.Self[i]), time.Duration(a.Critical[i]))
	}
	return s.String()
}

// check verifies what holds for every analysis: the path is the main root's
// time, cut up without overlap, and each segment lies within its node.
func check(a *advise.Analysis) error {
	t := a.Tree
	if t.Main < 0 {
		return nil
	}
	at := t.Nodes[t.Main].Start
	critical := make([]int64, len(t.Nodes))
	for i, s := range a.Path {
		n := t.Nodes[s.Node]
		if s.From != at || s.To <= s.From || s.From < n.Start || s.To > n.End() {
			return fmt.Errorf("segment %d: %+v after %d, node from %d to %d", i, s, at, n.Start, n.End())
		}
		at = s.To
		critical[s.Node] += s.Nanos()
	}
	if at != t.Nodes[t.Main].End() {
		return fmt.Errorf("path ends at %d, root at %d", at, t.Nodes[t.Main].End())
	}
	for i := range t.Nodes {
		if critical[i] != a.Critical[i] {
			return fmt.Errorf("node %d: critical %d ns, its segments %d", i, a.Critical[i], critical[i])
		}
		if a.Self[i] < 0 || a.Self[i] > t.Nodes[i].Duration {
			return fmt.Errorf("node %d: self %d ns of %d", i, a.Self[i], t.Nodes[i].Duration)
		}
	}
	if (a.Verdict == nil) != (t.Nodes[t.Main].Duration == 0) {
		return fmt.Errorf("verdict %v for a root of %d ns", a.Verdict, t.Nodes[t.Main].Duration)
	}
	return nil
}

func TestPathPartitionsAnyRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b span.Batch
		n := rapid.IntRange(0, 40).Draw(t, "spans")
		times := rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64Range(0, 50), rapid.Int64())
		for range n {
			row := b.Begin(0, 0)
			if row == 0 {
				b.Resources.Intern(nil)
			}
			b.ID[row][7] = byte(rapid.IntRange(0, n+2).Draw(t, "id"))
			b.Parent[row][7] = byte(rapid.IntRange(0, n+2).Draw(t, "parent"))
			b.Start[row], b.Duration[row] = times.Draw(t, "start"), times.Draw(t, "duration")
			b.Kind[row] = span.Kind(rapid.IntRange(0, 5).Draw(t, "kind"))
			b.Status[row] = span.Status(rapid.IntRange(0, 2).Draw(t, "status"))
			b.Commit(row, spantest.TraceID)
		}
		if err := check(advise.Analyze(span.NewTree(&b))); err != nil {
			t.Fatal(err)
		}
		w := advise.NewWaterfall(&b)
		for i, n := range w.Nodes {
			if n.StartOffset < 0 || n.Index != int32(i) {
				t.Fatalf("node %d: %+v", i, n)
			}
		}
	})
}

// shape makes a trace of n spans, each within its parent.
func shape(n int, parent func(i int) int) *span.Batch {
	var b span.Batch
	service, _ := b.Resources.Intern(nil)
	b.Resources.Attrs.Text([]byte("service.name"), span.String, []byte("shop"))
	id := func(i int) (id span.ID) {
		for k := range id {
			id[k] = byte(i >> (8 * k))
		}
		return id
	}
	for i := 1; i <= n; i++ {
		row := b.Begin(service, 0)
		b.ID[row], b.Parent[row] = id(i), id(parent(i))
		b.Start[row] = spantest.Start.UnixNano()
		b.Duration[row] = int64(2*n + 2)
		if i > 1 {
			b.Start[row] += int64(i)
			b.Duration[row] -= int64(2 * i)
		}
		b.Name[row] = b.Names.Text(fmt.Appendf(nil, "operation %d", i%50))
		b.Attrs.Text([]byte("http.route"), span.String, []byte("/"))
		b.Commit(row, spantest.TraceID)
	}
	return &b
}

var shapes = []struct {
	name   string
	n      int
	parent func(i int) int
}{
	{"deep", 100_000, func(i int) int { return i - 1 }},
	{"eight", 100_000, func(i int) int { return (i + 6) / 8 }},
	{"wide", 1_000_000, func(i int) int { return min(1, i-1) }},
}

func TestLargeTraces(t *testing.T) {
	for _, s := range shapes {
		if testing.Short() && s.n > 100_000 {
			continue
		}
		a := advise.Analyze(span.NewTree(shape(s.n, s.parent)))
		if err := check(a); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if s.name == "deep" && len(a.Path) != 2*s.n-1 {
			t.Errorf("%d segments in a chain of %d", len(a.Path), s.n)
		}
	}
}

func TestWaterfall(t *testing.T) {
	b := spantest.Trace(`
		1 - 0s    100ms gateway server "POST /order" error="internal"
		2 1 -1ms  50ms  orders  server store error !"sql.ErrTxDone: transaction is over" +retry @1
		3 9 200ms 10ms  mail    consumer process
		4 1 95ms  -5ms  gateway internal negative
	`)
	got, err := json.MarshalIndent(advise.NewWaterfall(b), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/waterfall.json"
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	var back advise.Waterfall
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(advise.NewWaterfall(b), &back); diff != "" {
		t.Errorf("the document changes on the way (-sent +read):\n%s", diff)
	}
}

func TestFormatDuration(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0 s", 1: "1 ns", 999: "999 ns", 1000: "1 µs", 1234: "1.23 µs", 840_000: "840 µs", 999_499: "999 µs", 999_500: "1 ms",
		12_000_000: "12 ms", 12_345_678: "12.3 ms", 9_996_000: "10 ms", 99_960_000: "100 ms", 340_000_000: "340 ms",
		999_600_000: "1 s", 1_760_000_000: "1.76 s", 1_800_000_000: "1.80 s", 83e9: "83 s", 119_990_000_000: "120 s",
		125e9: "2 m 05 s", 3*3600e9 + 720e9: "3 h 12 m", 50 * 3600e9: "2 d 02 h",
		-12_000_000: "-12 ms", math.MaxInt64: "106751 d 23 h", math.MinInt64: "-106751 d 23 h",
	} {
		if got := advise.FormatDuration(ns); got != want {
			t.Errorf("%d ns: %q, want %q", ns, got, want)
		}
	}
}

func BenchmarkAnalyze(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			tree := span.NewTree(shape(s.n, s.parent))
			b.ReportAllocs()
			for b.Loop() {
				advise.Analyze(tree)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.n), "ns/span")
		})
	}
}

func BenchmarkWaterfall(b *testing.B) {
	batch := shape(100_000, shapes[1].parent)
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			advise.NewWaterfall(batch)
		}
	})
	b.Run("marshal", func(b *testing.B) {
		w := advise.NewWaterfall(batch)
		b.ReportAllocs()
		for b.Loop() {
			data, err := json.Marshal(w)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
		}
	})
}
