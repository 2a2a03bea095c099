package block

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

var created = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func write(t testing.TB, bkt bucket.Bucket, b *span.Batch) *Reader {
	t.Helper()
	meta, err := Write(t.Context(), bkt, "test", created, created, b)
	if err != nil {
		t.Fatal(err)
	}
	return NewReader(bkt, NewCache(64<<20), meta)
}

func random(seed uint64, n int) *span.Batch {
	var b span.Batch
	spantest.Random(&b, rand.New(rand.NewPCG(seed, 1)), n)
	return &b
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{1, 7, 500, 3 * pageRows} {
		if n > 1000 && testing.Short() {
			continue
		}
		b := random(uint64(n), n)
		r := write(t, bucket.NewMemory(), b)
		if r.Meta.Spans != n {
			t.Fatalf("%d spans written, want %d", r.Meta.Spans, n)
		}
		for code := range b.Traces.Len() {
			id := span.TraceID(b.Traces.Bytes(uint32(code)))
			if n > 1000 && code%500 != 0 {
				continue
			}
			var got span.Batch
			if _, err := r.Trace(t.Context(), id, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(spantest.Dump(b, b.Rows(id)...), spantest.Dump(&got)); diff != "" {
				t.Fatalf("%d spans: trace %s (-want +got):\n%s", n, id, diff)
			}
		}
		var got span.Batch
		if k, err := r.Trace(t.Context(), span.TraceID{1, 2, 3}, &got); k != 0 || err != nil {
			t.Errorf("a trace that is not there: %d spans, %v", k, err)
		}
	}
}

func TestDuplicatesAreWrittenOnce(t *testing.T) {
	b := random(4, 100)
	twice := new(span.Batch)
	twice.AppendRows(b, span.Seq(100))
	twice.AppendRows(b, span.Seq(100))
	r := write(t, bucket.NewMemory(), twice)
	if r.Meta.Spans != 100 || r.Meta.Duplicates != 100 {
		t.Errorf("%d spans and %d duplicates, want 100 and 100", r.Meta.Spans, r.Meta.Duplicates)
	}
	compareTraces(t, b, r)
}

// TestOtherReaders reads our files with a Parquet library that knows nothing of
// Everspan, and compares sums.
func TestOtherReaders(t *testing.T) {
	if testing.Short() {
		t.Skip("reads every value of 33,000 rows one by one")
	}
	b := random(9, 2*pageRows+100)
	bkt := bucket.NewMemory()
	r := write(t, bkt, b)
	var ids, durations, attributes, inMap int64
	for i := range b.Len() {
		durations += b.Duration[i]
	}
	for _, c := range b.Attrs.Columns {
		attributes += int64(len(c.Rows))
	}
	attributes += int64(len(b.Attrs.Rest.Rows))
	var gotDurations, gotAttributes int64
	for _, name := range []string{spansFile, eventsFile, linksFile, tracesFile, resourcesFile, scopesFile} {
		raw, err := bucket.ReadAll(t.Context(), bkt, r.Meta.Key(name), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parquet.OpenFile(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name == spansFile && f.NumRows() != int64(b.Len()) {
			t.Errorf("%d rows, want %d", f.NumRows(), b.Len())
		}
		for _, g := range f.RowGroups() {
			rows := g.Rows()
			buf := make([]parquet.Row, 512)
			for {
				n, err := rows.ReadRows(buf)
				for _, row := range buf[:n] {
					for _, v := range row {
						path := f.Schema().Columns()[v.Column()]
						switch {
						case name != spansFile || v.IsNull():
						case path[0] == "span_id":
							ids++
						case path[0] == "duration":
							gotDurations += v.Int64()
						case len(path) == 1 && len(path[0]) > 5 && path[0][:5] == "span.":
							gotAttributes++
						case path[0] == "rest" && path[2] == "key" && bytes.HasPrefix(v.ByteArray(), []byte("span.")):
							gotAttributes++
							inMap++
						}
					}
				}
				if err != nil {
					break
				}
			}
			rows.Close()
		}
	}
	if ids != int64(b.Len()) || gotDurations != durations || gotAttributes != attributes || inMap == 0 {
		t.Errorf("a stock reader sees %d spans, %d ns, %d attributes (%d in the map); want %d, %d, %d",
			ids, gotDurations, gotAttributes, inMap, b.Len(), durations, attributes)
	}
}

// TestFlippedBits damages bytes of a small block, one at a time: a read
// gives the right answer or an error, never a wrong answer or a panic.
func TestFlippedBits(t *testing.T) {
	b := random(11, 40)
	bkt := bucket.NewMemory()
	r := write(t, bkt, b)
	id := b.TraceID(7)
	want := spantest.Dump(b, b.Rows(id)...)
	step := 7
	if testing.Short() {
		step = 61
	}
	named := 0
	for where, damaged := range flips(t, bkt, r.Meta, step) {
		var got span.Batch
		n, err := NewReader(damaged, NewCache(1<<20), r.Meta).Trace(t.Context(), id, &got)
		switch {
		case err != nil:
			if got.Len() != 0 {
				t.Fatalf("%s: an error and %d spans", where, got.Len())
			}
			if errors.Is(err, ErrCorrupt) {
				named++
			}
		case n == 0 || spantest.Dump(&got) != want:
			t.Fatalf("%s: a wrong answer:\n%s", where, cmp.Diff(want, spantest.Dump(&got)))
		}
	}
	if named == 0 {
		t.Error("no damage was called corrupt")
	}
}

// TestVerifyFindsFlippedBits damages bytes of a block, one at a time: verification
// finds every one that a read would trip over.
func TestVerifyFindsFlippedBits(t *testing.T) {
	b := random(12, 30)
	bkt := bucket.NewMemory()
	r := write(t, bkt, b)
	step := 5
	if testing.Short() {
		step = 97
	}
	for where, damaged := range flips(t, bkt, r.Meta, step) {
		if err := Verify(t.Context(), damaged, r.Meta); err != nil {
			continue
		}
		bad := NewReader(damaged, NewCache(1<<20), r.Meta)
		for code := range b.Traces.Len() {
			var got span.Batch
			id := span.TraceID(b.Traces.Bytes(uint32(code)))
			if _, err := bad.Trace(t.Context(), id, &got); err != nil {
				t.Fatalf("%s: verified, and unreadable: %v", where, err)
			}
		}
	}
}

// flips yields a block with one bit of one file flipped, in every step'th byte,
// and says where.
func flips(t *testing.T, bkt bucket.Bucket, meta Meta, step int) iter.Seq2[string, overlay] {
	return func(yield func(string, overlay) bool) {
		for _, name := range meta.FileNames() {
			raw, err := bucket.ReadAll(t.Context(), bkt, meta.Key(name), 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(raw); at += step {
				damaged := bytes.Clone(raw)
				damaged[at] ^= 1 << (at % 8)
				if !yield(fmt.Sprintf("%s: byte %d flipped", name, at), overlay{bkt, meta.Key(name), damaged}) {
					return
				}
			}
		}
	}
}

// overlay replaces one object of a bucket.
type overlay struct {
	bucket.Bucket
	key  string
	data []byte
}

func (o overlay) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	if key != o.key {
		return o.Bucket.ReadAt(ctx, key, p, off)
	}
	_, err := bytes.NewReader(o.data).ReadAt(p, off)
	return err
}

// BenchmarkTrace reads traces of some eight spans at random.
func BenchmarkTrace(b *testing.B) {
	batch := random(1, 20_000)
	bkt := bucket.NewMemory()
	r := write(b, bkt, batch)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		var out span.Batch
		if _, err := r.Trace(b.Context(), span.TraceID(batch.Traces.Bytes(uint32(i%batch.Traces.Len()))), &out); err != nil {
			b.Fatal(err)
		}
		i += 7919
	}
}

// BenchmarkWrite writes a block of 100,000 spans.
func BenchmarkWrite(b *testing.B) {
	batch := random(1, 100_000)
	for b.Loop() {
		meta, err := Write(b.Context(), bucket.NewMemory(), "test", created, created, batch)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(meta.Bytes())/float64(meta.Spans), "B/span")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/span")
}

// TestCancelledReadHarmsNobody gives up in the middle of reads; the reader, which
// keeps dictionaries and indexes, must serve the next caller as if nothing was.
func TestCancelledReadHarmsNobody(t *testing.T) {
	b := random(3, 2000)
	bkt := &cancelling{Bucket: bucket.NewMemory()}
	r := write(t, bkt, b)
	for after := range 60 {
		var ctx context.Context
		ctx, bkt.cancel = context.WithCancel(t.Context())
		bkt.left = after
		id := b.TraceID(uint32(after * 31))
		var got span.Batch
		if _, err := r.Trace(ctx, id, &got); errors.Is(err, ErrCorrupt) {
			t.Fatalf("a cancelled read is called corrupt: %v", err)
		}
		bkt.cancel()
		bkt.left = -1
		got = span.Batch{}
		if _, err := r.Trace(t.Context(), id, &got); err != nil {
			t.Fatalf("after a read that was cancelled at operation %d: %v", after, err)
		}
		if diff := cmp.Diff(spantest.Dump(b, b.Rows(id)...), spantest.Dump(&got)); diff != "" {
			t.Fatalf("after a cancelled read (-want +got):\n%s", diff)
		}
	}
}

// cancelling cancels a context when so many reads have been made.
type cancelling struct {
	bucket.Bucket
	left   int
	cancel context.CancelFunc
}

func (c *cancelling) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	if c.left == 0 {
		c.cancel()
	}
	c.left--
	return c.Bucket.ReadAt(ctx, key, p, off)
}
