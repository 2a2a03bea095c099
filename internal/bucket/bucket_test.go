package bucket_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/bucket/buckettest"
)

func openDir(t testing.TB, path string) *bucket.Dir {
	t.Helper()
	d, err := bucket.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestDir(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) bucket.Bucket { return openDir(t, filepath.Join(t.TempDir(), "a", "b")) })
}

func TestMemory(t *testing.T) {
	buckettest.Run(t, func(*testing.T) bucket.Bucket { return bucket.NewMemory() })
}

func TestFaultyWithoutFaults(t *testing.T) {
	buckettest.Run(t, func(*testing.T) bucket.Bucket {
		return buckettest.NewFaulty(bucket.NewMemory(), 1, buckettest.Faults{})
	})
}

func TestFaulty(t *testing.T) {
	run := func(seed uint64) (log []string, lost int) {
		inner := bucket.NewMemory()
		f := buckettest.NewFaulty(inner, seed, buckettest.Faults{Before: 0.2, After: 0.2, Short: 0.2})
		for i := range 200 {
			key := fmt.Sprintf("k/%d", i)
			_, err := f.Create(t.Context(), key, strings.NewReader("content"))
			_, serr := inner.Stat(t.Context(), key)
			switch {
			case err == nil && serr != nil:
				t.Fatalf("created and not there: %v", serr)
			case err != nil && !errors.Is(err, buckettest.ErrInjected):
				t.Fatal(err)
			case err != nil && serr == nil:
				lost++
			}
			p := make([]byte, 7)
			if rerr := f.ReadAt(t.Context(), key, p, 0); rerr == nil && string(p) != "content" {
				t.Fatalf("read %q without an error", p)
			}
			log = append(log, fmt.Sprint(err))
		}
		return log, lost
	}
	a, lost := run(7)
	b, _ := run(7)
	c, _ := run(8)
	if fmt.Sprint(a) != fmt.Sprint(b) || fmt.Sprint(a) == fmt.Sprint(c) {
		t.Error("faults do not follow from the seed")
	}
	if lost == 0 {
		t.Error("no answer was lost")
	}
}

func TestDirLeftovers(t *testing.T) {
	root := t.TempDir()
	openDir(t, root)
	left := filepath.Join(root, ".tmp", "new-123")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(root, "Thumbs.db")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, root)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("leftover: %v; want it gone", err)
	}
	for info, err := range d.List(t.Context(), "", "") {
		t.Errorf("List yields %v, %v", info, err)
	}
	if _, err := d.Create(t.Context(), "a", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(filepath.Join(root, ".tmp")); err != nil || len(files) != 0 {
		t.Errorf("Create left %v, %v", files, err)
	}
}

func TestDirKeepsObjects(t *testing.T) {
	root := t.TempDir()
	if _, err := openDir(t, root).Create(t.Context(), "blocks/1/spans.parquet", strings.NewReader("PAR1")); err != nil {
		t.Fatal(err)
	}
	got, err := bucket.ReadAll(t.Context(), openDir(t, root), "blocks/1/spans.parquet", 4)
	if err != nil || string(got) != "PAR1" {
		t.Fatalf("after reopening: %q, %v", got, err)
	}
	if got, err := os.ReadFile(filepath.Join(root, "blocks", "1", "spans.parquet")); err != nil || string(got) != "PAR1" {
		t.Fatalf("as a file: %q, %v", got, err)
	}
}

// More objects than files are kept open, read and deleted from many goroutines.
func TestDirManyReaders(t *testing.T) {
	d := openDir(t, t.TempDir())
	const objects = 300
	for i := range objects {
		if _, err := d.Create(t.Context(), fmt.Sprintf("o/%d", i), strings.NewReader(fmt.Sprintf("%03d", i))); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			p := make([]byte, 3)
			for n := range 1000 {
				i := (g*37 + n*7) % objects
				err := d.ReadAt(t.Context(), fmt.Sprintf("o/%d", i), p, 0)
				if errors.Is(err, bucket.ErrNotFound) && i%10 == 0 {
					continue
				}
				if err != nil || string(p) != fmt.Sprintf("%03d", i) {
					t.Errorf("object %d = %q, %v", i, p, err)
					return
				}
			}
		})
	}
	for i := 0; i < objects; i += 10 {
		if err := d.Delete(t.Context(), fmt.Sprintf("o/%d", i)); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	d.Close()
	if err := d.ReadAt(t.Context(), "o/1", make([]byte, 3), 0); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func BenchmarkDirReadAt(b *testing.B) {
	d := openDir(b, b.TempDir())
	if _, err := d.Create(b.Context(), "o", strings.NewReader(strings.Repeat("x", 1<<20))); err != nil {
		b.Fatal(err)
	}
	p := make([]byte, 4096)
	b.SetBytes(int64(len(p)))
	for i := 0; b.Loop(); i++ {
		if err := d.ReadAt(b.Context(), "o", p, int64(i%255)<<12); err != nil {
			b.Fatal(err)
		}
	}
}
