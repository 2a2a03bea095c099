package terminal

import "github.com/charmbracelet/x/ansi"

// painter writes text in a style, or plain.
type painter struct{ on bool }

var (
	bold  = ansi.Style{}.Bold().String()
	faint = ansi.Style{}.Faint().String()
	red   = ansi.NewStyle(ansi.AttrRedForegroundColor).String() // for errors and nothing else
)

// serviceStyles tell services apart. They are of the 256 colours, because the
// first 16 are whatever a terminal's theme says; of middle lightness, to be read
// on black and on white; and none is red.
var serviceStyles = func() (styles []string) {
	for _, c := range []uint8{33, 172, 36, 134, 106, 67, 136, 74, 98, 65, 180, 103} {
		styles = append(styles, ansi.Style{}.ForegroundColor(ansi.IndexedColor(c)).String())
	}
	return styles
}()

// append writes text in a style; the style "" is none.
func (p painter) append(dst []byte, style, text string) []byte {
	if !p.on || style == "" || text == "" {
		return append(dst, text...)
	}
	dst = append(dst, style...)
	dst = append(dst, text...)
	return append(dst, ansi.ResetStyle...)
}
