package wal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/internal/wal/waltest"
)

// oneSegment returns a segment's name and bytes, and its records.
func oneSegment(t testing.TB) (name string, data []byte, recs []string) {
	t.Helper()
	fs := waltest.New(1)
	l := open(t, "d", wal.Options{FS: fs})
	recs = []string{"first", "", "the third\x00\x00\x00", strings.Repeat("fourth", 20), "last"}
	appendTo(t, l, recs...)
	l.Close()
	files, err := fs.List("d")
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	name = filepath.Join("d", files[0].Name)
	return name, fs.ReadFile(name), recs
}

// read replays data as a segment, with a good segment of one record "next" after
// it, which must always be served.
func read(t testing.TB, name string, data []byte) ([]string, wal.Report) {
	t.Helper()
	fs := waltest.New(2)
	fs.WriteFile(name, data)
	l := open(t, "d", wal.Options{FS: fs})
	appendTo(t, l, "next")
	l.Close()
	got, rep := replay(t, open(t, "d", wal.Options{FS: fs}), 0)
	if len(got) == 0 || got[len(got)-1] != "next" {
		t.Fatalf("the segment after the damaged one is not served: %q", got)
	}
	return got[:len(got)-1], rep
}

const header, frame = 40, 16

// starts returns the offset of each record, and of the end.
func starts(recs []string) []int {
	at := []int{header}
	for _, r := range recs {
		at = append(at, at[len(at)-1]+frame+len(r))
	}
	return at
}

func TestCutAnywhere(t *testing.T) {
	name, data, recs := oneSegment(t)
	at := starts(recs)
	for n := range len(data) + 1 {
		got, rep := read(t, name, data[:n])
		whole := 0
		for whole < len(recs) && at[whole+1] <= n {
			whole++
		}
		if !slices.Equal(got, recs[:whole]) {
			t.Fatalf("cut at %d: %q; want %q", n, got, recs[:whole])
		}
		good := at[whole]
		if n < header {
			good = 0
		}
		if good == n {
			if rep.Damaged != 0 {
				t.Errorf("cut at %d, between records: %v", n, rep.Damage)
			}
			continue
		}
		want := wal.Damage{Segment: 1, File: filepath.Base(name), Offset: int64(good), Bytes: int64(n - good), Kind: wal.Torn}
		if n >= header && len(bytes.Trim(data[good:n], "\x00")) == 0 {
			want.Kind = wal.Zeroes // the length of the empty record
		}
		if len(rep.Damage) != 1 || rep.Damage[0] != want || rep.Lost != want.Bytes {
			t.Errorf("cut at %d: %v; want %v", n, rep.Damage, want)
		}
	}
}

func TestFlipAnyBit(t *testing.T) {
	name, data, recs := oneSegment(t)
	at := starts(recs)
	for i := range len(data) * 8 {
		bad := slices.Clone(data)
		bad[i/8] ^= 1 << (i % 8)
		got, rep := read(t, name, bad)
		if len(rep.Damage) != 1 {
			t.Fatalf("bit %d: %v; want one damage", i, rep.Damage)
		}
		d := rep.Damage[0]
		if i/8 < header {
			if d.Kind != wal.Header || !slices.Equal(got, recs) {
				t.Fatalf("bit %d of the header: %v, %q", i, d, got)
			}
			continue
		}
		hit := 0
		for at[hit+1] <= i/8 {
			hit++
		}
		kind := wal.Corrupt
		if hit == len(recs)-1 {
			kind = wal.Flipped
			if i/8 < at[hit]+8 {
				kind = wal.Torn // its length is not known
			}
		}
		if want := slices.Delete(slices.Clone(recs), hit, hit+1); !slices.Equal(got, want) {
			t.Fatalf("bit %d of record %d: %q; want %q", i, hit, got, want)
		}
		if d.Kind != kind || d.Offset != int64(at[hit]) || d.Bytes != int64(at[hit+1]-at[hit]) {
			t.Fatalf("bit %d of record %d: %v; want %v at %d", i, hit, d, kind, at[hit])
		}
	}
}

