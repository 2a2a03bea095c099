package block

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"runtime/metrics"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/rowset"
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
			levels, before, within, set, err := decodeLevels(nil, src, int(n), int(from), int(to))
			if err != nil {
				return
			}
			ones, err := decodeRuns(nil, src, 1, int(n), 0, int(n))
			if err != nil {
				t.Fatalf("levels are counted and can't be read: %v", err)
			}
			count := func(levels []uint32) (n int) {
				for _, l := range levels {
					n += int(l)
				}
				return n
			}
			if before != count(ones[:from]) || within != count(ones[from:to]) || set != count(ones) {
				t.Fatalf("%d, %d, %d levels are set, not %d, %d, %d", count(ones[:from]), count(ones[from:to]), count(ones), before, within, set)
			}
			for i, l := range levels {
				if uint32(l) != ones[int(from)+i] {
					t.Fatalf("level %d is %d", i, l)
				}
			}
			if k, err := countLevels(src, int(n)); err != nil || k != set {
				t.Fatalf("%d levels are set, not %d (%v)", set, k, err)
			}
		})
	})
}

// FuzzEncodedRuns encodes values of every width and reads them back.
func FuzzEncodedRuns(f *testing.F) {
	f.Add([]byte{1, 1, 1, 1, 2}, byte(0))
	f.Add(bytes.Repeat([]byte{7, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, 9), byte(2))
	f.Fuzz(func(t *testing.T, src []byte, kind byte) {
		width := []int{1, 8, 16, 24, 32}[kind%5]
		var want []uint32
		var levels []uint8
		for i, b := range src {
			// Runs and single values of all sizes.
			v := uint32(b>>4) * 0x01010101
			if width < 32 {
				v &= 1<<width - 1
			}
			for range 1 + int(b&15)*(i%4) {
				want, levels = append(want, v), append(levels, uint8(v))
			}
		}
		enc := appendCodes(nil, want, width)
		if width == 1 {
			enc = appendLevels(nil, levels)
		}
		got, err := decodeRuns(nil, enc, width, len(want), 0, len(want))
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v became %x, and that %v (%v)", want, enc, got, err)
		}
	})
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte{128, 1, 4, 3, 2, 2, 0, 0, 0, 0}, uint32(3), uint32(3))
	f.Add([]byte{128, 1, 4, 1, 2}, uint32(1), uint32(1))
	f.Fuzz(func(t *testing.T, src []byte, n, limit uint32) {
		n %= pageLimit + 1
		limit %= n + 1
		bounded(t, 64<<20, func() {
			all, _, err := decodeDelta(nil, src, int(n), int(n))
			some, _, errSome := decodeDelta(nil, src, int(n), int(limit))
			if err == nil && (errSome != nil || len(all) != int(n) || !slices.Equal(some, all[:limit])) {
				t.Fatalf("%d of %d values: %v; %d values", len(some), n, errSome, len(all))
			}
		})
	})
}

// FuzzValues decodes the body of a page as every shape and encoding.
func FuzzValues(f *testing.F) {
	texts := []byte{1, 0, 0, 0, 'a', 2, 0, 0, 0, 'b', 'c'}
	const dict, delta, lengths, plain = byte(format.RLEDictionary), byte(format.DeltaBinaryPacked), byte(format.DeltaLengthByteArray), byte(format.Plain)
	f.Add([]byte{2, 4, 1, 3, 0x1b}, byte(shapeText), dict, false, uint32(10), uint32(1), uint32(9))
	f.Add([]byte{2, 0, 0, 0, 8, 1, 8, 4, 1}, byte(shapeText), dict, true, uint32(4), uint32(1), uint32(3))
	f.Add(append([]byte{2, 0, 0, 0, 8, 1}, make([]byte, 32)...), byte(shapeDouble), plain, true, uint32(4), uint32(1), uint32(3))
	f.Add([]byte{128, 1, 4, 3, 2, 2, 0, 0, 0, 0}, byte(shapeInt32), delta, false, uint32(3), uint32(1), uint32(3))
	f.Add([]byte{128, 1, 4, 3, 2, 0, 0, 0, 0, 0, 'a', 'b', 'c'}, byte(shapeText), lengths, false, uint32(3), uint32(1), uint32(3))
	f.Add([]byte{4, 0, 0, 0, 4, 0, 6, 1, 0xff}, byte(shapeBool), plain, true, uint32(5), uint32(0), uint32(5))
	f.Add(make([]byte, 48), byte(shapeTraceID), plain, false, uint32(3), uint32(1), uint32(3))
	f.Fuzz(func(t *testing.T, body []byte, kind, encoding byte, optional bool, rows, from, to uint32) {
		v := &values{shape: shape(kind % byte(shapeSpanID+1))}
		c := &columnChunk{optional: optional}
		h := header{kind: format.DataPage, encoding: format.Encoding(encoding % 10)}
		if h.encoding == format.RLEDictionary && v.shape.width() == 0 {
			v.coded, c.dictionary = true, true
			if v.dict = (&dictionary{nums: []int64{7, 8}}); v.shape.isText() {
				v.dict = &dictionary{body: texts, ends: []uint32{5, 11}}
			}
		}
		rows %= pageLimit + 1
		h.values = int32(rows)
		to %= rows + 1
		from %= to + 1
		bounded(t, 192<<20, func() {
			if err := v.add(c, &h, body, int(rows), int(from), int(to)); err != nil {
				return
			}
			if v.rows != int(to-from) {
				t.Fatalf("%d rows of %d", v.rows, to-from)
			}
			for row := range v.rows {
				if v.shape.isText() || v.shape.width() > 0 {
					v.bytes(row)
				} else {
					v.num(row)
				}
			}
		})
		m := (&Column{c: c, v: v}).Matcher(Test{
			Text: func(b []byte) bool { return len(b) == 1 }, Num: func(n int64) bool { return n > 0 }, Literal: []byte("a"),
		})
		bounded(t, 192<<20, func() {
			all := rowset.Full(0, uint32(rows))
			_ = (&matchScratch{m: m}).page(&page{n: uint32(rows), h: h, body: body}, all, all.Like())
		})
	})
}

