package block

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// dictionary is the values of a column's dictionary page: texts, or numbers.
type dictionary struct {
	body []byte
	ends []uint32 // of text i in body, which begins four bytes behind the one before
	nums []int64
}

func (d *dictionary) held() int { return len(d.body) + 4*len(d.ends) + 8*len(d.nums) }

func (d *dictionary) len() int { return max(len(d.ends), len(d.nums)) }

// text returns text code.
func (d *dictionary) text(code uint32) []byte {
	start := uint32(4)
	if code > 0 {
		start += d.ends[code-1]
	}
	return d.body[start:d.ends[code]:d.ends[code]]
}

// dictionary returns the dictionary of a column that has one.
func (f *fileReader) dictionary(ctx context.Context, c *columnChunk, s shape) (*dictionary, error) {
	return lookup(f.cache, f.key, c.start, func() (*dictionary, error) {
		raw, err := f.read(ctx, c.start, int(c.data-c.start))
		if err != nil {
			return nil, err
		}
		return f.openDictionary(c, raw, s)
	})
}

// openDictionary parses a dictionary page as it is stored.
func (f *fileReader) openDictionary(c *columnChunk, stored []byte, s shape) (*dictionary, error) {
	h, body, err := f.open(c, c.start, stored, nil)
	if err != nil {
		return nil, err
	}
	if h.kind != format.DictionaryPage || h.encoding != format.Plain {
		return nil, f.corrupt(c.start, "not a dictionary page")
	}
	d, err := parseDictionary(body, int(h.values), s)
	if err != nil {
		return nil, f.corrupt(c.start, err)
	}
	return d, nil
}

func parseDictionary(body []byte, n int, s shape) (*dictionary, error) {
	if !s.isText() {
		width := s.bytes()
		if n < 0 || len(body) != n*width {
			return nil, fmt.Errorf("%d numbers in a dictionary of %d bytes", n, len(body))
		}
		d := &dictionary{nums: make([]int64, n)}
		for i := range d.nums {
			if width == 4 {
				d.nums[i] = int64(int32(binary.LittleEndian.Uint32(body[4*i:])))
			} else {
				d.nums[i] = int64(binary.LittleEndian.Uint64(body[8*i:]))
			}
		}
		return d, nil
	}
	if n < 0 || n > len(body)/4 {
		return nil, fmt.Errorf("%d values in a dictionary of %d bytes", n, len(body))
	}
	d := &dictionary{body: body, ends: make([]uint32, 0, n)}
	at := 0
	for range n {
		if len(body)-at < 4 {
			return nil, errShort
		}
		size := binary.LittleEndian.Uint32(body[at:])
		if at += 4; uint64(size) > uint64(len(body)-at) {
			return nil, errShort
		}
		at += int(size)
		d.ends = append(d.ends, uint32(at))
	}
	if at != len(body) {
		return nil, fmt.Errorf("%d values fill %d of %d bytes of the dictionary", n, at, len(body))
	}
	return d, nil
}
