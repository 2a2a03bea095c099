package block

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/parquet-go/parquet-go/format"
)

// matchScratch is what matching a page needs.
type matchScratch struct {
	m       *Matcher
	v       values
	present []uint8
	rows    []uint32 // of values that match, counted from the page's first value
}

var scratchPool = sync.Pool{New: func() any { return new(matchScratch) }}

func (s *matchScratch) page(p *page, in, out *rowset.Set) error {
	c := s.m.c
	n := int(p.n)
	if p.h.kind != format.DataPage || int(p.h.values) != n {
		return fmt.Errorf("a page of %d values where %d rows are due", p.h.values, n)
	}
	body, count := p.body, n
	s.present = s.present[:0]
	if c.c.optional {
		lv, rest, err := levels(body)
		if err != nil {
			return err
		}
		body = rest
		if s.present, _, _, count, err = decodeLevels(s.present, lv, n, 0, n); err != nil {
			return err
		}
	}
	s.rows = s.rows[:0]
	var err error
	if c.v.coded && p.h.encoding == format.RLEDictionary {
		err = s.codes(body, count)
	} else {
		err = s.plain(p, body, count)
	}
	if err != nil || len(s.rows) == 0 {
		return err
	}
	if count == n {
		for _, r := range s.rows {
			if row := p.first + r; in.Has(row) {
				out.Add(row)
			}
		}
		return nil
	}
	// Values become rows: those without one are skipped.
	row, value := 0, uint32(0)
	for _, want := range s.rows {
		for ; ; row++ {
			if s.present[row] == 1 {
				if value == want {
					break
				}
				value++
			}
		}
		if r := p.first + uint32(row); in.Has(r) {
			out.Add(r)
		}
	}
	return nil
}

// codes finds the matching ones of n codes.
func (s *matchScratch) codes(body []byte, n int) error {
	if n == 0 {
		return nil
	}
	if len(body) == 0 {
		return errShort
	}
	hits := s.m.hits
	width := int(body[0])
	r := runs{body[1:], width, n}
	for at := 0; at < n; {
		k, v, packed, err := r.next()
		if err != nil {
			return err
		}
		switch {
		case packed == nil:
			if int(v) >= len(hits) {
				return fmt.Errorf("code %d of a dictionary of %d", v, len(hits))
			}
			if hits[v] {
				for i := range k {
					s.rows = append(s.rows, uint32(at+i))
				}
			}
		case s.m.only >= 0 && width == 8:
			s.find8(packed[:k], at, byte(s.m.only))
		case width == 8 && len(hits) == 256:
			for i, code := range packed[:k] {
				if hits[code] {
					s.rows = append(s.rows, uint32(at+i))
				}
			}
		case s.m.only >= 0 && width == 16:
			s.find16(packed[:2*k], at, uint16(s.m.only))
		default:
			s.v.codes = unpack(s.v.codes[:0], packed, width, 0, k)
			for i, code := range s.v.codes {
				if int(code) >= len(hits) {
					return fmt.Errorf("code %d of a dictionary of %d", code, len(hits))
				}
				if hits[code] {
					s.rows = append(s.rows, uint32(at+i))
				}
			}
		}
		at += k
	}
	return nil
}

func (s *matchScratch) find8(packed []byte, at int, code byte) {
	for i := 0; ; i++ {
		k := bytes.IndexByte(packed[i:], code)
		if k < 0 {
			return
		}
		i += k
		s.rows = append(s.rows, uint32(at+i))
	}
}

// find16 compares four codes at a time: their difference has a zero where one
// is equal, which the usual trick of borrowing from the bit above finds.
func (s *matchScratch) find16(packed []byte, at int, code uint16) {
	const ones, tops = 0x0001000100010001, 0x8000800080008000
	all := uint64(code) * ones
	i := 0
	for ; i+8 <= len(packed); i += 8 {
		d := binary.LittleEndian.Uint64(packed[i:]) ^ all
		if (d-ones)&^d&tops == 0 {
			continue
		}
		for k := range 4 {
			if uint16(d>>(16*k)) == 0 {
				s.rows = append(s.rows, uint32(at+i/2+k))
			}
		}
	}
	for ; i < len(packed); i += 2 {
		if binary.LittleEndian.Uint16(packed[i:]) == code {
			s.rows = append(s.rows, uint32(at+i/2))
		}
	}
}

// plain finds the matching ones of n values without a dictionary.
func (s *matchScratch) plain(p *page, body []byte, n int) error {
	c, t := s.m.c, &s.m.test
	v := &s.v
	v.vector.reset()
	v.shape, v.dict, v.coded = c.v.shape, c.v.dict, c.v.coded
	text := v.shape.isText()
	if text && len(t.Literal) > 0 && p.h.encoding == format.DeltaLengthByteArray && !bytes.Contains(body, t.Literal) {
		return nil // not in all texts of the page together
	}
	if err := v.decode(c.c, p.h.encoding, body, n, 0, n); err != nil {
		return err
	}
	switch {
	case text && len(t.Literal) > 0:
		s.literal(t)
	case text:
		start := uint32(0)
		for i, end := range v.ends {
			if t.Text(v.text[start:end:end]) {
				s.rows = append(s.rows, uint32(i))
			}
			start = end
		}
	case v.shape.width() > 0:
		w := v.shape.width()
		for i := range n {
			if t.Text(v.fixed[i*w : (i+1)*w]) {
				s.rows = append(s.rows, uint32(i))
			}
		}
	case t.Ranged:
		width := uint64(t.Hi) - uint64(t.Lo)
		for i, x := range v.nums {
			if uint64(x)-uint64(t.Lo) <= width {
				s.rows = append(s.rows, uint32(i))
			}
		}
	default:
		for i, x := range v.nums {
			if t.Num(x) {
				s.rows = append(s.rows, uint32(i))
			}
		}
	}
	return nil
}

// literal asks only the texts that have the literal within them, which are found in
// all of them together.
func (s *matchScratch) literal(t *Test) {
	v := &s.v
	i, start := 0, uint32(0) // a text, and where it begins
	for at := 0; ; {
		k := bytes.Index(v.text[at:], t.Literal)
		if k < 0 {
			return
		}
		at += k
		for int(v.ends[i]) <= at {
			start = v.ends[i]
			i++
		}
		end := v.ends[i]
		if at+len(t.Literal) > int(end) {
			at++ // it reaches into the next text
			continue
		}
		if t.Text(v.text[start:end:end]) {
			s.rows = append(s.rows, uint32(i))
		}
		at = int(end)
	}
}
