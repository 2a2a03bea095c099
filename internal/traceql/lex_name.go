package traceql

import (
	"fmt"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word reads a word, and what a dot or a colon joins to it.
func (l *lexer) word() token {
	start := l.at
	word := l.letters()
	switch l.peek(0) {
	case '.':
		if word == "parent" {
			return l.parent(start)
		}
		l.at++
		if scope, ok := scopes[word]; ok {
			return l.attribute(start, Attribute{Scope: scope})
		}
		name, _, _ := l.name()
		hint := fmt.Sprintf("did you mean span.%s.%[2]s or .%[1]s.%[2]s?", word, name)
		if word == "trace" {
			hint = "a trace has no attributes, only trace:id, trace:duration, trace:rootName and trace:rootService"
		} else if near := didYouMean(word, maps.Keys(scopes)); near != "" {
			hint = strings.TrimSuffix(near, "?") + "." + name + "?"
		}
		return l.fail(start, fmt.Sprintf("unknown scope %q", word), hint)
	case ':':
		return l.intrinsic(start, false)
	}
	return l.token(start, token{kind: tokWord})
}

// parent reads what follows the word parent: .x, .span.x, .duration or .span:name.
func (l *lexer) parent(start int) token {
	l.at++
	after := l.at
	switch word := l.letters(); {
	case word != "" && l.peek(0) == ':':
		return l.intrinsic(start, true)
	case l.peek(0) == '.':
		if scope, ok := scopes[word]; ok && scope != ScopeAny {
			l.at++
			return l.attribute(start, Attribute{Scope: scope, Parent: true})
		}
	}
	l.at = after
	t := l.attribute(start, Attribute{Parent: true})
	if f, ok := shortFields[l.text[after:l.at]]; ok {
		t.field = &Intrinsic{Pos: t.Pos, Field: f, Parent: true}
	}
	return t
}

// intrinsic reads the colon and what follows it, of a name that starts with a
// scope, or with parent. and a scope.
func (l *lexer) intrinsic(start int, parent bool) token {
	l.at++
	l.letters()
	name := l.text[start:l.at]
	if parent {
		name = strings.TrimPrefix(name, "parent.")
	}
	f, ok := fieldNames[name]
	if !ok {
		return l.fail(start, fmt.Sprintf("unknown intrinsic %q", name), nearIntrinsic(name))
	}
	t := l.token(start, token{kind: tokField})
	t.field = &Intrinsic{Pos: t.Pos, Field: f, Parent: parent}
	return t
}

// attribute reads the name of an attribute, whose scope and dot have been read.
func (l *lexer) attribute(start int, a Attribute) token {
	name, quoted, err := l.name()
	if err != nil {
		return l.token(start, token{err: err})
	}
	if name == "" {
		msg := fmt.Sprintf("%s lacks the name of an attribute", l.text[start:l.at])
		if quoted {
			msg = "the name of an attribute is empty"
		}
		return l.fail(start, msg, "")
	}
	a.Name, a.Pos = name, Pos{start, l.at}
	return l.token(start, token{kind: tokField, field: &a})
}

// name reads the name of an attribute. Any part of it may be in quotes, from the
// start or a dot to the end or a dot.
func (l *lexer) name() (name string, quoted bool, err *Error) {
	var s strings.Builder
	for part := true; ; {
		if part && l.peek(0) == '"' {
			q, err := l.quoted()
			if err != nil {
				return "", true, err
			}
			s.WriteString(q)
			quoted, part = true, false
			if l.peek(0) != '.' {
				return s.String(), quoted, nil
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(l.rest())
		if !isNameRune(r, size) {
			return s.String(), quoted, nil
		}
		s.WriteRune(r)
		l.at += size
		part = r == '.'
	}
}

// isNameRune reports whether a name goes on without quotes: it ends at white space, a
// bracket, a quote or an operator. A - and a / belong to the name, since many names
// have one.
func isNameRune(r rune, size int) bool {
	if r == utf8.RuneError && size <= 1 || unicode.IsSpace(r) || unicode.IsControl(r) {
		return false
	}
	return !strings.ContainsRune("{}()=~!<>&|^,+*%\"`'", r)
}

// letters reads letters, digits and _.
func (l *lexer) letters() string {
	start := l.at
	for c := l.peek(0); isLetter(c) || isDigit(c); c = l.peek(0) {
		l.at++
	}
	return l.text[start:l.at]
}
