package span_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite golden files")

const golden = "----\n"

func TestTree(t *testing.T) {
	files, err := filepath.Glob("testdata/tree/*.txt")
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
			tree := span.NewTree(spantest.Trace(input))
			if err := check(tree); err != nil {
				t.Error(err)
			}
			got := draw(tree)
			if *update {
				if err := os.WriteFile(file, []byte(input+golden+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

// draw prints a node a line: the main one is marked, times are relative.
func draw(t *span.Tree) string {
	var s strings.Builder
	for i, n := range t.Nodes {
		mark := "  "
		if int32(i) == t.Main {
			mark = "* "
		}
		label := "placeholder"
		if n.Row >= 0 {
			label = t.Spans.Names.String(t.Spans.Name[n.Row])
		}
		at := time.Duration(n.Start - spantest.Start.UnixNano())
		fmt.Fprintf(&s, "%s%s%x %s  %v +%v", mark, strings.Repeat("  ", int(n.Depth)), n.ID[7], label, at, time.Duration(n.Duration))
		for name := range n.Flags.Names() {
			fmt.Fprintf(&s, "  [%s]", name)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// check verifies what holds for every tree.
func check(t *span.Tree) error {
	seen := make([]bool, t.Spans.Len())
	children := make([]int32, len(t.Nodes))
	for i, n := range t.Nodes {
		if n.Row >= 0 {
			if seen[n.Row] {
				return fmt.Errorf("row %d is there twice", n.Row)
			}
			seen[n.Row] = true
		} else if n.Flags&span.Missing == 0 || n.Parent >= 0 || n.Children == 0 || n.ID.IsZero() {
			return fmt.Errorf("node %d: bad placeholder %+v", i, n)
		}
		if n.Duration < 0 || n.Start > math.MaxInt64-n.Duration {
			return fmt.Errorf("node %d: %d ns from %d", i, n.Duration, n.Start)
		}
		if n.Next <= int32(i) || int(n.Next) > len(t.Nodes) {
			return fmt.Errorf("node %d: next is %d", i, n.Next)
		}
		if n.Parent < 0 {
			if n.Depth != 0 {
				return fmt.Errorf("node %d: a top of depth %d", i, n.Depth)
			}
			continue
		}
		p := t.Nodes[n.Parent]
		if n.Parent >= int32(i) || n.Next > p.Next || n.Depth != p.Depth+1 {
			return fmt.Errorf("node %d: %+v under %+v", i, n, p)
		}
		children[n.Parent]++
	}
	if at := slices.Index(seen, false); at >= 0 {
		return fmt.Errorf("row %d is not there", at)
	}
	for i, n := range t.Nodes {
		if n.Children != children[i] {
			return fmt.Errorf("node %d: %d children, counted %d", i, n.Children, children[i])
		}
		last := int64(math.MinInt64)
		for c := range t.Children(int32(i)) {
			children[i]--
			if t.Nodes[c].Parent != int32(i) || t.Nodes[c].Start < last {
				return fmt.Errorf("node %d: child %d is out of place", i, c)
			}
			last = t.Nodes[c].Start
		}
		if children[i] != 0 {
			return fmt.Errorf("node %d: %d children are not yielded", i, children[i])
		}
	}
	if (t.Main < 0) != (len(t.Nodes) == 0) || t.Main >= 0 && t.Nodes[t.Main].Parent >= 0 {
		return fmt.Errorf("main is %d", t.Main)
	}
	return nil
}

func TestAnySpansFormATree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b span.Batch
		n := rapid.IntRange(0, 40).Draw(t, "spans")
		ids := rapid.Uint64Range(0, uint64(n)+2)
		services := rapid.SampledFrom([]string{"", "a", "b"})
		times := rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64())
		for range n {
			row := add(&b, ids.Draw(t, "id"), ids.Draw(t, "parent"), times.Draw(t, "start"), times.Draw(t, "duration"), services.Draw(t, "service"))
			b.Kind[row] = span.Kind(rapid.IntRange(0, 5).Draw(t, "kind"))
		}
		if err := check(span.NewTree(&b)); err != nil {
			t.Fatal(err)
		}
	})
}

func add(b *span.Batch, id, parent uint64, start, duration int64, service string) uint32 {
	resource, isNew := b.Resources.Intern([]byte(service))
	if isNew {
		b.Resources.Attrs.Text([]byte("service.name"), span.String, []byte(service))
	}
	row := b.Begin(resource, 0)
	binary.BigEndian.PutUint64(b.ID[row][:], id)
	binary.BigEndian.PutUint64(b.Parent[row][:], parent)
	b.Start[row], b.Duration[row] = start, duration
	b.Commit(row, spantest.TraceID)
	return row
}

// shape makes a trace of n spans; parent gives the number of a span's parent,
// all counted from 1.
func shape(n int, parent func(i int) int) *span.Batch {
	var b span.Batch
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	id := func(i int) uint64 { return uint64(i) * 0x9e3779b97f4a7c15 }
	for i := 1; i <= n; i++ {
		add(&b, id(i), id(parent(i)), rng.Int64N(1e9), rng.Int64N(1e9), "a")
	}
	return &b
}

var shapes = []struct {
	name   string
	n      int
	parent func(i int) int
}{
	{"deep", 100_000, func(i int) int { return i - 1 }},
	{"wide", 1_000_000, func(i int) int { return min(1, i-1) }},
	{"eight", 1_000_000, func(i int) int { return (i + 6) / 8 }},
	{"cycle", 1_000_000, func(i int) int { return i%1_000_000 + 1 }},
	{"one id", 200_000, func(i int) int { return 0 }},
}

func TestLargeTrees(t *testing.T) {
	for _, s := range shapes {
		if testing.Short() && s.n > 100_000 {
			continue
		}
		b := shape(s.n, s.parent)
		if s.name == "one id" {
			// Half the spans have one id, the other half name it as their parent.
			for i := range b.Len() {
				b.ID[i], b.Parent[i] = span.ID{1}, span.ID{}
				if i%2 == 0 {
					b.ID[i], b.Parent[i] = span.ID{2}, span.ID{1}
				}
			}
		}
		began := time.Now()
		if err := check(span.NewTree(b)); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: took %v", s.name, took)
		}
	}
}

func BenchmarkNewTree(b *testing.B) {
	for _, s := range shapes[:4] {
		b.Run(s.name, func(b *testing.B) {
			batch := shape(s.n, s.parent)
			b.ReportAllocs()
			for b.Loop() {
				span.NewTree(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.n), "ns/span")
		})
	}
}
