// Package buckettest holds what every bucket.Bucket has to pass ([Run]), and a
// wrapper that makes one fail ([Faulty]) for tests of what is built on it.
package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/everspan/everspan/internal/bucket"
)

// Run checks the contract of bucket.Bucket. Open returns a new, empty bucket at
// each call, and leaves its cleaning up to t.
func Run(t *testing.T, open func(t *testing.T) bucket.Bucket) {
	for _, c := range []struct {
		name string
		test func(*testing.T, bucket.Bucket)
	}{
		{"Create", testCreate},
		{"CreateOnce", testCreateOnce},
		{"CreateDeleteTogether", testCreateDeleteTogether},
		{"ReadAt", testReadAt},
		{"ReadAll", testReadAll},
		{"Large", testLarge},
		{"Missing", testMissing},
		{"BadKeys", testBadKeys},
		{"Folders", testFolders},
		{"List", testList},
		{"ListWhileWriting", testListWhileWriting},
		{"Delete", testDelete},
		{"FailingReader", testFailingReader},
		{"Cancelled", testCancelled},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func put(t *testing.T, b bucket.Bucket, key, content string) {
	t.Helper()
	n, err := b.Create(t.Context(), key, strings.NewReader(content))
	if err != nil || n != int64(len(content)) {
		t.Fatalf("Create(%q) = %d, %v; want %d bytes", key, n, err, len(content))
	}
}

func want(t *testing.T, b bucket.Bucket, key, content string) {
	t.Helper()
	got, err := bucket.ReadAll(t.Context(), b, key, 1<<30)
	if err != nil {
		t.Fatalf("ReadAll(%q): %v", key, err)
	}
	if string(got) != content {
		t.Fatalf("ReadAll(%q) = %d bytes %.40q; want %d bytes %.40q", key, len(got), got, len(content), content)
	}
}

func keys(t *testing.T, b bucket.Bucket, prefix, after string) []string {
	t.Helper()
	var out []string
	for info, err := range b.List(t.Context(), prefix, after) {
		if err != nil {
			t.Fatalf("List(%q, %q): %v", prefix, after, err)
		}
		out = append(out, info.Key)
	}
	return out
}

func testCreate(t *testing.T, b bucket.Bucket) {
	put(t, b, "a/b/one", "first")
	put(t, b, "empty", "")
	if n, err := b.Create(t.Context(), "a/b/one", strings.NewReader("second")); !errors.Is(err, bucket.ErrExists) {
		t.Fatalf("second Create = %d, %v; want ErrExists", n, err)
	}
	if _, err := b.Create(t.Context(), "empty", strings.NewReader("x")); !errors.Is(err, bucket.ErrExists) {
		t.Fatalf("second Create of an empty object: %v; want ErrExists", err)
	}
	want(t, b, "a/b/one", "first")
	want(t, b, "empty", "")
	info, err := b.Stat(t.Context(), "a/b/one")
	if err != nil || info.Key != "a/b/one" || info.Size != 5 || info.ModTime.IsZero() {
		t.Fatalf("Stat = %+v, %v", info, err)
	}
}

func testCreateOnce(t *testing.T, b bucket.Bucket) {
	const writers, rounds = 8, 10
	for round := range rounds {
		key := fmt.Sprintf("manifest/%04d", round)
		errs := make([]error, writers)
		content := func(w int) string { return strings.Repeat(fmt.Sprintf("writer %d;", w), 1000) }
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() { _, errs[w] = b.Create(t.Context(), key, strings.NewReader(content(w))) })
		}
		wg.Wait()
		winner := -1
		for w, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Fatalf("%s: writers %d and %d both won", key, winner, w)
			case err == nil:
				winner = w
			case !errors.Is(err, bucket.ErrExists):
				t.Fatalf("%s: writer %d: %v", key, w, err)
			}
		}
		if winner < 0 {
			t.Fatalf("%s: nobody won", key)
		}
		want(t, b, key, content(winner))
	}
}

