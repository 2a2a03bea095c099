package block

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
)

// readColumns reads every column of a block as a query would: matches each, and reads some
// of its rows. It returns what goes wrong.
func readColumns(t testing.TB, r *Reader) error {
	ctx, bytes := t.Context(), new(atomic.Int64)
	var all []error
	note := func(err error) { all = append(all, err) }
	for _, open := range []func(context.Context, *atomic.Int64) (*Table, error){r.Spans, r.Events, r.Links, r.TraceTable} {
		table, err := open(ctx, bytes)
		if note(err); err != nil {
			continue
		}
		var columns []*Column
		for name := range shapes {
			c, err := table.Column(name)
			note(err)
			columns = append(columns, c)
		}
		table.Attributes(func(scope, key string, _ span.Type) {
			some, err := table.Attribute(scope, key)
			note(err)
			columns = append(columns, some...)
		})
		note(table.RestKeys(func(scope, key string) {
			note(table.Rest(rowset.Full(0, table.Rows()), scope, key, func(uint32, string, span.Value) {}))
		}))
		for _, c := range columns {
			if c != nil {
				note(readColumn(c, table.Rows()))
			}
		}
	}
	rows, err := r.TraceRows(ctx)
	note(err)
	if err == nil {
		for i := range rows.Len() {
			_, err := r.Sum(ctx, rows, i)
			note(err)
		}
	}
	_, err = r.Resources(ctx)
	note(err)
	_, err = r.Scopes(ctx)
	note(err)
	_, err = r.TraceIDs(ctx)
	note(err)
	return errors.Join(all...)
}

func readColumn(c *Column, rows uint32) error {
	rnd := rand.New(rand.NewPCG(uint64(rows), 2))
	some := rowset.New(0, rows)
	for range rows / 3 {
		some.Add(uint32(rnd.IntN(int(rows))))
	}
	m := c.Matcher(Test{
		Text: func(v []byte) bool { return len(v)%2 == 0 }, Num: func(n int64) bool { return n%2 == 0 },
		Words: [][]byte{[]byte("cart"), []byte("GET /")}, Literal: []byte("a"), Lo: -5, Hi: 1 << 40, Ranged: true,
	})
	_, _, err := m.Pages()
	errs := []error{err, m.Match(some, some.Like()), c.Present(some, some.Like())}
	v, err := c.Read(some)
	if errs = append(errs, err); err == nil {
		for i := range v.Len() {
			if c.v.shape.isText() || c.v.shape.width() > 0 {
				v.Bytes(i)
			} else {
				v.Num(i)
			}
		}
		v.Free()
	}
	_, _, err = c.Within(3, 9)
	return errors.Join(append(errs, err)...)
}

// TestColumns reads all columns of a block.
func TestColumns(t *testing.T) {
	r := write(t, bucket.NewMemory(), random(1, 500))
	if err := readColumns(t, r); err != nil {
		t.Error(err)
	}
}
