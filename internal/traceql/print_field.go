package traceql

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

func (p *printer) field(e FieldExpr, least int) {
	switch e := e.(type) {
	case *Static:
		p.static(e)
	case *Attribute:
		p.attribute(e)
	case *Intrinsic:
		if e.Parent {
			p.WriteString("parent.")
		}
		p.WriteString(e.Field.String())
	case *Unary:
		p.WriteString(e.Op.String())
		// -1 would be a constant.
		if s, ok := e.X.(*Static); ok && e.Op == OpNeg && s.Num >= 0 && !math.Signbit(s.Flt) {
			p.WriteByte('(')
			p.static(s)
			p.WriteByte(')')
			return
		}
		p.field(e.X, precUnary)
	case *Binary:
		p.binary(e.Op.String(), e.Op.precedence(), least,
			func(least int) { p.field(e.L, least) }, func(least int) { p.field(e.R, least) })
	}
}

func (p *printer) attribute(a *Attribute) {
	if a.Parent {
		p.WriteString("parent.")
	}
	p.WriteString(a.Scope.String())
	if a.Scope != ScopeAny || !a.Parent {
		p.WriteByte('.')
	}
	if plain(a) {
		p.WriteString(a.Name)
	} else {
		p.WriteString(strconv.Quote(a.Name))
	}
}

// plain reports whether a name needs no quotes.
func plain(a *Attribute) bool {
	for i, r := range a.Name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && (i == 0 || !strings.ContainsRune("-./:@#$", r)) {
			return false
		}
	}
	if a.Name == "" {
		return false
	}
	if a.Scope != ScopeAny {
		return true
	}
	if !a.Parent {
		return !isDigit(a.Name[0]) // .5 is a number
	}
	// parent.duration and parent.span.x have a meaning of their own.
	first, _, _ := strings.Cut(strings.ReplaceAll(a.Name, ":", "."), ".")
	_, field := shortFields[a.Name]
	_, scope := scopes[first]
	return !field && !scope && !strings.Contains(a.Name, ":")
}

func (p *printer) static(s *Static) {
	switch s.Type {
	case Nil:
		p.WriteString("nil")
	case String:
		p.WriteString(strconv.Quote(s.Str))
	case Int:
		p.WriteString(strconv.FormatInt(s.Num, 10))
	case Float:
		f := formatFloat(s.Flt)
		p.WriteString(f)
		if !strings.ContainsAny(f, ".e") {
			p.WriteString(".0")
		}
	case Bool:
		p.WriteString(boolNames[s.Num])
	case Duration:
		p.WriteString(formatDuration(s.Duration()))
	case Status:
		p.WriteString(statusNames[s.Num])
	case Kind:
		p.WriteString(kindNames[s.Num])
	}
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
