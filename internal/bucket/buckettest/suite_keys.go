package buckettest

import (
	"errors"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
)

// badKeys would leave the root, hit the store's own files, or mean different
// things in different stores.
var badKeys = []string{
	"", "/", "/a", "a/", "a//b", ".", "..", "./a", "../a", "a/..", "a/../b", "a/./b", "a/.", "../../etc/passwd",
	".tmp", ".tmp/new-1", ".hidden", "a/.hidden", "a.", "a./b", "a..", `a\b`, `..\a`, `c:\a`, "c:", "a:b", "A", "a b", "a\x00b", "a\nb",
	"ä", "a*", "a?b", "%2e%2e/a", "~", "a+b", strings.Repeat("a", 256), strings.Repeat("a/", 256) + "a",
}

func testBadKeys(t *testing.T, b bucket.Bucket) {
	for _, key := range badKeys {
		if bucket.ValidKey(key) {
			t.Errorf("ValidKey(%q)", key)
		}
		if _, err := b.Create(t.Context(), key, strings.NewReader("x")); !errors.Is(err, bucket.ErrBadKey) {
			t.Errorf("Create(%q): %v; want ErrBadKey", key, err)
		}
		if err := b.ReadAt(t.Context(), key, make([]byte, 1), 0); !errors.Is(err, bucket.ErrBadKey) {
			t.Errorf("ReadAt(%q): %v; want ErrBadKey", key, err)
		}
		if _, err := b.Stat(t.Context(), key); !errors.Is(err, bucket.ErrBadKey) {
			t.Errorf("Stat(%q): %v; want ErrBadKey", key, err)
		}
		if err := b.Delete(t.Context(), key); !errors.Is(err, bucket.ErrBadKey) {
			t.Errorf("Delete(%q): %v; want ErrBadKey", key, err)
		}
	}
	for _, prefix := range []string{"/", "../", "a/../", ".", ".tmp/", "A", "a//"} {
		n := 0
		for _, err := range b.List(t.Context(), prefix, "") {
			if n++; !errors.Is(err, bucket.ErrBadKey) {
				t.Errorf("List(%q) yields %v; want ErrBadKey", prefix, err)
			}
		}
		if n != 1 {
			t.Errorf("List(%q) yields %d times; want once", prefix, n)
		}
	}
	if got := keys(t, b, "", ""); len(got) != 0 {
		t.Errorf("bad keys left objects: %q", got)
	}
	long := strings.Repeat("a/", 250) + "0-9_a.z"
	put(t, b, long, "x")
	want(t, b, long, "x")
}

func testFolders(t *testing.T, b bucket.Bucket) {
	put(t, b, "a/b/c", "x")
	for _, key := range []string{"a", "a/b", "a/b/c/d", "a/b/c/d/e"} {
		if _, err := b.Create(t.Context(), key, strings.NewReader("y")); !errors.Is(err, bucket.ErrBadKey) {
			t.Errorf("Create(%q) beside a/b/c: %v; want ErrBadKey", key, err)
		}
	}
	want(t, b, "a/b/c", "x")
	if err := b.Delete(t.Context(), "a/b/c"); err != nil {
		t.Fatal(err)
	}
	put(t, b, "a", "z") // the folder went with its last object
	want(t, b, "a", "z")
}
