// Package spantest makes spans for tests and prints them for comparison.
package spantest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/everspan/everspan/internal/span"
)

// Random appends n spans of about n/8 traces to b: every column is used,
// attributes of every type, some keys with two types, some rare keys, resources
// and scopes with and without attributes, events, links, and now and then text
// that is hard to carry.
func Random(b *span.Batch, rng *rand.Rand, n int) { random(b, rng, n, 12, 5000) }

// Small does what Random does with few attributes and few keys, for tests that
// make very many small blocks: every key is a column.
func Small(b *span.Batch, rng *rand.Rand, n int) { random(b, rng, n, 3, 4) }

func random(b *span.Batch, rng *rand.Rand, n, attrs, rare int) {
	traces := make([]span.TraceID, n/8+1)
	for i := range traces {
		fill(rng, traces[i][:])
	}
	for range n {
		resource := b.Resources.InternSet(span.Set{Schema: pick(rng, "", "https://opentelemetry.io/schemas/1.30.0")}, func(to *span.Attrs) {
			to.Text([]byte("service.name"), span.String, []byte(pick(rng, "gateway", "cart", "pricing")))
			to.Num([]byte("process.pid"), span.Int, uint64(rng.IntN(3)))
		})
		scope := b.Scopes.InternSet(span.Set{Name: pick(rng, "", "net/http"), Version: pick(rng, "", "1.2.0"), Dropped: uint32(rng.IntN(2))}, func(to *span.Attrs) {
			if rng.IntN(2) == 0 {
				to.Num([]byte("stable"), span.Bool, 1)
			}
		})
		row := b.Begin(resource, scope)
		fill(rng, b.ID[row][:])
		if rng.IntN(4) > 0 {
			fill(rng, b.Parent[row][:])
		}
		b.Start[row] = 1_700_000_000_000_000_000 + rng.Int64N(1e12)
		b.Duration[row] = rng.Int64N(5e9) - 1e6
		b.Name[row] = b.Names.Text([]byte(pick(rng, "GET /", "SELECT", "", hard)))
		b.Kind[row] = span.Kind(rng.IntN(6))
		b.Status[row] = span.Status(rng.IntN(3))
		b.Message[row] = b.Messages.Text([]byte(pick(rng, "", "", "deadline exceeded")))
		b.State[row] = b.States.Text([]byte(pick(rng, "", "ot=th:8")))
		b.Flags[row] = rng.Uint32N(3) * 0x80000100
		b.SetDropped(row, rng.Uint32N(2), rng.Uint32N(2), rng.Uint32N(2))
		attributes(&b.Attrs, rng, attrs, rare)
		for range rng.IntN(3) {
			b.AddEvent(row, b.Start[row]+rng.Int64N(1000), []byte(pick(rng, "exception", "retry")), rng.Uint32N(2))
			attributes(&b.Events.Attrs, rng, min(attrs, 3), rare)
		}
		for range rng.IntN(2) {
			var trace span.TraceID
			var id span.ID
			fill(rng, trace[:])
			fill(rng, id[:])
			b.AddLink(row, trace, id, []byte(pick(rng, "", "a=b")), rng.Uint32N(2), rng.Uint32N(2))
			attributes(&b.Links.Attrs, rng, min(attrs, 2), rare)
		}
		b.Commit(row, traces[rng.IntN(len(traces))])
	}
}

const hard = "名前 \u202e\x00\"\\\n <script>"

func pick(rng *rand.Rand, of ...string) string { return of[rng.IntN(len(of))] }

func fill(rng *rand.Rand, p []byte) {
	for i := range p {
		p[i] = byte(rng.UintN(256))
	}
	p[0] |= 1
}