func TestDamage(t *testing.T) {
	name, data, recs := oneSegment(t)
	at := starts(recs)
	end := len(data)
	zeroes := make([]byte, 4096)
	_, other, _ := oneSegment(t) // the same records under another salt
	for _, c := range []struct {
		name string
		data []byte
		want []string
		kind []wal.Kind
	}{
		{"empty", nil, nil, nil},
		{"zeroes after", append(slices.Clone(data), zeroes...), recs, []wal.Kind{wal.Zeroes}},
		{"zeroes only", zeroes, nil, []wal.Kind{wal.Header, wal.Zeroes}},
		{"garbage after", append(slices.Clone(data), "garbage that is no record"...), recs, []wal.Kind{wal.Torn}},
		{"header and first record gone", append(make([]byte, at[1]), data[at[1]:]...), recs[1:], []wal.Kind{wal.Header, wal.Corrupt}},
		{"a hole over two records", slices.Concat(data[:at[1]], make([]byte, at[3]-at[1]), data[at[3]:]), slices.Concat(recs[:1], recs[3:]), []wal.Kind{wal.Corrupt}},
		{"two holes", slices.Concat(data[:at[0]], make([]byte, at[1]-at[0]), data[at[1]:at[2]], make([]byte, at[3]-at[2]), data[at[3]:]), []string{recs[1], recs[3], recs[4]}, []wal.Kind{wal.Corrupt, wal.Corrupt}},
		{"records moved", slices.Concat(data[:at[1]], data[at[2]:]), recs[:1], []wal.Kind{wal.Torn}},
		{"a record twice", slices.Concat(data, data[at[4]:end]), recs, []wal.Kind{wal.Torn}},
		{"stale records of another file", slices.Concat(data[:at[2]], other[at[2]:]), recs[:2], []wal.Kind{wal.Torn}},
		{"another file", other, nil, []wal.Kind{wal.Misplaced}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, rep := read(t, name, c.data)
			var kinds []wal.Kind
			for _, d := range rep.Damage {
				kinds = append(kinds, d.Kind)
				if strings.Contains(d.String(), "kind ") {
					t.Errorf("no name: %v", d)
				}
			}
			if !slices.Equal(got, c.want) || !slices.Equal(kinds, c.kind) {
				t.Errorf("%q, %v; want %q, %v", got, rep.Damage, c.want, c.kind)
			}
		})
	}
}

// A large segment that is bad at its start is read again within reason.
func TestResyncIsQuick(t *testing.T) {
	fs := waltest.New(1)
	l := open(t, "d", wal.Options{FS: fs})
	big := bytes.Repeat([]byte{0, 0, 1, 0}, 2<<20) // every offset looks like a length
	tickets := []string{string(big), "small"}
	appendTo(t, l, tickets...)
	l.Close()
	files, _ := fs.List("d")
	name := filepath.Join("d", files[0].Name)
	data := fs.ReadFile(name)
	data[header] ^= 1
	got, rep := read(t, name, data)
	if !slices.Equal(got, []string{"small"}) || rep.Lost != int64(frame+len(big)) {
		t.Errorf("%d records, %v", len(got), rep.Damage)
	}
}

func TestReplayErrors(t *testing.T) {
	name, data, recs := oneSegment(t)
	stop := errors.New("stop")
	broken := errors.New("input/output error")
	fs := waltest.New(1)
	fs.WriteFile(name, data)
	l := open(t, "d", wal.Options{FS: fs})
	rep, err := l.Replay(t.Context(), 0, func(uint64, []byte) error { return stop })
	if err != stop || rep.Records != 0 {
		t.Errorf("fn's error comes back as %v, after %d records", err, rep.Records)
	}
	fs.Fail(waltest.Open, 1, broken)
	if _, err := l.Replay(t.Context(), 0, nil); !errors.Is(err, broken) {
		t.Errorf("a file that can't be opened: %v", err)
	}
	if got, _ := replay(t, l, 0); !slices.Equal(got, recs) {
		t.Errorf("a third replay: %q", got)
	}
	newer := slices.Clone(data)
	newer[8] = 2
	binary.LittleEndian.PutUint64(newer[32:], xxhash.Sum64(newer[:32]))
	fs.WriteFile(name, newer)
	if _, err := l.Replay(t.Context(), 0, nil); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("a newer format: %v", err)
	}
	fs.Remove(name)
	if _, err := l.Replay(t.Context(), 0, nil); err == nil {
		t.Error("a file that vanished is no error")
	}
}

// Any bytes: no panic, and every byte is either served or reported.
func FuzzReplay(f *testing.F) {
	name, data, _ := oneSegment(f)
	f.Add(data, uint16(0), byte(0))
	f.Add(data, uint16(60), byte(1))
	f.Add(data[:100], uint16(2), byte(255))
	f.Add([]byte{}, uint16(0), byte(0))
	f.Add(make([]byte, 200), uint16(0), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte) {
		data = slices.Clone(data)
		if int(at) < len(data) {
			data[at] ^= flip
		}
		fs := waltest.New(1)
		fs.WriteFile(name, data)
		l := open(t, "d", wal.Options{FS: fs})
		defer l.Close()
		got, rep := replay(t, l, 0)
		sum := rep.Lost + rep.Bytes + int64(frame*len(got))
		if !slices.ContainsFunc(rep.Damage, func(d wal.Damage) bool { return d.Offset == 0 }) && len(data) > 0 {
			sum += header
		}
		if sum != int64(len(data)) {
			t.Errorf("%d of %d bytes are accounted for: %s", sum, len(data), fmt.Sprint(rep))
		}
	})
}
