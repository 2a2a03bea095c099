package enginetest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/traceql"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestText runs the scripts of testdata: "load", followed by the indented spans of a
// trace, replaces the spans; a line that begins with { or ( is a query, and the indented lines
// below it are what it finds: the ids of the spans of each spanset, with its group in front.
func TestText(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := Script(string(text), answer)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func answer(query string, b *span.Batch) string {
	q, err := traceql.Parse(query)
	if err != nil {
		return "  error " + err.Error() + "\n"
	}
	var out strings.Builder
	for _, set := range Search(q.Pipeline, b) {
		out.WriteString(" ")
		if set.Group != nil {
			fmt.Fprintf(&out, " [%s]", strings.Join(set.Group, "; "))
		}
		for _, row := range set.Rows {
			out.WriteString(" " + strings.TrimLeft(b.ID[row].String(), "0"))
		}
		out.WriteString("\n")
	}
	if out.Len() == 0 {
		return "  nothing\n"
	}
	return out.String()
}
