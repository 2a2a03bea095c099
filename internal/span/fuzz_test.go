package span

import (
	"math"
	"strings"
	"testing"
)

func FuzzParseTraceID(f *testing.F) {
	for _, s := range []string{"", "0", "1", "abc123", "4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "4BF9", "00-", "xyz", strings.Repeat("0", 40) + "1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseTraceID(s)
		if (err == nil) == id.IsZero() {
			t.Fatalf("%q: %s, %v", s, id, err)
		}
		if err != nil {
			return
		}
		again, err := ParseTraceID(id.String())
		if err != nil || again != id {
			t.Fatalf("%q is %s, which is %s, %v", s, id, again, err)
		}
		digits := strings.ToLower(strings.ReplaceAll(s, "-", ""))
		if want := strings.Repeat("0", 32-len(digits)) + digits; id.String() != want {
			t.Fatalf("%q is %s, want %s", s, id, want)
		}
		if short, err := ParseID(s); err == nil && !strings.HasSuffix(id.String(), short.String()) {
			t.Fatalf("%q is the trace %s and the span %s", s, id, short)
		}
	})
}

// FuzzParseText reads what may stand in the map column of any file.
func FuzzParseText(f *testing.F) {
	for _, s := range []string{"", "true", "-0", "1e3", "12.0", "0x1p4", "9223372036854775808", `"a\u0000é"`, `"\ud800"`, `{"$bytes":"AAE="}`, `{"$bytes":"A\nAE="}`, `{"$bytes":"}`, `{"$double":"NaN"}`, `{"$double":"}`, `{"$double":"-0"}`, `[1,2]`, `{"a":1}`, `null`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := ParseText(text)
		again := ParseText(v.Text())
		if again != v && !(v.Type == Double && again.Type == Double && isNaN(v) && isNaN(again)) {
			t.Fatalf("%q is %+v, whose text %q is %+v", text, v, v.Text(), again)
		}
		v.Display()
	})
}

// FuzzValueText writes values and reads them again.
func FuzzValueText(f *testing.F) {
	f.Add(byte(String), uint64(0), "a\"\\\n\x00\xff\u2028")
	f.Add(byte(Int), uint64(math.MaxUint64), "")
	f.Add(byte(Double), math.Float64bits(1), "")
	f.Add(byte(Double), math.Float64bits(math.Inf(-1)), "")
	f.Add(byte(Bool), uint64(1), "")
	f.Add(byte(Bytes), uint64(0), "\x00\x01\xff")
	f.Fuzz(func(t *testing.T, kind byte, num uint64, str string) {
		v := Value{Type: Type(kind % byte(JSON))}
		switch v.Type {
		case String:
			v.Str = string([]rune(str)) // what is not UTF-8 is replaced
		case Bytes:
			v.Str = str
		case Bool:
			v.Num = num & 1
		default:
			v.Num = num
		}
		in := v
		if v.Type == String {
			in.Str = str
		}
		got := ParseText(in.Text())
		if got != v && !(v.Type == Double && got.Type == Double && isNaN(v) && isNaN(got)) {
			t.Fatalf("%+v is written as %q, which is %+v", v, in.Text(), got)
		}
	})
}

func isNaN(v Value) bool { return math.IsNaN(math.Float64frombits(v.Num)) }
