package enginetest

import (
	"strings"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
)

// Script runs a script of queries and returns it with what answer says to each now. "load",
// followed by the indented spans of a trace and an empty line, replaces the spans; a
// line that begins with { or ( is a query, and the indented lines below it are the answer.
func Script(script string, answer func(query string, b *span.Batch) string) string {
	var out, spans strings.Builder
	loading := false
	b := new(span.Batch)
	for line := range strings.Lines(script) {
		indented := strings.HasPrefix(line, "  ")
		switch {
		case indented && loading:
			spans.WriteString(line)
		case indented:
			continue // an answer, which is made anew
		case line == "load\n":
			loading = true
			spans.Reset()
		case loading && line != "\n":
			return out.String() + "the spans end with an empty line\n"
		case loading:
			loading = false
			b = spantest.Trace(spans.String())
		}
		out.WriteString(line)
		if line[0] == '{' || line[0] == '(' {
			out.WriteString(answer(strings.TrimSpace(line), b))
		}
	}
	return out.String()
}
