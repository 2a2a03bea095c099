package store

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

// starts is when each trace starts.
func starts(b *span.Batch) map[span.TraceID]int64 {
	all := make(map[span.TraceID]int64)
	for row := range uint32(b.Len()) {
		if at, ok := all[b.TraceID(row)]; !ok || b.Start[row] < at {
			all[b.TraceID(row)] = b.Start[row]
		}
	}
	return all
}

// traces exports a time and holds every trace against what was sent.
func (w *world) traces(o *Offline, from, to int64) {
	w.t.Helper()
	seen := make(map[span.TraceID]bool)
	err := o.Traces(context.Background(), from, to, func(b *span.Batch) error {
		for row := uint32(0); int(row) < b.Len(); {
			id := b.TraceID(row)
			var rows []uint32
			for ; int(row) < b.Len() && b.TraceID(row) == id; row++ {
				rows = append(rows, row)
			}
			if seen[id] {
				w.t.Fatalf("trace %s comes twice", id)
			}
			seen[id] = true
			want := w.want.Unique(w.want.Rows(id))
			if diff := cmp.Diff(spantest.Dump(&w.want, want...), spantest.Dump(b, rows...)); diff != "" {
				w.t.Fatalf("trace %s (-want +got):\n%s", id, diff)
			}
		}
		return nil
	})
	if err != nil || len(o.LeftOut()) > 0 {
		w.t.Fatalf("%v %q", err, o.LeftOut())
	}
	for id, start := range starts(&w.want) {
		if in := start >= from && start <= to; in != seen[id] {
			w.t.Fatalf("trace %s starts at %d: exported %v, from %d to %d", id, start, seen[id], from, to)
		}
	}
}

func TestExport(t *testing.T) {
	w := newWorld(t, Options{})
	w.flushes(5)
	w.mustSend(100, 40) // all of them came before
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	o, err := OpenOffline(t.Context(), w.bkt)
	if err != nil || len(o.Blocks) != 6 || len(o.Damaged) != 0 {
		t.Fatalf("%d blocks, %v", len(o.Blocks), err)
	}
	for _, o.most = range []int{1, 3, 1000} {
		w.traces(o, math.MinInt64, math.MaxInt64)
		rng := rand.New(rand.NewPCG(7, 7))
		for range 20 {
			x, y := w.want.Start[rng.IntN(w.want.Len())], w.want.Start[rng.IntN(w.want.Len())]
			w.traces(o, min(x, y), max(x, y))
		}
	}
	for id := range starts(&w.want) {
		got, err := o.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(spantest.Dump(&w.want, w.want.Unique(w.want.Rows(id))...), spantest.Dump(got)); diff != "" {
			t.Fatalf("trace %s (-want +got):\n%s", id, diff)
		}
	}
	stop := errors.New("enough")
	if err := o.Traces(t.Context(), math.MinInt64, math.MaxInt64, func(*span.Batch) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want what the caller says", err)
	}
}

// during is a bucket in which something happens while spans are read.
type during struct {
	bucket.Bucket
	reads int // until it happens
	do    func()
}

func (d *during) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	if strings.HasSuffix(key, "spans.parquet") {
		if d.reads--; d.reads == 0 {
			d.do()
		}
	}
	return d.Bucket.ReadAt(ctx, key, p, off)
}

