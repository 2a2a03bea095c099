package block

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
)

// TestValueFilter looks for values of columns of many values, with a dictionary and
// without, in blocks that were written and that were merged: the rows are right, and few
// pages are read for them.
func TestValueFilter(t *testing.T) {
	const spans = 60_000
	bkt, cache := bucket.NewMemory(), NewCache(16<<20)
	var inputs []*Reader
	want := make(map[string]int) // by column and value: spans
	for part := range 2 {
		b := new(span.Batch)
		for i := range spans / 2 {
			n := part*spans/2 + i
			resource, _ := b.Resources.Intern([]byte("r"))
			scope, _ := b.Scopes.Intern([]byte("s"))
			row := b.Begin(resource, scope)
			b.ID[row] = span.ID{byte(n), byte(n >> 8), byte(n >> 16), 1}
			b.Start[row] = int64(n)
			for key, value := range map[string]string{"user": fmt.Sprintf("user-%d", n/7%3000), "request": fmt.Sprintf("request-%d", n)} {
				if key == "user" && n%3 == 0 {
					continue
				}
				b.Attrs.Text([]byte(key), span.String, []byte(value))
				want[key+value]++
			}
			b.Commit(row, span.TraceID{byte(n / 10), byte(n / 10 >> 8), byte(n / 10 >> 16), 1})
		}
		meta, err := Write(t.Context(), bkt, fmt.Sprint("b", part), time.Unix(0, 0), time.Unix(1, 0), b)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, NewReader(bkt, cache, meta))
	}
	find := func(r *Reader, key, value string) (rows, pages, all int) {
		table, err := r.Spans(t.Context(), new(atomic.Int64))
		if err != nil {
			t.Fatal(err)
		}
		columns, err := table.Attribute("span", key)
		if err != nil || len(columns) != 1 {
			t.Fatal(columns, err)
		}
		is := func(v []byte) bool { return string(v) == value }
		m := columns[0].Matcher(Test{Text: is, Literal: []byte(value), Words: [][]byte{[]byte(value)}})
		if pages, all, err = m.Pages(); err != nil {
			t.Fatal(err)
		}
		out := rowset.New(0, table.Rows())
		if err := m.Match(rowset.Full(0, table.Rows()), out); err != nil {
			t.Fatal(err)
		}
		return out.Count(), pages, all
	}
	merged, err := Merge(t.Context(), bkt, "m", time.Unix(2, 0), inputs, func(context.Context) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	whole := NewReader(bkt, cache, merged)
	read, there := 0, 0
	for i := 0; i < spans; i += 997 {
		for key, value := range map[string]string{"user": fmt.Sprintf("user-%d", i/7%3000), "request": fmt.Sprintf("request-%d", i)} {
			a, _, _ := find(inputs[0], key, value)
			b, _, _ := find(inputs[1], key, value)
			all, pages, of := find(whole, key, value)
			if a+b != want[key+value] || all != want[key+value] {
				t.Fatalf("%s: %d and %d rows, merged %d, want %d", value, a, b, all, want[key+value])
			}
			if key == "request" {
				read, there = read+pages, there+of
			}
		}
	}
	if read > there/4 {
		t.Errorf("%d of %d pages are read for a value that stands in one", read, there)
	}
	if rows, pages, _ := find(whole, "request", "nobody"); rows > 0 || pages > 4 {
		t.Errorf("%d rows in %d pages of a value that is not there", rows, pages)
	}
}

// FuzzValueFilter parses any bytes as a filter and its directory.
func FuzzValueFilter(f *testing.F) {
	w := new(filterWriter)
	d := new(span.Dict)
	v := new(vector)
	for i := range 300 {
		v.codes = append(v.codes, d.Text(fmt.Appendf(nil, "value %d", i)))
	}
	c := &column{name: "x", shape: shapeText, dict: texts{d}}
	w.page(c, v)
	w.page(c, v)
	w.finish("x")
	f.Add(w.sections[0])
	var out bytes.Buffer
	if _, err := w.write(&out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes()[valuesHeader:])
	f.Fuzz(func(t *testing.T, b []byte) {
		if filter, err := parsePageFilter(b); err == nil {
			for p := range len(filter.ends) + 1 {
				filter.mayHave(p, 12345)
			}
			if slices.Equal(b, w.sections[0]) && !filter.mayHave(1, w.hashes[7]) {
				t.Error("a value that was put in is not there")
			}
		}
		parseDirectory(b)
	})
}
