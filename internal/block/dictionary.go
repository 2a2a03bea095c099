package block

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/parquet-go/parquet-go/format"
)

// dictionary is a column's dictionary page. It is loaded when a value is first
// needed, and then kept by the file's reader: to find one value all of them have
// to be unpacked.
type dictionary struct {
	file       *fileReader
	start, end int64 // of the page

	mu   sync.Mutex
	body []byte   // nil until it is loaded
	ends []uint32 // of value i in body; it begins four bytes behind the one before
}

// open loads the values. What fails once, maybe because its caller gave up, may
// succeed for the next.
func (d *dictionary) open(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.body != nil {
		return nil
	}
	raw, err := d.file.read(ctx, d.start, int(d.end-d.start))
	if err != nil {
		return err
	}
	n, body, err := d.file.dictionaryPage(d.start, raw)
	if err != nil {
		return err
	}
	if n < 0 || n > len(body)/4 {
		return fmt.Errorf("%d values in a dictionary of %d bytes", n, len(body))
	}
	ends := make([]uint32, 0, n)
	at := 0
	for range n {
		if len(body)-at < 4 {
			return errShort
		}
		size := binary.LittleEndian.Uint32(body[at:])
		if at += 4; uint64(size) > uint64(len(body)-at) {
			return errShort
		}
		at += int(size)
		ends = append(ends, uint32(at))
	}
	if at != len(body) {
		return fmt.Errorf("%d values fill %d of %d bytes of the dictionary", n, at, len(body))
	}
	d.body, d.ends = body, ends
	d.file.mu.Lock()
	defer d.file.mu.Unlock()
	d.file.held += int64(len(body) + 4*n)
	return nil
}

func (d *dictionary) len() int { return len(d.ends) }

func (d *dictionary) value(code uint32) []byte {
	start := uint32(4)
	if code > 0 {
		start += d.ends[code-1]
	}
	return d.body[start:d.ends[code]:d.ends[code]]
}

// dictionary returns the dictionary whose page is there, loaded or not.
func (f *fileReader) dictionary(start, end int64) *dictionary {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.dicts[start]
	if d == nil {
		d = &dictionary{file: f, start: start, end: end}
		if f.dicts == nil {
			f.dicts = make(map[int64]*dictionary)
		}
		f.dicts[start] = d
	}
	return d
}

func (f *fileReader) dictionaryPage(offset int64, b []byte) (n int, body []byte, err error) {
	h, body, err := f.pageAt(offset, b)
	if err != nil {
		return 0, nil, err
	}
	if h.Type != format.DictionaryPage || !h.DictionaryPageHeader.Valid {
		return 0, nil, f.corrupt(offset, "not a dictionary page")
	}
	body, err = decompress(body, int(h.UncompressedPageSize))
	return int(h.DictionaryPageHeader.V.NumValues), body, err
}
