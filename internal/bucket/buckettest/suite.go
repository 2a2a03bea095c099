// Package buckettest holds what every bucket.Bucket has to pass ([Run]), and a
// wrapper that makes one fail ([Faulty]) for tests of what is built on it.
package buckettest

import (
	"context"
	"errors"
	"fmt"
	"io"
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
