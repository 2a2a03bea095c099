package instrument

import (
	"math"
	"strconv"
	"strings"
)

// otState is what OpenTelemetry keeps under the key "ot" of W3C's tracestate:
// th, the rejection threshold, and rv, the randomness of the trace, both of 56
// bits. Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/.
type otState struct {
	th, rv       uint64
	hasTh, hasRv bool
	rest         string // other sub-keys, as they came: "p:8;r:62"
}

const maxCount = uint64(1) << 56 // distinct values of th and rv

// parseOT reads the value of "ot". What is not well-formed is as good as
// absent: an invalid th or rv is dropped, and so is everything if it is no
// list of key:value at all.
func parseOT(s string) (o otState) {
	if len(s) > 256 {
		return otState{}
	}
	for s != "" {
		var member string
		member, s, _ = strings.Cut(s, ";")
		key, value, ok := strings.Cut(member, ":")
		if !ok || !isOTKey(key) || !isOTValue(value) {
			return otState{}
		}
		switch key {
		case "th":
			o.th, o.hasTh = parseThreshold(value)
		case "rv":
			o.rv, o.hasRv = parseRandomness(value)
		default:
			if o.rest != "" {
				o.rest += ";"
			}
			o.rest += member
		}
	}
	return o
}

func isOTKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func isOTValue(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// parseThreshold reads 1 to 14 hexadecimal digits; those that lack at the end are 0.
func parseThreshold(s string) (uint64, bool) {
	if len(s) == 0 || len(s) > 14 {
		return 0, false
	}
	n, ok := parseHex(s)
	return n << (4 * (14 - len(s))), ok
}

// parseRandomness reads exactly 14 hexadecimal digits.
func parseRandomness(s string) (uint64, bool) {
	if len(s) != 14 {
		return 0, false
	}
	return parseHex(s)
}

func parseHex(s string) (n uint64, ok bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			n = n<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | uint64(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | uint64(c-'A'+10)
		default:
			return 0, false
		}
	}
	return n, true
}

// String is the value of "ot"; "" if there is nothing in it, or more than fits.
func (o otState) String() string {
	var parts []string
	if o.hasTh {
		parts = append(parts, "th:"+formatThreshold(o.th))
	}
	if o.hasRv {
		h := strconv.FormatUint(o.rv, 16)
		parts = append(parts, "rv:"+strings.Repeat("0", 14-len(h))+h)
	}
	if o.rest != "" {
		parts = append(parts, o.rest)
	}
	if s := strings.Join(parts, ";"); len(s) <= 256 {
		return s
	}
	return ""
}

func formatThreshold(th uint64) string {
	if th == 0 {
		return "0"
	}
	h := strconv.FormatUint(th, 16)
	return strings.TrimRight(strings.Repeat("0", 14-len(h))+h, "0")
}

// threshold converts a ratio, above 0 and up to 1, to a rejection threshold
// with four significant digits: leading f's are not counted, so that small
// ratios are as exact as large ones.
// Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/#converting-floating-point-probability-to-threshold-value
func threshold(ratio float64) uint64 { return thresholdDigits(ratio, 4) }

func thresholdDigits(ratio float64, digits int) uint64 {
	if ratio >= 1 {
		return 0
	}
	ratio = max(ratio, 1/float64(maxCount))
	_, exp := math.Frexp(ratio)
	// Division that rounds down, as in the specification.
	digits = max(1, min(12, digits+int(math.Floor(float64(exp)/-4))))
	rejected := 1 - ratio + math.Ldexp(0.5, -4*digits)
	if rejected >= 1 {
		return (maxCount - 1) &^ 0xf // thirteen f's
	}
	th := uint64(rejected * float64(maxCount))
	return th &^ (1<<(56-4*digits) - 1)
}
