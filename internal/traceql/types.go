package traceql

import "strings"

// TypeOf is the type of an expression's values: Any if it depends on an attribute,
// or if the types of the operands do not match.
func TypeOf(e FieldExpr) Type {
	switch e := e.(type) {
	case *Intrinsic:
		return e.Field.Type()
	case *Static:
		return e.Type
	case *Unary:
		if e.Op == OpNot {
			return Bool
		}
		return TypeOf(e.X)
	case *Binary:
		if !e.Op.Arithmetic() {
			return Bool
		}
		t, _ := arithmetic(e.Op, TypeOf(e.L), TypeOf(e.R))
		return t
	}
	return Any
}

// Numeric reports whether values of the type are numbers: durations are, in
// nanoseconds, and those of an attribute may be.
func (t Type) Numeric() bool { return t == Int || t == Float || t == Duration || t == Any }

// arithmetic is the type of l op r. Durations are added to and divided by each other and
// multiplied with numbers; / and ^ of numbers are floats.
func arithmetic(op Operator, l, r Type) (t Type, ok bool) {
	switch {
	case !l.Numeric() || !r.Numeric():
		return Any, false
	case l == Any || r == Any:
		return Any, true
	case l == Duration && r == Duration:
		if op == OpDiv {
			return Float, true
		}
		return Duration, op == OpAdd || op == OpSub || op == OpMod
	case l == Duration:
		return Duration, op == OpMul || op == OpDiv
	case r == Duration:
		return Duration, op == OpMul
	case l == Float || r == Float || op == OpDiv || op == OpPow:
		return Float, true
	}
	return Int, true
}

// comparable reports whether values of the types can be compared: numbers and durations with
// each other, anything with an attribute and, for equality, with nil.
func comparable(op Operator, l, r Type) bool {
	if l == Nil || r == Nil {
		return op == OpEqual || op == OpNotEqual
	}
	if op != OpEqual && op != OpNotEqual && !(ordered(l) && ordered(r)) {
		return false
	}
	return l == r || l == Any || r == Any || l.Numeric() && r.Numeric()
}

// ordered reports whether values of the type are more or less than each other.
func ordered(t Type) bool { return t.Numeric() || t == String }

// article is the type as it is called in messages.
func (t Type) article() string {
	switch t {
	case Nil:
		return "nil"
	case Int, Float:
		return "a number"
	case Any:
		return "an attribute"
	case Bool:
		return "a condition"
	}
	return "a " + t.String()
}

// unquote suggests to write a string as the constant of another type that it
// looks like; empty if it does not.
func unquote(s *Static, t Type) string {
	if s.Type != String {
		return ""
	}
	var as Static
	switch t {
	case Status, Kind:
		as = constants[strings.ToLower(s.Str)]
	case Int, Float, Duration:
		if !parseNumber(s.Str, &as) {
			return ""
		}
	}
	if as.Type != t {
		return ""
	}
	return "did you mean " + as.String() + ", without quotes?"
}
