package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/internal/wal/waltest"
	"github.com/google/go-cmp/cmp"
)

// world is a store on a disk and a bucket that survive its crashes.
type world struct {
	t    testing.TB
	disk *waltest.FS
	bkt  bucket.Bucket
	o    Options

	log   *wal.Log
	store *Store
	last  Report
	want  span.Batch // everything acknowledged
}

func newWorld(t testing.TB, o Options) *world {
	w := &world{t: t, disk: waltest.New(1), bkt: bucket.NewMemory(), o: o}
	w.start()
	t.Cleanup(func() { w.kill() })
	return w
}

func (w *world) start() {
	w.t.Helper()
	var err error
	if w.log, err = wal.Open("log", wal.Options{FS: w.disk, SegmentBytes: 64 << 10}); err != nil {
		w.t.Fatal(err)
	}
	if w.store, w.last, err = Open(context.Background(), w.bkt, w.log, w.o); err != nil {
		w.t.Fatal(err)
	}
}

// kill ends the process without a word; what was not synced may be gone.
func (w *world) kill() {
	w.disk = w.disk.Crash()
	w.store.stop()
	w.store.ended.Wait()
	w.log.Close()
}

// send appends n random spans and remembers them if they are acknowledged.
func (w *world) send(seed uint64, n int) error {
	var b span.Batch
	spantest.Random(&b, rand.New(rand.NewPCG(seed, 3)), n)
	res, err := w.store.AppendTraces(context.Background(), otlp.Payload{Raw: otlp.AppendProto(nil, &b)})
	if err == nil {
		if res.Accepted != n {
			w.t.Fatalf("%d spans accepted of %d", res.Accepted, n)
		}
		w.want.AppendRows(&b, span.Seq(n))
	}
	return err
}

func (w *world) mustSend(seed uint64, n int) {
	w.t.Helper()
	if err := w.send(seed, n); err != nil {
		w.t.Fatal(err)
	}
}

// check reads acknowledged traces back, all of them up to some hundred.
func (w *world) check(when string) {
	w.t.Helper()
	for code := 0; code < w.want.Traces.Len(); code += 1 + w.want.Traces.Len()/200 {
		id := span.TraceID(w.want.Traces.Bytes(uint32(code)))
		got, err := w.store.Trace(context.Background(), id)
		if err != nil || len(got.Partial) > 0 {
			w.t.Fatalf("%s: trace %s: %v %v", when, id, err, got.Partial)
		}
		if diff := cmp.Diff(spantest.Dump(&w.want, w.want.Rows(id)...), spantest.Dump(got.Spans)); diff != "" {
			w.t.Fatalf("%s: trace %s (-want +got):\n%s", when, id, diff)
		}
	}
}

func TestHeadBlockRestart(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 100)
	w.check("from the head")
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.check("from a block")
	if st := w.store.Stats(); st.HeadSpans != 0 || st.BlockSpans != 100 || st.Blocks != 1 {
		t.Errorf("after a flush: %+v", st)
	}
	w.mustSend(2, 100)
	w.check("from a block and the head")
	w.kill()
	w.start()
	w.check("after a crash")
	if w.last.Head != 100 || w.last.Spans != 100 {
		t.Errorf("after a crash: %d spans in the head and %d in blocks, want 100 and 100", w.last.Head, w.last.Spans)
	}
	if err := w.store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.send(3, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("append to a closed store: %v", err)
	}
	w.start()
	w.check("after a clean stop")
	if w.last.Head != 0 || w.last.Spans != 200 {
		t.Errorf("after a clean stop: %d spans in the head and %d in blocks, want 0 and 200", w.last.Head, w.last.Spans)
	}
}

// TestLogIsCut flushes again and again. The log may keep its newest segment, whose
// successor has not been made yet, and nothing more.
func TestLogIsCut(t *testing.T) {
	w := newWorld(t, Options{})
	for round := range uint64(6) {
		w.mustSend(round, 100)
		if err := w.store.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if st := w.log.Stats(); st.Segments > 3 {
			t.Fatalf("after %d flushes the log has %d segments of %d bytes", round+1, st.Segments, st.LiveBytes)
		}
	}
}

