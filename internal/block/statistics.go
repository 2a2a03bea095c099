package block

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/format"
)

// statistics gathers the least and greatest value of each page and of a chunk.
// Integers without a dictionary and ids have both, in the column index and in
// the chunk's statistics; a dictionary gives only the chunk's.
type statistics struct {
	c     column
	pages []extremes
}

// extremes are the least and greatest value of a page.
type extremes struct {
	nulls  int64
	empty  bool // all are null
	lo, hi int64
	loB    []byte
	hiB    []byte
}

// ordered reports whether pages have extremes. Doubles have NaN and two zeroes,
// which tools treat differently.
func (c *column) ordered() bool {
	switch {
	case c.dict != nil, c.shape.isText(), c.shape == shapeDouble, c.shape == shapeBool:
		return false
	}
	// Nobody looks for a range of random ids; those of traces are sorted in
	// the table of traces.
	return c.shape != shapeSpanID
}

// page takes the rows of the next page.
func (s *statistics) page(v *vector) {
	nulls := v.nulls()
	e := extremes{nulls: int64(nulls), empty: nulls == v.rows, lo: math.MaxInt64, hi: math.MinInt64}
	switch w := s.c.shape.width(); {
	case !s.c.ordered() || e.empty:
	case w > 0:
		for at := 0; at < len(v.fixed); at += w {
			x := v.fixed[at : at+w]
			if e.loB == nil || bytes.Compare(x, e.loB) < 0 {
				e.loB = x
			}
			if e.hiB == nil || bytes.Compare(x, e.hiB) > 0 {
				e.hiB = x
			}
		}
		e.loB, e.hiB = bytes.Clone(e.loB), bytes.Clone(e.hiB) // they are views of the page
	default:
		for _, x := range v.nums {
			e.lo, e.hi = min(e.lo, x), max(e.hi, x)
		}
	}
	s.pages = append(s.pages, e)
}

// encode gives extremes in Parquet's plain form.
func (s *statistics) encode(e extremes) (lo, hi []byte) {
	switch {
	case e.empty:
		return nil, nil
	case s.c.shape.width() > 0:
		return e.loB, e.hiB
	case s.c.shape == shapeInt32:
		return binary.LittleEndian.AppendUint32(nil, uint32(e.lo)), binary.LittleEndian.AppendUint32(nil, uint32(e.hi))
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(e.lo)), binary.LittleEndian.AppendUint64(nil, uint64(e.hi))
}

func (s *statistics) finish(chunk *format.ColumnChunk, index *pageIndexes) {
	m := &chunk.MetaData
	all := extremes{empty: true, lo: math.MaxInt64, hi: math.MinInt64}
	for _, e := range s.pages {
		m.Statistics.NullCount += e.nulls
		if !s.c.ordered() {
			continue
		}
		lo, hi := s.encode(e)
		if !e.empty {
			if all.empty || bytes.Compare(e.loB, all.loB) < 0 {
				all.loB = e.loB
			}
			if all.empty || bytes.Compare(e.hiB, all.hiB) > 0 {
				all.hiB = e.hiB
			}
			all.lo, all.hi, all.empty = min(all.lo, e.lo), max(all.hi, e.hi), false
		}
		v := &index.values
		v.NullPages = append(v.NullPages, e.empty)
		v.MinValues = append(v.MinValues, lo)
		v.MaxValues = append(v.MaxValues, hi)
		v.NullCounts = append(v.NullCounts, e.nulls)
	}
	if s.c.ordered() {
		index.ordered = true
		m.Statistics.MinValue, m.Statistics.MaxValue = s.encode(all)
		return
	}
	if s.c.dict == nil || s.c.dict.Len() == 0 || m.Statistics.NullCount == m.NumValues || s.c.shape == shapeBinary || s.c.shape == shapeJSON {
		return
	}
	// A dictionary's extremes may be a little wider than what the rows use,
	// which is allowed.
	if lo, hi := s.c.dict.extremes(); len(lo) <= maxStatistic && len(hi) <= maxStatistic {
		m.Statistics.MinValue, m.Statistics.MaxValue = lo, hi
	}
}

func (n *numbers) extremes() (lo, hi []byte) {
	e := extremes{lo: math.MaxInt64, hi: math.MinInt64}
	for code := range n.n {
		v := n.number(uint32(code))
		e.lo, e.hi = min(e.lo, v), max(e.hi, v)
	}
	lo, hi = binary.LittleEndian.AppendUint64(nil, uint64(e.lo)), binary.LittleEndian.AppendUint64(nil, uint64(e.hi))
	return lo[:n.width], hi[:n.width]
}

func (t texts) extremes() (lo, hi []byte) {
	lo, hi = t.Bytes(0), t.Bytes(0)
	for i := range t.Len() {
		v := t.Bytes(uint32(i))
		if bytes.Compare(v, lo) < 0 {
			lo = v
		}
		if bytes.Compare(v, hi) > 0 {
			hi = v
		}
	}
	return bytes.Clone(lo), bytes.Clone(hi)
}
