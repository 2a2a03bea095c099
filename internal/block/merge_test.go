package block

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

func noPause(context.Context) error { return nil }

// scatter deals the spans of b to n blocks at random, some of them to two.
func scatter(t testing.TB, bkt bucket.Bucket, b *span.Batch, rng *rand.Rand, n int) []*Reader {
	t.Helper()
	deal := make([][]uint32, n)
	for row := range b.Len() {
		i := rng.IntN(n)
		deal[i] = append(deal[i], uint32(row))
		if k := rng.IntN(n); rng.IntN(10) == 0 && k != i {
			deal[k] = append(deal[k], uint32(row))
		}
	}
	cache := NewCache(1 << 20)
	var readers []*Reader
	for i, rows := range deal {
		var part span.Batch
		part.AppendRows(b, rows)
		meta, err := Write(t.Context(), bkt, fmt.Sprintf("in%d", i), created, created, &part)
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, NewReader(bkt, cache, meta))
	}
	return readers
}

// TestMerge merges blocks that have parts of the same traces, and compares every
// trace and every summary with a block that was written at once.
func TestMerge(t *testing.T) {
	for seed := range uint64(12) {
		n := []int{1, 30, 600, 4000}[seed%4]
		if n > 1000 && testing.Short() {
			continue
		}
		rng := rand.New(rand.NewPCG(seed, 9))
		b := random(seed, n)
		bkt := bucket.NewMemory()
		inputs := scatter(t, bkt, b, rng, 1+rng.IntN(5))
		read := 0
		for _, in := range inputs {
			read += in.Meta.Spans
		}
		meta, err := Merge(t.Context(), bkt, "merged", created, inputs, noPause)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := Verify(t.Context(), bkt, meta); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		whole := write(t, bkt, b)
		if meta.Spans != n || meta.Spans+meta.Duplicates != read || meta.Traces != whole.Meta.Traces || meta.Events != whole.Meta.Events || meta.Links != whole.Meta.Links ||
			meta.MinStart != whole.Meta.MinStart || meta.MaxEnd != whole.Meta.MaxEnd {
			t.Fatalf("seed %d: %+v\nwant %+v", seed, meta, whole.Meta)
		}
		r := NewReader(bkt, NewCache(1<<20), meta)
		compareTraces(t, b, r)
		if diff := cmp.Diff(summaries(t, whole), summaries(t, r)); diff != "" {
			t.Fatalf("seed %d: summaries (-want +got):\n%s", seed, diff)
		}
	}
}

func compareTraces(t *testing.T, b *span.Batch, r *Reader) {
	t.Helper()
	for code := range b.Traces.Len() {
		id := span.TraceID(b.Traces.Bytes(uint32(code)))
		var got span.Batch
		if _, err := r.Trace(t.Context(), id, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(spantest.Dump(b, b.Rows(id)...), spantest.Dump(&got)); diff != "" {
			t.Fatalf("trace %s (-want +got):\n%s", id, diff)
		}
	}
}

func summaries(t *testing.T, r *Reader) (all []Summary) {
	t.Helper()
	rows, err := r.TraceRows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows.Len() {
		s, err := r.Sum(t.Context(), rows, i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Summary) int { return slices.Compare(a.TraceID[:], b.TraceID[:]) })
	return all
}

// TestMergeEndsWhenTold gives up at every pause: nothing but whole files is left,
// and nobody is told that there is a block.
func TestMergeEndsWhenTold(t *testing.T) {
	bkt := bucket.NewMemory()
	inputs := scatter(t, bkt, random(3, 300), rand.New(rand.NewPCG(1, 1)), 3)
	enough := errors.New("enough")
	step := 1
	if testing.Short() {
		step = 4
	}
	for after := 0; ; after += step {
		calls := 0
		_, err := Merge(t.Context(), bkt, fmt.Sprintf("try%d", after), created, inputs, func(context.Context) error {
			if calls++; calls > after {
				return enough
			}
			return nil
		})
		if err == nil {
			if after < 20 {
				t.Errorf("only %d pauses", after)
			}
			return
		}
		if !errors.Is(err, enough) {
			t.Fatal(err)
		}
		if _, err := ReadMeta(t.Context(), bkt, "", fmt.Sprintf("try%d", after)); !errors.Is(err, bucket.ErrNotFound) {
			t.Fatalf("given up at pause %d, and there is a block (%v)", after, err)
		}
	}
}

// BenchmarkMerge merges eight blocks over which traces are scattered.
func BenchmarkMerge(b *testing.B) {
	bkt := bucket.NewMemory()
	inputs := scatter(b, bkt, random(1, 100_000), rand.New(rand.NewPCG(1, 1)), 8)
	i := 0
	for b.Loop() {
		i++
		if _, err := Merge(b.Context(), bkt, fmt.Sprint("out", i), created, slices.Clone(inputs), noPause); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/span")
}
