package jaeger_test

import (
	"testing"

	"github.com/everspan/everspan/internal/jaeger"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
)

func FuzzAppendThrift(f *testing.F) {
	for _, body := range [][]byte{encodeThrift(f, toThrift(batch())), {0}, {12, 0, 1, 0, 0}, {15, 0, 2, 12, 0, 0, 0, 1, 0, 0}} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { check(t, jaeger.AppendThrift, body) })
}

func FuzzAppendProto(f *testing.F) {
	for _, body := range [][]byte{encodeProto(f, batch()), {}, {10, 0}, {10, 2, 10, 0}} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { check(t, jaeger.AppendProto, body) })
}

// check decodes a body behind a span that is there already. What is appended
// must come out of OTLP as it went in.
func check(t *testing.T, decode func(*span.Batch, []byte) (jaeger.Result, error), body []byte) {
	var b, again span.Batch
	one := b.Begin(0, 0)
	b.Resources.Intern([]byte("one"))
	b.Scopes.Intern([]byte("one"))
	b.ID[one] = span.ID{1}
	b.Commit(one, span.TraceID{1})
	res, err := decode(&b, body)
	if b.Len() != 1+res.Accepted || err != nil && res != (jaeger.Result{}) || (res.Rejected > 0) != (res.Reason != "") {
		t.Fatalf("%+v, %v, and %d spans", res, err, b.Len())
	}
	back, err := otlp.AppendTraces(&again, otlp.AppendProto(nil, &b))
	if err != nil || back.Accepted != b.Len() || back.Rejected != 0 {
		t.Fatalf("as OTLP: %+v, %v", back, err)
	}
	if got, want := spantest.Dump(&again), spantest.Dump(&b); got != want {
		t.Fatalf("as OTLP:\n%s\nwant:\n%s", got, want)
	}
}
