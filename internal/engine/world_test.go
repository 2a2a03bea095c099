package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
)

// world is a store of heads and blocks that a test fills.
type world struct {
	t      testing.TB
	bkt    bucket.Bucket
	cache  *block.Cache
	heads  []*span.Batch
	blocks []*block.Reader
}

func newWorld(t testing.TB) *world {
	return &world{t: t, bkt: bucket.NewMemory(), cache: block.NewCache(16 << 20)}
}

func (w *world) View() ([]*span.Batch, []*block.Reader, func()) {
	return w.heads, w.blocks, func() {}
}

func (w *world) Unreadable(r *block.Reader, err error) string {
	return fmt.Sprintf("block %s: %v", r.Meta.ID, err)
}

func (w *world) block(b *span.Batch) {
	w.t.Helper()
	if b.Len() == 0 {
		return
	}
	id := fmt.Sprintf("b%d", len(w.blocks))
	meta, err := block.Write(w.t.Context(), w.bkt, id, time.Unix(0, 0), time.Unix(1, 0), b)
	if err != nil {
		w.t.Fatal(err)
	}
	w.blocks = append(w.blocks, block.NewReader(w.bkt, w.cache, meta))
}

// merge makes one block of all.
func (w *world) merge() {
	w.t.Helper()
	pause := func(context.Context) error { return nil }
	meta, err := block.Merge(w.t.Context(), w.bkt, fmt.Sprintf("m%d", len(w.blocks)), time.Unix(2, 0), w.blocks, pause)
	if err != nil {
		w.t.Fatal(err)
	}
	w.blocks = []*block.Reader{block.NewReader(w.bkt, w.cache, meta)}
}

func (w *world) head(b *span.Batch) {
	if b.Len() > 0 {
		w.heads = append(w.heads, b.View())
	}
}

func (w *world) engine() *engine.Engine { return engine.New(w, engine.Options{}) }

// scatter puts traces into blocks and heads: most of them whole, some in parts.
func (w *world) scatter(rnd *rand.Rand, traces []*span.Batch) {
	places := make([]span.Batch, 1+rnd.IntN(4))
	for _, t := range traces {
		in := rnd.IntN(len(places))
		apart := rnd.IntN(4) == 0
		rows := make([][]uint32, len(places))
		for row := range uint32(t.Len()) {
			if apart {
				in = rnd.IntN(len(places))
			}
			rows[in] = append(rows[in], row)
		}
		for i, some := range rows {
			places[i].AppendRows(t, some)
		}
	}
	heads := 0
	if len(places) > 1 {
		heads = rnd.IntN(min(3, len(places)))
	}
	for i := range places {
		if i < len(places)-heads {
			w.block(&places[i])
		} else {
			w.head(&places[i])
		}
	}
	if len(w.blocks) > 1 && rnd.IntN(3) == 0 {
		w.merge()
	}
	rnd.Shuffle(len(w.blocks), func(i, k int) { w.blocks[i], w.blocks[k] = w.blocks[k], w.blocks[i] })
}

// unique drops spans of a trace that came twice, as every answer does.
func unique(b *span.Batch) *span.Batch {
	once := new(span.Batch)
	once.AppendRows(b, b.Unique(span.Seq(b.Len())))
	return once
}

func sorted(texts []string) []string {
	slices.Sort(texts)
	return texts
}
