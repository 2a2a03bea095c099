package block

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

// allLogs reads a block of logs, row by row as it stands.
func allLogs(t *testing.T, bkt bucket.Bucket, meta Meta) *span.Logs {
	t.Helper()
	if err := Verify(t.Context(), bkt, meta); err != nil {
		t.Fatal(err)
	}
	var out span.Logs
	r := NewReader(bkt, NewCache(1<<20), meta)
	if err := r.AppendLogs(t.Context(), rowset.Full(0, uint32(meta.Logs)), &out, new(atomic.Int64)); err != nil {
		t.Fatal(err)
	}
	return &out
}

func sorted(texts []string) []string {
	slices.Sort(texts)
	return texts
}

// Records come back as they were written, from blocks and from what those are merged into;
// in order, and by trace.
func TestLogs(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	seeds := uint64(30)
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 3))
		bkt := bucket.NewMemory()
		cache := NewCache(1 << 20)
		var all span.Logs
		var inputs []*Reader
		for i := range 1 + rng.IntN(5) {
			var l span.Logs
			spantest.RandomLogs(&l, rng, 1+rng.IntN(300))
			if i > 0 && rng.IntN(2) == 0 { // a trace of the block before goes on
				l.AppendRows(&all, span.Seq(min(all.Len(), 20)))
			}
			all.AppendRows(&l, span.Seq(l.Len()))
			meta, err := WriteLogs(t.Context(), bkt, fmt.Sprintf("b%d", i), now, now, &l)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sorted(spantest.LogTexts(&l)), sorted(spantest.LogTexts(allLogs(t, bkt, meta)))); diff != "" {
				t.Fatalf("seed %d (-written +read):\n%s", seed, diff)
			}
			inputs = append(inputs, NewReader(bkt, cache, meta))
		}
		meta, err := MergeLogs(t.Context(), bkt, "merged", now, inputs, noPause)
		if err != nil {
			t.Fatal(err)
		}
		got := allLogs(t, bkt, meta)
		if diff := cmp.Diff(sorted(spantest.LogTexts(&all)), sorted(spantest.LogTexts(got))); diff != "" {
			t.Fatalf("seed %d (-written +merged):\n%s", seed, diff)
		}
		r := NewReader(bkt, cache, meta)
		for code := range all.Traces.Len() {
			id := span.TraceID(all.Traces.Bytes(uint32(code)))
			if id.IsZero() {
				continue
			}
			rows, err := r.LogsOfTrace(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			var of, want span.Logs
			if err := r.AppendLogs(t.Context(), rows, &of, new(atomic.Int64)); err != nil {
				t.Fatal(err)
			}
			want.AppendRows(&all, all.Rows(id))
			if !slices.IsSorted(of.Time) {
				t.Errorf("seed %d: the records of a trace are not in the order of time", seed)
			}
			if diff := cmp.Diff(sorted(spantest.LogTexts(&want)), sorted(spantest.LogTexts(&of))); diff != "" {
				t.Fatalf("seed %d, trace %s (-written +read):\n%s", seed, id, diff)
			}
		}
		if rows, err := r.LogsOfTrace(t.Context(), span.TraceID{1, 2, 3}); err != nil || !rows.Empty() {
			t.Errorf("an unknown trace has %d records, %v", rows.Count(), err)
		}
	}
}

// Whatever byte of a block of logs is wrong, reading says so or is right, and verification
// finds what reading trips over.
func TestCorruptLogs(t *testing.T) {
	var l span.Logs
	spantest.RandomLogs(&l, rand.New(rand.NewPCG(1, 3)), 60)
	bkt := bucket.NewMemory()
	now := time.Now()
	meta, err := WriteLogs(t.Context(), bkt, "b", now, now, &l)
	if err != nil {
		t.Fatal(err)
	}
	want := sorted(spantest.LogTexts(&l))
	for name, flipped := range flips(t, bkt, meta, 23) {
		verified := Verify(t.Context(), flipped, meta)
		var out span.Logs
		r := NewReader(flipped, NewCache(1<<20), meta)
		if err := r.AppendLogs(t.Context(), rowset.Full(0, uint32(meta.Logs)), &out, new(atomic.Int64)); err != nil {
			if !errors.Is(err, ErrCorrupt) || verified == nil {
				t.Fatalf("%s: %v, and verification says %v", name, err, verified)
			}
			continue
		}
		if diff := cmp.Diff(want, sorted(spantest.LogTexts(&out))); diff != "" {
			t.Fatalf("%s: read without an error, and wrong:\n%s", name, diff)
		}
	}
}
