package block

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// columnFile writes a file of one column of texts, of which a share of the rows
// has none, and returns its reader and what the rows have, "" for nothing.
func columnFile(t testing.TB, rows, distinct, run int, present float64) (*fileReader, []string) {
	rng := rand.New(rand.NewPCG(uint64(distinct), 1))
	d := new(span.Dict)
	for i := range distinct {
		d.Code(fmt.Appendf(nil, "value-%06d", i))
	}
	codes, want := make([]uint32, rows), make([]string, rows)
	has := make([]uint8, rows)
	for at := 0; at < rows; {
		code, yes := uint32(rng.IntN(distinct)), rng.Float64() < present
		for end := min(rows, at+1+rng.IntN(2*run)); at < end; at++ {
			codes[at] = code
			if yes {
				has[at], want[at] = 1, d.String(code)
			}
		}
	}
	var out bytes.Buffer
	f := newFileWriter(&out, rows, format.Zstd)
	f.column(column{name: "x", shape: shapeText, optional: present < 1, dict: texts{d}}, func(v *vector, from, to int) (int, error) {
		for row := from; row < to; row++ {
			if present < 1 {
				v.present = append(v.present, has[row])
			}
			if has[row] == 1 {
				v.codes = append(v.codes, codes[row])
			}
		}
		return to - from, nil
	})
	file, err := f.finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	bkt := bucket.NewMemory()
	if _, err := bkt.Create(t.Context(), "f", &out); err != nil {
		t.Fatal(err)
	}
	r, err := openFile(t.Context(), bkt, NewCache(64<<20), "f", file)
	if err != nil {
		t.Fatal(err)
	}
	return r, want
}

// scan finds the rows of a column whose value matches.
func scan(t testing.TB, f *fileReader, match func(string) bool) *rowset.Set {
	table := &Table{ctx: t.Context(), f: f, bytes: new(atomic.Int64)}
	c, err := table.column("x", shapeText)
	if err != nil {
		t.Fatal(err)
	}
	out := rowset.New(0, table.Rows())
	if err := c.Matcher(Test{Text: func(b []byte) bool { return match(string(b)) }}).Match(rowset.Full(0, table.Rows()), out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestScan(t *testing.T) {
	for _, c := range []struct {
		rows, distinct, run int
		present             float64
	}{{1, 1, 1, 1}, {40_000, 1, 3, 0.5}, {40_000, 60, 1, 1}, {40_000, 60, 9, 0.3}, {70_000, 900, 4, 1}, {70_000, 70_000, 2, 0.7}, {5000, 3, 4000, 0.5}} {
		f, want := columnFile(t, c.rows, c.distinct, c.run, c.present)
		for _, match := range []func(string) bool{
			func(s string) bool { return s == "value-000000" },
			func(s string) bool { return s == fmt.Sprintf("value-%06d", c.distinct-1) },
			func(s string) bool { return len(s) > 0 && s[len(s)-1]%2 == 0 },
			func(string) bool { return false },
		} {
			var rows []uint32
			got := scan(t, f, match).Rows(nil)
			for row, s := range want {
				if s != "" && match(s) {
					rows = append(rows, uint32(row))
				}
			}
			if !slices.Equal(got, rows) {
				t.Fatalf("%+v: %d rows match, want %d", c, len(got), len(rows))
			}
		}
	}
}

// BenchmarkScan looks for one value among two million rows.
func BenchmarkScan(b *testing.B) {
	const rows = 2 << 20
	for _, c := range []struct {
		name          string
		distinct, run int
		present       float64
	}{{"60values", 60, 2, 1}, {"60values-half", 60, 4, 0.5}, {"50000values", 50_000, 8, 1}, {"50000values-half", 50_000, 8, 0.5}} {
		f, _ := columnFile(b, rows, c.distinct, c.run, c.present)
		b.Run(c.name, func(b *testing.B) {
			found := 0
			for b.Loop() {
				found += scan(b, f, func(s string) bool { return s == "value-000007" }).Count()
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mspans/s")
		})
	}
}
