package store

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
)

// TestPurge empties a store with spans in blocks, head and log. Who holds a view
// goes on reading, and what is sent afterwards is kept.
func TestPurge(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 200)
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.mustSend(2, 100)
	_, blocks, release := w.store.View()
	if err := w.store.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	old := w.want.TraceID(0)
	if n, err := blocks[0].Trace(t.Context(), old, new(span.Batch)); err != nil || n == 0 {
		t.Errorf("a view that is held has %d spans, %v", n, err)
	}
	release()
	if trace, err := w.store.Trace(t.Context(), old); err != nil || trace.Spans.Len() > 0 {
		t.Errorf("%d spans are still there, %v", trace.Spans.Len(), err)
	}
	w.want = span.Batch{}
	w.mustSend(3, 100)
	w.check("after a purge")
	w.kill()
	w.start()
	w.check("after a restart")
	if w.last.Blocks != 0 || w.last.Head != 100 {
		t.Errorf("after a restart: %d blocks, %d spans from the log", w.last.Blocks, w.last.Head)
	}
	if n := w.blocksInBucket(); n != 0 {
		t.Errorf("%d blocks are left", n)
	}
	w.want = span.Batch{}
	for range 2 { // with a head, and without anything
		if err := w.store.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if st := w.store.Stats(); st.HeadSpans != 0 || st.BlockSpans != 0 {
		t.Errorf("after all: %+v", st)
	}
}

// TestLostAnswerOfAPurge: whoever asks again knows that it took place, and what came
// meanwhile stays.
func TestLostAnswerOfAPurge(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 30)
	w.store.bkt = &once{Bucket: w.bkt, lost: manifestPrefix}
	if err := w.store.Purge(t.Context()); err == nil {
		t.Fatal("the answer was not lost")
	}
	w.want = span.Batch{}
	w.mustSend(2, 30)
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.check("after all")
	if st := w.store.Stats(); st.Blocks != 1 || st.BlockSpans != 30 || st.HeadSpans != 0 {
		t.Errorf("after all: %+v", st)
	}
}

// meanwhile does something when the first file of a block is written.
type meanwhile struct {
	bucket.Bucket
	do func()
}

func (b *meanwhile) Create(ctx context.Context, key string, r io.Reader) (int64, error) {
	if do := b.do; do != nil && strings.HasPrefix(key, "blocks/") {
		b.do = nil
		do()
	}
	return b.Bucket.Create(ctx, key, r)
}

// TestPurgeDuringMerge: what a merge was made of is gone when it is done, and so is it.
func TestPurgeDuringMerge(t *testing.T) {
	w := newWorld(t, Options{})
	w.flushes(fanIn)
	w.store.bkt = &meanwhile{w.bkt, func() {
		if err := w.store.Purge(t.Context()); err != nil {
			t.Error(err)
		}
	}}
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.store.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := w.store.Stats(); st.Blocks != 0 || st.HeadSpans != 0 || st.CompactionErrors != 0 {
		t.Errorf("after all: %+v", st)
	}
	if n := w.blocksInBucket(); n != 0 {
		t.Errorf("%d blocks are left", n)
	}
}
