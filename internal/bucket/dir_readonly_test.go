package bucket_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
)

func TestReadOnlyDir(t *testing.T) {
	root := t.TempDir()
	if _, err := bucket.OpenReadOnlyDir(filepath.Join(root, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	writer, err := bucket.OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if _, err := writer.Create(t.Context(), "a/b", strings.NewReader("hello")); err != nil {
		t.Fatal(err)
	}
	// What the writer has half done must stay.
	half := filepath.Join(root, ".tmp", "new-1")
	if err := os.WriteFile(half, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bkt, err := bucket.OpenReadOnlyDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer bkt.Close()
	var _ bucket.Bucket = bkt
	if raw, err := bucket.ReadAll(t.Context(), bkt, "a/b", 10); err != nil || string(raw) != "hello" {
		t.Errorf("%q, %v", raw, err)
	}
	if _, err := bkt.Create(t.Context(), "c", strings.NewReader("x")); !errors.Is(err, bucket.ErrReadOnly) {
		t.Errorf("create: %v", err)
	}
	if err := bkt.Delete(t.Context(), "a/b"); !errors.Is(err, bucket.ErrReadOnly) {
		t.Errorf("delete: %v", err)
	}
	for _, file := range []string{half, filepath.Join(root, "a", "b")} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}