// FuzzHeader reads page headers, and writes those back that we could have written.
func FuzzHeader(f *testing.F) {
	for _, h := range []header{
		{kind: format.DataPage, size: 7, packed: 5, crc: 1 << 31, values: 9, encoding: format.RLEDictionary},
		{kind: format.DictionaryPage, size: 1 << 20, packed: 1 << 18, values: 4},
	} {
		f.Add(h.append(nil))
	}
	f.Add([]byte{0x15, 0, 0x15, 0, 0x15, 0, 0x15, 0, 0x2c, 0x1c, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xf, 0})
	f.Fuzz(func(t *testing.T, src []byte) {
		h, rest, err := readHeader(src)
		if err != nil {
			return
		}
		if h.kind != format.DataPage && h.kind != format.DictionaryPage || h.kind == format.DictionaryPage && h.encoding != format.Plain {
			return
		}
		again, behind, err := readHeader(append(h.append(nil), rest...))
		if err != nil || again != h || !bytes.Equal(behind, rest) {
			t.Fatalf("%+v became %+v with %x (%v)", h, again, behind, err)
		}
		var lib format.PageHeader
		if _, err := unmarshal(h.append(nil), &lib); err != nil || lib.CompressedPageSize != h.packed || uint32(lib.CRC) != h.crc {
			t.Fatalf("the library reads %+v, not %+v (%v)", lib, h, err)
		}
	})
}

// FuzzFilter asks filters whose checksums are right, whatever else is not.
func FuzzFilter(f *testing.F) {
	ids := []span.TraceID{{1}, {2}, {3}, {15: 1}}
	for n := range len(ids) + 1 {
		f.Add(buildFilter(ids[:n]))
	}
	odd := append([]byte("EVFT"), 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, v := range []uint32{3, 3, 9, 0} { // segments of three slots
		odd = binary.LittleEndian.AppendUint32(odd, v)
	}
	f.Add(append(odd, make([]byte, 8+filterPage)...))
	rng := rand.New(rand.NewPCG(1, 2))
	f.Fuzz(func(t *testing.T, body []byte) {
		body = bytes.Clone(body)
		if len(body) >= filterHeader {
			binary.LittleEndian.PutUint64(body[32:], xxhash.Sum64(body[:32]))
		}
		for at := filterHeader; at+filterPage <= len(body); at += filterPage {
			binary.LittleEndian.PutUint64(body[at+filterPayload:], xxhash.Sum64(body[at:at+filterPayload]))
		}
		meta := Meta{ID: "x", Files: map[string]File{filterFile: {Bytes: int64(len(body))}}}
		r := NewReader(files{bucket.NewMemory(), map[string][]byte{meta.Key(filterFile): body}}, NewCache(1<<20), meta)
		for range 100 {
			var id span.TraceID
			binary.LittleEndian.PutUint64(id[:], rng.Uint64())
			if _, err := r.mayHave(t.Context(), id); err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, errRead) {
				t.Fatal(err)
			}
		}
	})
}

// TestFilter holds our reading of a filter against the library that built it.
func TestFilter(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 2, 100, 20_000} {
		ids := make([]span.TraceID, n)
		for i := range ids {
			binary.LittleEndian.PutUint64(ids[i][:], rng.Uint64())
		}
		raw := buildFilter(ids)
		meta := Meta{ID: "x", Files: map[string]File{filterFile: {Bytes: int64(len(raw))}}}
		r := NewReader(files{bucket.NewMemory(), map[string][]byte{meta.Key(filterFile): raw}}, NewCache(1<<20), meta)
		for _, id := range ids {
			if ok, err := r.mayHave(t.Context(), id); !ok || err != nil {
				t.Fatalf("%d ids: %s is denied (%v)", n, id, err)
			}
		}
		wrong := 0
		for range 10_000 {
			var id span.TraceID
			binary.LittleEndian.PutUint64(id[:], rng.Uint64())
			if ok, _ := r.mayHave(t.Context(), id); ok {
				wrong++
			}
		}
		if wrong > 100 {
			t.Errorf("%d ids: %d of 10000 others are not denied", n, wrong)
		}
	}
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
		for at, end := c.start, c.end; at < end; {
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
	names := []string{spansFile, eventsFile, linksFile, tracesFile, resourcesFile, scopesFile}
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
	f.Add([]byte("$$$X0")) // once made two columns share a page index
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
			name := names[int(edits[0]>>4)%len(names)]
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
			bad := NewReader(over, NewCache(1<<20), meta)
			var got span.Batch
			n, err := bad.Trace(t.Context(), id, &got)
			if err != nil && got.Len() != 0 || n != got.Len() {
				t.Fatalf("%d spans, %d told, %v", got.Len(), n, err)
			}
			spantest.Dump(&got)
			_ = Verify(t.Context(), over, meta)
			bad = NewReader(over, NewCache(1<<20), meta)
			_ = readColumns(t, bad)
			var all []Place
			if bad.Places(t.Context(), func(p Place) { all = append(all, p) }) == nil {
				slices.SortFunc(all, func(x, y Place) int { return x.Compare(&y) })
				got.Reset()
				if err := bad.Read(t.Context(), all, &got); err != nil && got.Len() != 0 {
					t.Fatalf("%d spans, %v", got.Len(), err)
				}
				spantest.Dump(&got)
			}
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
