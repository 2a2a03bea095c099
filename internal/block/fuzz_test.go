package block

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"runtime/metrics"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/parquet-go/parquet-go/format"
)

// allocated returns how many bytes have been allocated so far.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// bounded fails when do allocates more than so many bytes.
func bounded(t *testing.T, most uint64, do func()) {
	t.Helper()
	before := allocated()
	do()
	if n := allocated() - before; n > most {
		t.Fatalf("%d MiB were allocated", n>>20)
	}
}

func FuzzRuns(f *testing.F) {
	f.Add([]byte{10, 1}, byte(1), uint32(5), uint32(0), uint32(5))
	f.Add([]byte{3, 0x88, 0xc6, 0xfa}, byte(3), uint32(8), uint32(2), uint32(7))
	f.Add([]byte{0x80, 0x80, 0x80, 0x80, 0x10, 1}, byte(32), uint32(1<<20), uint32(0), uint32(1<<20))
	f.Fuzz(func(t *testing.T, src []byte, width byte, n, from, to uint32) {
		// What callers make sure of.
		n %= pageLimit + 1
		to %= n + 1
		from %= to + 1
		bounded(t, 64<<20, func() {
			all, err := decodeRuns(nil, src, int(width), int(n), 0, int(n))
			some, errSome := decodeRuns(nil, src, int(width), int(n), int(from), int(to))
			if err == nil && (errSome != nil || !slices.Equal(some, all[from:to])) {
				t.Fatalf("values %d to %d are %v (%v), want %v", from, to, some, errSome, all[from:to])
			}
			if err == nil && len(all) != int(n) {
				t.Fatalf("%d values of %d", len(all), n)
			}
			before, within, set, err := countLevels(src, int(n), int(from), int(to))
			if err != nil {
				return
			}
			levels, err := decodeRuns(nil, src, 1, int(n), 0, int(n))
			if err != nil {
				t.Fatalf("levels are counted and can't be read: %v", err)
			}
			count := func(levels []uint32) (n int) {
				for _, l := range levels {
					n += int(l & 1)
				}
				return n
			}
			if before != count(levels[:from]) || within != count(levels[from:to]) || set != count(levels) {
				t.Fatalf("%d, %d, %d levels are set, not %d, %d, %d", count(levels[:from]), count(levels[from:to]), count(levels), before, within, set)
			}
		})
	})
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte{128, 1, 4, 3, 2, 2, 0, 0, 0, 0}, uint32(3), uint32(3))
	f.Add([]byte{128, 1, 4, 1, 2}, uint32(1), uint32(1))
	f.Fuzz(func(t *testing.T, src []byte, n, limit uint32) {
		n %= pageLimit + 1
		limit %= n + 1
		bounded(t, 64<<20, func() {
			all, err := decodeDelta(nil, src, int(n), int(n))
			some, errSome := decodeDelta(nil, src, int(n), int(limit))
			if err == nil && (errSome != nil || len(all) != int(n) || !slices.Equal(some, all[:limit])) {
				t.Fatalf("%d of %d values: %v; %d values", len(some), n, errSome, len(all))
			}
		})
	})
}

