package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/block"
)

// blocksOf makes descriptions of blocks from a line such as "2:1000 1:50 0:10 0:10":
// level and spans of each.
func blocksOf(line string, created time.Time) (all []block.Meta) {
	for i, word := range strings.Fields(line) {
		m := block.Meta{ID: fmt.Sprint("b", i), Created: created}
		fmt.Sscanf(word, "%d:%d", &m.Level, &m.Spans)
		all = append(all, m)
	}
	return all
}

func TestChoose(t *testing.T) {
	now := time.Now()
	zeros := func(n int) string { return strings.Repeat(" 0:10", n) }
	tests := []struct {
		name, blocks string
		idle         bool
		want         string
	}{
		{"nothing", "", false, ""},
		{"too few", zeros(fanIn - 1), false, ""},
		{"enough", zeros(fanIn), false, "b0..b15"},
		{"oldest first", zeros(fanIn + 5), false, "b0..b15"},
		{"idle needs fewer", zeros(fanInIdle), true, "b0..b3"},
		{"idle, still too few", zeros(fanInIdle - 1), true, ""},
		{"higher levels first", strings.Repeat(" 1:50", fanIn) + zeros(fanIn), false, "b0..b15"},
		{"only neighbours", "1:100" + zeros(fanIn), false, "b1..b16"},
		{"large ones are done", "3:900 3:900 3:900 3:900", true, ""},
		{"no more than the weight", "0:300 0:300 0:300 0:300 0:300", false, "b0..b2"},
		{"those between large ones can't grow", "1:100 1:100 2:900 1:100", false, "b0..b1"},
		{"one alone between large ones stays", "2:900 1:100 2:900", true, ""},
		{"damaged ones are passed by", "0:10 0:10 0:666 0:10 0:10 0:10 0:10", true, "b0..b1"},
	}
	for _, test := range tests {
		created := now
		if test.idle {
			created = now.Add(-idleTime)
		}
		group := choose(blocksOf(test.blocks, created), 1000, now, func(id string) bool { return test.name == "damaged ones are passed by" && id == "b2" })
		got := ""
		if len(group) > 0 {
			got = group[0].ID + ".." + group[len(group)-1].ID
		}
		if got != test.want {
			t.Errorf("%s: %s, want %q", test.name, got, test.want)
		}
	}
}

func TestExpired(t *testing.T) {
	now := time.Now()
	var blocks []block.Meta
	for i := range 5 { // received 5 to 1 hours ago, 100 bytes each
		blocks = append(blocks, block.Meta{ReceivedTo: now.Add(-time.Duration(5-i) * time.Hour), Files: map[string]block.File{"x": {Bytes: 100}}})
	}
	tests := []struct {
		age  time.Duration
		size int64
		want int
	}{{0, 0, 0}, {10 * time.Hour, 0, 0}, {150 * time.Minute, 0, 3}, {time.Minute, 0, 5}, {0, 1000, 0}, {0, 500, 0}, {0, 499, 1}, {0, 1, 5}, {270 * time.Minute, 250, 3}}
	for _, test := range tests {
		if n, _ := expired(blocks, nil, now, test.age, test.size); n != test.want {
			t.Errorf("age %v, size %d: %d blocks expire, want %d", test.age, test.size, n, test.want)
		}
		// As two kinds, the same blocks go: every other one is of logs.
		spans, logs := []block.Meta{blocks[0], blocks[2], blocks[4]}, []block.Meta{blocks[1], blocks[3]}
		if n, k := expired(spans, logs, now, test.age, test.size); n != (test.want+1)/2 || k != test.want/2 {
			t.Errorf("age %v, size %d: %d and %d blocks expire, want %d together", test.age, test.size, n, k, test.want)
		}
	}
}

// flushes writes n blocks, over which traces are spread, some spans twice.
func (w *world) flushes(n int) {
	w.t.Helper()
	for i := range n {
		w.mustSend(uint64(100+i), 40)
		if err := w.store.Flush(context.Background()); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestCompaction(t *testing.T) {
	w := newWorld(t, Options{})
	w.flushes(fanIn)
	before := w.store.Stats()
	if before.Pending != fanIn {
		t.Fatalf("%d blocks wait to be merged, want %d", before.Pending, fanIn)
	}
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := w.store.Stats()
	if after.Blocks != 1 || after.BlockSpans != before.BlockSpans || after.Compactions == 0 || after.BlockBytes >= before.BlockBytes {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	w.check("merged")
	if n := w.blocksInBucket(); n != 1 {
		t.Errorf("%d blocks in the bucket", n)
	}
	w.kill()
	w.start()
	w.check("after a crash")
}

// blocksInBucket counts what lies in the bucket, named by a manifest or not.
func (w *world) blocksInBucket() int {
	ids := make(map[string]bool)
	for info, err := range w.bkt.List(context.Background(), "blocks/", "") {
		if err != nil {
			w.t.Fatal(err)
		}
		ids[strings.Split(info.Key, "/")[1]] = true
	}
	return len(ids)
}

// TestReadersKeepTheirBlocks: what a reader holds is not deleted under it.
func TestReadersKeepTheirBlocks(t *testing.T) {
	w := newWorld(t, Options{})
	w.flushes(fanIn)
	snap := w.store.acquire(nil)
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.blocksInBucket(); n != fanIn+1 {
		t.Errorf("%d blocks in the bucket while they are read, want %d", n, fanIn+1)
	}
	for _, r := range snap.blocks {
		if _, err := r.TraceRows(t.Context()); err != nil {
			t.Error(err)
		}
	}
	w.store.release(snap)
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.blocksInBucket(); n != 1 {
		t.Errorf("%d blocks in the bucket, want 1", n)
	}
	w.check("after all")
}

func TestRetentionBySize(t *testing.T) {
	w := newWorld(t, Options{RetainBytes: 1})
	w.flushes(3)
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := w.store.Stats(); st.Blocks != 0 || st.ExpiredBlocks != 3 || st.ExpiredSpans != 120 {
		t.Errorf("%+v", st)
	}
	if n := w.blocksInBucket(); n != 0 {
		t.Errorf("%d blocks in the bucket", n)
	}
}
