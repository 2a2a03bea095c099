package block

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// values.filter says in which pages of a column of texts a value may stand, so that
// looking for one user or session reads a few pages of thousands. Columns of texts have
// one when they have no dictionary, or one of more than maxUnfiltered values. For each
// page it holds a Bloom filter of ten bits a distinct value, seven of which are
// set: one page in a hundred is read in vain. Layout, little-endian:
//
//	size  field
//	   4  "EVVF"
//	   4  format number, 1
//	   4  length of the directory
//	   8  xxhash64 of the directory
//	      directory: for each column, the length of its name (2 bytes) and the name, and
//	      the offset (8), length (8) and xxhash64 (8) of its filter
//	      filters: the number of pages (4), for each page where its words end, counted in
//	      words (4), and all words (8 each)
//
// A value's bits are at h1 + i*h2 for i from 0 to 6, modulo the bits of the page, where
// h1 is the upper and h2 the lower half of the value's xxhash64, made odd.
const (
	valuesMagic   = "EVVF"
	valuesFormat  = 1
	valuesHeader  = 20
	maxUnfiltered = 256
	valueBits     = 10
	valueProbes   = 7
)

// filterWriter gathers the filters of a file's columns while its pages are written.
type filterWriter struct {
	names    []string
	sections [][]byte

	ends   []uint32 // of the column under way
	words  []uint64
	hashes []uint64
	codes  []uint64 // hash by code + 1
}

// wants reports whether a column gets a filter.
func (w *filterWriter) wants(c *column) bool {
	return w != nil && c.shape == shapeText && (c.dict == nil || c.dict.Len() > maxUnfiltered)
}

// page adds the filter of the next page.
func (w *filterWriter) page(c *column, v *vector) {
	w.hashes = w.hashes[:0]
	if c.dict != nil {
		d := c.dict.(interface{ Bytes(code uint32) []byte })
		if w.codes == nil {
			w.codes = make([]uint64, c.dict.Len())
		}
		last := ^uint32(0)
		for _, code := range v.codes {
			if code == last {
				continue
			}
			last = code
			if w.codes[code] == 0 {
				w.codes[code] = xxhash.Sum64(d.Bytes(code)) | 1
			}
			w.hashes = append(w.hashes, w.codes[code])
		}
	} else {
		var before []byte
		start := uint32(0)
		for i, end := range v.ends {
			text := v.text[start:end]
			if i == 0 || string(text) != string(before) {
				w.hashes = append(w.hashes, xxhash.Sum64(text)|1)
			}
			before, start = text, end
		}
	}
	n := distinctHashes(w.hashes)
	from := len(w.words)
	w.words = append(w.words, make([]uint64, (n*valueBits+63)/64)...)
	page := w.words[from:]
	for _, h := range w.hashes {
		if len(page) == 0 {
			break
		}
		setBits(page, h)
	}
	w.ends = append(w.ends, uint32(len(w.words)))
}

// distinctHashes counts different numbers, about: those that meet in a small table are
// taken for new.
func distinctHashes(hashes []uint64) int {
	var table [1024]uint64
	n := 0
	for _, h := range hashes {
		if slot := &table[h>>54]; *slot != h {
			*slot = h
			n++
		}
	}
	return n
}

func setBits(page []uint64, h uint64) {
	bits := uint64(len(page)) * 64
	h1, h2 := h>>32, h&(1<<32-1)
	for range valueProbes {
		at := h1 * bits >> 32
		page[at/64] |= 1 << (at % 64)
		h1 = (h1 + h2) & (1<<32 - 1)
	}
}

func hasBits(page []uint64, h uint64) bool {
	bits := uint64(len(page)) * 64
	if bits == 0 {
		return false
	}
	h1, h2 := h>>32, h&(1<<32-1)
	for range valueProbes {
		at := h1 * bits >> 32
		if page[at/64]>>(at%64)&1 == 0 {
			return false
		}
		h1 = (h1 + h2) & (1<<32 - 1)
	}
	return true
}

// finish ends the column under way.
func (w *filterWriter) finish(name string) {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+4*len(w.ends)+8*len(w.words)), uint32(len(w.ends)))
	for _, end := range w.ends {
		b = binary.LittleEndian.AppendUint32(b, end)
	}
	for _, word := range w.words {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	w.names, w.sections = append(w.names, name), append(w.sections, b)
	w.ends, w.words, w.codes = w.ends[:0], w.words[:0], nil
}

