package zipkin

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func read(t testing.TB, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestGolden decodes the same spans from both encodings.
func TestGolden(t *testing.T) {
	body := read(t, "testdata/spans.json")
	var fromJSON, fromProto span.Batch
	a, err := AppendJSON(&fromJSON, body)
	if err != nil {
		t.Fatal(err)
	}
	b, err := AppendProto(&fromProto, toProto(t, body))
	if err != nil {
		t.Fatal(err)
	}
	if a.Accepted != 5 || a.Rejected != 1 || !strings.HasPrefix(a.Reason, "traceId: ") {
		t.Errorf("JSON: %+v", a)
	}
	if b.Accepted != 5 || b.Rejected != 1 || b.Reason != "trace_id has 0 bytes, it must have 8 or 16" {
		t.Errorf("protobuf: %+v", b)
	}
	got := strings.Join(spantest.Texts(&fromJSON), "")
	if *update {
		if err := os.WriteFile("testdata/spans.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(read(t, "testdata/spans.txt")); got != want {
		t.Errorf("JSON:\n%s\nwant:\n%s", got, want)
	}
	if proto := strings.Join(spantest.Texts(&fromProto), ""); proto != got {
		t.Errorf("protobuf:\n%s\nJSON:\n%s", proto, got)
	}
}

// TestAppendSpans: what came from Zipkin goes out as it was. What came by OTLP is as a
// Zipkin exporter would have sent it.
func TestAppendSpans(t *testing.T) {
	var b, again span.Batch
	if _, err := AppendJSON(&b, read(t, "testdata/spans.json")); err != nil {
		t.Fatal(err)
	}
	if res, err := AppendJSON(&again, AppendSpans(nil, &b)); err != nil || res.Rejected > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if got, want := spantest.Dump(&again), spantest.Dump(&b); got != want {
		t.Errorf("read back:\n%s\nwant:\n%s", got, want)
	}
	row := b.Begin(b.Resource[0], b.Scope[0])
	b.ID[row], b.Kind[row], b.Status[row], b.Duration[row] = span.ID{1}, span.KindInternal, span.StatusOK, 500
	b.Attrs.Num([]byte("n"), span.Int, 3)
	b.Attrs.Text([]byte("list"), span.JSON, []byte(`["a",1]`))
	b.Attrs.Text([]byte("network.peer.address"), span.String, []byte("/var/run/socket"))
	b.AddEvent(row, 7000, []byte("exception"), 0)
	b.Events.Attrs.Text([]byte("type"), span.String, []byte("E"))
	b.Events.Attrs.Num([]byte("n"), span.Int, 1)
	b.Commit(row, span.TraceID{1})
	var out bytes.Buffer
	if err := json.Indent(&out, AppendSpans(nil, &b), "", "  "); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/encoded.json", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, "testdata/encoded.json"); !bytes.Equal(out.Bytes(), want) {
		t.Errorf("encoded:\n%s\nwant:\n%s", &out, want)
	}
}

// toProto encodes a JSON body as protobuf.
func toProto(t testing.TB, body []byte) (out []byte) {
	t.Helper()
	var spans []jsonSpan
	if err := json.Unmarshal(body, &spans); err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		out = message(out, 1, func(m []byte) []byte {
			m = id(t, m, 1, s.TraceID)
			m = id(t, m, 2, s.ParentID)
			m = id(t, m, 3, s.ID)
			m = varint(m, 4, uint64(slices.Index([]string{"", "CLIENT", "SERVER", "PRODUCER", "CONSUMER"}, s.Kind)))
			m = text(m, 5, s.Name)
			m = fixed(m, 6, uint64(s.Timestamp))
			m = varint(m, 7, uint64(s.Duration))
			m = message(m, 8, s.LocalEndpoint.proto)
			m = message(m, 9, s.RemoteEndpoint.proto)
			for _, a := range s.Annotations {
				m = message(m, 10, func(m []byte) []byte { return text(fixed(m, 1, uint64(a.Timestamp)), 2, a.Value) })
			}
			for _, tag := range s.Tags {
				m = message(m, 11, func(m []byte) []byte { return text(text(m, 1, string(tag.key)), 2, string(tag.value)) })
			}
			m = varint(m, 12, protowire.EncodeBool(s.Debug))
			return varint(m, 13, protowire.EncodeBool(s.Shared))
		})
	}
	return out
}