func TestRepeatedPayload(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 50)
	again := otlp.Payload{Raw: otlp.AppendProto(nil, &w.want)}
	for _, when := range []string{"twice in the head", "in a block and in the head", "in two blocks and in the head"} {
		if _, err := w.store.AppendTraces(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		w.check(when)
		if err := w.store.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.check("after a flush")
	}
	if st := w.store.Stats(); st.Duplicates != 50 || st.BlockSpans != 150 {
		t.Errorf("%d duplicates left out and %d spans in blocks, want 50 and 150", st.Duplicates, st.BlockSpans)
	}
}

// TestCrashDuringFlush lets every bucket operation of a flush fail in turn, once
// before it happens and once after, and then kills the process.
func TestCrashDuringFlush(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 0; ; n++ {
			w := &world{t: t, disk: waltest.New(uint64(n)), bkt: bucket.NewMemory()}
			w.start()
			w.mustSend(uint64(n), 30)
			good := w.bkt
			failing := &nth{Bucket: good, left: n, after: after}
			w.store.bkt = failing
			err := w.store.Flush(t.Context())
			w.kill()
			w.bkt = good
			w.start()
			w.check(fmt.Sprintf("crash at operation %d (after: %v)", n, after))
			if st := w.store.Stats(); st.HeadSpans+st.BlockSpans != 30 {
				t.Fatalf("crash at operation %d (after: %v): %d spans in the head and %d in blocks", n, after, st.HeadSpans, st.BlockSpans)
			}
			w.mustSend(uint64(n)+1000, 30)
			if err := w.store.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.check("after the next flush")
			w.kill()
			if err == nil && failing.left > 0 {
				break
			}
		}
	}
}

// nth fails every operation from number left on.
type nth struct {
	bucket.Bucket
	left  int
	after bool
}

var errDown = errors.New("the bucket is down")

func (b *nth) Create(ctx context.Context, key string, r io.Reader) (int64, error) {
	b.left--
	if b.left >= 0 {
		return b.Bucket.Create(ctx, key, r)
	}
	if b.after && b.left == -1 {
		b.Bucket.Create(ctx, key, r)
	}
	return 0, errDown
}

func (b *nth) Delete(ctx context.Context, key string) error {
	if b.left < 0 {
		return errDown
	}
	return b.Bucket.Delete(ctx, key)
}

func TestDamagedBlockIsLeftOut(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 200)
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole := w.want
	w.mustSend(2, 5)
	meta := w.store.current().blocks[0].Meta
	key := meta.Key("spans.parquet")
	raw, err := bucket.ReadAll(t.Context(), w.bkt, key, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= 1
	}
	w.bkt.Delete(t.Context(), key)
	w.bkt.Create(t.Context(), key, bytes.NewReader(raw))
	got, err := w.store.Trace(t.Context(), whole.TraceID(0))
	if err != nil || len(got.Partial) != 1 || !strings.Contains(got.Partial[0], meta.ID) {
		t.Errorf("a damaged block: %v, %q", err, got.Partial)
	}
	if got, err := w.store.Trace(t.Context(), w.want.TraceID(202)); err != nil || got.Spans.Len() == 0 {
		t.Errorf("the rest is not served: %v", err)
	}
}

