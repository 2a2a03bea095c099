package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// maxText bounds the text that is taken from a span, in bytes. It is more than
// any line shows, and characters without width could go on for ever.
const maxText = 4096

// maxMarks bounds the accents on one letter: writing needs two or three.
const maxMarks = 4

// clean makes text from a span harmless: one line, no control characters, and
// nothing that turns the direction of writing or hides.
func clean(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	if isPlain(s) {
		return s
	}
	marks := 0
	return strings.Map(func(r rune) rune {
		if !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		} else if marks++; marks > maxMarks {
			return -1
		}
		switch {
		case r == '\t', r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), r == utf8.RuneError:
			return '\uFFFD'
		case r == '\u200d': // joins the parts of an emoji
			return r
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
}

// isPlain reports whether s is printable ASCII, as nearly all names are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// width is the number of columns of a clean text.
func width(s string) int {
	if isPlain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// fit cuts a clean text in its middle to at most columns columns: of a name
// both ends tell most.
func fit(s string, columns int) string {
	w := width(s)
	if w <= columns {
		return s
	}
	if columns < 1 {
		return ""
	}
	head := columns / 2
	tail := columns - 1 - head
	return ansi.Truncate(s, head, "") + "…" + ansi.TruncateLeft(s, w-tail, "")
}

// cutEnd cuts a clean text at its end to at most columns columns.
func cutEnd(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	return ansi.Truncate(s, columns, "…")
}

// pad fills up a text of w columns to columns columns.
func pad(dst []byte, w, columns int) []byte {
	for ; w < columns; w++ {
		dst = append(dst, ' ')
	}
	return dst
}
