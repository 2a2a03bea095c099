package otlp

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"google.golang.org/grpc"
)

// BenchmarkReceiver sends requests of 800 spans over loopback to a sink that
// only decodes. Allocations are those of the client as well.
func BenchmarkReceiver(b *testing.B) {
	const spans = 800
	_, proto, json := sample(1, spans)
	perSpan := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
	}
	b.Run("decode", func(b *testing.B) {
		sink := &memorySink{discards: true}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := sink.AppendTraces(b.Context(), Payload{Raw: proto}); err != nil {
				b.Fatal(err)
			}
		}
		perSpan(b)
	})
	for _, encoding := range []string{"identity", "gzip", "zstd"} {
		b.Run("grpc/"+encoding, func(b *testing.B) {
			_, cc, _ := serveGRPC(b, NewReceiver(&memorySink{discards: true}, Options{}))
			var reply grpcRequest
			reply.lease.r = NewReceiver(nil, Options{})
			options := []grpc.CallOption{grpc.ForceCodecV2(codec{}), grpc.UseCompressor(encoding)}
			b.ReportAllocs()
			for b.Loop() {
				if err := cc.Invoke(b.Context(), "/"+grpcServices[Traces]+"/Export", grpcResponse(proto), &reply, options...); err != nil {
					b.Fatal(err)
				}
			}
			perSpan(b)
		})
	}
	post := func(name, kind, encoding string, body []byte) {
		b.Run("http/"+name, func(b *testing.B) {
			url := serveHTTP(b, NewReceiver(&memorySink{discards: true}, Options{})) + "/v1/traces"
			packed := pack(b, encoding, body)
			b.ReportAllocs()
			for b.Loop() {
				req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(packed))
				req.Header = http.Header{"Content-Type": {kind}, "Content-Encoding": {encoding}}
				res, err := http.DefaultClient.Do(req)
				if err != nil || res.StatusCode != http.StatusOK {
					b.Fatal(res, err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
			perSpan(b)
		})
	}
	post("identity", protoType, "", proto)
	post("gzip", protoType, "gzip", proto)
	post("zstd", protoType, "zstd", proto)
	post("json", jsonType, "", json)
}
