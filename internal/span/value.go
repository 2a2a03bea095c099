package span

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Type is the type of an attribute's value.
type Type uint8

// The types of values. JSON stands for what has no column type of its own:
// arrays, key-value lists and the empty value, as the text that [Value.Text]
// describes.
const (
	String Type = iota
	Int
	Double
	Bool
	Bytes
	JSON
	numTypes
)

var typeNames = [numTypes]string{"string", "int", "double", "bool", "bytes", "json"}

func (t Type) String() string { return typeNames[t] }

// ParseType is the inverse of [Type.String].
func ParseType(name string) (Type, bool) {
	i := slices.Index(typeNames[:], name)
	return Type(max(i, 0)), i >= 0
}

// isText reports whether values are held as codes into a dictionary.
func (t Type) isText() bool { return t == String || t == Bytes || t == JSON }

// Value is one attribute value, taken out of its column.
type Value struct {
	Type Type
	Num  uint64 // Int: two's complement; Double: IEEE 754 bits; Bool: 0 or 1
	Str  string // String, Bytes: the bytes; JSON: the text
}

// Text gives the value as JSON, which keeps its type: strings are quoted,
// integers have neither dot nor exponent, doubles always have one or the
// other, bytes are {"$bytes":"base64"}, doubles that JSON lacks are
// {"$double":"NaN"}. Keys of key-value lists that begin with a dollar sign get
// a second one in front.
func (v Value) Text() string {
	if v.Type == JSON {
		return v.Str
	}
	return string(v.AppendText(nil))
}

// AppendText appends [Value.Text] to dst.
func (v Value) AppendText(dst []byte) []byte {
	switch v.Type {
	case String:
		return AppendQuoted(dst, v.Str)
	case Int:
		return strconv.AppendInt(dst, int64(v.Num), 10)
	case Double:
		return appendDouble(dst, math.Float64frombits(v.Num))
	case Bool:
		return strconv.AppendBool(dst, v.Num != 0)
	case Bytes:
		dst = append(dst, `{"$bytes":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte(v.Str))
		return append(dst, `"}`...)
	default:
		return append(dst, v.Str...)
	}
}

// Display gives the value as a person would read it: strings without quotes,
// everything else as in [Value.Text].
func (v Value) Display() string {
	if v.Type == String {
		return v.Str
	}
	return v.Text()
}

// ParseText is the inverse of [Value.Text]: it recognises the scalar types and
// leaves everything else as JSON.
func ParseText(text string) Value {
	switch {
	case text == "true":
		return Value{Type: Bool, Num: 1}
	case text == "false":
		return Value{Type: Bool}
	case strings.HasPrefix(text, `"`):
		var s string
		if json.Unmarshal([]byte(text), &s) == nil {
			return Value{Type: String, Str: s}
		}
	case strings.HasPrefix(text, `{"$bytes":"`):
		rest, ok := strings.CutSuffix(text[len(`{"$bytes":"`):], `"}`)
		if b, err := base64.StdEncoding.DecodeString(rest); ok && err == nil {
			return Value{Type: Bytes, Str: string(b)}
		}
	case strings.HasPrefix(text, `{"$double":"`):
		rest, ok := strings.CutSuffix(text[len(`{"$double":"`):], `"}`)
		if f, err := strconv.ParseFloat(rest, 64); ok && err == nil {
			return Value{Type: Double, Num: math.Float64bits(f)}
		}
	case text != "" && (text[0] == '-' || '0' <= text[0] && text[0] <= '9'):
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return Value{Type: Int, Num: uint64(i)}
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return Value{Type: Double, Num: math.Float64bits(f)}
		}
	}
	return Value{Type: JSON, Str: text}
}

func appendDouble(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		dst = append(dst, `{"$double":"`...)
		dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
		return append(dst, `"}`...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON string. Control characters, quotes and
// backslashes are escaped, and so are the two separators that JavaScript reads
// as line ends; bytes that are not UTF-8 become U+FFFD.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i, r := range s {
		var escape string
		switch {
		case r == '"':
			escape = `\"`
		case r == '\\':
			escape = `\\`
		case r == '\n':
			escape = `\n`
		case r == '\r':
			escape = `\r`
		case r == '\t':
			escape = `\t`
		case r < 0x20:
			dst = append(dst, s[from:i]...)
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[r>>4], hexDigits[r&15])
			from = i + 1
			continue
		case r == '\u2028':
			dst = append(dst, s[from:i]...)
			dst = append(dst, `\u2028`...)
			from = i + 3
			continue
		case r == '\u2029':
			dst = append(dst, s[from:i]...)
			dst = append(dst, `\u2029`...)
			from = i + 3
			continue
		case r == '\uFFFD' && !strings.HasPrefix(s[i:], "\uFFFD"):
			dst = append(dst, s[from:i]...)
			dst = append(dst, "\uFFFD"...)
			from = i + 1
			continue
		default:
			continue
		}
		dst = append(dst, s[from:i]...)
		dst = append(dst, escape...)
		from = i + 1
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}