// TestOfflineBesideMerge reads blocks that the server merges at that moment.
func TestOfflineBesideMerge(t *testing.T) {
	for name, read := range map[string]func(*world, *Offline){
		"traces": func(w *world, o *Offline) {
			o.most = 7
			w.traces(o, math.MinInt64, math.MaxInt64)
		},
		"trace": func(w *world, o *Offline) {
			id := w.want.TraceID(0)
			got, err := o.Trace(context.Background(), id)
			if err != nil || got.Len() != len(w.want.Unique(w.want.Rows(id))) {
				w.t.Errorf("%d spans, %v", got.Len(), err)
			}
		},
		"verify": func(w *world, o *Offline) {
			var levels []int
			err := o.Verify(context.Background(), nil, func(m block.Meta, err error) {
				levels = append(levels, m.Level)
				if err != nil {
					w.t.Errorf("block %s: %v", m.ID, err)
				}
			})
			if n := len(levels); err != nil || n < 2 || n > fanIn || levels[n-2] != 0 || levels[n-1] != 1 {
				w.t.Errorf("blocks of levels %v checked, %v", levels, err)
			}
		},
		"inspect": func(w *world, o *Offline) {
			layout, err := o.Inspect(context.Background(), "newest")
			if err != nil || layout.Meta.Level != 1 {
				w.t.Errorf("%+v, %v", layout.Meta, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.flushes(fanIn - 1)
			// From here on nothing is merged but when the test says so.
			w.store.stop()
			w.store.ended.Wait()
			w.mustSend(99, 40)
			if err := w.store.flushOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			after := map[string]int{"traces": 20, "trace": 1, "verify": 300, "inspect": 1}[name]
			bkt := &during{w.bkt, after, func() {
				if err := w.store.tidy(context.Background()); err != nil {
					t.Error(err)
				}
			}}
			o, err := OpenOffline(t.Context(), bkt)
			if err != nil {
				t.Fatal(err)
			}
			read(w, o)
			if bkt.reads > 0 || w.store.Stats().Blocks != 1 {
				t.Errorf("nothing was merged meanwhile: %d reads left", bkt.reads)
			}
		})
	}
}

// TestOfflineDamage exports what is left of damaged blocks, and says what is not.
func TestOfflineDamage(t *testing.T) {
	w := newWorld(t, Options{})
	w.flushes(3)
	blocks, _, _, err := Blocks(t.Context(), w.bkt)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(key string, change func([]byte) []byte) {
		raw, err := bucket.ReadAll(t.Context(), w.bkt, key, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		w.bkt.Delete(t.Context(), key)
		if raw = change(bytes.Clone(raw)); raw != nil {
			w.bkt.Create(t.Context(), key, bytes.NewReader(raw))
		}
	}
	damage(blocks[0].Key("spans.parquet"), func(raw []byte) []byte {
		for i := range blocks[0].Files["spans.parquet"].Index {
			raw[i] ^= 1
		}
		return raw
	})
	damage(blocks[1].Key("traces.parquet"), func([]byte) []byte { return nil })
	o, err := OpenOffline(t.Context(), w.bkt)
	if err != nil {
		t.Fatal(err)
	}
	spans := 0
	if err := o.Traces(t.Context(), math.MinInt64, math.MaxInt64, func(b *span.Batch) error { spans += b.Len(); return nil }); err != nil {
		t.Fatal(err)
	}
	left := strings.Join(o.LeftOut(), "\n")
	if spans != 40 || !strings.Contains(left, "block "+blocks[0].ID+": spans of") || !strings.Contains(left, "block "+blocks[1].ID+": all") {
		t.Errorf("%d spans, left out:\n%s", spans, left)
	}
	wrong := 0
	if err := o.Verify(t.Context(), nil, func(m block.Meta, err error) {
		if err != nil {
			wrong++
		}
	}); err != nil || wrong != 2 {
		t.Errorf("%d blocks are damaged, %v", wrong, err)
	}
}

func TestFind(t *testing.T) {
	o := &Offline{}
	if _, err := o.Find("newest"); err == nil {
		t.Error("the newest of none")
	}
	for _, id := range []string{"20261123t05", "20261123t0501", "20261124"} {
		o.Blocks = append(o.Blocks, block.Meta{ID: id})
	}
	for name, want := range map[string]string{
		"oldest": "20261123t05", "newest": "20261124", "20261123t05": "20261123t05", "20261123t050": "20261123t0501", "20261124": "20261124",
		"202611": "", "": "", "2027": "",
	} {
		if m, err := o.Find(name); m.ID != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", name, m.ID, err, want)
		}
	}
}

func TestParts(t *testing.T) {
	var b span.Batch
	spantest.Random(&b, rand.New(rand.NewPCG(1, 1)), 500)
	root := t.TempDir()
	p := Parts{Dir: filepath.Join(root, "blocks"), Most: 800}
	for range 3 {
		if err := p.Add(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil || p.Count != 3 {
		t.Fatalf("%d parts, %v", p.Count, err)
	}
	bkt, err := bucket.OpenReadOnlyDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer bkt.Close()
	for _, id := range []string{"part-00001", "part-00002", "part-00003"} {
		m, err := block.ReadMeta(t.Context(), bkt, "", id)
		if err != nil || m.Spans != 500 {
			t.Fatalf("%s: %d spans, %v", id, m.Spans, err)
		}
		if err := block.Verify(t.Context(), bkt, m); err != nil {
			t.Error(err)
		}
	}
	again := Parts{Dir: p.Dir}
	if err := again.Add(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if err := again.Flush(t.Context()); err == nil {
		t.Error("a part is overwritten")
	}
}