// FuzzValues decodes the body of a page as every shape and encoding.
func FuzzValues(f *testing.F) {
	plain := []byte{1, 0, 0, 0, 'a', 2, 0, 0, 0, 'b', 'c'}
	f.Add(plain, []byte{}, byte(shapeText), byte(format.Plain), false, uint32(2), uint32(2), uint32(0), uint32(0), uint32(2))
	f.Add([]byte{2, 4, 1, 3, 0x1b}, []byte{}, byte(shapeText), byte(format.RLEDictionary), false, uint32(10), uint32(10), uint32(0), uint32(1), uint32(9))
	f.Add(make([]byte, 64), []byte{8, 1}, byte(shapeDouble), byte(format.Plain), true, uint32(4), uint32(4), uint32(0), uint32(1), uint32(3))
	f.Add([]byte{128, 1, 4, 3, 2, 2, 0, 0, 0, 0}, []byte{}, byte(shapeInt32), byte(format.DeltaBinaryPacked), false, uint32(3), uint32(3), uint32(0), uint32(1), uint32(3))
	f.Add([]byte{0xff}, []byte{4, 0, 6, 1}, byte(shapeBool), byte(format.Plain), true, uint32(5), uint32(5), uint32(2), uint32(0), uint32(5))
	f.Add(make([]byte, 16), []byte{8, 49}, byte(shapeDouble), byte(format.Plain), true, uint32(4), uint32(4), uint32(0), uint32(1), uint32(2)) // a level of 49
	f.Add(make([]byte, 48), []byte{}, byte(shapeTraceID), byte(format.Plain), false, uint32(3), uint32(3), uint32(0), uint32(1), uint32(3))
	f.Fuzz(func(t *testing.T, body, levels []byte, kind, encoding byte, optional bool, rows, numbers, nulls, from, to uint32) {
		v := &values{shape: shape(kind % byte(shapeSpanID+1))}
		p := &page{levels: levels, body: func() ([]byte, error) { return body, nil }}
		p.head.NumRows, p.head.NumValues, p.head.NumNulls = int32(rows), int32(numbers), int32(nulls)
		p.head.Encoding = format.Encoding(encoding % 10)
		if p.head.Encoding == format.RLEDictionary {
			p.dict = &dictionary{body: plain, ends: []uint32{5, 11}}
		}
		if p.head.NumRows < 0 { // see pages
			return
		}
		to %= rows + 1
		from %= to + 1
		bounded(t, 128<<20, func() {
			if err := v.add(t.Context(), p, optional, int(from), int(to)); err != nil {
				return
			}
			if len(v.at) != int(to-from) {
				t.Fatalf("%d rows of %d", len(v.at), to-from)
			}
			for row := range v.at {
				if v.shape.isText() || v.shape.width() > 0 {
					v.text(row)
				} else {
					v.num(row)
				}
			}
		})
	})
}

// FuzzFilter asks filters whose checksum is right, whatever else is not.
func FuzzFilter(f *testing.F) {
	ids := []span.TraceID{{1}, {2}, {3}, {15: 1}}
	for n := range len(ids) + 1 {
		b := buildFilter(ids[:n])
		f.Add(b[:len(b)-8])
	}
	odd := append([]byte("EVFT"), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, v := range []uint32{3, 2, 1, 3, 9} { // segments of three slots
		odd = binary.LittleEndian.AppendUint32(odd, v)
	}
	f.Add(append(odd, make([]byte, 9)...))
	rng := rand.New(rand.NewPCG(1, 2))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got, err := readFilter(body); err == nil {
			got.has(span.TraceID{1})
		}
		got, err := readFilter(binary.LittleEndian.AppendUint64(bytes.Clone(body), xxhash.Sum64(body)))
		if err != nil {
			return
		}
		for range 200 {
			var id span.TraceID
			binary.LittleEndian.PutUint64(id[:], rng.Uint64())
			got.has(id)
		}
	})
}

// pagePlace is where a page's parts lie in its file.
type pagePlace struct {
	crc, body, end int // crc is 0 when it can't be replaced in place
}

