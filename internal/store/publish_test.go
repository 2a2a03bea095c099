package store

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
)

// once fails the next call on a key that begins so, and then no more.
type once struct {
	bucket.Bucket
	lost   string // a creation takes effect, and its answer is lost
	denied string // a deletion or a read is refused
	wrong  string // a read has a wrong bit
}

func take(want *string, key string) bool {
	hit := *want != "" && strings.HasPrefix(key, *want)
	if hit {
		*want = ""
	}
	return hit
}

func (b *once) Create(ctx context.Context, key string, r io.Reader) (int64, error) {
	n, err := b.Bucket.Create(ctx, key, r)
	if take(&b.lost, key) {
		return 0, errDown
	}
	return n, err
}

func (b *once) Delete(ctx context.Context, key string) error {
	if take(&b.denied, key) {
		return errDown
	}
	return b.Bucket.Delete(ctx, key)
}

func (b *once) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	if take(&b.denied, key) {
		return errDown
	}
	err := b.Bucket.ReadAt(ctx, key, p, off)
	if len(p) > 0 && take(&b.wrong, key) {
		p[len(p)/2] ^= 4
	}
	return err
}

// TestLostAnswerOfAFlush: a manifest that was published without an answer is not
// published once more with a second block of the same spans.
func TestLostAnswerOfAFlush(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 30)
	w.store.bkt = &once{Bucket: w.bkt, lost: manifestPrefix}
	if err := w.store.Flush(t.Context()); err == nil {
		t.Fatal("the answer was not lost")
	}
	w.check("while nobody knows")
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := w.store.Stats(); st.Blocks != 1 || st.BlockSpans != 30 || st.HeadSpans != 0 || st.Flushes != 1 {
		t.Errorf("after a lost answer: %+v", st)
	}
	if n := w.blocksInBucket(); n != 1 {
		t.Errorf("%d blocks in the bucket", n)
	}
	w.check("after all")
}

// unlasting is a bucket whose folder entries are not synced when a creation fails: a power
// cut takes the object, unless somebody was told since that it exists.
type unlasting struct {
	bucket.Bucket
	fails string          // the next creation of a key that begins so
	shaky map[string]bool // objects that a power cut takes
}

func (b *unlasting) Create(ctx context.Context, key string, r io.Reader) (int64, error) {
	n, err := b.Bucket.Create(ctx, key, r)
	if take(&b.fails, key) {
		b.shaky[key] = true
		return 0, errDown
	}
	delete(b.shaky, key)
	return n, err
}

// TestManifestThatDoesNotLast: the manifest of a failed flush is there when the store is
// opened again, whose log is then cut. A power cut after that loses nothing.
func TestManifestThatDoesNotLast(t *testing.T) {
	w := newWorld(t, Options{})
	mem := w.bkt
	bkt := &unlasting{Bucket: mem, shaky: make(map[string]bool)}
	w.mustSend(1, 30)
	bkt.fails, w.store.bkt, w.bkt = manifestPrefix, bkt, bkt
	if err := w.store.Close(t.Context()); err == nil || len(bkt.shaky) != 1 {
		t.Fatalf("closing did not fail: %v", bkt.shaky)
	}
	w.log.Close()
	w.start() // the same machine: what is not synced is still to be seen
	w.check("after a restart")
	for key := range bkt.shaky {
		if err := mem.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	w.kill()
	w.start()
	w.check("after a power cut")
}

// TestLostAnswerOfAMerge: the blocks are not merged again and again, because the
// store does not know that they are not live any more.
func TestLostAnswerOfAMerge(t *testing.T) {
	w := newWorld(t, Options{})
	w.flushes(fanIn)
	w.store.bkt = &once{Bucket: w.bkt, lost: manifestPrefix}
	if err := w.store.tidy(t.Context()); err == nil {
		t.Fatal("the answer was not lost")
	}
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := w.store.Stats(); st.Blocks != 1 || st.Compactions != 1 {
		t.Errorf("after a lost answer: %+v", st)
	}
	if n := w.blocksInBucket(); n != 1 {
		t.Errorf("%d blocks in the bucket", n)
	}
	w.check("after all")
}

// TestUnfinishedBlockIsRemovedLater: what could not be deleted after a flush that
// failed is deleted by the janitor.
func TestUnfinishedBlockIsRemovedLater(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 30)
	w.store.bkt = &once{Bucket: w.bkt, lost: "blocks/", denied: "blocks/"}
	if err := w.store.Flush(t.Context()); err == nil {
		t.Fatal("the flush did not fail")
	}
	if n := w.blocksInBucket(); n != 1 {
		t.Fatalf("%d blocks in the bucket", n)
	}
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.blocksInBucket(); n != 0 {
		t.Errorf("%d blocks in the bucket", n)
	}
}

// TestManifestIsReadTwice: one wrong bit on the way from the disk does not make
// the store go back to an older manifest.
func TestManifestIsReadTwice(t *testing.T) {
	w := newWorld(t, Options{})
	w.flushes(2)
	w.kill()
	w.bkt = &once{Bucket: w.bkt, wrong: manifestKey(2)}
	w.start()
	if len(w.last.Damaged) > 0 || w.last.Blocks != 2 {
		t.Errorf("report %+v", w.last)
	}
	w.check("after a wrong bit")
}

// TestAdoptOrFail: with a damaged manifest, a block that can't be looked at is not
// taken for an unfinished one and deleted.
func TestAdoptOrFail(t *testing.T) {
	w := newWorld(t, Options{})
	w.flushes(2)
	id := w.store.current().blocks[1].Meta.ID
	w.kill()
	w.bkt.Delete(t.Context(), manifestKey(2))
	w.bkt.Create(t.Context(), manifestKey(2), strings.NewReader("damaged"))
	w.bkt = &once{Bucket: w.bkt, denied: block.Meta{ID: id}.Key(block.MetaFile)}
	if _, _, err := Open(t.Context(), w.bkt, w.log, w.o); err == nil {
		t.Fatal("opened without looking")
	}
	w.start()
	if len(w.last.Adopted) != 1 {
		t.Errorf("report %+v", w.last)
	}
	w.check("adopted")
}

// TestMalformedPayloadsTakeMemory: what they leave in dictionaries is counted, and
// given back by a flush although there is no span to write.
func TestMalformedPayloadsTakeMemory(t *testing.T) {
	w := newWorld(t, Options{})
	for i := range 100 {
		var b span.Batch
		row := b.Begin(b.Resources.InternSet(span.Set{}, func(*span.Attrs) {}), b.Scopes.InternSet(span.Set{}, func(*span.Attrs) {}))
		b.ID[row][0] = 1
		b.Name[row] = b.Names.Text([]byte(strings.Repeat("x", 1000) + string(rune('a'+i))))
		b.Commit(row, span.TraceID{1})
		raw := append(otlp.AppendProto(nil, &b), 0xff)
		if _, err := w.store.AppendTraces(t.Context(), otlp.Payload{Raw: raw}); err == nil {
			t.Fatal("not malformed")
		}
	}
	if st := w.store.Stats(); st.HeadSpans != 0 || st.HeadBytes < 100_000 {
		t.Errorf("after malformed payloads: %+v", st)
	}
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := w.store.Stats(); st.Blocks != 0 || st.HeadBytes != 0 {
		t.Errorf("after a flush: %+v", st)
	}
	w.mustSend(1, 10)
	w.check("afterwards")
}
