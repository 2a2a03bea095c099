package test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
)

// TestTempoSearch asks the real server as Grafana does: over HTTP, and as a stream on the
// same port.
func TestTempoSearch(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.send(shopSpans()...)
	for _, c := range []struct {
		path  string
		query url.Values
		want  []string
	}{
		{"/api/search", url.Values{"q": {"{ status = error }"}}, []string{traceA, `"key":"status"`, `"matched":2`}},
		{"/api/search", url.Values{"tags": {"service.name=bank"}, "minDuration": {"30s"}}, []string{pad(short, 32)}},
		{"/api/v2/search/tags", nil, []string{`{"name":"resource","tags":["service.name"]}`, `"rootServiceName"`}},
		{"/api/v2/search/tag/resource.service.name/values", nil, []string{`{"type":"string","value":"bank"},{"type":"string","value":"checkout"}`}},
		{"/api/v2/search/tag/resource%252Eservice%252Ename/values", url.Values{"q": {`{ name = "ledger" && span. `}}, []string{`[{"type":"string","value":"bank"}]`}},
		{"/api/search/tag/service.name/values", nil, []string{`["bank","checkout"]`}},
	} {
		status, kind, body := s.get(c.path+"?"+c.query.Encode(), "application/json")
		if status != http.StatusOK || kind != "application/json" {
			t.Errorf("%s: %d %s %s", c.path, status, kind, body)
		}
		for _, want := range c.want {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s %v: no %s in\n%s", c.path, c.query, want, body)
			}
		}
	}

	conn, err := grpc.NewClient(strings.TrimPrefix(s.http, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := conn.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, "/tempopb.StreamingQuerier/Search")
	if err != nil {
		t.Fatal(err)
	}
	const query = 8
	if err := stream.SendMsg(protowire.AppendString(protowire.AppendTag(nil, query, protowire.BytesType), "{ status = error }")); err != nil {
		t.Fatal(err)
	}
	stream.CloseSend()
	last := ""
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		last = string(message)
	}
	for _, want := range []string{traceA, "POST /pay", "charge"} {
		if !strings.Contains(last, want) {
			t.Errorf("the last message of the stream has no %s: %q", want, last)
		}
	}
	s.stop() // with a client that is still connected
}