func TestDamagedManifest(t *testing.T) {
	w := newWorld(t, Options{})
	for i := range uint64(3) {
		w.mustSend(i, 40)
		if err := w.store.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.kill()
	key := manifestKey(3)
	raw, err := bucket.ReadAll(t.Context(), w.bkt, key, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 4
	w.bkt.Delete(t.Context(), key)
	w.bkt.Create(t.Context(), key, bytes.NewReader(raw))
	w.start()
	if len(w.last.Damaged) != 1 || w.last.Damaged[0] != key || len(w.last.Adopted) != 1 {
		t.Errorf("report %+v", w.last)
	}
	w.check("with a damaged manifest")
	w.mustSend(9, 40)
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.kill()
	w.start()
	if len(w.last.Damaged) != 0 {
		t.Errorf("still damaged: %+v", w.last)
	}
	w.check("after the next flush")
}

func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t, Options{Memory: 1 << 20, FlushBytes: 1 << 40, FlushAge: time.Hour})
	var err error
	for i := uint64(0); err == nil; i++ {
		if err = w.send(i, 100); i > 500 {
			t.Fatal("never refused")
		}
	}
	if !errors.Is(err, otlp.ErrOverloaded) {
		t.Fatalf("refused with %v", err)
	}
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.mustSend(1000, 500)
	w.check("after the refusal")
}

func TestDiskFullAndBack(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 50)
	w.disk.SetCapacity(1)
	if err := w.send(2, 50); err == nil || errors.Is(err, otlp.ErrMalformed) {
		t.Fatalf("append to a full disk: %v", err)
	}
	w.check("with a full disk")
	w.disk.SetCapacity(1 << 30)
	w.mustSend(3, 50)
	w.check("with room again")
	w.kill()
	w.start()
	w.check("after a crash")
}

