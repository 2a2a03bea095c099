package engine

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
)

// Predicate is the comparison of a value with a constant, like … >= 500. It is asked
// for a value of a dictionary rather than of a row, and for numbers as columns have them.
//
// Values of a type that does not compare with the constant never match, whatever the
// operator. Of an array, = and the like ask for any value, != and !~ for none.
type Predicate struct {
	op      traceql.Operator
	want    traceql.Static
	pattern *Pattern // of =~ and !~
	// opposite is = for != and =~ for !~, which ask all values; nil for the others.
	opposite *Predicate
}

// NewPredicate returns the comparison of values, on the left of op, with want. op is
// = != < <= > >= =~ or !~, and want is not nil.
func NewPredicate(op traceql.Operator, want traceql.Static) (*Predicate, error) {
	p := &Predicate{op: op, want: want}
	if op == traceql.OpMatch || op == traceql.OpNotMatch {
		if want.Type != traceql.String {
			return nil, fmt.Errorf("%s takes a string, not %s", op, want.Type)
		}
		var err error
		p.pattern, err = NewPattern(want.Str)
		p.oppose(traceql.OpNotMatch, traceql.OpMatch)
		return p, err
	}
	if !op.Comparison() || want.Type == traceql.Nil {
		return nil, fmt.Errorf("%s %s is no comparison", op, &want)
	}
	p.oppose(traceql.OpNotEqual, traceql.OpEqual)
	return p, nil
}

// MayMatch reports whether a value of an attribute's type can match at all: columns
// of the others need not be read.
func (p *Predicate) MayMatch(t span.Type) bool {
	switch t {
	case span.String, span.Bytes:
		return p.want.Type == traceql.String
	case span.Int, span.Double:
		return p.want.Type.Numeric()
	case span.Bool:
		return p.want.Type == traceql.Bool && p.equality()
	}
	return true
}

// Text decides on a value of type String, Bytes or JSON, as a column has it.
func (p *Predicate) Text(t span.Type, v []byte) bool {
	switch t {
	case span.String:
		return p.text(v)
	case span.Bytes:
		return p.text([]byte(base64.StdEncoding.EncodeToString(v)))
	}
	return p.json(v)
}

// Number decides on a value of type Int, Double or Bool, its bits as in span.Value.
func (p *Predicate) Number(t span.Type, bits uint64) bool {
	switch {
	case !p.MayMatch(t):
		return false
	case t == span.Double:
		return p.float(math.Float64frombits(bits))
	}
	return p.Integer(int64(bits))
}

// Integer decides on a number that is whole, a duration in ns, or the number of a bool, a
// kind or a status. The caller knows that it compares with the constant.
func (p *Predicate) Integer(n int64) bool {
	switch {
	case p.want.Type == traceql.Float:
		return p.float(float64(n))
	case n < p.want.Num:
		return p.accepts(-1)
	case n > p.want.Num:
		return p.accepts(1)
	}
	return p.accepts(0)
}

func (p *Predicate) float(f float64) bool {
	want := p.want.Flt
	if p.want.Type != traceql.Float {
		want = float64(p.want.Num)
	}
	switch {
	case f < want:
		return p.accepts(-1)
	case f > want:
		return p.accepts(1)
	case f == want:
		return p.accepts(0)
	}
	return p.op == traceql.OpNotEqual // one of them is not a number
}

func (p *Predicate) text(v []byte) bool {
	switch {
	case p.want.Type != traceql.String:
		return false
	case p.pattern != nil:
		return p.pattern.Match(v) == (p.op == traceql.OpMatch)
	case p.op == traceql.OpEqual:
		return string(v) == p.want.Str
	case string(v) < p.want.Str:
		return p.accepts(-1)
	case string(v) > p.want.Str:
		return p.accepts(1)
	}
	return p.accepts(0)
}

// accepts says which outcomes of comparing a value with the constant are a match.
func (p *Predicate) accepts(order int) bool {
	switch p.op {
	case traceql.OpEqual:
		return order == 0
	case traceql.OpNotEqual:
		return order != 0
	case traceql.OpLess:
		return order < 0
	case traceql.OpLessEqual:
		return order <= 0
	case traceql.OpGreater:
		return order > 0
	case traceql.OpGreaterEqual:
		return order >= 0
	}
	return false // a regular expression, of a number
}

// literal is part of every text that matches; empty if nothing is known.
func (p *Predicate) literal() []byte {
	switch {
	case p.op == traceql.OpMatch:
		return p.pattern.Literal()
	case p.op == traceql.OpEqual && p.want.Type == traceql.String:
		return []byte(p.want.Str)
	}
	return nil
}

// words are the only texts that match, nil if they are not known.
func (p *Predicate) words() [][]byte {
	switch {
	case p.op == traceql.OpEqual && p.want.Type == traceql.String:
		return [][]byte{[]byte(p.want.Str)}
	case p.op == traceql.OpMatch:
		return p.pattern.listed()
	}
	return nil
}

// interval returns the integers that match, if they are those from lo to hi.
func (p *Predicate) interval() (lo, hi int64, ok bool) {
	n := p.want.Num
	switch {
	case p.want.Type != traceql.Int && p.want.Type != traceql.Duration:
		return 0, 0, false
	case p.op == traceql.OpEqual:
		return n, n, true
	case p.op == traceql.OpLess && n > math.MinInt64:
		return math.MinInt64, n - 1, true
	case p.op == traceql.OpLessEqual:
		return math.MinInt64, n, true
	case p.op == traceql.OpGreater && n < math.MaxInt64:
		return n + 1, math.MaxInt64, true
	case p.op == traceql.OpGreaterEqual:
		return n, math.MaxInt64, true
	}
	return 0, 0, false
}

// oppose fills in the opposite, if the operator is not.
func (p *Predicate) oppose(not, is traceql.Operator) {
	if p.op == not {
		o := *p
		o.op = is
		p.opposite = &o
	}
}

// equality reports whether the operator needs no order.
func (p *Predicate) equality() bool {
	return p.op == traceql.OpEqual || p.op == traceql.OpNotEqual
}

// json decides on what has no column type of its own: an array is its values, the empty
// value is nothing, and all else is its text.
func (p *Predicate) json(v []byte) bool {
	if string(v) == "null" {
		return false
	}
	var array []json.RawMessage
	if json.Unmarshal(v, &array) != nil {
		return p.text(v)
	}
	none := p.op == traceql.OpNotEqual || p.op == traceql.OpNotMatch
	some := false
	for _, e := range array {
		value := span.ParseText(string(e))
		compares, ok := p.element(value)
		switch {
		case !compares:
		case ok && !none:
			return true
		case !ok && none:
			return false
		default:
			some = some || ok
		}
	}
	return some
}

// element decides on a value of an array. Arrays within it are their text, and so
// are lists of keys and values; empty values are left out.
func (p *Predicate) element(v span.Value) (compares, ok bool) {
	switch v.Type {
	case span.String:
		return p.MayMatch(v.Type), p.text([]byte(v.Str))
	case span.JSON:
		return p.want.Type == traceql.String, p.text([]byte(v.Str))
	case span.Bytes:
		return p.MayMatch(v.Type), p.Text(v.Type, []byte(v.Str))
	}
	return p.MayMatch(v.Type), p.Number(v.Type, v.Num)
}
