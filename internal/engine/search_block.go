package engine

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"sync/atomic"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
)

// firstSlice is how many traces of a block, the newest, are looked at first.
var firstSlice = 4096

// opening is a block on its way to be looked through.
type opening struct {
	src    *blockSource
	sc     *scan
	prog   *program
	needle *window     // the whole block, if it was looked through at once
	rows   *rowset.Set // and what was found in it
}

func (s *search) open(r *block.Reader) (*opening, error) {
	src, err := openBlock(s.ctx, r, &s.bytes, !s.local)
	if err != nil {
		return nil, err
	}
	o := &opening{src: src, sc: newScan(src)}
	if o.prog, err = bindPipeline(o.sc, s.Pipeline); err != nil {
		return nil, err
	}
	o.prog.alone = s.alone()
	if s.local && !o.prog.never(s.Pipeline.From) && (s.sparse() || o.prog.selective(s.Pipeline.From)) {
		o.needle = src.everything(o.sc)
		s.spans.Add(int64(o.needle.to))
		o.rows, err = o.prog.rows(o.needle, s.Pipeline, o.needle.all())
	}
	return o, err
}

func (s *search) block(o *opening) error {
	src, sc, prog := o.src, o.sc, o.prog
	s.explain(src.r, prog, s.Pipeline)
	switch {
	case prog.never(s.Pipeline.From):
		return nil
	case o.needle != nil:
		return s.needle(src, prog, o.needle, o.rows)
	}
	src.whole = true
	windows, err := src.windows(sc)
	if err != nil {
		return err
	}
	// The newest traces first: they may be enough.
	before, looked := len(s.hits), s.scanned.Traces
	hi, n := int64(math.MaxInt64), firstSlice
	for {
		lo := int64(math.MinInt64)
		if 2*n < src.rows.Len()-(s.scanned.Traces-looked) {
			lo = newestCut(src.rows.Start, hi, n)
		}
		if err := s.slice(src, prog, windows, lo, hi); err != nil || lo == math.MinInt64 || s.enough(lo-1) {
			return err
		}
		hi, n = lo, math.MaxInt/4 // nothing was found: then all the rest at once
		if found := len(s.hits) - before; found > 0 {
			n = (s.scanned.Traces - looked) * s.Limit / found * 3 / 2
		}
	}
}

// newestCut returns a time from which on about n traces start, of those that start before
// hi. It goes by a sample.
func newestCut(starts []int64, hi int64, n int) int64 {
	step := max(1, len(starts)/8192)
	var some []int64
	for i := 0; i < len(starts); i += step {
		if starts[i] < hi {
			some = append(some, starts[i])
		}
	}
	slices.Sort(some)
	at := len(some) - max(1, n/step)
	if at <= 0 {
		return math.MinInt64
	}
	return some[at]
}

// slice looks at the traces of a block that start within a time.
func (s *search) slice(src *blockSource, prog *program, windows []*window, lo, hi int64) error {
	bounded := s.Range.From > src.r.Meta.MinStart || s.Range.To != 0 && s.Range.To <= src.r.Meta.MaxEnd
	pageBehind := s.After != nil && s.alone()
	starts, ends := src.rows.Start, src.rows.End
	wanted := func(t uint32) bool {
		switch {
		case starts[t] < lo || starts[t] >= hi,
			bounded && (ends[t] < s.Range.From || s.Range.To != 0 && starts[t] >= s.Range.To),
			pageBehind && starts[t] > s.After.Start:
			return false
		}
		return true
	}
	found := make([][]*hit, len(windows))
	var looked atomic.Int64
	err := s.parallel(len(windows), func(i int) error {
		if err := s.check(); err != nil {
			return err
		}
		in, n := windows[i].some(wanted)
		if n == 0 {
			return nil
		}
		looked.Add(int64(n))
		s.spans.Add(int64(in.Count()))
		var err error
		found[i], err = s.window(src, prog, windows[i], in)
		return err
	})
	s.scanned.Traces += int(looked.Load())
	if err != nil && !errors.Is(err, errStopped) {
		return err
	}
	var candidates []*hit
	for _, some := range found {
		candidates = append(candidates, some...)
	}
	return cmp.Or(s.judge(candidates), err)
}

// window evaluates the query on some traces of a window and returns the newest that are
// hits, or may be when they are put together.
func (s *search) window(src *blockSource, prog *program, w *window, in *rowset.Set) ([]*hit, error) {
	var seen *rowset.Set
	if !s.local {
		seen = w.none()
	}
	w.trees = nil
	sets, err := prog.run(w, s.Pipeline, in, seen)
	if err != nil {
		return nil, err
	}
	all := s.hitsOf(src, w, sets)
	hits := s.newest(slices.Clone(all))
	if s.local {
		return hits, nil
	}
	at := make(map[int]bool, len(all))
	for _, h := range all {
		at[h.at] = true
	}
	kept := make(map[int]*hit, len(hits))
	for _, h := range hits {
		kept[h.at] = h
	}
	odd, err := w.odd(s.tree && len(sets) > 0)
	if err != nil {
		return nil, err
	}
	if s.alone() && len(odd) == 0 {
		return hits, nil
	}
	apart, err := s.apart(src)
	if err != nil {
		return nil, err
	}
	for _, set := range split(w, seen) {
		if !odd[set.trace] && kept[set.trace] == nil {
			// Only what is put together can be a hit that is none here.
			if elsewhere, err := apart(w.traces.base + set.trace); err != nil {
				return nil, err
			} else if !elsewhere {
				continue
			}
		}
		switch h := kept[set.trace]; {
		case h != nil:
			h.odd = odd[set.trace]
		case !at[set.trace] || odd[set.trace]:
			hits = append(hits, &hit{start: src.rows.Start[w.traces.base+set.trace], block: src, w: w, at: set.trace, odd: odd[set.trace]})
		}
	}
	return hits, nil
}

// hitsOf makes hits of the spansets of a window, which are by trace.
func (s *search) hitsOf(src *blockSource, w *window, sets []spanset) []*hit {
	var hits []*hit
	for _, set := range sets {
		if n := len(hits); n > 0 && hits[n-1].at == set.trace {
			hits[n-1].sets = append(hits[n-1].sets, set)
			continue
		}
		hits = append(hits, &hit{start: src.rows.Start[w.traces.base+set.trace], block: src, w: w, at: set.trace, sets: []spanset{set}})
	}
	return hits
}

// newest keeps the newest hits of a window, as many as the answer may have. Those that
// belong to pages before do not count.
func (s *search) newest(hits []*hit) []*hit {
	slices.SortFunc(hits, func(a, b *hit) int { return cmp.Compare(b.start, a.start) })
	before := 0
	if s.After != nil {
		for before < len(hits) && hits[before].start >= s.After.Start {
			before++
		}
	}
	if len(hits) <= before+s.keep {
		return hits
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped, s.some = max(s.dropped, hits[before+s.keep].start), true
	return hits[:before+s.keep]
}
