package block

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
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
			want, err := os.ReadFile(filepath.Join(dir, "spans.txt"))
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{"written", "merged"} {
				if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), readGolden(t, bkt, id)); diff != "" {
					t.Errorf("block %s (-want +got):\n%s", id, diff)
				}
			}
		})
	}
}

func readGolden(t *testing.T, bkt bucket.Bucket, id string) string {
	meta, err := ReadMeta(t.Context(), bkt, "", id)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(t.Context(), bkt, meta); err != nil {
		t.Fatal(err)
	}
	r := NewReader(bkt, NewCache(1<<20), meta)
	var all span.Batch
	for _, s := range summaries(t, r) {
		if n, err := r.Trace(t.Context(), s.TraceID, &all); err != nil || n != s.Spans {
			t.Fatalf("trace %s: %d spans of %d, %v", s.TraceID, n, s.Spans, err)
		}
	}
	return spantest.Dump(&all)
}

func writeGolden(t *testing.T, dir string) {
	bkt, err := bucket.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer bkt.Close()
	b := random(42, 60)
	meta, err := Write(t.Context(), bkt, "written", created, created, b)
	if err != nil {
		t.Fatal(err)
	}
	// Merged are two blocks with parts of the same traces, which don't stay.
	other := bucket.NewMemory()
	inputs := scatter(t, other, b, rand.New(rand.NewPCG(1, 1)), 2)
	merged, err := Merge(t.Context(), other, "merged", created, inputs, noPause)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range (Meta{}).FileNames() {
		raw, err := bucket.ReadAll(t.Context(), other, merged.Key(name), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bkt.Create(t.Context(), merged.Key(name), bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}
	text := readGolden(t, bkt, meta.ID)
	if err := os.WriteFile(filepath.Join(dir, "spans.txt"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
