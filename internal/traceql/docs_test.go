package traceql_test

import (
	"os"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/traceql"
)

// TestDocs parses every query of docs/traceql.md, which stand in blocks marked as
// traceql, one a line. All operators, fields and functions must occur.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/traceql.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	queries, in := 0, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			in = line == "```traceql"
		case in && line != "":
			queries++
			q, err := traceql.Parse(line)
			if err != nil {
				t.Errorf("%s\n%v", line, err)
				continue
			}
			all.WriteString(q.String() + "\n")
		}
	}
	if queries < 50 {
		t.Errorf("only %d queries", queries)
	}
	for op := traceql.MetricsOp(0); op <= traceql.Compare; op++ {
		if !strings.Contains(all.String(), " "+op.String()+"(") {
			t.Errorf("%s has no example", op)
		}
	}
	for f := traceql.Field(0); f < traceql.NumFields; f++ {
		if !strings.Contains(string(text), "`"+f.String()+"`") {
			t.Errorf("%s is not told of", f)
		}
	}
	for op := traceql.SpansetAnd; op <= traceql.UnionSibling; op++ {
		if !strings.Contains(strings.ReplaceAll(string(text), `\|`, "|"), op.String()) {
			t.Errorf("%s is not told of", op)
		}
	}
}
