package terminal

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/everspan/everspan/internal/block"
)

// Blocks writes a line a block, a line for all of them, and how spans and bytes
// are spread over the levels. Errors are those of w.
func Blocks(w io.Writer, blocks []block.Meta, o Options) error {
	if len(blocks) == 0 {
		_, err := io.WriteString(w, "no blocks\n")
		return err
	}
	t := table{
		heads: []string{"block", "level", "spans", "traces", "size", "B/span", "received (UTC)", "time of the spans (UTC)"},
		left:  []int{6, 7}, drop: []int{6, 3, 7, 1, 5, 4, 2},
	}
	var all sums
	levels := make(map[int]*sums)
	for i := range blocks {
		m := &blocks[i]
		t.add(clean(m.ID), fmt.Sprint(m.Level), grouped(m.Spans), grouped(m.Traces), byteSize(m.Bytes()), perSpan(m.Bytes(), m.Spans),
			timeRange(m.ReceivedFrom, m.ReceivedTo, m.Created.Year()), timeRange(time.Unix(0, m.MinStart), time.Unix(0, m.MaxEnd), m.Created.Year()))
		if levels[m.Level] == nil {
			levels[m.Level] = new(sums)
		}
		levels[m.Level].add(m)
		all.add(m)
	}
	p, columns := painter{o.Color}, o.width()
	out := t.append(nil, p, columns)
	total := all.String() + ", " + perSpan(all.bytes, all.spans) + " B/span"
	out = append(appendWrapped(append(out, '\n'), p, bold, total, columns), '\n')
	_, err := w.Write(append(out, histogram(levels, &all, p, columns)...))
	return err
}

// sums are those of several blocks.
type sums struct {
	blocks, spans, traces int
	bytes                 int64
}

func (s *sums) add(m *block.Meta) {
	s.blocks++
	s.spans += m.Spans
	s.traces += m.Traces
	s.bytes += m.Bytes()
}

func (s *sums) String() string {
	return plural(s.blocks, "block") + ", " + plural(s.spans, "span") + ", " + plural(s.traces, "trace") + ", " + byteSize(s.bytes)
}

// Sum says how much blocks hold. A trace counts in every block that has some of
// its spans.
func Sum(blocks []block.Meta) string {
	var all sums
	for i := range blocks {
		all.add(&blocks[i])
	}
	return all.String()
}

// histogram draws how much is in blocks of each level.
func histogram(levels map[int]*sums, all *sums, p painter, columns int) []byte {
	bar := min(max((columns-50)/3, 6), 20)
	t := table{heads: []string{"level", "blocks", "", "spans", "", "size", "", "B/span"}, left: []int{2, 4, 6}, drop: []int{2, 4, 7, 6, 3}}
	for _, level := range slices.Sorted(maps.Keys(levels)) {
		s := levels[level]
		t.add(fmt.Sprint(level), grouped(s.blocks), share(int64(s.blocks), int64(all.blocks), bar), grouped(s.spans), share(int64(s.spans), int64(all.spans), bar),
			byteSize(s.bytes), share(s.bytes, all.bytes, bar), perSpan(s.bytes, s.spans))
	}
	return t.append(nil, p, columns)
}
