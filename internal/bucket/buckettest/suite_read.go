package buckettest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
)

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
