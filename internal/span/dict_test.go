package span

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"
)

func columnDict() *Dict { return &Dict{column: true} }

// TestDict looks up random values of all lengths against a map.
func TestDict(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var d Dict
	for range 3 {
		codes := make(map[string]uint32)
		for range 20_000 {
			v := make([]byte, rng.IntN(40))
			for i := range v {
				v[i] = "ab"[rng.IntN(2)]
			}
			before, known := codes[string(v)]
			if code, ok := d.Find(v); ok != known || ok && code != before {
				t.Fatalf("%q is found as %d, %v; want %d, %v", v, code, ok, before, known)
			}
			code := d.Code(v)
			if known && code != before || !known && int(code) != len(codes) {
				t.Fatalf("%q has code %d", v, code)
			}
			codes[string(v)] = code
		}
		for v, code := range codes {
			if d.String(code) != v {
				t.Fatalf("code %d is %q, want %q", code, d.Bytes(code), v)
			}
		}
		if d.Len() != len(codes) || !d.Unique() {
			t.Fatalf("%d values, want %d; unique %v", d.Len(), len(codes), d.Unique())
		}
		d.Reset()
		if d.Len() != 0 || d.Size() != 0 {
			t.Fatalf("%d values of %d bytes after a reset", d.Len(), d.Size())
		}
	}
}

func TestDictForgetsTheNewest(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var d Dict
	for i := range 3000 {
		d.Code(fmt.Appendf(nil, "%d", i))
		for rng.IntN(3) == 0 && d.Len() > 0 {
			d.forget(uint32(d.Len() - 1))
		}
		n := uint32(d.Len())
		if n == 0 {
			continue
		}
		code := rng.Uint32N(n)
		if got, ok := d.Find(bytes.Clone(d.Bytes(code))); !ok || got != code {
			t.Fatalf("value %d of %d is found as %d, %v", code, n, got, ok)
		}
	}
	if _, ok := d.Find([]byte("-1")); ok || d.Len() < 100 {
		t.Errorf("%d values are left", d.Len())
	}
}

// TestOnlyColumnsBecomePlain gives unique values to a dictionary of a column and
// to one that is not, then repeats them.
func TestOnlyColumnsBecomePlain(t *testing.T) {
	var strict Dict
	loose := columnDict()
	value := func(i int) []byte { return fmt.Appendf(nil, "value %d", i) }
	var codes []uint32
	for i := range 10_000 {
		strict.Code(value(i))
		codes = append(codes, loose.add(value(i), true))
	}
	if !strict.Unique() || loose.Unique() {
		t.Fatalf("strict is unique: %v, loose is: %v", strict.Unique(), loose.Unique())
	}
	for i := range 10_000 {
		if code := strict.Code(value(i)); int(code) != i {
			t.Fatalf("value %d has code %d", i, code)
		}
		if loose.String(codes[i]) != string(value(i)) {
			t.Fatalf("code %d is %q", codes[i], loose.Bytes(codes[i]))
		}
		if code, ok := loose.Find(value(i)); !ok || loose.String(code) != string(value(i)) {
			t.Fatalf("value %d is found as %d, %v", i, code, ok)
		}
	}
	if n, again := loose.add(value(7), true), loose.add(value(7), true); n != again {
		t.Error("a run of one value has several codes")
	}
	if s := loose.String(loose.add([]byte("\xff"), true)); !utf8.ValidString(s) {
		t.Errorf("%q is not UTF-8", s)
	}
	if hashed, plain := strict.Size(), loose.Size(); plain >= hashed {
		t.Errorf("plain: %d bytes, hashed: %d", plain, hashed)
	}
	loose.Reset()
	if loose.add(value(1), true); !loose.Unique() || loose.Len() != 1 {
		t.Error("a reset dictionary does not start over")
	}
}

// TestPlainIsForMostlyNewValues tries columns in which values come again.
func TestPlainIsForMostlyNewValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, c := range []struct {
		name   string
		plain  bool
		values func(i int) int
	}{
		{"few", false, func(int) int { return rng.IntN(1000) }},
		{"three times each, apart", false, func(i int) int { return i/3000*1000 + i%1000 }},
		{"three of four new", true, func(i int) int { return i - rng.IntN(4)/3*min(i, 50) }},
		{"few and later unique", true, func(i int) int { return max(i-50_000, 0) + rng.IntN(1000)*min(1, max(50_000-i, 0)) }},
	} {
		d := columnDict()
		for i := range 100_000 {
			d.add(fmt.Appendf(nil, "%d", c.values(i)), true)
		}
		if d.Unique() == c.plain {
			t.Errorf("%s: plain is %v, with %d values", c.name, !d.Unique(), d.Len())
		}
	}
}

// TestPlainTakesBack truncates a column whose dictionary is plain.
func TestPlainTakesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var a Attrs
	row := 0
	var want []string
	add := func() {
		a.Begin(uint32(row))
		row++
		v := fmt.Appendf(nil, "%d", rng.Uint32())
		if rng.IntN(3) == 0 && len(want) > 0 {
			v = []byte(want[len(want)-1]) // a run
		}
		a.Text([]byte("k"), String, v)
		want = append(want, string(v))
	}
	for range 9000 {
		add()
	}
	c := a.Columns[0]
	if c.Dict.Unique() {
		t.Fatal("not plain")
	}
	size := a.Size()
	for range 1000 {
		n := rng.IntN(30)
		for range n {
			add()
		}
		back := rng.IntN(n + 1)
		row -= back
		want = want[:row]
		a.truncate(row)
		if back == n && a.Size() != size {
			t.Fatalf("%d bytes were %d before what was taken back", a.Size(), size)
		}
		size = a.Size()
		for i := max(0, row-100); i < row; i++ {
			if got := c.Value(i).Str; got != want[i] {
				t.Fatalf("entry %d is %q, want %q", i, got, want[i])
			}
		}
	}
	// What others put into the dictionary stays.
	code := c.Dict.Code([]byte("kept"))
	a.truncate(5000)
	if c.Dict.String(code) != "kept" {
		t.Error("a value from outside the column was taken back")
	}
	a.truncate(10)
	for i := range 10 {
		if got := c.Value(i).Str; got != want[i] {
			t.Errorf("entry %d is %q, want %q", i, got, want[i])
		}
	}
}