func attributes(a *span.Attrs, rng *rand.Rand, most, rare int) {
	for range rng.IntN(most + 1) {
		key := []byte(pick(rng, "http.route", "http.response.status_code", "user.id", "ratio", "cache.hit", "blob", "tags", "mixed", fmt.Sprintf("rare.%d", rng.IntN(rare))))
		switch string(key) {
		case "http.response.status_code":
			a.Num(key, span.Int, uint64(200+rng.IntN(3)))
		case "ratio":
			a.Num(key, span.Double, math.Float64bits([]float64{0, 1.5, math.NaN(), math.Inf(-1), math.Copysign(0, -1), 3}[rng.IntN(6)]))
		case "cache.hit":
			a.Num(key, span.Bool, uint64(rng.IntN(2)))
		case "blob":
			a.Text(key, span.Bytes, []byte{byte(rng.IntN(256)), 0xff})
		case "tags":
			a.Text(key, span.JSON, []byte(pick(rng, `["a","b"]`, `null`, `{"k":1.0}`)))
		case "mixed":
			if rng.IntN(2) == 0 {
				a.Num(key, span.Int, uint64(int64(-rng.IntN(9))))
			} else {
				a.Text(key, span.String, []byte("text"))
			}
		case "user.id":
			a.Text(key, span.String, fmt.Appendf(nil, "user-%d", rng.IntN(1e6)))
		default:
			a.Text(key, span.String, []byte(pick(rng, "/", "/cart", hard)))
		}
	}
}

// Dump prints spans of a batch, sorted so that two batches with the same
// content print the same, whatever their order and codes. With no rows given it
// prints all.
func Dump(b *span.Batch, rows ...uint32) string {
	out := Texts(b, rows...)
	slices.Sort(out)
	return strings.Join(out, "")
}

// Texts prints spans as Dump does, each for itself and in the order given.
func Texts(b *span.Batch, rows ...uint32) []string {
	if rows == nil {
		for i := range b.Len() {
			rows = append(rows, uint32(i))
		}
	}
	attrs, events, links := b.Attrs.ByRow(b.Len()), b.Events.Attrs.ByRow(len(b.Events.Span)), b.Links.Attrs.ByRow(len(b.Links.Span))
	var out []string
	for _, row := range rows {
		var s strings.Builder
		fmt.Fprintf(&s, "%s %s parent %s %q %v %v %q start %d duration %d flags %x state %q dropped %d %d %d%s\n",
			b.TraceID(row), b.ID[row], b.Parent[row], b.Names.Bytes(b.Name[row]), b.Kind[row], b.Status[row], b.Messages.Bytes(b.Message[row]),
			b.Start[row], b.Duration[row], b.Flags[row], b.States.Bytes(b.State[row]),
			b.DroppedAttrs.Count(row), b.DroppedEvents.Count(row), b.DroppedLinks.Count(row), pairs(attrs.Row(row)))
		r, c := b.Resource[row], b.Scope[row]
		fmt.Fprintf(&s, "  resource %q dropped %d%s\n", b.Resources.Schema[r], b.Resources.Dropped[r], pairs(b.Resources.Attrs.Row(r)))
		fmt.Fprintf(&s, "  scope %q %q %q dropped %d%s\n", b.Scopes.Name[c], b.Scopes.Version[c], b.Scopes.Schema[c], b.Scopes.Dropped[c], pairs(b.Scopes.Attrs.Row(c)))
		for i, to := b.EventsOf(row); i < to; i++ {
			fmt.Fprintf(&s, "  event %d %q dropped %d%s\n", b.Events.Time[i], b.Events.Names.Bytes(b.Events.Name[i]), b.Events.Dropped.Count(uint32(i)), pairs(events.Row(uint32(i))))
		}
		for i, to := b.LinksOf(row); i < to; i++ {
			fmt.Fprintf(&s, "  link %s %s %q flags %x dropped %d%s\n", b.Links.TraceID[i], b.Links.ID[i], b.Links.States.Bytes(b.Links.State[i]), b.Links.Flags[i], b.Links.Dropped.Count(uint32(i)), pairs(links.Row(uint32(i))))
		}
		out = append(out, s.String())
	}
	return out
}

func pairs(attrs func(func(string, span.Value) bool)) string {
	var all []string
	for k, v := range attrs {
		all = append(all, fmt.Sprintf(" %q=%v:%s", k, v.Type, v.Text()))
	}
	slices.Sort(all)
	return strings.Join(all, "")
}
