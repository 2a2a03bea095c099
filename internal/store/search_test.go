package store

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

// TestSearchFromTheNewest lists traces of blocks that follow each other in time,
// some of whose traces began in an older block, or have a late span in a newer one.
func TestSearchFromTheNewest(t *testing.T) {
	w := newWorld(t, Options{})
	var earlier span.Batch
	for i := range 9 {
		var b span.Batch
		spantest.Random(&b, rand.New(rand.NewPCG(uint64(i), 5)), 60)
		for row := range b.Len() {
			b.Start[row] += int64(i) * 2e12 // they spread over some 1,000 seconds
		}
		if earlier.Len() > 0 { // parts of a trace of the block before
			first := b.Len()
			b.AppendRows(&earlier, earlier.Rows(earlier.TraceID(0)))
			for row := first; row < b.Len(); row++ {
				b.ID[row][0] ^= byte(0x40 + i)
				b.Start[row] += 2e12
			}
		}
		if _, err := w.store.AppendTraces(t.Context(), otlp.Payload{Raw: otlp.AppendProto(nil, &b)}); err != nil {
			t.Fatal(err)
		}
		w.want.AppendRows(&b, span.Seq(b.Len()))
		if i < 8 {
			if err := w.store.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		earlier = b
	}
	for _, q := range []Query{{Limit: 1}, {Limit: 5}, {Limit: 30}, {Limit: 200}, {Limit: 1000}, {Service: "cart", Limit: 3}, {Errors: true, Limit: 8}, {MinDuration: 1500e9, Limit: 4}} {
		got, partial, err := list(t.Context(), w.store, q)
		if err != nil || len(partial) > 0 {
			t.Fatalf("%+v: %v %v", q, err, partial)
		}
		if diff := cmp.Diff(naiveSearch(&w.want, q), got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", q, diff)
		}
	}
}