func TestDictIsBounded(t *testing.T) {
	defer func(n uint64) { dictRoom = n }(dictRoom)
	dictRoom = 25
	for _, d := range []*Dict{{}, {column: true, plain: true}} {
		for _, want := range []string{"first", "0123456789", "", "01234567", "", "yz", ""} {
			v := []byte(want)
			if want == "" {
				v = []byte("more than fits")
			}
			if got := d.String(d.add(v, true)); got != want {
				t.Errorf("%q reads as %q, want %q", v, got, want)
			}
		}
		if d.String(0) != "first" || d.Bytesize() != 25 {
			t.Errorf("%d bytes, the first value is %q", d.Bytesize(), d.Bytes(0))
		}
		if d.Unique() && d.Len() != 5 {
			t.Errorf("%d values", d.Len())
		}
	}
}

func TestLongValuesInAPlainColumn(t *testing.T) {
	d := columnDict()
	for i := range 5000 {
		d.add(fmt.Appendf(nil, "%d", i), true)
	}
	long := bytes.Repeat([]byte("0123456789"), 10_000)
	var codes []uint32
	for i := range 50 {
		long[0] = byte('a' + i%26)
		codes = append(codes, d.add(long, true))
	}
	for i, code := range codes {
		if v := d.Bytes(code); len(v) != 100_000 || v[0] != byte('a'+i%26) {
			t.Fatalf("value %d has %d bytes and begins with %q", i, len(v), v[:1])
		}
	}
	if d.Size() < 50*100_000 {
		t.Errorf("size is %d", d.Size())
	}
}

func TestTraceIDs(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var ids TraceIDs
	for range 2 {
		codes := make(map[TraceID]uint32)
		for range 20_000 {
			var id TraceID
			id[0], id[7], id[15] = byte(rng.IntN(20)), byte(rng.IntN(20)), byte(rng.IntN(20))
			before, known := codes[id]
			if code, ok := ids.Find(id); ok != known || ok && code != before {
				t.Fatalf("%s is found as %d, %v; want %d, %v", id, code, ok, before, known)
			}
			codes[id] = ids.Code(id)
			if !slices.Equal(ids.Bytes(codes[id]), id[:]) {
				t.Fatalf("%s reads as %x", id, ids.Bytes(codes[id]))
			}
		}
		if ids.Len() != len(codes) {
			t.Fatalf("%d ids, want %d", ids.Len(), len(codes))
		}
		ids.Reset()
	}
}

// TestExpect adds rows of several operations, whose guesses meet, and of ones
// that are never expected.
func TestExpect(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	var a Attrs
	var want [][]string
	for row := range 20_000 {
		a.Begin(uint32(row))
		op := rng.IntN(400)
		if op < 390 {
			a.Expect(uint32(op))
		}
		var keys []string
		for i := range 5 {
			if rng.IntN(10) > 0 {
				key := fmt.Sprintf("key.%d", (op*7+i*i)%300)
				if !slices.Contains(keys, key) {
					keys = append(keys, key)
				}
				a.Num([]byte(key), Int, uint64(row))
			}
		}
		slices.Sort(keys)
		want = append(want, keys)
	}
	by := a.ByRow(len(want))
	for row, keys := range want {
		var got []string
		for k, v := range by.Row(uint32(row)) {
			if !slices.Contains(got, k) { // a key twice goes to the rest
				got = append(got, k)
			}
			if v.Num != uint64(row) {
				t.Fatalf("row %d has %d", row, v.Num)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, keys) {
			t.Fatalf("row %d has %q, want %q", row, got, keys)
		}
	}
}

func FuzzDict(f *testing.F) {
	f.Add([]byte("a\x00bc\x00a\x00\xff\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d, plain Dict
		plain.plain, plain.column = true, true
		for _, v := range bytes.Split(text, []byte{0}) {
			code := d.Text(v)
			want := string(bytes.ToValidUTF8(v, []byte("\uFFFD")))
			if d.String(code) != want || d.Text(v) != code {
				t.Fatalf("%q is %q", v, d.Bytes(code))
			}
			if found, ok := d.Find([]byte(want)); !ok || found != code {
				t.Fatalf("%q is found as %d, %v; want %d", want, found, ok, code)
			}
			if got := plain.String(plain.add(v, true)); got != want {
				t.Fatalf("plain: %q is %q", v, got)
			}
		}
	})
}

func BenchmarkDict(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, c := range []struct {
		name  string
		n     int
		width int
	}{{"50 routes", 50, 28}, {"50000 users", 50_000, 5}, {"unique", 300_000, 16}} {
		var values [][]byte
		for range 300_000 {
			values = append(values, fmt.Appendf(nil, "%0*d", c.width, rng.IntN(c.n)*7919))
		}
		b.Run(c.name, func(b *testing.B) {
			d := columnDict()
			i := 0
			for b.Loop() {
				if i == len(values) {
					d.Reset()
					i = 0
				}
				d.add(values[i], true)
				i++
			}
		})
	}
}
