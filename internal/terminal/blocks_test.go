package terminal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/terminal"
)

// metas are blocks of three levels, one of which is odd.
func metas() []block.Meta {
	meta := func(id string, level, spans int, bytes int64, age time.Duration) block.Meta {
		from := spantest.Start.Add(-age)
		return block.Meta{
			ID: id, Level: level, Format: 2, Spans: spans, Traces: spans / 20, Events: spans / 100, Links: spans / 70,
			Created: from.Add(time.Minute), ReceivedFrom: from, ReceivedTo: from.Add(10 * time.Minute),
			MinStart: from.Add(-time.Second).UnixNano(), MaxEnd: from.Add(11 * time.Minute).UnixNano(),
			Files: map[string]block.File{"spans.parquet": {Bytes: bytes * 9 / 10}, "traces.filter": {Bytes: bytes / 10}},
		}
	}
	all := []block.Meta{
		meta("20260109t120000.000-0a0b0c0d0e", 2, 12_345_678, 543_210_987, 20*24*time.Hour),
		meta("20260129t120000.000-0a0b0c0d0e", 1, 1_234_567, 54_321_098, 24*time.Hour),
		meta("20260129t235500.000-0a0b0c0d0e", 1, 999_999, 43_000_000, 5*time.Minute),
		meta("20260130t000000.000-0a0b0c0d0e", 0, 4321, 321_098, 0),
		meta("odd\x1b[31m", 0, 0, 0, 0),
	}
	all[4].MinStart, all[4].MaxEnd = -1<<63, 1<<63-1
	return all
}

func TestBlocks(t *testing.T) {
	for _, w := range []int{40, 80, 120, 160} {
		for _, color := range []bool{false, true} {
			if color && w != 120 {
				continue
			}
			name := fmt.Sprintf("blocks-%d", w)
			if color {
				name += "-color"
			}
			o := terminal.Options{Width: w, Color: color}
			var out bytes.Buffer
			if err := terminal.Blocks(&out, metas(), o); err != nil {
				t.Fatal(err)
			}
			compare(t, name, out.String(), o)
		}
	}
	var out bytes.Buffer
	if err := terminal.Blocks(&out, nil, terminal.Options{}); err != nil || out.String() != "no blocks\n" {
		t.Errorf("no blocks: %q, %v", out.String(), err)
	}
	if err := terminal.Blocks(brokenPipe{}, metas(), terminal.Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("blocks: %v", err)
	}
	if got, want := terminal.Sum(metas()), "5 blocks, 14,584,565 spans, 729,226 traces, 611 MiB"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLayout(t *testing.T) {
	l := block.Layout{Meta: metas()[1], Files: []block.FileLayout{
		{Name: "spans.parquet", Rows: 1_234_567, Bytes: 48_888_988, Index: 123_456, Columns: []block.ColumnLayout{
			{Name: "span_id", Type: "FIXED_LEN_BYTE_ARRAY", Encoding: []string{"RLE", "PLAIN"}, Codec: "UNCOMPRESSED", Values: 1_234_567, Pages: 700, Bytes: 9_890_000, Unpacked: 9_890_000},
			{Name: "start", Type: "INT64", Encoding: []string{"RLE", "DELTA_BINARY_PACKED"}, Codec: "ZSTD", Values: 1_234_567, Pages: 400, Bytes: 5_000_000},
			{Name: "name", Type: "BYTE_ARRAY", Encoding: []string{"RLE", "PLAIN", "RLE_DICTIONARY"}, Codec: "ZSTD", Values: 1_234_567, Distinct: 1234, Pages: 80, Bytes: 400_000},
			{Name: "span.a.rather.long.key.of.an.attribute.that.\x07some.library.has.thought.of", Type: "BYTE_ARRAY", Encoding: []string{"RLE", "DELTA_LENGTH_BYTE_ARRAY", "RLE_DICTIONARY"}, Codec: "SNAPPY", Values: 17, Nulls: 1_234_550, Distinct: 3, Pages: 20, Bytes: 1200},
			{Name: "span.none", Type: "INT64", Encoding: []string{"NEW_ONE"}, Codec: "ZSTD", Nulls: 1_234_567},
		}},
		{Name: "links.parquet"},
	}}
	for _, w := range []int{40, 80, 120, 200} {
		o := terminal.Options{Width: w, Color: w == 200}
		var out bytes.Buffer
		if err := terminal.Layout(&out, &l, o); err != nil {
			t.Fatal(err)
		}
		compare(t, fmt.Sprintf("layout-%d", w), out.String(), o)
	}
	if err := terminal.Layout(brokenPipe{}, &l, terminal.Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("layout: %v", err)
	}
}
