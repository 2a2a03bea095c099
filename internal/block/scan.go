package block

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// scan calls each with the rows of a column of texts whose value matches, in
// ascending order, some at a time. Where the column has a dictionary, match is
// asked once for each of its values, and pages are compared as codes; when no
// value matches, no page is read.
func (f *fileReader) scan(ctx context.Context, name string, match func([]byte) bool, each func(rows []uint32)) error {
	v, err := f.start(ctx, name, shapeText)
	if err != nil || v.absent {
		return err
	}
	c := f.columns[name]
	s := scanner{c: c, v: v, match: match}
	if v.coded && !s.prepare() {
		return nil
	}
	index, err := f.pageIndex(ctx, c)
	if err != nil {
		return err
	}
	var buf []byte
	begin := int64(0) // of buf in the file
	for p := range index.pages() {
		from, to := index.offsets[p], index.offsets[p+1]
		if to > begin+int64(len(buf)) {
			// As many pages as fit are read at once.
			last := p + 1
			for last < index.pages() && index.offsets[last+1]-from <= maxRead/4 {
				last++
			}
			if buf, err = f.read(ctx, from, int(index.offsets[last]-from)); err != nil {
				return err
			}
			begin = from
		}
		h, body, err := f.open(c, from, buf[from-begin:to-begin], s.body)
		if err != nil {
			return err
		}
		s.body = body
		first := int(index.rows[p])
		if err := s.page(&h, body, int(index.rows[p+1])-first); err != nil {
			return f.corrupt(from, fmt.Errorf("column %q: %w", name, err))
		}
		if len(s.rows) > 0 {
			for i := range s.rows {
				s.rows[i] += uint32(first)
			}
			each(s.rows)
		}
	}
	return nil
}

// scanner finds the rows of pages that match.
type scanner struct {
	c       *columnChunk
	v       *values
	match   func([]byte) bool
	hits    []bool // by code
	only    int    // the code that hits, if there is one alone; -1 else
	rows    []uint32
	present []uint8
	body    []byte // of the page
}

// prepare asks match for every value of the dictionary, and reports whether any
// does.
func (s *scanner) prepare() bool {
	s.hits = make([]bool, s.v.dict.len())
	n := 0
	for i := range s.hits {
		if s.hits[i] = s.match(s.v.dict.text(uint32(i))); s.hits[i] {
			s.only = i
			n++
		}
	}
	if n != 1 {
		s.only = -1
	}
	return n > 0
}

// page leaves the matching rows of a page of n rows in s.rows, counted from 0.
func (s *scanner) page(h *header, body []byte, n int) error {
	s.rows = s.rows[:0]
	if h.kind != format.DataPage || int(h.values) != n {
		return fmt.Errorf("a page of %d values where %d rows are due", h.values, n)
	}
	if !s.v.coded || h.encoding != format.RLEDictionary {
		s.v.vector.reset()
		if err := s.v.add(s.c, h, body, n, 0, n); err != nil {
			return err
		}
		for i := range n {
			if s.v.has(i) && s.match(s.v.bytes(i)) {
				s.rows = append(s.rows, uint32(i))
			}
		}
		return nil
	}
	count := n
	var lv []byte
	if s.c.optional {
		var err error
		if lv, body, err = levels(body); err != nil {
			return err
		}
		if count, err = countLevels(lv, n); err != nil {
			return err
		}
	}
	if err := s.codes(body, count); err != nil || len(s.rows) == 0 || count == n {
		return err
	}
	// Values became rows: skip those without one.
	var err error
	if s.present, _, _, _, err = decodeLevels(s.present[:0], lv, n, 0, n); err != nil {
		return err
	}
	row, value := 0, uint32(0)
	for i, want := range s.rows {
		for ; ; row++ {
			if s.present[row] == 1 {
				if value == want {
					break
				}
				value++
			}
		}
		s.rows[i] = uint32(row)
	}
	return nil
}

// codes finds the matching ones of n codes.
func (s *scanner) codes(body []byte, n int) error {
	if n == 0 {
		return nil
	}
	if len(body) == 0 {
		return errShort
	}
	width := int(body[0])
	r := runs{body[1:], width, n}
	for at := 0; at < n; {
		k, v, packed, err := r.next()
		if err != nil {
			return err
		}
		switch {
		case packed == nil:
			if int(v) >= len(s.hits) {
				return fmt.Errorf("code %d of a dictionary of %d", v, len(s.hits))
			}
			if s.hits[v] {
				for i := range k {
					s.rows = append(s.rows, uint32(at+i))
				}
			}
		case s.only >= 0 && width == 8:
			s.find8(packed[:k], at, byte(s.only))
		case s.only >= 0 && width == 16:
			s.find16(packed[:2*k], at, uint16(s.only))
		default:
			s.v.codes = unpack(s.v.codes[:0], packed, width, 0, k)
			for i, code := range s.v.codes {
				if int(code) >= len(s.hits) {
					return fmt.Errorf("code %d of a dictionary of %d", code, len(s.hits))
				}
				if s.hits[code] {
					s.rows = append(s.rows, uint32(at+i))
				}
			}
		}
		at += k
	}
	return nil
}

func (s *scanner) find8(packed []byte, at int, code byte) {
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
func (s *scanner) find16(packed []byte, at int, code uint16) {
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
