package otlp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// libraryJSON translates by OpenTelemetry's own library.
func libraryJSON(body []byte) ([]byte, error) {
	traces, err := new(ptrace.JSONUnmarshaler).UnmarshalTraces(body)
	if err != nil {
		return nil, err
	}
	return new(ptrace.ProtoMarshaler).MarshalTraces(traces)
}

func dumpPayload(t testing.TB, payload []byte) string {
	t.Helper()
	var b span.Batch
	if _, err := AppendTraces(&b, payload); err != nil {
		t.Fatalf("decode %x: %v", payload, err)
	}
	return spantest.Dump(&b)
}

// oneSpan is a request of one span with more fields.
func oneSpan(fields string) string {
	return `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090A0b0c0d0e0fAF","spanId":"0102030405060708"` + fields + `}]}]}]}`
}

func TestJSON(t *testing.T) {
	attr := func(value string) string { return oneSpan(`,"attributes":[{"key":"k","value":` + value + `}]`) }
	tests := []struct {
		name, body string
		want       string // part of what is decoded, or of the error
		differs    bool   // from what the library makes of it
	}{
		{"ids of either case", oneSpan(``), "0102030405060708090a0b0c0d0e0faf 0102030405060708 parent 0000000000000000", false},
		{"number and string", oneSpan(`,"startTimeUnixNano":1700000000000000001,"endTimeUnixNano":"1700000000000000003"`), "start 1700000000000000001 duration 2", false},
		{"largest", oneSpan(`,"startTimeUnixNano":"18446744073709551615"`), "start -1 duration 1", false},
		{"exponent", oneSpan(`,"startTimeUnixNano":1e3,"endTimeUnixNano":2.0E3`), "start 1000 duration 1000", true},
		{"integer enum", oneSpan(`,"kind":2,"status":{"code":2,"message":"m"}`), `server error "m"`, false},
		{"enum as string", oneSpan(`,"kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_OK"}`), `client ok`, false},
		{"unknown fields", oneSpan(`,"zzz":{"a":[1,{"b":"}]\""}],"c":null},"name":"n"`), `"n"`, false},
		{"empty key", `{"":1,` + oneSpan(`,"":[{}],"name":"n"`)[1:], `"n"`, true},
		{"nulls", oneSpan(`,"parentSpanId":null,"kind":null,"startTimeUnixNano":null,"attributes":null,"status":null,"name":"n"`), `"n"`, true},
		{"names of the .proto", strings.NewReplacer("resourceSpans", "resource_spans", "traceId", "trace_id").Replace(oneSpan(`,"start_time_unix_nano":5`)), "start 5", false},
		{"white space", strings.NewReplacer(":", " :\n", ",", "\t, ", "[", "[ ", "}", " }\r\n").Replace(oneSpan(`,"name":"n","events":[{},{}]`)) + " ", `"n"`, false},
		{"escapes", oneSpan(`,"name":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`), `"a\"\\/\b\f\n\r\té😀"`, false},
		{"escaped name of a field", oneSpan(`,"n\u0061me":"n"`), `"n"`, false},
		{"half a pair", oneSpan(`,"name":"\ud800x"`), `"�x"`, false},
		{"not UTF-8", oneSpan(",\"name\":\"\xffx\""), `"�x"`, false},
		{"int", attr(`{"intValue":"-9223372036854775808"}`), ":-9223372036854775808", false},
		{"int as a number", attr(`{"intValue":-5}`), ":-5", false},
		{"bool", attr(`{"boolValue":true}`), ":true", false},
		{"false", attr(`{"boolValue":false}`), ":false", false},
		{"empty string", attr(`{"stringValue":""}`), `"k"=`, false},
		{"double", attr(`{"doubleValue":1.25e2}`), ":125", false},
		{"double as an integer", attr(`{"doubleValue":3}`), ":3", false},
		{"NaN", attr(`{"doubleValue":"NaN"}`), `"NaN"`, false},
		{"infinity", attr(`{"doubleValue":"-Infinity"}`), `"-Inf"`, false},
		{"bytes", attr(`{"bytesValue":"aGVsbG8="}`), "", false},
		{"bytes for URLs", attr(`{"bytesValue":"_-8"}`), "", true},
		{"list", attr(`{"arrayValue":{"values":[{"intValue":1},{},{"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"b"}}]}}]}}`), `[1,null,{"a":"b"}]`, false},
		{"no value", attr(`{}`), "null", false},
		{"all of the rest", `{"resourceSpans":[{"schemaUrl":"u","resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}],"droppedAttributesCount":1,
			"entityRefs":[{"type":"service","idKeys":["service.name"],"schemaUrl":"x","descriptionKeys":[]}]},
			"scopeSpans":[{"scope":{"name":"lib","version":"1","attributes":[{"key":"a","value":{"intValue":1}}],"droppedAttributesCount":2},"schemaUrl":"v",
			"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","parentSpanId":"0102030405060709","traceState":"a=b","flags":257,
			"droppedAttributesCount":3,"droppedEventsCount":"4","droppedLinksCount":5,
			"events":[{"timeUnixNano":"7","name":"e","attributes":[{"key":"a","value":{"intValue":1}}],"droppedAttributesCount":1}],
			"links":[{"traceId":"0102030405060708090a0b0c0d0e0f11","spanId":"0102030405060701","traceState":"c=d","attributes":[{"key":"a","value":{"intValue":1}}],"droppedAttributesCount":1,"flags":1}]}]}]}]}`, "flags 101", false},

		{"trailing content", oneSpan(``) + "x", "error: not JSON: byte ", true},
		{"a list", `[]`, "error: not a JSON object", false},
		{"a null", `null`, "error: not a JSON object", true},
		{"null in a list", `{"resourceSpans":[null]}`, "error: JSON at byte 18: resourceSpans: must be an object", true},
		{"base 64 id", oneSpan(`,"parentSpanId":"W47/95gDgQPSaB=="`), "parentSpanId: \"W47/95gDgQPSaB==\" is not hexadecimal", false},
		{"odd id", oneSpan(`,"parentSpanId":"abc"`), "odd length", false},
		{"id as a number", oneSpan(`,"parentSpanId":12`), "must be a string", false},
		{"name as a number", oneSpan(`,"name":12`), "must be a string", false},
		{"time as an object", oneSpan(`,"startTimeUnixNano":{}`), "must be a number", false},
		{"negative time", oneSpan(`,"startTimeUnixNano":-1`), "not an integer of this field's range", false},
		{"large count", oneSpan(`,"droppedAttributesCount":4294967296`), "not an integer of this field's range", false},
		{"fraction", oneSpan(`,"flags":1.5`), "not an integer", false},
		{"unknown enum", oneSpan(`,"kind":"SPAN_KIND_ROBOT"`), "not an integer", false},
		{"bool as a number", attr(`{"boolValue":1}`), "must be true or false", false},
		{"object for a list", `{"resourceSpans":{}}`, "must be a list", false},
		{"word for an object", `{"resourceSpans":[true]}`, "must be an object", false},
	}
	for _, test := range tests {
		got := ""
		out, err := appendFromJSON([]byte("before"), []byte(test.body), requests[Traces])
		switch {
		case err != nil:
			got = "error: " + err.Error()
		default:
			got = dumpPayload(t, out[len("before"):])
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
		library, libraryErr := libraryJSON([]byte(test.body))
		same := (err == nil) == (libraryErr == nil) && (err != nil || dumpPayload(t, library) == got)
		if same == test.differs {
			t.Errorf("%s: the library says %v, %v", test.name, libraryErr, !same)
		}
	}
}

func TestJSONRoundTrip(t *testing.T) {
	want, _, body := sample(3, 300)
	out, err := appendFromJSON(nil, body, requests[Traces])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(spantest.Dump(want), dumpPayload(t, out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	library, err := libraryJSON(body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dumpPayload(t, library), dumpPayload(t, out)); diff != "" {
		t.Errorf("against the library (-library +ours):\n%s", diff)
	}
}

// TestJSONDepth nests as deep as a body allows.
func TestJSONDepth(t *testing.T) {
	const n = 1 << 20
	for _, body := range []string{
		strings.Repeat("[", n),
		oneSpan(`,"x":` + strings.Repeat("[", n) + strings.Repeat("]", n)),
		oneSpan(`,"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000)),
		oneSpan(`,"attributes":[{"value":` + strings.Repeat(`{"arrayValue":{"values":[`, 3000) + strings.Repeat(`]}}`, 3000) + `}]`),
		oneSpan(`,"attributes":[{"value":` + strings.Repeat(`{"kvlistValue":{"values":[{"value":`, 2000) + strings.Repeat(`}]}}`, 2000) + `}]`),
	} {
		_, err := appendFromJSON(nil, []byte(body), requests[Traces])
		if known := strings.Contains(body, `"x":[`) && len(body) < n; (err == nil) != known {
			t.Errorf("%.100s…: %v", body, err)
		}
	}
	// What the decoder takes passes.
	body := oneSpan(`,"attributes":[{"key":"k","value":` + strings.Repeat(`{"kvlistValue":{"values":[{"value":`, maxDepth-1) + `{}` + strings.Repeat(`}]}}`, maxDepth-1) + `}]`)
	out, err := appendFromJSON(nil, []byte(body), requests[Traces])
	if err != nil {
		t.Fatal(err)
	}
	dumpPayload(t, out)
}

func FuzzJSON(f *testing.F) {
	_, _, body := sample(1, 3)
	f.Add(body)
	f.Add([]byte(withBadID))
	for _, fields := range []string{`,"kind":-1`, `,"startTimeUnixNano":1e3`, `,"x":[{"y":"\""}]`, `,"name":"\ud800é"`} {
		f.Add([]byte(oneSpan(fields)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		out, err := appendFromJSON(nil, body, requests[Traces])
		if err != nil {
			return
		}
		if len(out) > 3*len(body) {
			t.Errorf("%d bytes of JSON became %d", len(body), len(out))
		}
		var b span.Batch
		res, err := AppendTraces(&b, out)
		if err != nil {
			if !strings.Contains(fmt.Sprint(err), "nested deeper") {
				t.Fatalf("what was translated can't be decoded: %v", err)
			}
			return
		}
		if n := countRecords(out); n != res.Accepted+res.Rejected {
			t.Errorf("%d spans counted, %d decoded", n, res.Accepted+res.Rejected)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	_, _, body := sample(1, 800)
	b.Run("everspan", func(b *testing.B) {
		b.ReportAllocs()
		var dst []byte
		for b.Loop() {
			var err error
			if dst, err = appendFromJSON(dst[:0], body, requests[Traces]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/800, "ns/span")
	})
	b.Run("pdata", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := libraryJSON(body); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/800, "ns/span")
	})
}