func TestConcurrentWritersAndReaders(t *testing.T) {
	w := newWorld(t, Options{FlushBytes: 64 << 10})
	done := make(chan error, 4)
	for g := range 4 {
		go func() {
			for i := range 20 {
				var b span.Batch
				spantest.Random(&b, rand.New(rand.NewPCG(uint64(g*100+i), 9)), 40)
				if _, err := w.store.AppendTraces(t.Context(), otlp.Payload{Raw: otlp.AppendProto(nil, &b)}); err != nil {
					done <- err
					return
				}
				for _, row := range []uint32{0, 20} {
					got, err := w.store.Trace(t.Context(), b.TraceID(row))
					if want := len(b.Rows(b.TraceID(row))); err != nil || got.Spans.Len() != want {
						done <- fmt.Errorf("%d spans of %d, %v %v", got.Spans.Len(), want, err, got.Partial)
						return
					}
				}
			}
			done <- nil
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if st := w.store.Stats(); st.HeadSpans+st.BlockSpans != 3200 {
		t.Errorf("%d spans, want 3200", st.HeadSpans+st.BlockSpans)
	}
}

// TestUndecodableRecord puts a record into the log that no payload can be: the
// store starts, keeps it aside and has all the rest.
func TestUndecodableRecord(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 20)
	bad := []byte{recordTraces, packedNot, 0xff, 0xff, 0xff}
	ticket, err := w.log.Append(bad)
	if err == nil {
		err = ticket.Wait(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	w.mustSend(2, 20)
	for range 2 {
		w.kill()
		w.start()
		if len(w.last.Aside) != 1 || w.last.Head != 40 {
			t.Fatalf("report %+v", w.last)
		}
		w.check("beside a record that can't be decoded")
	}
	key, _, _ := strings.Cut(w.last.Aside[0], ":")
	if kept, err := bucket.ReadAll(t.Context(), w.bkt, key, 100); err != nil || !bytes.Equal(kept, bad) {
		t.Errorf("%s has %v, %v", key, kept, err)
	}
}

func TestUnknownRecord(t *testing.T) {
	for _, rec := range [][]byte{nil, {1}, {9, 0}, {1, 9, 1}, {1, packedGzip, 1, 2}, {1, packedZstd, 1}, {1, packedS2, 255}} {
		if _, _, err := unpackRecord(rec); err == nil {
			t.Errorf("record %v is accepted", rec)
		}
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t, Options{})
	w.mustSend(1, 200)
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.mustSend(2, 200)
	// The same traces again in the head, so that summaries have to be merged.
	var more span.Batch
	more.AppendRows(&w.want, []uint32{0, 1, 2})
	for i := range more.Len() {
		more.ID[i][0] ^= 0x80
		more.Start[i] -= 1_000_000_000
	}
	if _, err := w.store.AppendTraces(t.Context(), otlp.Payload{Raw: otlp.AppendProto(nil, &more)}); err != nil {
		t.Fatal(err)
	}
	w.want.AppendRows(&more, span.Seq(3))

	for _, q := range []Query{
		{Limit: 1000},
		{Limit: 7},
		{Service: "cart", Limit: 1000},
		{Service: "nobody"},
		{Name: "SELECT", Limit: 1000},
		{Service: "pricing", Name: "GET /", Errors: true, Limit: 1000},
		{MinDuration: 900e9, Limit: 1000},
	} {
		got, partial, err := list(t.Context(), w.store, q)
		if err != nil || len(partial) > 0 {
			t.Fatalf("%+v: %v %v", q, err, partial)
		}
		if diff := cmp.Diff(naiveSearch(&w.want, q), got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", q, diff)
		}
	}
}

// naiveSearch answers a query from plain spans.
func naiveSearch(b *span.Batch, q Query) []block.Summary {
	var out []block.Summary
	for code := range b.Traces.Len() {
		id := span.TraceID(b.Traces.Bytes(uint32(code)))
		s := block.Summary{TraceID: id, Start: 1 << 62, RootStart: 1 << 62}
		for _, rooted := range []bool{false, true} {
			first := int64(1 << 62)
			for _, row := range b.Rows(id) {
				if b.Parent[row].IsZero() == rooted && b.Start[row] < first {
					first = b.Start[row]
					s.Service, s.Name, s.Rooted, s.RootStart = b.Service(b.Resource[row]), b.Names.String(b.Name[row]), rooted, first
				}
			}
		}
		service, name := q.Service == "", q.Name == ""
		for _, row := range b.Rows(id) {
			s.Start, s.End = min(s.Start, b.Start[row]), max(s.End, b.End(row))
			s.Spans++
			if b.Status[row] == span.StatusError {
				s.Errors++
			}
			service = service || b.Service(b.Resource[row]) == q.Service
			name = name || b.Names.String(b.Name[row]) == q.Name
		}
		if service && name && s.End-s.Start >= q.MinDuration && (!q.Errors || s.Errors > 0) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b block.Summary) int { return cmpInt(b.Start, a.Start) })
	return out[:min(len(out), max(q.Limit, 1))]
}

func cmpInt(a, b int64) int {
	if a < b {
		return -1
	}
	return 1
}

// TestManyKeys sends spans whose every attribute has a key of its own: columns
// stay few, memory stays bounded, nothing is lost.
func TestManyKeys(t *testing.T) {
	w := newWorld(t, Options{})
	keys := 100_000
	if testing.Short() {
		keys = 10_000
	}
	var all span.Batch
	for from := 0; from < keys; from += 1000 {
		var b span.Batch
		resource := b.Resources.InternSet(span.Set{}, func(*span.Attrs) {})
		scope := b.Scopes.InternSet(span.Set{}, func(*span.Attrs) {})
		for i := from; i < from+1000; i += 10 {
			row := b.Begin(resource, scope)
			b.ID[row] = span.ID{1, byte(i >> 16), byte(i >> 8), byte(i)}
			for k := range 10 {
				b.Attrs.Num(fmt.Appendf(nil, "key.%d", i+k), span.Int, uint64(i+k))
			}
			b.Commit(row, span.TraceID{byte(from >> 16), byte(from >> 8), byte(from), 1})
		}
		if _, err := w.store.AppendTraces(t.Context(), otlp.Payload{Raw: otlp.AppendProto(nil, &b)}); err != nil {
			t.Fatal(err)
		}
		all.AppendRows(&b, span.Seq(b.Len()))
	}
	w.want = all
	if st := w.store.Stats(); st.HeadBytes > int64(keys)*100+1<<20 {
		t.Errorf("%d keys take %d bytes in the head", keys, st.HeadBytes)
	}
	w.check("from the head")
	if err := w.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.check("from a block")
}
