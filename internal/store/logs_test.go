package store

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/logs"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/otlp/otlptest"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

// sendLogs sends n log records and adds them to want.
func (w *world) sendLogs(want *span.Logs, seed uint64, n int) {
	w.t.Helper()
	var l span.Logs
	spantest.RandomLogs(&l, rand.New(rand.NewPCG(seed, 2)), n)
	want.AppendRows(&l, span.Seq(n))
	if res, err := w.store.AppendLogs(w.t.Context(), otlp.Payload{Raw: otlptest.Logs(&l)}); err != nil || res.Accepted != n {
		w.t.Fatalf("%+v, %v", res, err)
	}
}

func (w *world) checkLogs(want *span.Logs, when string) {
	w.t.Helper()
	a := logs.Search(w.t.Context(), w.store, logs.Query{Limit: logs.MaxLimit})
	if len(a.Partial) > 0 {
		w.t.Errorf("%s: partial %v", when, a.Partial)
	}
	got, all := spantest.LogTexts(a.Records), spantest.LogTexts(want)
	slices.Sort(got)
	slices.Sort(all)
	if diff := cmp.Diff(all, got); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// Log records go the way of spans: head, block, crash, merge, purge.
func TestLogs(t *testing.T) {
	w := newWorld(t, Options{})
	var want span.Logs
	w.sendLogs(&want, 1, 50)
	w.checkLogs(&want, "from the head")
	w.kill()
	w.start()
	w.checkLogs(&want, "after a crash")
	if w.last.HeadLogs != 50 {
		t.Errorf("%d records from the log", w.last.HeadLogs)
	}
	for i := range fanIn {
		w.mustSend(uint64(i), 5) // so that both kinds are written and merged
		w.sendLogs(&want, uint64(2+i), 20)
		if err := w.store.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.checkLogs(&want, "from blocks")
	if err := w.store.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := w.store.Stats(); st.LogBlocks != 1 || st.Blocks != 1 || st.BlockLogs != want.Len() || st.CompactedLogs != uint64(want.Len()) {
		t.Errorf("after merging: %+v", st)
	}
	w.checkLogs(&want, "from a merged block")
	w.check("spans beside them")
	w.sendLogs(&want, 99, 10)
	if err := w.store.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.checkLogs(new(span.Logs), "after a purge")
	w.kill()
	w.start()
	w.checkLogs(new(span.Logs), "after a purge and a restart")
	for info, err := range w.bkt.List(t.Context(), block.Prefixes[block.Logs], "") {
		t.Errorf("%s is left, %v", info.Key, err)
	}
}
