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
// are spread over the levels. All of them hold spans, or all hold log records. Errors are
// those of w.
func Blocks(w io.Writer, blocks []block.Meta, o Options) error {
	if len(blocks) == 0 {
		_, err := io.WriteString(w, "no blocks\n")
		return err
	}
	t := table{
		heads: []string{"block", "level", items(&blocks[0]) + "s", "traces", "size", "B/" + items(&blocks[0]), "received (UTC)", "time of the " + items(&blocks[0]) + "s (UTC)"},
		left:  []int{6, 7}, drop: []int{6, 3, 7, 1, 5, 4, 2},
	}
	var all sums
	levels := make(map[int]*sums)
	for i := range blocks {
		m := &blocks[i]
		t.add(clean(m.ID), fmt.Sprint(m.Level), grouped(count(m)), grouped(m.Traces), byteSize(m.Bytes()), perSpan(m.Bytes(), count(m)),
			timeRange(m.ReceivedFrom, m.ReceivedTo, m.Created.Year()), timeRange(time.Unix(0, m.MinStart), time.Unix(0, m.MaxEnd), m.Created.Year()))
		if levels[m.Level] == nil {
			levels[m.Level] = new(sums)
		}
		levels[m.Level].add(m)
		all.add(m)
	}
	p, columns := painter{o.Color}, o.width()
	out := t.append(nil, p, columns)
	total := all.String() + ", " + perSpan(all.bytes, all.items()) + " B/" + items(&blocks[0])
	out = append(appendWrapped(append(out, '\n'), p, bold, total, columns), '\n')
	_, err := w.Write(append(out, histogram(levels, &all, items(&blocks[0]), p, columns)...))
	return err
}

// items is what a block holds, one of them, and count how many of them.
func items(m *block.Meta) string {
	if m.Kind == block.Logs {
		return "log"
	}
	return "span"
}

func count(m *block.Meta) int { return m.Spans + m.Logs }

// sums are those of several blocks.
type sums struct {
	blocks, spans, logs, traces int
	bytes                       int64
}

func (s *sums) add(m *block.Meta) {
	s.blocks++
	s.spans += m.Spans
	s.logs += m.Logs
	s.traces += m.Traces
	s.bytes += m.Bytes()
}

func (s *sums) items() int { return s.spans + s.logs }

func (s *sums) String() string {
	text := plural(s.blocks, "block")
	if s.spans > 0 || s.logs == 0 {
		text += ", " + plural(s.spans, "span")
	}
	if s.logs > 0 {
		text += ", " + plural(s.logs, "log record")
	}
	return text + ", " + plural(s.traces, "trace") + ", " + byteSize(s.bytes)
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
func histogram(levels map[int]*sums, all *sums, item string, p painter, columns int) []byte {
	bar := min(max((columns-50)/3, 6), 20)
	t := table{heads: []string{"level", "blocks", "", item + "s", "", "size", "", "B/" + item}, left: []int{2, 4, 6}, drop: []int{2, 4, 7, 6, 3}}
	for _, level := range slices.Sorted(maps.Keys(levels)) {
		s := levels[level]
		t.add(fmt.Sprint(level), grouped(s.blocks), share(int64(s.blocks), int64(all.blocks), bar), grouped(s.items()), share(int64(s.items()), int64(all.items()), bar),
			byteSize(s.bytes), share(s.bytes, all.bytes, bar), perSpan(s.bytes, s.items()))
	}
	return t.append(nil, p, columns)
}