// A folder may come and go under a Create; none may fail for it, and a key that
// is used again must never show what it held before.
func testCreateDeleteTogether(t *testing.T, b bucket.Bucket) {
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			key := fmt.Sprintf("deep/er/%d", w)
			for i := range 25 {
				content := fmt.Sprintf("%03d", i)
				if _, err := b.Create(t.Context(), key, strings.NewReader(content)); err != nil {
					t.Errorf("create: %v", err)
					return
				}
				got := make([]byte, 3)
				if err := b.ReadAt(t.Context(), key, got, 0); err != nil || string(got) != content {
					t.Errorf("read = %q, %v; want %q", got, err, content)
				}
				if err := b.Delete(t.Context(), key); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func testReadAt(t *testing.T, b bucket.Bucket) {
	put(t, b, "o", "0123456789")
	put(t, b, "empty", "")
	for _, c := range []struct {
		key    string
		off    int64
		n      int
		want   string
		failed error
	}{
		{"o", 0, 10, "0123456789", nil},
		{"o", 0, 1, "0", nil},
		{"o", 9, 1, "9", nil},
		{"o", 3, 4, "3456", nil},
		{"o", 3, 0, "", nil},
		{"empty", 0, 0, "", nil},
		{"o", 0, 11, "", io.ErrUnexpectedEOF},
		{"o", 9, 2, "", io.ErrUnexpectedEOF},
		{"o", 10, 1, "", io.ErrUnexpectedEOF},
		{"o", 1 << 40, 1, "", io.ErrUnexpectedEOF},
		{"o", 1<<63 - 1, 2, "", io.ErrUnexpectedEOF},
		{"empty", 0, 1, "", io.ErrUnexpectedEOF},
		{"no", 0, 1, "", bucket.ErrNotFound},
		{"no", 0, 0, "", bucket.ErrNotFound},
	} {
		p := make([]byte, c.n)
		err := b.ReadAt(t.Context(), c.key, p, c.off)
		if !errors.Is(err, c.failed) || c.failed == nil && (err != nil || string(p) != c.want) {
			t.Errorf("ReadAt(%q, %d bytes at %d) = %q, %v; want %q, %v", c.key, c.n, c.off, p, err, c.want, c.failed)
		}
	}
	if err := b.ReadAt(t.Context(), "o", make([]byte, 1), -1); err == nil {
		t.Error("ReadAt of a negative offset succeeded")
	}
}

func testReadAll(t *testing.T, b bucket.Bucket) {
	put(t, b, "o", "0123456789")
	if _, err := bucket.ReadAll(t.Context(), b, "o", 9); err == nil {
		t.Error("ReadAll over its limit succeeded")
	}
	if p, err := bucket.ReadAll(t.Context(), b, "o", 10); err != nil || len(p) != 10 {
		t.Errorf("ReadAll at its limit = %q, %v", p, err)
	}
}

func testLarge(t *testing.T, b bucket.Bucket) {
	size := 8 << 20
	content := make([]byte, size)
	rnd := rand.NewChaCha8([32]byte{1})
	rnd.Read(content)
	put(t, b, "large", string(content))
	want(t, b, "large", string(content))
	r := rand.New(rnd)
	var wg sync.WaitGroup
	for range 8 {
		off := r.IntN(size - 1000)
		wg.Go(func() {
			p := make([]byte, 1000)
			if err := b.ReadAt(t.Context(), "large", p, int64(off)); err != nil || !bytes.Equal(p, content[off:off+1000]) {
				t.Errorf("ReadAt(%d): wrong bytes or %v", off, err)
			}
		})
	}
	wg.Wait()
}

func testMissing(t *testing.T, b bucket.Bucket) {
	put(t, b, "folder/o", "x")
	for _, key := range []string{"no", "no/no", "folder", "folder/o/x"} {
		if _, err := b.Stat(t.Context(), key); !errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("Stat(%q): %v; want ErrNotFound", key, err)
		}
		if err := b.ReadAt(t.Context(), key, make([]byte, 1), 0); !errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("ReadAt(%q): %v; want ErrNotFound", key, err)
		}
		if _, err := bucket.ReadAll(t.Context(), b, key, 10); !errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("ReadAll(%q): %v; want ErrNotFound", key, err)
		}
		if err := b.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete(%q): %v", key, err)
		}
	}
	want(t, b, "folder/o", "x")
}

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

