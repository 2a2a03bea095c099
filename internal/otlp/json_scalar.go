package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// scalar appends a field with the value of a token.
func (t *translator) scalar(f *jsonField, raw []byte) error {
	switch f.kind {
	case jsonString, jsonHex, jsonBase64:
		s, err := unquote(raw)
		if err != nil {
			return err
		}
		t.tag(f.num, 2)
		switch f.kind {
		case jsonHex:
			if len(s)%2 != 0 {
				return fmt.Errorf("%.40q is not hexadecimal: odd length", s)
			}
			t.out = binary.AppendUvarint(t.out, uint64(len(s)/2))
			if t.out, err = hex.AppendDecode(t.out, s); err != nil {
				return fmt.Errorf("%.40q is not hexadecimal", s)
			}
			return nil
		case jsonBase64:
			if s, err = decodeBase64(string(s)); err != nil {
				return err
			}
		}
		t.out = append(binary.AppendUvarint(t.out, uint64(len(s))), s...)
	case jsonBool:
		if raw[0] != 't' && raw[0] != 'f' {
			return errors.New("must be true or false")
		}
		t.tag(f.num, 0)
		bit := byte(0)
		if raw[0] == 't' {
			bit = 1
		}
		t.out = append(t.out, bit)
	case jsonInt64, jsonUint32, jsonEnum:
		n, err := f.integer(raw)
		if err != nil {
			return err
		}
		t.tag(f.num, 0)
		t.out = binary.AppendUvarint(t.out, n)
	case jsonFixed32:
		n, err := f.integer(raw)
		if err != nil {
			return err
		}
		t.tag(f.num, 5)
		t.out = binary.LittleEndian.AppendUint32(t.out, uint32(n))
	case jsonFixed64:
		n, err := f.integer(raw)
		if err != nil {
			return err
		}
		t.tag(f.num, 1)
		t.out = binary.LittleEndian.AppendUint64(t.out, n)
	case jsonDouble:
		s, _, err := number(raw)
		if err != nil {
			return err
		}
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fmt.Errorf("%.40q is not a number", s)
		}
		t.tag(f.num, 1)
		t.out = binary.LittleEndian.AppendUint64(t.out, math.Float64bits(v))
	}
	return nil
}

// number returns the text of a number or of a string.
func number(raw []byte) (s string, quoted bool, err error) {
	if raw[0] == '"' {
		v, err := unquote(raw)
		return string(v), true, err
	}
	if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return "", false, errors.New("must be a number")
	}
	return string(raw), false, nil
}

// integer reads an integer that fits the field, as the varint or fixed integer
// that protobuf has for it.
func (f *jsonField) integer(raw []byte) (uint64, error) {
	s, quoted, err := number(raw)
	if err != nil {
		return 0, err
	}
	if f.kind == jsonEnum && quoted {
		if n, ok := f.enum[s]; ok {
			return uint64(n), nil
		}
	}
	// Protobuf's JSON allows 1.0 and 1e9 as well.
	if strings.ContainsAny(s, ".eE") {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, fmt.Errorf("%.40q is not an integer", s)
		}
		s = strconv.FormatFloat(v, 'f', 0, 64)
	}
	var n uint64
	switch f.kind {
	case jsonInt64:
		var v int64
		v, err = strconv.ParseInt(s, 10, 64)
		n = uint64(v)
	case jsonEnum:
		var v int64
		v, err = strconv.ParseInt(s, 10, 32)
		n = uint64(v)
	case jsonUint32, jsonFixed32:
		n, err = strconv.ParseUint(s, 10, 32)
	default:
		n, err = strconv.ParseUint(s, 10, 64)
	}
	if err != nil {
		return 0, fmt.Errorf("%.40q is not an integer of this field's range", s)
	}
	return n, nil
}

// decodeBase64 takes the standard and the URL alphabet, padded or not, as
// protobuf's JSON does.
func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	v, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("not base64: %w", err)
	}
	return v, nil
}
