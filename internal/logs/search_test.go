package logs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/logs"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

// source is some heads and blocks.
type source struct {
	heads  []*span.Logs
	blocks []*block.Reader
}

func (s *source) ViewLogs() ([]*span.Logs, []*block.Reader, func()) {
	return s.heads, s.blocks, func() {}
}

func (s *source) Unreadable(r *block.Reader, err error) string {
	return fmt.Sprintf("%s: %v", r.Meta.ID, err)
}

// write adds a block with records.
func (s *source) write(t *testing.T, bkt bucket.Bucket, l *span.Logs) {
	t.Helper()
	meta, err := block.WriteLogs(t.Context(), bkt, fmt.Sprint("b", len(s.blocks)), time.Now(), time.Now(), l)
	if err != nil {
		t.Fatal(err)
	}
	s.blocks = append(s.blocks, block.NewReader(bkt, block.NewCache(1<<20), meta))
}

// naive answers a query in the plainest way.
func naive(l *span.Logs, q logs.Query) (times []int64, texts []string) {
	var rows []uint32
	for row := range uint32(l.Len()) {
		service, _ := l.Resources.Attrs.Get(l.Resource[row], "service.name")
		ok := (q.Trace.IsZero() || l.TraceID(row) == q.Trace) && (q.Span.IsZero() || l.ID[row] == q.Span) &&
			(q.Service == "" || service.Display() == q.Service) && l.Severity[row] >= q.Severity &&
			l.Time[row] >= q.From && (q.To == 0 || l.Time[row] <= q.To)
		for _, a := range q.Attributes {
			has := false
			for _, attrs := range []func(func(string, span.Value) bool){l.Attrs.Row(row), l.Resources.Attrs.Row(l.Resource[row])} {
				for k, v := range attrs {
					has = has || k == a.Key && v.Display() == a.Value
				}
			}
			ok = ok && has
		}
		if q.Text != "" {
			has := strings.Contains(strings.ToLower(l.BodyText(row)), strings.ToLower(q.Text))
			for _, v := range l.Attrs.Row(row) {
				if v.Type == span.String || v.Type == span.JSON {
					has = has || strings.Contains(strings.ToLower(v.Str), strings.ToLower(q.Text))
				}
			}
			ok = ok && has
		}
		if ok {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(x, y uint32) int {
		if q.Oldest {
			x, y = y, x
		}
		return int(min(max(l.Time[y]-l.Time[x], -1), 1))
	})
	all := spantest.LogTexts(l)
	for _, row := range rows[:min(len(rows), q.Limit)] {
		times, texts = append(times, l.Time[row]), append(texts, all[row])
	}
	return times, texts
}

// Questions are answered as plain reading does, whether records are in heads, in blocks or
// in both.
func TestSearchRandom(t *testing.T) {
	n := 120
	if testing.Short() {
		n = 25
	}
	for seed := range uint64(n) {
		rng := rand.New(rand.NewPCG(seed, 5))
		bkt := bucket.NewMemory()
		var all span.Logs
		var src source
		for range 1 + rng.IntN(4) {
			l := new(span.Logs)
			spantest.RandomLogs(l, rng, 1+rng.IntN(120))
			all.AppendRows(l, span.Seq(l.Len()))
			if rng.IntN(3) == 0 {
				src.heads = append(src.heads, l)
			} else {
				src.write(t, bkt, l)
			}
		}
		for range 12 {
			q := random(rng, &all)
			wantTimes, want := naive(&all, q)
			a := logs.Search(t.Context(), &src, q)
			texts := spantest.LogTexts(a.Records)
			var times []int64
			var got []string
			for _, row := range a.Order {
				times, got = append(times, a.Records.Time[row]), append(got, texts[row])
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(wantTimes, times); diff != "" || !slices.Equal(want, got) || len(a.Partial) > 0 {
				t.Fatalf("seed %d, %+v: %v (-want +got):\n%s\n%s", seed, q, a.Partial, diff, cmp.Diff(want, got))
			}
		}
	}
}

// random draws a query that finds something now and then.
func random(rng *rand.Rand, l *span.Logs) logs.Query {
	row := uint32(rng.IntN(l.Len()))
	q := logs.Query{Limit: 1 + rng.IntN(300), Oldest: rng.IntN(2) == 0}
	if rng.IntN(3) == 0 {
		q.Trace = l.TraceID(row)
	}
	if rng.IntN(6) == 0 {
		q.Span = l.ID[row]
	}
	if rng.IntN(3) == 0 {
		q.Service = l.Service(row)
	}
	if rng.IntN(3) == 0 {
		q.Severity = span.Severity(rng.IntN(25))
	}
	if rng.IntN(3) == 0 {
		q.From = l.Time[row]
	}
	if rng.IntN(3) == 0 {
		q.To = l.Time[rng.IntN(l.Len())]
	}
	if rng.IntN(3) == 0 {
		q.Text = []string{"ORDER", "e", "script", "名前", "cart is empty", "\"a\"", "nowhere"}[rng.IntN(7)]
	}
	if rng.IntN(3) == 0 {
		for k, v := range l.Attrs.Row(row) {
			q.Attributes = append(q.Attributes, logs.Attribute{Key: k, Value: v.Display()})
		}
	}
	return q
}

// A page that ends among records of the same nanosecond has all of them.
func TestSearchTies(t *testing.T) {
	var l span.Logs
	for i := range 10 {
		row := l.Begin(l.Resources.InternSet(span.Set{}, func(*span.Attrs) {}), l.Scopes.InternSet(span.Set{}, func(*span.Attrs) {}))
		l.Time[row] = int64(1 + i/4)
		l.Commit(row, span.TraceID{}, fmt.Append(nil, i), span.String)
	}
	for _, inBlock := range []bool{false, true} {
		src := source{heads: []*span.Logs{&l}}
		if inBlock {
			src.heads = nil
			src.write(t, bucket.NewMemory(), &l)
		}
		var got []string
		for to := int64(0); ; {
			a := logs.Search(t.Context(), &src, logs.Query{Limit: 3, To: to})
			page := ""
			for _, row := range a.Order {
				page += a.Records.BodyText(row)
				to = a.Records.Time[row] - 1
			}
			got = append(got, page)
			if !a.More {
				break
			}
		}
		if diff := cmp.Diff([]string{"894567", "0123"}, got); diff != "" && inBlock || len(strings.Join(got, "")) != 10 {
			t.Errorf("in a block: %v (-want +got):\n%s", inBlock, diff)
		}
	}
}

// What can't be read is named, and the rest is answered.
func TestSearchUnreadable(t *testing.T) {
	bkt := bucket.NewMemory()
	var src source
	for seed := range uint64(2) {
		var l span.Logs
		spantest.RandomLogs(&l, rand.New(rand.NewPCG(seed, 1)), 20)
		src.write(t, bkt, &l)
	}
	if err := bkt.Delete(t.Context(), src.blocks[0].Meta.Key("logs.parquet")); err != nil {
		t.Fatal(err)
	}
	a := logs.Search(t.Context(), &src, logs.Query{})
	if len(a.Order) != 20 || len(a.Partial) != 1 || !strings.HasPrefix(a.Partial[0], "b0: ") {
		t.Errorf("%d records, partial %q", len(a.Order), a.Partial)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if a := logs.Search(ctx, &src, logs.Query{}); len(a.Partial) != 1 || !strings.Contains(a.Partial[0], "longer than a query may") {
		t.Errorf("without time: partial %q", a.Partial)
	}
}
