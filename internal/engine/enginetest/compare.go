package enginetest

import (
	"cmp"
	"math"
	"regexp"

	"github.com/everspan/everspan/internal/traceql"
)

// compare reports whether a pair of values is in the relation; for != and !~ whether
// there are pairs and all are. Values of types that do not compare make no pair, and
// neither does what is missing, so that nothing matches then.
func compare(op traceql.Operator, l, r values) bool {
	some, all := false, true
	for x, y := range pairs(l, r) {
		if holds(op, x, y) {
			some = true
		} else {
			all = false
		}
	}
	if op == traceql.OpNotEqual || op == traceql.OpNotMatch {
		return some && all
	}
	return some
}

// holds compares two values of one type, or two numbers.
func holds(op traceql.Operator, x, y traceql.Static) bool {
	if op == traceql.OpMatch || op == traceql.OpNotMatch {
		if x.Type != traceql.String {
			return false
		}
		return regexp.MustCompile("^(?s:"+y.Str+")$").MatchString(x.Str) == (op == traceql.OpMatch)
	}
	var c int
	switch {
	case x.Type == traceql.String:
		c = cmp.Compare(x.Str, y.Str)
	case x.Type == traceql.Float || y.Type == traceql.Float:
		if math.IsNaN(float(x)) || math.IsNaN(float(y)) {
			return op == traceql.OpNotEqual
		}
		c = cmp.Compare(float(x), float(y))
	default:
		c = cmp.Compare(x.Num, y.Num)
	}
	switch op {
	case traceql.OpEqual:
		return c == 0
	case traceql.OpNotEqual:
		return c != 0
	}
	if !numeric(x) && x.Type != traceql.String {
		return false // the others have no order
	}
	switch op {
	case traceql.OpLess:
		return c < 0
	case traceql.OpLessEqual:
		return c <= 0
	case traceql.OpGreater:
		return c > 0
	case traceql.OpGreaterEqual:
		return c >= 0
	}
	panic("enginetest: unknown comparison")
}

func numeric(v traceql.Static) bool {
	return v.Type == traceql.Int || v.Type == traceql.Float || v.Type == traceql.Duration
}

func float(v traceql.Static) float64 {
	if v.Type == traceql.Float {
		return v.Flt
	}
	return float64(v.Num)
}

// arithmetic computes with two numbers; with anything else, and with several
// values, there is no result, nor with a zero to divide by. Integers wrap around as
// in Go. Sums and products of durations and of integers are exact, all else goes
// by floats.
func arithmetic(op traceql.Operator, l, r values) values {
	if len(l.list) != 1 || len(r.list) != 1 || !numeric(l.list[0]) || !numeric(r.list[0]) {
		return values{}
	}
	x, y := l.list[0], r.list[0]
	whole := x.Type != traceql.Float && y.Type != traceql.Float
	typ := traceql.Int
	if x.Type == traceql.Duration || y.Type == traceql.Duration {
		typ = traceql.Duration
	}
	if whole {
		n, ok := integers(op, x.Num, y.Num)
		if ok {
			return one(traceql.Static{Type: typ, Num: n})
		}
	}
	if (op == traceql.OpDiv || op == traceql.OpMod) && float(y) == 0 {
		return values{}
	}
	f := floats(op, float(x), float(y))
	if typ == traceql.Duration && !(op == traceql.OpDiv && x.Type == y.Type) && op != traceql.OpPow {
		if math.IsNaN(f) || math.Abs(f) > math.MaxInt64 {
			return values{}
		}
		return one(traceql.Static{Type: traceql.Duration, Num: int64(f)})
	}
	return one(traceql.Static{Type: traceql.Float, Flt: f})
}

// integers computes what can be computed without floats.
func integers(op traceql.Operator, x, y int64) (n int64, ok bool) {
	switch op {
	case traceql.OpAdd:
		return x + y, true
	case traceql.OpSub:
		return x - y, true
	case traceql.OpMul:
		return x * y, true
	case traceql.OpMod:
		if y != 0 {
			return x % y, true
		}
	}
	return 0, false
}

func floats(op traceql.Operator, x, y float64) float64 {
	switch op {
	case traceql.OpAdd:
		return x + y
	case traceql.OpSub:
		return x - y
	case traceql.OpMul:
		return x * y
	case traceql.OpDiv:
		return x / y
	case traceql.OpMod:
		return math.Mod(x, y)
	case traceql.OpPow:
		return math.Pow(x, y)
	}
	panic("enginetest: unknown operator")
}
