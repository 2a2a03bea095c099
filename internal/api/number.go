package api

import (
	"fmt"
	"math"
	"strconv"
)

// Number is a number that JSON may not be able to write: none at all, NaN, is null,
// and the infinite ones are "+Inf" and "-Inf".
type Number float64

// MarshalJSON writes the number.
func (n Number) MarshalJSON() ([]byte, error) {
	switch f := float64(n); {
	case math.IsNaN(f):
		return []byte("null"), nil
	case math.IsInf(f, 1):
		return []byte(`"+Inf"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Inf"`), nil
	default:
		return strconv.AppendFloat(nil, f, 'g', -1, 64), nil
	}
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *Number) UnmarshalJSON(b []byte) error {
	switch text := string(b); text {
	case "null":
		*n = Number(math.NaN())
	case `"+Inf"`, `"-Inf"`:
		f, err := strconv.ParseFloat(text[1:5], 64)
		*n = Number(f)
		return err
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("a number is expected, not %.40q", text)
		}
		*n = Number(f)
	}
	return nil
}
