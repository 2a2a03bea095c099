package block

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden block of the current format, if there is none yet")

// TestOldFormats reads a block of every format that was ever written. They are
// never rewritten: a format that can't be read any more is data that is lost.
func TestOldFormats(t *testing.T) {
	current := filepath.Join("testdata", fmt.Sprintf("format%d", Format))
	if _, err := os.Stat(current); *update && os.IsNotExist(err) {
		writeGolden(t, current)
	}
	dirs, err := filepath.Glob("testdata/format*")
	if err != nil || len(dirs) != Format-oldest+1 {
		t.Fatalf("golden blocks %v of %d formats, %v", dirs, Format, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			bkt, err := bucket.OpenDir(copied)
			if err != nil {
				t.Fatal(err)
			}
			defer bkt.Close()
			meta, err := ReadMeta(t.Context(), bkt, "golden")
			if err != nil {
				t.Fatal(err)
			}
			if err := Verify(t.Context(), bkt, meta); err != nil {
				t.Fatal(err)
			}
			r := NewReader(bkt, NewCache(1<<20), meta)
			var all span.Batch
			err = r.Summaries(t.Context(), "", "", func(s Summary) {
				if n, err := r.Trace(t.Context(), s.TraceID, &all); err != nil || n != s.Spans {
					t.Fatalf("trace %s: %d spans of %d, %v", s.TraceID, n, s.Spans, err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(dir, "spans.txt"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), spantest.Dump(&all)); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

func writeGolden(t *testing.T, dir string) {
	bkt, err := bucket.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer bkt.Close()
	b := random(42, 24)
	if _, err := Write(t.Context(), bkt, "golden", created, created, b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spans.txt"), []byte(spantest.Dump(b)), 0o644); err != nil {
		t.Fatal(err)
	}
}
