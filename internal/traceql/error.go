package traceql

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says what is wrong with a query, and where.
type Error struct {
	Pos  Pos
	Msg  string
	Hint string // what was probably meant; may be empty
	text string
}

// Error is line:column: message; hint. Lines and columns count from 1, columns in
// characters.
func (e *Error) Error() string {
	line, column, _ := e.place()
	s := fmt.Sprintf("%d:%d: %s", line, column, e.Msg)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// place returns the line, the column and where the line starts.
func (e *Error) place() (line, column, start int) {
	before := e.text[:min(e.Pos.From, len(e.text))]
	start = strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1, start
}

// Characters of a line that Snippet draws before and after the place.
const (
	snippetBefore = 60
	snippetAfter  = 40
)

// Snippet draws the line of the query with carets under the place, each of the two lines
// ending in a newline. Of a long line only the surroundings are drawn.
func (e *Error) Snippet() string {
	_, column, start := e.place()
	end := len(e.text)
	if n := strings.IndexByte(e.text[start:], '\n'); n >= 0 {
		end = start + n
	}
	line := []rune(strings.TrimSuffix(e.text[start:end], "\r"))
	at := min(column-1, len(line))
	to := min(max(e.Pos.To, start), end)
	carets := max(1, utf8.RuneCountInString(e.text[min(e.Pos.From, to):to]))

	from, dots := 0, ""
	if at > snippetBefore {
		from, dots = at-snippetBefore, "…"
	}
	until, rest := len(line), ""
	if until > at+snippetAfter {
		until, rest = at+snippetAfter, "…"
	}
	carets = max(1, min(carets, until-at))

	var s strings.Builder
	s.WriteString(dots + string(line[from:until]) + rest + "\n")
	s.WriteString(strings.Repeat(" ", utf8.RuneCountInString(dots)))
	for _, r := range line[from:at] {
		if r != '\t' {
			r = ' '
		}
		s.WriteRune(r)
	}
	s.WriteString(strings.Repeat("^", carets) + "\n")
	return s.String()
}