// places finds the pages of a file.
func places(t testing.TB, r *Reader, name string, raw []byte) (all []pagePlace) {
	t.Helper()
	f, err := r.file(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.columns {
		for at, end := f.chunkStart(c), f.chunkStart(c)+c.MetaData.TotalCompressedSize; at < end; {
			var h format.PageHeader
			n, err := unmarshal(raw[at:end], &h)
			if err != nil {
				t.Fatal(err)
			}
			p := pagePlace{body: int(at) + n, end: int(at) + n + int(h.CompressedPageSize)}
			if crc := varint(uint32(h.CRC), 0); len(crc) == binary.MaxVarintLen32 {
				p.crc = int(at) + bytes.Index(raw[at:int(at)+n], crc)
			}
			all = append(all, p)
			at = int64(p.end)
		}
	}
	return all
}

// varint is a number as thrift writes it, filled up to a length.
func varint(v uint32, length int) []byte {
	b := binary.AppendUvarint(nil, uint64(v<<1^uint32(int32(v)>>31)))
	for len(b) < length {
		b[len(b)-1] |= 0x80
		b = append(b, 0)
	}
	return b
}

// FuzzFile changes bytes of a real block and makes its checksums right again, so
// that what is behind them is met: a read gives spans or an error.
func FuzzFile(f *testing.F) {
	b := random(11, 60)
	bkt := bucket.NewMemory()
	r := write(f, bkt, b)
	names := []string{spansFile, eventsFile, linksFile, tracesFile}
	raw := make(map[string][]byte)
	pages := make(map[string][]pagePlace)
	for _, name := range names {
		var err error
		if raw[name], err = bucket.ReadAll(f.Context(), bkt, r.Meta.Key(name), 1<<30); err != nil {
			f.Fatal(err)
		}
		pages[name] = places(f, r, name, raw[name])
	}
	id := b.TraceID(7)

	f.Add([]byte{})
	f.Add([]byte{0, 200, 0, 1, 1, 0, 7})
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		seed := make([]byte, 4*(1+rng.IntN(3)))
		for i := range seed {
			seed[i] = byte(rng.Uint32())
		}
		f.Add(seed)
	}
	// Each edit is four bytes: which file and part, where (two bytes), and what.
	f.Fuzz(func(t *testing.T, edits []byte) {
		meta := r.Meta
		meta.Files = make(map[string]File)
		over := files{bkt, make(map[string][]byte)}
		for name, file := range r.Meta.Files {
			meta.Files[name] = file
		}
		for ; len(edits) >= 4; edits = edits[4:] {
			name := names[edits[0]%4]
			key := r.Meta.Key(name)
			if over.data[key] == nil {
				over.data[key] = bytes.Clone(raw[name])
			}
			data := over.data[key]
			if len(data) == 0 {
				continue
			}
			from, to := 0, len(data)
			if index := int(meta.Files[name].Index); edits[0]&4 != 0 {
				from = index
			}
			at := from + int(binary.LittleEndian.Uint16(edits[1:]))*13%(to-from)
			if edits[0]&8 != 0 {
				data[at] = edits[3]
			} else {
				data[at] ^= edits[3]
			}
		}
		for _, name := range names {
			data := over.data[r.Meta.Key(name)]
			if data == nil {
				continue
			}
			for _, p := range pages[name] {
				if p.crc > 0 {
					copy(data[p.crc:], varint(crc32.ChecksumIEEE(data[p.body:p.end]), binary.MaxVarintLen32))
				}
			}
			file := meta.Files[name]
			file.Sum = xxhash.Sum64(data[file.Index:])
			meta.Files[name] = file
		}
		bounded(t, 256<<20, func() {
			bad := NewReader(over, meta)
			var got span.Batch
			n, err := bad.Trace(t.Context(), id, &got)
			if err != nil && got.Len() != 0 || n != got.Len() {
				t.Fatalf("%d spans, %d told, %v", got.Len(), n, err)
			}
			spantest.Dump(&got)
			_ = Verify(t.Context(), over, meta)
			bad = NewReader(over, meta)
			_ = bad.Summaries(t.Context(), "service-1", "GET /", func(Summary) {})
		})
	})
}

// files replaces objects of a bucket.
type files struct {
	bucket.Bucket
	data map[string][]byte
}

func (o files) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	data, ok := o.data[key]
	if !ok {
		return o.Bucket.ReadAt(ctx, key, p, off)
	}
	if n, err := bytes.NewReader(data).ReadAt(p, off); n < len(p) {
		return err
	}
	return nil
}