func (e *jsonEndpoint) proto(m []byte) []byte {
	m = text(m, 1, e.ServiceName)
	for i, ip := range []string{e.IPv4, e.IPv6} {
		if a, err := netip.ParseAddr(ip); err == nil {
			m = text(m, protowire.Number(2+i), string(a.AsSlice()))
		}
	}
	return varint(m, 4, uint64(e.Port))
}

func message(dst []byte, n protowire.Number, fill func([]byte) []byte) []byte {
	return text(dst, n, string(fill(nil)))
}

func text(dst []byte, n protowire.Number, v string) []byte {
	return protowire.AppendString(protowire.AppendTag(dst, n, protowire.BytesType), v)
}

func id(t testing.TB, dst []byte, n protowire.Number, digits string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return text(dst, n, string(raw))
}

func varint(dst []byte, n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(dst, n, protowire.VarintType), v)
}

func fixed(dst []byte, n protowire.Number, v uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(dst, n, protowire.Fixed64Type), v)
}

// TestFields decodes one span whose ids are right, and looks for what a field
// has become.
func TestFields(t *testing.T) {
	for _, c := range []struct{ name, json, want string }{
		{"error true", `"tags":{"error":"true"}`, `unspecified error "" start`},
		{"error empty", `"tags":{"error":""}`, `unspecified error "" start`},
		{"error text", `"tags":{"error":"boom"}`, `unspecified error "boom" start`},
		{"two texts", `"tags":{"error":"a","otel.status_description":"b"}`, `error "b" start 0 duration 0 flags 0 state "" dropped 0 0 0 "error"=string:"a"`},
		{"status ok", `"tags":{"otel.status_code":"OK"}`, `unspecified ok ""`},
		{"status of old", `"tags":{"otel.status_code":"STATUS_CODE_ERROR","otel.status_description":"x"}`, `unspecified error "x"`},
		{"status unknown", `"tags":{"otel.status_code":"FINE"}`, `"otel.status_code"=string:"FINE"`},
		{"kind of a tag", `"tags":{"span.kind":"consumer"}`, ` consumer unset`},
		{"kind before the tag", `"kind":"client","tags":{"span.kind":"server"}`, `"span.kind"=string:"server"`},
		{"kind unknown", `"kind":"PEER"`, ` unspecified unset`},
		{"scope", `"tags":{"otel.library.name":"old","otel.scope.name":"new","otel.library.version":"1"}`, `scope "new" "1" ""`},
		{"dropped", `"tags":{"otel.dropped_events_count":"4","otel.dropped_links_count":"5","otel.dropped_attributes_count":"x"}`, `dropped 0 4 5 "otel.dropped_attributes_count"=string:"x"`},
		{"numbers as tags", `"tags":{"a":1.50,"b":true,"c":null,"d":{"e":[]}}`, ` "a"=string:"1.50" "b"=string:"true" "d"=string:"{\"e\":[]}" "otel`},
		{"number as text", `"timestamp":"1502787600000001"`, `start 1502787600000001000 duration 0`},
		{"number as float", `"timestamp":1.5027876e15`, `start 1502787600000000000 duration 0`},
		{"no timestamp", `"duration":7`, `start 0 duration 7000 flags 0 state "" dropped 0 0 0 "otel.zipkin.absentField.startTime"=bool:true`},
		{"nulls", `"parentId":null,"kind":null,"name":null,"timestamp":null,"localEndpoint":null,"annotations":null,"tags":null,"debug":null`, `"" unspecified unset`},
		{"port", `"timestamp":1,"remoteEndpoint":{"port":70000}`, "dropped 0 0 0\n"},
		{"address", `"timestamp":1,"remoteEndpoint":{"ipv4":"here"}`, `"network.peer.address"=string:"here"`},
		{"mapped address", `"timestamp":1,"remoteEndpoint":{"ipv6":"::ffff:10.0.0.1"}`, `"network.peer.address"=string:"10.0.0.1"`},
		{"marked again", `"tags":{"otel.zipkin.absentField.startTime":"true"}`, "dropped 0 0 0 \"otel.zipkin.absentField.startTime\"=bool:true\n"},
		{"escapes", `"name":"\ud83d\ude00 \ud800"`, "\"\U0001F600 \uFFFD\""},
	} {
		var b span.Batch
		res, err := AppendJSON(&b, []byte(`[{"traceId":"1","id":"2",`+c.json+`}]`))
		if dump := spantest.Dump(&b); err != nil || res.Accepted != 1 || !strings.Contains(dump, c.want) {
			t.Errorf("%s: %+v, %v\n%swant %s", c.name, res, err, dump, c.want)
		}
	}
}

