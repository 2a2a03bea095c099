package api

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/tempo"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// dialStreams serves a server on one port and returns a client of its streams.
func dialStreams(t *testing.T, s *Server) func(method string, request []byte) ([][]byte, error) {
	t.Helper()
	srv := httptest.NewUnstartedServer(s.Handler())
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetHTTP1(true)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	t.Cleanup(srv.Close)
	conn, err := grpc.NewClient(srv.Listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bytesCodec{}), grpc.MaxCallRecvMsgSize(tempo.MaxMessage+64<<10)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	// The same port still speaks HTTP/1.
	if res, err := http.Get(srv.URL + "/api/echo"); err != nil || res.StatusCode != 200 {
		t.Fatalf("echo: %v", err)
	}
	return func(method string, request []byte) (answers [][]byte, err error) {
		stream, err := conn.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, "/tempopb.StreamingQuerier/"+method)
		if err != nil {
			return nil, err
		}
		if err := stream.SendMsg(request); err != nil && err != io.EOF {
			return nil, err
		}
		stream.CloseSend()
		for {
			var answer []byte
			switch err := stream.RecvMsg(&answer); err {
			case nil:
				answers = append(answers, answer)
			case io.EOF:
				return answers, nil
			default:
				return answers, err
			}
		}
	}
}

// searchRequest encodes what a client sends.
func searchRequest(query string, limit uint64, tags map[string]string) (m []byte) {
	for key, v := range tags {
		entry := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), key)
		entry = protowire.AppendString(protowire.AppendTag(entry, 2, protowire.BytesType), v)
		m = protowire.AppendBytes(protowire.AppendTag(m, 1, protowire.BytesType), entry)
	}
	if limit > 0 {
		m = protowire.AppendVarint(protowire.AppendTag(m, 4, protowire.VarintType), limit)
	}
	m = protowire.AppendString(protowire.AppendTag(m, 8, protowire.BytesType), query)
	return protowire.AppendVarint(protowire.AppendTag(m, 77, protowire.VarintType), 5) // of a client that is newer
}

func textRequest(texts ...string) (m []byte) {
	for i, text := range texts {
		m = protowire.AppendString(protowire.AppendTag(m, protowire.Number(i+1), protowire.BytesType), text)
	}
	return m
}

// outline writes a message as its fields, those that are messages or text in brackets.
func outline(m []byte) string {
	var out []string
	for len(m) > 0 {
		number, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return "?"
		}
		m = m[n:]
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(m)
			m = m[n:]
			out = append(out, fmt.Sprintf("%d:%d", number, v))
		case protowire.Fixed64Type:
			v, n := protowire.ConsumeFixed64(m)
			m = m[n:]
			out = append(out, fmt.Sprintf("%d:%x", number, v))
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(m)
			if n < 0 {
				return "?"
			}
			m = m[n:]
			out = append(out, fmt.Sprintf("%d:%s", number, value(v)))
		default:
			return "?"
		}
	}
	return strings.Join(out, " ")
}

// value is a text in quotes, or else a message.
func value(v []byte) string {
	if printable := strings.IndexFunc(string(v), func(r rune) bool { return r < ' ' || r > '~' }) < 0; printable {
		return fmt.Sprintf("%q", v)
	}
	if inner := outline(v); !strings.Contains(inner, "?") {
		return "[" + inner + "]"
	}
	return hex.EncodeToString(v)
}

// TestStreams asks every method by gRPC on the port of HTTP, and compares the
// messages with golden ones.
func TestStreams(t *testing.T) {
	s := newShop(t)
	if err := s.Store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	call := dialStreams(t, s)
	var got strings.Builder
	for _, c := range streamCalls {
		answers, err := call(c.method, c.request)
		fmt.Fprintf(&got, "%s\n", c.name)
		for _, a := range answers {
			text := outline(a)
			if c.method == "Search" {
				// What it cost is not the same each time.
				text = text[:strings.LastIndex(text, " 2:[")+1] + "2:…"
			}
			fmt.Fprintf(&got, "  %s\n", text)
		}
		if err != nil {
			fmt.Fprintf(&got, "  %s: %s\n", status.Code(err), status.Convert(err).Message())
		}
	}
	golden(t, "head", "streams", got.String())
}

var streamCalls = []struct {
	name, method string
	request      []byte
}{
	{"search", "Search", searchRequest("{ status = error } | select(span.retry.count)", 0, nil)},
	{"search by tags", "Search", searchRequest("", 0, map[string]string{"service.name": "bank", "retry.count": "3"})},
	{"search, one", "Search", searchRequest("{ }", 1, nil)},
	{"search, wrong query", "Search", searchRequest("{ status = eror }", 0, nil)},
	{"search, no message", "Search", []byte{0xff}},
	{"search, wrong type", "Search", protowire.AppendVarint(protowire.AppendTag(nil, 8, protowire.VarintType), 1)},
	{"tags, wrong scope", "SearchTagsV2", textRequest("spam")},
	{"tags", "SearchTags", nil},
	{"tags v2", "SearchTagsV2", textRequest("resource")},
	{"values", "SearchTagValues", textRequest("service.name")},
	{"values v2", "SearchTagValuesV2", textRequest("span.http.route", `{ status = error && `)},
	{"intrinsics", "SearchTagsV2", textRequest("intrinsic")},
	{"values, wrong tag", "SearchTagValuesV2", textRequest("nothing")},
	{"metrics", "MetricsQueryRange", nil},
	{"nothing", "Nothing", nil},
}

// TestStreamParts finds more than a message holds, and is told of it in several.
func TestStreamParts(t *testing.T) {
	s := newShop(t)
	var spans []string
	for i := range 40 {
		spans = append(spans, fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","name":"large","startTimeUnixNano":"%d","endTimeUnixNano":"%[3]d","attributes":[{"key":"big","value":{"stringValue":"%[4]s"}}]}`,
			1000+i, 1+i, 1_767_268_800_000_000_000+i, strings.Repeat("x", 20_000)))
	}
	for range 2 { // each request is at most 1 MiB
		body := `{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Join(spans, ",") + `]}]}]}`
		if w := send(s.Handler(), "POST", "/v1/traces", "application/json", "", []byte(body)); w.Code != http.StatusOK {
			t.Fatalf("%d %.200s", w.Code, w.Body)
		}
		for i := range spans {
			spans[i] = strings.Replace(spans[i], `"traceId":"00`, `"traceId":"11`, 1)
		}
	}
	answers, err := dialStreams(t, s)("Search", searchRequest("{ span.big != nil }", 100, nil))
	if err != nil {
		t.Fatal(err)
	}
	traces, last := 0, 0
	for _, a := range answers {
		if len(a) > tempo.MaxMessage {
			t.Errorf("a message of %d bytes", len(a))
		}
		last = strings.Count(string(a), `big`)
		traces += last
	}
	if len(answers) < 2 || traces < 80 || status.Code(err) != codes.OK {
		t.Errorf("%d messages with %d traces, the last with %d", len(answers), traces, last)
	}
}

// bytesCodec hands over messages as bytes.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}
