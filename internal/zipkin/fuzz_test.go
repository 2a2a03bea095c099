package zipkin_test

import (
	"os"
	"testing"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/zipkin"
)

func FuzzAppendJSON(f *testing.F) {
	body, err := os.ReadFile("testdata/spans.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(body), "[]", "[null]", `[{"traceId":"1","id":"1","tags":{"a":1,"a":"b"},"timestamp":"9e15"}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) { check(t, zipkin.AppendJSON, body) })
}

func FuzzAppendProto(f *testing.F) {
	for _, s := range []string{
		"", "\x0a\x00", "\x0a\x14\x0a\x0812345678\x1a\x0812345678",
		"\x0a\x2e\x0a\x0812345678\x12\x0887654321\x1a\x0812345678\x20\x02\x42\x06\x12\x04\x7f\x00\x00\x01\x5a\x06\x0a\x01k\x12\x01v",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) { check(t, zipkin.AppendProto, body) })
}

// check decodes a body behind a span that is there already. What is appended
// must come out of OTLP as it went in.
func check(t *testing.T, decode func(*span.Batch, []byte) (zipkin.Result, error), body []byte) {
	var b, again span.Batch
	if _, err := zipkin.AppendJSON(&b, []byte(`[{"traceId":"1","id":"2"}]`)); err != nil {
		t.Fatal(err)
	}
	res, err := decode(&b, body)
	if b.Len() != 1+res.Accepted || err != nil && res != (zipkin.Result{}) || (res.Rejected > 0) != (res.Reason != "") {
		t.Fatalf("%+v, %v, and %d spans", res, err, b.Len())
	}
	back, err := otlp.AppendTraces(&again, otlp.AppendProto(nil, &b))
	if err != nil || back.Accepted != b.Len() || back.Rejected != 0 {
		t.Fatalf("as OTLP: %+v, %v", back, err)
	}
	if got, want := spantest.Dump(&again), spantest.Dump(&b); got != want {
		t.Fatalf("as OTLP:\n%s\nwant:\n%s", got, want)
	}
	// Zipkin's JSON of it is read as well.
	if back, err := zipkin.AppendJSON(new(span.Batch), zipkin.AppendSpans(nil, &b)); err != nil || back.Accepted != b.Len() {
		t.Fatalf("as Zipkin: %+v, %v", back, err)
	}
}
