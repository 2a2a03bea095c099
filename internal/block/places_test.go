package block

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

// TestRead reads many traces at once, all and some, and compares them with the
// same traces read one by one.
func TestRead(t *testing.T) {
	bkt := bucket.NewMemory()
	b := random(11, 700)
	inputs := scatter(t, bkt, b, rand.New(rand.NewPCG(2, 2)), 3)
	meta, err := Merge(t.Context(), bkt, "merged", created, inputs, noPause)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Reader{inputs[0], NewReader(bkt, NewCache(1<<20), meta)} {
		var all []Place
		if err := r.Places(t.Context(), func(p Place) { all = append(all, p) }); err != nil || len(all) != r.Meta.Traces {
			t.Fatalf("%d places of %d, %v", len(all), r.Meta.Traces, err)
		}
		slices.SortFunc(all, func(x, y Place) int { return x.Compare(&y) })
		some := slices.Clone(all)
		for i := len(some) - 1; i >= 0; i -= 3 {
			some = slices.Delete(some, i, i+1)
		}
		for _, places := range [][]Place{all, some, nil} {
			var want, got span.Batch
			for _, p := range places {
				if n, err := r.Trace(t.Context(), p.TraceID, &want); err != nil || n != p.Spans() {
					t.Fatalf("%d spans of %d, %v", n, p.Spans(), err)
				}
			}
			if err := r.Read(t.Context(), places, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(spantest.Dump(&want), spantest.Dump(&got)); diff != "" {
				t.Errorf("%d traces (-one by one +at once):\n%.2000s", len(places), diff)
			}
		}
	}
}

// TestVerifyRanges holds blocks whose files are each whole, but don't belong
// together.
func TestVerifyRanges(t *testing.T) {
	b := random(5, 300)
	whole := bucket.NewMemory()
	meta := write(t, whole, b).Meta
	if err := Verify(t.Context(), whole, meta); err != nil {
		t.Fatal(err)
	}
	with := func(all []trace, has func(*trace) [2]int) *trace {
		i := slices.IndexFunc(all, func(tr trace) bool { return has(&tr)[0] < has(&tr)[1] })
		return &all[i]
	}
	long := func(tr *trace) [2]int { return [2]int{1, tr.spans[1] - tr.spans[0]} } // more than one span
	events := func(tr *trace) [2]int { return tr.events }
	links := func(tr *trace) [2]int { return tr.links }
	for want, change := range map[string]func([]trace){
		"1 of the 300 rows of spans.parquet belong to no trace": func(all []trace) { with(all, long).spans[1]-- },
		"spans.parquet: rows 0 to 300 belong to another trace":  func(all []trace) { all[0].spans = [2]int{0, 300} },
		"of 300": func(all []trace) { all[0].spans = [2]int{299, 301} },
		"rows of events.parquet belong to no trace":                        func(all []trace) { with(all, events).events = [2]int{} },
		"rows of links.parquet belong to no trace":                         func(all []trace) { with(all, links).links = [2]int{} },
		fmt.Sprintf("links.parquet: rows 0 to %d", meta.Links+1):           func(all []trace) { with(all, links).links = [2]int{0, meta.Links + 1} },
		fmt.Sprintf("rows 0 to %d belong to another trace", meta.Events-1): func(all []trace) { with(all, events).events = [2]int{0, meta.Events - 1} },
	} {
		table := newTable(b)
		change(table.traces)
		var raw bytes.Buffer
		file, err := writeTraces(&raw, table.traces, &b.Names, &table.services)
		if err != nil {
			t.Fatal(err)
		}
		mixed := meta
		mixed.Files = maps.Clone(meta.Files)
		mixed.Files[tracesFile] = file
		bkt := swapped{whole, meta.Key(tracesFile), raw.Bytes()}
		err = Verify(t.Context(), bkt, mixed)
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), tracesFile) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// swapped is a bucket with another content for one key.
type swapped struct {
	bucket.Bucket
	key string
	raw []byte
}

func (s swapped) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	if key != s.key {
		return s.Bucket.ReadAt(ctx, key, p, off)
	}
	copy(p, s.raw[off:])
	return nil
}
