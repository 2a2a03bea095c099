package buckettest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/everspan/everspan/internal/bucket"
)

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