func testList(t *testing.T, b bucket.Bucket) {
	all := []string{"a-b", "a.b", "a/b", "a/b0", "a0", "a_b", "b/1/x", "b/1/y", "b/10/x", "b/2/x", "b1", "z"}
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(all)) {
		put(t, b, all[i], all[i])
	}
	slices.Sort(all)
	prefixes := append([]string{"", "a", "a/", "b", "b/", "b/1", "b/1/", "b/10/", "b/2/x", "c", "c/d/", "z"}, all...)
	afters := append([]string{"", "a/", "b", "b/", "b/1", "b/1/", "b/1/xx", "b/3", "zz", "~", "B", "../x", "a/b/c"}, all...)
	for _, prefix := range prefixes {
		for _, after := range afters {
			var exp []string
			for _, k := range all {
				if strings.HasPrefix(k, prefix) && k > after {
					exp = append(exp, k)
				}
			}
			if got := keys(t, b, prefix, after); !slices.Equal(got, exp) {
				t.Errorf("List(%q, %q) = %q; want %q", prefix, after, got, exp)
			}
		}
	}
	for info, err := range b.List(t.Context(), "b/", "") {
		if err != nil || info.Size != int64(len(info.Key)) || info.ModTime.IsZero() {
			t.Errorf("List yields %+v, %v", info, err)
		}
		break // and may be left early
	}
}

func testListWhileWriting(t *testing.T, b bucket.Bucket) {
	const fixed = 50
	var stay []string
	for i := range fixed {
		stay = append(stay, fmt.Sprintf("s/%02d/stay", i))
		put(t, b, stay[i], "x")
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			key := fmt.Sprintf("s/%02d/%d", i%fixed, i)
			if _, err := b.Create(t.Context(), key, strings.NewReader("y")); err != nil {
				t.Errorf("create: %v", err)
				return
			}
			if err := b.Delete(t.Context(), key); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
	})
	for range 20 {
		got := keys(t, b, "s/", "")
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("out of order or twice: %q", got)
		}
		var kept []string
		for _, k := range got {
			if strings.HasSuffix(k, "/stay") {
				kept = append(kept, k)
			}
		}
		if !slices.Equal(kept, stay) {
			t.Errorf("%d of %d objects that were there all the time", len(kept), len(stay))
		}
	}
	close(stop)
	wg.Wait()
}

func testDelete(t *testing.T, b bucket.Bucket) {
	put(t, b, "d/a", "1")
	put(t, b, "d/b", "2")
	want(t, b, "d/a", "1") // may keep something of it open
	for range 2 {
		if err := b.Delete(t.Context(), "d/a"); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		if err := b.ReadAt(t.Context(), "d/a", make([]byte, 1), 0); !errors.Is(err, bucket.ErrNotFound) {
			t.Fatalf("ReadAt after Delete: %v; want ErrNotFound", err)
		}
	}
	if got := keys(t, b, "", ""); !slices.Equal(got, []string{"d/b"}) {
		t.Fatalf("left: %q", got)
	}
	put(t, b, "d/a", "3")
	want(t, b, "d/a", "3")
}

func testFailingReader(t *testing.T, b bucket.Bucket) {
	broken := errors.New("broken pipe")
	r := io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000)), iotest.ErrReader(broken))
	if n, err := b.Create(t.Context(), "f/o", r); !errors.Is(err, broken) || n != 0 {
		t.Fatalf("Create = %d, %v; want 0 and the reader's error", n, err)
	}
	if _, err := b.Stat(t.Context(), "f/o"); !errors.Is(err, bucket.ErrNotFound) {
		t.Fatalf("Stat: %v; want ErrNotFound", err)
	}
	if got := keys(t, b, "", ""); len(got) != 0 {
		t.Fatalf("left: %q", got)
	}
	put(t, b, "f/o", "whole")
	want(t, b, "f/o", "whole")
}

func testCancelled(t *testing.T, b bucket.Bucket) {
	put(t, b, "o", "x")
	ctx, cancel := context.WithCancel(t.Context())
	half := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }), strings.NewReader("rest"))
	if _, err := b.Create(ctx, "half", half); !errors.Is(err, context.Canceled) {
		t.Errorf("Create cancelled halfway: %v", err)
	}
	_, create := b.Create(ctx, "new", strings.NewReader("x"))
	_, stat := b.Stat(ctx, "o")
	var list error
	for _, err := range b.List(ctx, "", "") {
		list = err
	}
	for op, err := range map[string]error{
		"Create": create, "Stat": stat, "List": list,
		"ReadAt": b.ReadAt(ctx, "o", make([]byte, 1), 0),
		"Delete": b.Delete(ctx, "o"),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v; want context.Canceled", op, err)
		}
	}
	if got := keys(t, b, "", ""); !slices.Equal(got, []string{"o"}) {
		t.Errorf("left: %q", got)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
