// Package terminal draws a trace's waterfall, lists of traces and blocks, series over
// time, and how a block is made, as text.
//
// It is pure: it asks no terminal for its size or its colours; who calls it
// knows. Text that came with the spans is made harmless: control characters are
// replaced, characters that turn the direction of writing are left out.
package terminal

import "fmt"

// Options says how to draw. The zero value is 80 columns of plain text.
type Options struct {
	// Width is the number of columns; 0 is 80, and less than 40 is 40.
	Width int
	// Color allows ANSI escape sequences for colour and weight.
	Color bool
	// MaxRows bounds the rows of a waterfall; 0 is [DefaultRows], [AllRows] is
	// no bound.
	MaxRows int
	// Logs are log lines to be shown in a waterfall.
	Logs []LogLine
}

const (
	// DefaultRows is how many spans are shown unless told otherwise: a few
	// screens, in which a person still finds something.
	DefaultRows = 200
	// AllRows shows every span.
	AllRows = -1

	defaultWidth = 80
	minWidth     = 40 // the 32 digits of a trace id and a word
)

func (o Options) width() int {
	if o.Width == 0 {
		return defaultWidth
	}
	return max(o.Width, minWidth)
}

func (o Options) rows(all int) int {
	switch {
	case o.MaxRows < 0:
		return all
	case o.MaxRows == 0:
		return min(all, DefaultRows)
	default:
		return min(all, o.MaxRows)
	}
}

// plural writes a number, with commas, and its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return grouped(n) + " " + noun
}

// grouped writes a number with commas between thousands.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return grouped(n/1000) + fmt.Sprintf(",%03d", n%1000)
}
