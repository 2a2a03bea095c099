package span_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

func TestAppendRowsKeepsEverything(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var b span.Batch
	spantest.Random(&b, rng, 300)
	var rows []uint32
	for i := range b.Len() {
		if rng.IntN(3) == 0 {
			rows = append(rows, uint32(i))
		}
	}
	var c span.Batch
	spantest.Random(&c, rng, 20) // what was there before stays
	before := spantest.Dump(&c)
	c.AppendRows(&b, rows)
	if diff := cmp.Diff(spantest.Dump(&b, rows...), spantest.Dump(&c, seq(20, c.Len())...)); diff != "" {
		t.Errorf("copied rows differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, spantest.Dump(&c, seq(0, 20)...)); diff != "" {
		t.Errorf("rows before the copy changed:\n%s", diff)
	}
}

func TestTruncateTakesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var b span.Batch
	spantest.Random(&b, rng, 100)
	want := spantest.Dump(&b)
	spantest.Random(&b, rng, 100)
	b.Truncate(100)
	if diff := cmp.Diff(want, spantest.Dump(&b)); diff != "" {
		t.Errorf("after truncate (-want +got):\n%s", diff)
	}
	for i := range b.Len() {
		if !slices.Contains(b.Rows(b.TraceID(uint32(i))), uint32(i)) {
			t.Fatalf("span %d is not among the rows of its trace", i)
		}
	}
	// Growing again must not see anything of what was taken back.
	spantest.Random(&b, rng, 50)
	if diff := cmp.Diff(want, spantest.Dump(&b, seq(0, 100)...)); diff != "" {
		t.Errorf("after growing again (-want +got):\n%s", diff)
	}
}

func TestResetReuses(t *testing.T) {
	var b, fresh span.Batch
	spantest.Random(&b, rand.New(rand.NewPCG(5, 6)), 500)
	b.Reset()
	if n := b.Size(); n > 256*(span.MaxColumns+100) {
		t.Errorf("an empty batch says that it has %d bytes in use", n)
	}
	if b.Len() != 0 || spantest.Dump(&b) != "" {
		t.Fatalf("a reset batch still has %d spans", b.Len())
	}
	spantest.Random(&b, rand.New(rand.NewPCG(7, 8)), 500)
	spantest.Random(&fresh, rand.New(rand.NewPCG(7, 8)), 500)
	if diff := cmp.Diff(spantest.Dump(&fresh), spantest.Dump(&b)); diff != "" {
		t.Errorf("a reused batch differs from a fresh one (-fresh +reused):\n%s", diff)
	}
}

func TestManyKeysGoToTheRest(t *testing.T) {
	var b span.Batch
	rng := rand.New(rand.NewPCG(9, 9))
	spantest.Random(&b, rng, 6000)
	if n := len(b.Attrs.Columns); n > span.MaxColumns {
		t.Errorf("%d columns, the limit is %d", n, span.MaxColumns)
	}
	if len(b.Attrs.Rest.Rows) == 0 {
		t.Error("nothing went to the rest")
	}
	var c span.Batch
	c.AppendRows(&b, seq(0, b.Len()))
	if spantest.Dump(&b) != spantest.Dump(&c) {
		t.Error("a copy of a batch with a rest differs")
	}
}

// TestKeysThatAreNotText sends keys that differ only in what is no UTF-8. They
// become one key, and rows stay in order for those who search them.
func TestKeysThatAreNotText(t *testing.T) {
	var b span.Batch
	for i, key := range []string{"k\xff", "k\xfe", "k\xff", "k\uFFFD", "k\xfd"} {
		row := b.Begin(b.Resources.InternSet(span.Set{}, func(*span.Attrs) {}), b.Scopes.InternSet(span.Set{}, func(*span.Attrs) {}))
		b.ID[row] = span.ID{byte(i + 1)}
		b.Attrs.Num([]byte(key), span.Int, uint64(i))
		b.Attrs.Num([]byte("k\xfe"), span.Int, 100)
		b.Commit(row, span.TraceID{1})
	}
	if len(b.Attrs.Columns) != 1 || !slices.IsSorted(b.Attrs.Columns[0].Rows) {
		t.Errorf("%d columns", len(b.Attrs.Columns))
	}
	var c span.Batch
	c.AppendRows(&b, []uint32{1, 3})
	if diff := cmp.Diff(spantest.Dump(&b, 1, 3), spantest.Dump(&c)); diff != "" {
		t.Errorf("copied rows differ (-want +got):\n%s", diff)
	}
}

func TestUnique(t *testing.T) {
	var b span.Batch
	spantest.Random(&b, rand.New(rand.NewPCG(1, 1)), 50)
	var twice span.Batch
	twice.AppendRows(&b, seq(0, 50))
	twice.AppendRows(&b, seq(0, 50))
	if got := twice.Unique(seq(0, 100)); !slices.Equal(got, seq(0, 50)) {
		t.Errorf("unique rows are %v", got)
	}
}

func TestParseText(t *testing.T) {
	for _, v := range []span.Value{
		{Type: span.String, Str: "a \"b\" \x00\u2028 \u202e"},
		{Type: span.String, Str: "12"},
		{Type: span.String},
		{Type: span.Int, Num: ^uint64(0)},
		{Type: span.Double, Num: 0x3ff0000000000000},
		{Type: span.Double, Num: 0x7ff0000000000000},
		{Type: span.Bool, Num: 1},
		{Type: span.Bytes, Str: "\x00\xff"},
		{Type: span.JSON, Str: `["a",1]`},
		{Type: span.JSON, Str: `null`},
	} {
		if got := span.ParseText(v.Text()); got != v {
			t.Errorf("%s reads back as %v %q, not %v %q", v.Text(), got.Type, got.Str, v.Type, v.Str)
		}
	}
}

func seq(from, to int) []uint32 {
	s := make([]uint32, 0, to-from)
	for i := from; i < to; i++ {
		s = append(s, uint32(i))
	}
	return s
}