// write writes the file.
func (w *filterWriter) write(out io.Writer) (File, error) {
	var directory []byte
	size := 0
	for _, name := range w.names {
		size += 2 + len(name) + 24
	}
	at := int64(valuesHeader + size)
	for i, name := range w.names {
		directory = binary.LittleEndian.AppendUint16(directory, uint16(len(name)))
		directory = append(directory, name...)
		directory = binary.LittleEndian.AppendUint64(directory, uint64(at))
		directory = binary.LittleEndian.AppendUint64(directory, uint64(len(w.sections[i])))
		directory = binary.LittleEndian.AppendUint64(directory, xxhash.Sum64(w.sections[i]))
		at += int64(len(w.sections[i]))
	}
	head := append([]byte(valuesMagic), valuesFormat, 0, 0, 0)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(directory)))
	head = binary.LittleEndian.AppendUint64(head, xxhash.Sum64(directory))
	sum := xxhash.New()
	for _, part := range append([][]byte{head, directory}, w.sections...) {
		sum.Write(part)
		if _, err := out.Write(part); err != nil {
			return File{}, err
		}
	}
	return File{Bytes: at, Sum: sum.Sum64()}, nil
}

// filterDirectory is where the filters of columns are.
type filterDirectory map[string]filterSection

type filterSection struct {
	at, size int64
	sum      uint64
}

func (d filterDirectory) held() int { return 100 * len(d) }

// pageFilter is the filter of a column.
type pageFilter struct {
	ends  []uint32 // by page
	words []uint64
}

func (f *pageFilter) held() int { return 4*len(f.ends) + 8*len(f.words) }

// mayHave reports whether a value with a hash may be in a page.
func (f *pageFilter) mayHave(page int, h uint64) bool {
	if page >= len(f.ends) {
		return true
	}
	from := uint32(0)
	if page > 0 {
		from = f.ends[page-1]
	}
	return hasBits(f.words[from:f.ends[page]], h)
}

// valueFilter returns the filter of a column; nil if it has none.
func (r *Reader) valueFilter(ctx context.Context, column string) (*pageFilter, error) {
	file, ok := r.Meta.Files[valuesFile]
	if !ok {
		return nil, nil // of before there were filters
	}
	key := r.Meta.Key(valuesFile)
	bad := func(why string) error { return fmt.Errorf("%w: %s: %s", ErrCorrupt, key, why) }
	read := func(at, n int64) ([]byte, error) {
		if at < 0 || n < 0 || at > file.Bytes-n || n > maxFooter {
			return nil, bad("a part lies outside the file")
		}
		p := make([]byte, n)
		if err := r.bkt.ReadAt(ctx, key, p, at); err != nil {
			return nil, fmt.Errorf("%w %s: %w", errRead, key, err)
		}
		return p, nil
	}
	directory, err := lookup(r.cache, key, 0, func() (filterDirectory, error) {
		head, err := read(0, valuesHeader)
		if err != nil {
			return nil, err
		}
		if string(head[:4]) != valuesMagic || binary.LittleEndian.Uint32(head[4:]) != valuesFormat {
			return nil, bad("no header of format 1")
		}
		body, err := read(valuesHeader, int64(binary.LittleEndian.Uint32(head[8:])))
		if err != nil {
			return nil, err
		}
		if xxhash.Sum64(body) != binary.LittleEndian.Uint64(head[12:]) {
			return nil, bad("checksum mismatch of the directory")
		}
		return parseDirectory(body)
	})
	if err != nil {
		return nil, err
	}
	section, ok := directory[column]
	if !ok {
		return nil, nil
	}
	return lookup(r.cache, key, section.at, func() (*pageFilter, error) {
		body, err := read(section.at, section.size)
		if err != nil {
			return nil, err
		}
		if xxhash.Sum64(body) != section.sum {
			return nil, bad("checksum mismatch of column " + column)
		}
		return parsePageFilter(body)
	})
}

var errFilter = fmt.Errorf("%w: value filter: sizes do not agree", ErrCorrupt)

func parseDirectory(b []byte) (filterDirectory, error) {
	d := make(filterDirectory)
	for len(b) > 0 {
		if len(b) < 2 {
			return nil, errFilter
		}
		n := int(binary.LittleEndian.Uint16(b))
		if len(b) < 2+n+24 {
			return nil, errFilter
		}
		name := string(b[2 : 2+n])
		b = b[2+n:]
		d[name] = filterSection{int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:])), binary.LittleEndian.Uint64(b[16:])}
		if d[name].at <= 0 || d[name].size <= 0 {
			return nil, errFilter
		}
		b = b[24:]
	}
	return d, nil
}

func parsePageFilter(b []byte) (*pageFilter, error) {
	if len(b) < 4 {
		return nil, errFilter
	}
	pages := int64(binary.LittleEndian.Uint32(b))
	b = b[4:]
	if int64(len(b)) < 4*pages || (int64(len(b))-4*pages)%8 != 0 {
		return nil, errFilter
	}
	f := &pageFilter{ends: make([]uint32, pages), words: make([]uint64, (int64(len(b))-4*pages)/8)}
	last := uint32(0)
	for i := range f.ends {
		f.ends[i] = binary.LittleEndian.Uint32(b[4*i:])
		if f.ends[i] < last || int(f.ends[i]) > len(f.words) {
			return nil, errFilter
		}
		last = f.ends[i]
	}
	b = b[4*pages:]
	for i := range f.words {
		f.words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return f, nil
}
