package traceql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokError            // what err says; the parser reports it when it gets there
	tokWord             // letters, digits and _ : a function, an intrinsic, a constant
	tokField            // an attribute, or an intrinsic with a scope
	tokString           // str is the content
	tokNumber           // a number or a duration, without a sign
	tokOp               // an operator or a bracket
)

type token struct {
	Pos
	kind  tokenKind
	text  string // as written
	str   string
	field FieldExpr
	err   *Error
}

// lexer splits a text into tokens. It goes on after an error, for ParseLenient.
type lexer struct {
	text string
	at   int
}

// lex returns the tokens of a text.
func lex(text string) []token {
	l := &lexer{text: text}
	var tokens []token
	for {
		t := l.next()
		if t.kind == tokEnd {
			return tokens
		}
		t.text = text[t.From:t.To]
		tokens = append(tokens, t)
	}
}

// ops are the operators and brackets, longer ones first, with those of other
// languages that would be read as two.
var ops = []string{
	"!>>", "!<<", "&>>", "&<<",
	"&&", "||", "!=", "!~", "!>", "!<", ">>", "<<", ">=", "<=", "=~", "&>", "&<", "&~",
	"==", "=>", "=<", "<>", "~=",
	"{", "}", "(", ")", ",", "|", "=", "!", "<", ">", "~", "+", "-", "*", "/", "%", "^", "&",
}

func (l *lexer) next() token {
	l.at += len(l.rest()) - len(strings.TrimLeftFunc(l.rest(), unicode.IsSpace))
	start := l.at
	c := l.peek(0)
	switch {
	case l.at == len(l.text):
		return token{kind: tokEnd, Pos: Pos{start, start}}
	case c == '"':
		s, err := l.quoted()
		return l.token(start, token{kind: tokString, str: s, err: err})
	case c == '`':
		s, _, closed := strings.Cut(l.text[start+1:], "`")
		if !closed {
			l.at = len(l.text)
			return l.fail(start, "the string is not closed", "a ` is missing")
		}
		l.at = start + len(s) + 2
		return l.token(start, token{kind: tokString, str: s})
	case c == '\'':
		s, _, _ := strings.Cut(l.text[start+1:], "'")
		l.at = min(start+len(s)+2, len(l.text))
		return l.fail(start, "strings are not written in single quotes", "did you mean "+strconv.Quote(s)+"?")
	case isDigit(c), c == '.' && isDigit(l.peek(1)):
		return l.number()
	case c == '.':
		l.at++
		return l.attribute(start, Attribute{})
	case isLetter(c):
		return l.word()
	}
	for _, op := range ops {
		if strings.HasPrefix(l.rest(), op) {
			l.at += len(op)
			return l.token(start, token{kind: tokOp})
		}
	}
	r, size := utf8.DecodeRuneInString(l.rest())
	l.at += size
	return l.fail(start, fmt.Sprintf("unexpected character %q", r), "")
}

func (l *lexer) rest() string { return l.text[l.at:] }

// peek returns the byte n after the place, 0 after the end.
func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.text) {
		return l.text[l.at+n]
	}
	return 0
}

// token completes a token that ends here; with an error it is a tokError.
func (l *lexer) token(start int, t token) token {
	t.Pos = Pos{start, l.at}
	if t.err != nil {
		t.kind = tokError
	}
	return t
}

func (l *lexer) fail(start int, msg, hint string) token {
	return l.token(start, token{err: &Error{Pos: Pos{start, l.at}, Msg: msg, Hint: hint}})
}

// quoted reads a string in double quotes, with the escapes of Go.
func (l *lexer) quoted() (string, *Error) {
	start := l.at
	var s strings.Builder
	var failed *Error
	for l.at++; l.at < len(l.text); {
		switch c := l.peek(0); c {
		case '"':
			l.at++
			return s.String(), failed
		case '\\':
			r, multibyte, tail, err := strconv.UnquoteChar(l.rest(), '"')
			if err != nil {
				to := min(l.at+2, len(l.text))
				if failed == nil {
					failed = &Error{Pos: Pos{l.at, to}, Msg: "unknown escape in a string",
						Hint: `write \\ for a backslash, or the string between backticks`}
				}
				l.at = to
				continue
			}
			if multibyte {
				s.WriteRune(r)
			} else {
				s.WriteByte(byte(r))
			}
			l.at = len(l.text) - len(tail)
		default:
			s.WriteByte(c)
			l.at++
		}
	}
	return "", &Error{Pos: Pos{start, l.at}, Msg: "the string is not closed", Hint: `a " is missing`}
}

// number reads a number, or a duration: numbers with units, like 1h30m.
func (l *lexer) number() token {
	start := l.at
	for isDigit(l.peek(0)) || l.peek(0) == '.' {
		l.at++
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		sign := 0
		if l.peek(1) == '+' || l.peek(1) == '-' {
			sign = 1
		}
		if isDigit(l.peek(1 + sign)) {
			l.at += 1 + sign
		}
	}
	for {
		r, size := utf8.DecodeRuneInString(l.rest())
		if r != '.' && r != '_' && !unicode.IsDigit(r) && !unicode.IsLetter(r) {
			return l.token(start, token{kind: tokNumber})
		}
		l.at += size
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
