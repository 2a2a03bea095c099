package block

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/format"
)

// statistics gathers the least and greatest value of each page and of a chunk.
// Numbers and fixed-length ids have both, in the column index and in the
// chunk's statistics; text has only the chunk's, from the dictionary.
type statistics struct {
	c     column
	pages []extremes
}

// extremes are the least and greatest value of a page; empty when all are null.
type extremes struct {
	empty    bool
	nulls    int64
	lo, hi   int64
	loB, hiB []byte
}

func newStatistics(c column) *statistics { return &statistics{c: c} }

// page takes the entries of the next page.
func (s *statistics) page(entries []uint32, nulls int) {
	e := extremes{empty: len(entries) == 0, nulls: int64(nulls)}
	switch {
	case s.c.shape.width() > 0:
		for i, entry := range entries {
			v := s.c.fixed(entry)
			if i == 0 || bytes.Compare(v, e.loB) < 0 {
				e.loB = v
			}
			if i == 0 || bytes.Compare(v, e.hiB) > 0 {
				e.hiB = v
			}
		}
		// The values may be views of memory that is used again.
		e.loB, e.hiB = bytes.Clone(e.loB), bytes.Clone(e.hiB)
	case s.c.shape.isText(), s.c.shape == shapeDouble, s.c.shape == shapeBool:
		// Doubles have NaN and two zeroes, which tools treat differently.
	default:
		for i, entry := range entries {
			v := s.c.num(entry)
			if i == 0 || v < e.lo {
				e.lo = v
			}
			if i == 0 || v > e.hi {
				e.hi = v
			}
		}
	}
	s.pages = append(s.pages, e)
}

// encode gives a page's extremes in Parquet's plain form.
func (s *statistics) encode(e extremes) (lo, hi []byte) {
	switch {
	case s.c.shape.width() > 0:
		return e.loB, e.hiB
	case s.c.shape == shapeInt32:
		return binary.LittleEndian.AppendUint32(nil, uint32(e.lo)), binary.LittleEndian.AppendUint32(nil, uint32(e.hi))
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(e.lo)), binary.LittleEndian.AppendUint64(nil, uint64(e.hi))
}

func (s *statistics) finish(chunk *format.ColumnChunk, index *pageIndexes) {
	m := &chunk.MetaData
	m.Statistics.NullCount = int64(s.c.nulls)
	switch {
	case s.c.shape == shapeText:
		s.text(m)
		return
	case s.c.shape.isText(), s.c.shape == shapeDouble, s.c.shape == shapeBool:
		return
	}
	all := extremes{empty: true, lo: math.MaxInt64, hi: math.MinInt64}
	for _, e := range s.pages {
		lo, hi := s.encode(e)
		if e.empty {
			lo, hi = nil, nil
		} else {
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
	index.ordered = true
	if !all.empty {
		m.Statistics.MinValue, m.Statistics.MaxValue = s.encode(all)
	}
}

// text finds the extremes among the distinct values. They may be a little
// wider than what the rows use, which is allowed.
func (s *statistics) text(m *format.ColumnMetaData) {
	if s.c.nulls == len(s.c.rows) || s.c.dict.Len() == 0 {
		return
	}
	lo, hi := s.c.dict.Bytes(0), s.c.dict.Bytes(0)
	for i := range s.c.dict.Len() {
		v := s.c.dict.Bytes(uint32(i))
		if bytes.Compare(v, lo) < 0 {
			lo = v
		}
		if bytes.Compare(v, hi) > 0 {
			hi = v
		}
	}
	if len(lo) <= maxStatistic && len(hi) <= maxStatistic {
		m.Statistics.MinValue, m.Statistics.MaxValue = bytes.Clone(lo), bytes.Clone(hi)
	}
}