func TestRejected(t *testing.T) {
	for _, c := range []struct{ json, want string }{
		{`null`, "traceId"},
		{`{"traceId":"00000000000000000000000000000000","id":"1"}`, "zero"},
		{`{"traceId":"463ac35c9f6413ad48485a3953bb61240","id":"1"}`, "32"},
		{`{"traceId":"1"}`, "id: "},
		{`{"traceId":"1","id":"xyz"}`, "id: "},
		{`{"traceId":"1","id":"1","parentId":"x"}`, "parentId: "},
		{`{"traceId":"1","id":"1","timestamp":9223372036854775808}`, "microseconds"},
		{`{"traceId":"1","id":"1","timestamp":1e300}`, "microseconds"},
		{`{"traceId":"1","id":"1","timestamp":9223372036854775,"duration":1}`, "microseconds"},
		{`{"traceId":"1","id":"1","annotations":[{"timestamp":99999999999999999}]}`, "annotation"},
	} {
		var b span.Batch
		res, err := AppendJSON(&b, []byte(`[{"traceId":"1","id":"2"},`+c.json+`]`))
		if err != nil || res.Accepted != 1 || res.Rejected != 1 || !strings.Contains(res.Reason, c.want) || b.Len() != 1 {
			t.Errorf("%s: %+v, %v, want %q", c.json, res, err, c.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	good := `{"traceId":"1","id":"2"}`
	for body, want := range map[string]string{
		"":                   "no JSON array",
		"{}":                 "no JSON array",
		`"x"`:                "no JSON array",
		"[":                  "unexpected E",
		"[" + good:           "unexpected E",
		"[" + good + ",":     "unexpected E",
		"[" + good + "] []":  "more after",
		"[" + good + "]]":    "more after",
		"[" + good + ",5]":   "span 1",
		"[" + good + `,{"a]`: "span 1",
		`[{"timestamp":-5}]`: `"-5" is not a number that is zero or more`,
		`[{"timestamp":{}}]`: "zero or more",
		`[{"tags":[]}]`:      "must be an object",
		`[{"name":{}}]`:      "name",
		`[{"traceId":"1","id":"2","binaryAnnotations":[]}]`: "v1",
	} {
		var b span.Batch
		res, err := AppendJSON(&b, []byte(body))
		if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), want) || res != (Result{}) || b.Len() != 0 {
			t.Errorf("%q: %+v, %v, want %q", body, res, err, want)
		}
	}
}

func TestOddProto(t *testing.T) {
	whole := toProto(t, read(t, "testdata/spans.json"))
	for name, body := range map[string][]byte{
		"cut":            whole[:len(whole)-1],
		"no span":        varint(nil, 1, 1),
		"wrong id type":  message(nil, 1, func(m []byte) []byte { return varint(m, 1, 1) }),
		"wrong time":     message(nil, 1, func(m []byte) []byte { return varint(m, 6, 1) }),
		"wrong endpoint": message(nil, 1, func(m []byte) []byte { return message(m, 8, func(m []byte) []byte { return varint(m, 2, 1) }) }),
		"wrong tag":      message(nil, 1, func(m []byte) []byte { return message(m, 11, func(m []byte) []byte { return varint(m, 2, 1) }) }),
		"wrong event":    message(nil, 1, func(m []byte) []byte { return message(m, 10, func(m []byte) []byte { return varint(m, 2, 1) }) }),
	} {
		var b span.Batch
		res, err := AppendProto(&b, append(bytes.Clone(whole), body...))
		if !errors.Is(err, ErrMalformed) || res != (Result{}) || b.Len() != 0 {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
	// Addresses of 16 bytes in the field of IPv4, as zipkin-go sends them.
	var mapped span.Batch
	all := message(nil, 1, func(m []byte) []byte {
		m = text(text(m, 1, "12345678"), 3, "12345678")
		return message(m, 9, func(m []byte) []byte {
			return text(m, 2, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x0a\x00\x00\x01")
		})
	})
	if _, err := AppendProto(&mapped, all); err != nil || !strings.Contains(spantest.Dump(&mapped), `"network.peer.address"=string:"10.0.0.1"`) {
		t.Errorf("mapped address: %v\n%s", err, spantest.Dump(&mapped))
	}
	// What the schema does not know is passed over.
	var b span.Batch
	more := message(whole, 1, func(m []byte) []byte { return text(varint(m, 99, 1), 16, "x") })
	if res, err := AppendProto(&b, text(more, 7, "x")); err != nil || res.Accepted != 5 || res.Rejected != 2 {
		t.Errorf("unknown fields: %+v, %v", res, err)
	}
}
