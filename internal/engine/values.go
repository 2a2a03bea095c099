package engine

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// values is what an expression has for a span: nothing, one value, or several where
// an attribute is an array or several events or links have it. It serves what columns
// alone can't answer, and what is returned.
type values struct {
	there bool // something was sent, be it an empty array
	list  []traceql.Static
}

func single(v traceql.Static) values { return values{true, []traceql.Static{v}} }

func boolean(b bool) traceql.Static {
	v := traceql.Static{Type: traceql.Bool}
	if b {
		v.Num = 1
	}
	return v
}

// true reports whether one of the values is true.
func (v values) true() bool {
	for i := range v.list {
		if v.list[i].Type == traceql.Bool && v.list[i].Num != 0 {
			return true
		}
	}
	return false
}

// text writes the values as TraceQL would.
func (v values) text() string {
	if len(v.list) == 0 {
		return "nil"
	}
	var b strings.Builder
	for i := range v.list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(v.list[i].String())
	}
	return b.String()
}

// attributeValue is what an attribute is in the language.
func attributeValue(v span.Value) values {
	switch v.Type {
	case span.String:
		return single(traceql.Static{Type: traceql.String, Str: v.Str})
	case span.Int:
		return single(traceql.Static{Type: traceql.Int, Num: int64(v.Num)})
	case span.Double:
		return single(traceql.Static{Type: traceql.Float, Flt: math.Float64frombits(v.Num)})
	case span.Bool:
		return single(boolean(v.Num != 0))
	case span.Bytes:
		return single(traceql.Static{Type: traceql.String, Str: base64.StdEncoding.EncodeToString([]byte(v.Str))})
	}
	return jsonValue(v.Str)
}

// jsonValue is the value of an array, which is the values in it; of a list of keys and
// values, which is its text; or of nothing.
func jsonValue(text string) values {
	if text == "null" {
		return values{}
	}
	var array []json.RawMessage
	if json.Unmarshal([]byte(text), &array) != nil {
		return single(traceql.Static{Type: traceql.String, Str: text})
	}
	out := values{there: true}
	for _, e := range array {
		v := span.ParseText(string(e))
		if v.Type == span.JSON {
			out.list = append(out.list, traceql.Static{Type: traceql.String, Str: v.Str})
			continue
		}
		out.list = append(out.list, attributeValue(v).list...)
	}
	return out
}

func isNumber(t traceql.Type) bool {
	return t == traceql.Int || t == traceql.Float || t == traceql.Duration
}

func toFloat(v *traceql.Static) float64 {
	if v.Type == traceql.Float {
		return v.Flt
	}
	return float64(v.Num)
}

// matches applies a predicate to the values of a span. Of several, != and !~ ask
// for all that compare, and the others for any.
func (p *Predicate) matches(v values) bool {
	all := p.op == traceql.OpNotEqual || p.op == traceql.OpNotMatch
	some := false
	for i := range v.list {
		switch compares, ok := p.static(&v.list[i]); {
		case !compares:
		case ok && !all:
			return true
		case !ok && all:
			return false
		default:
			some = some || ok
		}
	}
	return some
}

// static decides on one value.
func (p *Predicate) static(v *traceql.Static) (compares, ok bool) {
	switch {
	case v.Type == traceql.String:
		return p.want.Type == traceql.String, p.text([]byte(v.Str))
	case isNumber(v.Type):
		if !isNumber(p.want.Type) {
			return false, false
		}
		if v.Type == traceql.Float {
			return true, p.float(v.Flt)
		}
		return true, p.Integer(v.Num)
	case v.Type != p.want.Type:
		return false, false
	}
	return p.equality(), p.equality() && p.Integer(v.Num)
}

// compareValues compares what two expressions have for a span.
func compareValues(op traceql.Operator, l, r values) bool {
	all := op == traceql.OpNotEqual
	some := false
	for i := range l.list {
		for k := range r.list {
			p := Predicate{op: op, want: r.list[k]}
			switch compares, ok := p.static(&l.list[i]); {
			case !compares && (l.list[i].Type != r.list[k].Type):
			case ok && !all:
				return true
			case !ok && all:
				return false
			default:
				some = some || ok
			}
		}
	}
	return some
}

// compute is arithmetic with two numbers. With anything else, and with several values,
// there is no result, nor with a zero to divide by. Integers wrap around as in Go.
func compute(op traceql.Operator, l, r values) values {
	if len(l.list) != 1 || len(r.list) != 1 {
		return values{}
	}
	x, y := &l.list[0], &r.list[0]
	if !isNumber(x.Type) || !isNumber(y.Type) {
		return values{}
	}
	typ := traceql.Int
	if x.Type == traceql.Duration || y.Type == traceql.Duration {
		typ = traceql.Duration
	}
	if x.Type != traceql.Float && y.Type != traceql.Float {
		switch {
		case op == traceql.OpAdd:
			return single(traceql.Static{Type: typ, Num: x.Num + y.Num})
		case op == traceql.OpSub:
			return single(traceql.Static{Type: typ, Num: x.Num - y.Num})
		case op == traceql.OpMul:
			return single(traceql.Static{Type: typ, Num: x.Num * y.Num})
		case op == traceql.OpMod && y.Num != 0:
			return single(traceql.Static{Type: typ, Num: x.Num % y.Num})
		}
	}
	if (op == traceql.OpDiv || op == traceql.OpMod) && toFloat(y) == 0 {
		return values{}
	}
	f := computeFloat(op, toFloat(x), toFloat(y))
	ratio := op == traceql.OpDiv && x.Type == y.Type || op == traceql.OpPow
	if typ != traceql.Duration || ratio {
		return single(traceql.Static{Type: traceql.Float, Flt: f})
	}
	if math.IsNaN(f) || math.Abs(f) > math.MaxInt64 {
		return values{}
	}
	return single(traceql.Static{Type: traceql.Duration, Num: int64(f)})
}

func computeFloat(op traceql.Operator, x, y float64) float64 {
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
	}
	return math.Pow(x, y)
}
