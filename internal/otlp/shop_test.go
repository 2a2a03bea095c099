package otlp

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/everspan/everspan/internal/span"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// shop makes payloads as a collector sends them for an online shop: spans of
// eighty instances, 8 to 15 attributes each from constant to unique, ten
// resource attributes, random ids, log-normal durations, an event with a stack
// trace on 1 % of the spans and a link on 2 %. No two payloads are the same.
type shop struct {
	rng    *rand.Rand
	hosts  []string
	traces [500][16]byte // under way: a payload has spans of many
	users  [500]int
	now    uint64
}

func newShop(seed uint64) *shop {
	s := &shop{rng: rand.New(rand.NewPCG(seed, 9)), now: 1_790_000_000_000_000_000}
	for i := range 80 {
		s.hosts = append(s.hosts, fmt.Sprintf("%s-%08x-%05x", shopServices[i%20], s.rng.Uint32(), s.rng.Uint32N(1<<20)))
	}
	for i := range s.traces {
		s.trace(i)
	}
	return s
}

var shopServices = [20]string{
	"frontend", "gateway", "auth", "catalog", "search", "cart", "checkout", "pricing", "tax", "payment",
	"fraud", "orders", "inventory", "warehouse", "shipping", "notifications", "recommendations", "reviews", "media", "accounts",
}

func (s *shop) trace(i int) {
	fill(s.rng, s.traces[i][:])
	s.users[i] = s.rng.IntN(50_000)
}

func fill(rng *rand.Rand, p []byte) {
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	p[0] |= 1
}

// putBytes, putVarint and putFixed append a field to a message.

func putBytes(dst []byte, field int, content []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(field<<3|wireBytes))
	return append(binary.AppendUvarint(dst, uint64(len(content))), content...)
}

func putVarint(dst []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(dst, uint64(field<<3|wireVarint)), v)
}

func putFixed(dst []byte, field int, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.AppendUvarint(dst, uint64(field<<3|wireFixed64)), v)
}

func textPair(key, v string) []byte {
	return putBytes(putBytes(nil, 1, []byte(key)), 2, putBytes(nil, anyString, []byte(v)))
}

func intPair(key string, v int) []byte {
	return putBytes(putBytes(nil, 1, []byte(key)), 2, putVarint(nil, anyInt, uint64(v)))
}

// payload makes a request of n spans.
func (s *shop) payload(n int) []byte {
	s.now += 1e9
	var request []byte
	for i := range s.hosts {
		host := s.hosts[i]
		service := shopServices[i%20]
		var resource, scope []byte
		for _, p := range [][2]string{
			{"service.name", service}, {"service.namespace", "shop"}, {"service.version", "1.4.2"},
			{"service.instance.id", host}, {"k8s.pod.name", host}, {"k8s.namespace.name", "prod"},
			{"k8s.node.name", fmt.Sprintf("node-%02d", i%12)}, {"cloud.region", "eu-central-1"},
			{"telemetry.sdk.language", "go"}, {"telemetry.sdk.version", "1.47.0"},
		} {
			resource = putBytes(resource, 1, textPair(p[0], p[1]))
		}
		scope = putBytes(nil, 1, putBytes(putBytes(nil, 1, []byte("go.opentelemetry.io/contrib/instrumentation/"+service)), 2, []byte("0.72.0")))
		for k := i * n / 80; k < (i+1)*n/80; k++ {
			scope = putBytes(scope, 2, s.span(i%20))
		}
		rs := putBytes(putBytes(nil, 1, resource), 2, scope)
		request = putBytes(request, 1, putBytes(rs, 3, []byte("https://opentelemetry.io/schemas/1.30.0")))
	}
	return request
}

func (s *shop) span(service int) []byte {
	i := s.rng.IntN(len(s.traces))
	if s.rng.IntN(20) == 0 {
		s.trace(i)
	}
	var id, parent [8]byte
	fill(s.rng, id[:])
	fill(s.rng, parent[:])
	r := s.rng.IntN(1 << 24)
	operation := s.rng.IntN(3)
	flavour := (service + 2*operation) % 5
	table := []string{"users", "orders", "items", "prices", "stock", "sessions"}[(service+operation)%6]
	method := []string{"GET", "POST", "PUT"}[operation]
	route := "/api/" + shopServices[service] + "/" + table + "/{id}"
	name := [5]string{method + " " + route, method, "SELECT shop." + table, table + " publish", shopServices[service] + "." + table}[flavour]
	start := s.now + uint64(s.rng.Int64N(1e9))
	duration := uint64(3e6 * math.Exp(0.7*s.rng.NormFloat64()))

	msg := putBytes(putBytes(putBytes(nil, 1, s.traces[i][:]), 2, id[:]), 4, parent[:])
	msg = putVarint(putBytes(msg, 5, []byte(name)), 6, uint64(1+flavour))
	msg = putFixed(putFixed(msg, 7, start), 8, start+duration)
	for _, pair := range s.attributes(flavour, s.users[i], r, route, table, method) {
		msg = putBytes(msg, 9, pair)
	}
	if r%100 == 0 {
		event := putBytes(putFixed(nil, 1, start), 2, []byte("exception"))
		event = putBytes(event, 3, textPair("exception.message", fmt.Sprintf("no answer after %d ms", r%3000)))
		msg = putBytes(msg, 11, putBytes(event, 3, textPair("exception.stacktrace", shopStack)))
		msg = putBytes(msg, 15, putVarint(putBytes(nil, 2, []byte("no answer")), 3, 2))
	}
	if r%50 == 1 {
		msg = putBytes(msg, 13, putBytes(putBytes(nil, 1, s.traces[0][:]), 2, parent[:]))
	}
	return binary.LittleEndian.AppendUint32(binary.AppendUvarint(msg, 16<<3|wireFixed32), 0x101)
}

func (s *shop) attributes(flavour, user, r int, route, table, method string) [][]byte {
	pairs := [][]byte{
		textPair("user.id", fmt.Sprintf("user-%05d", user)),
		textPair("session.id", fmt.Sprintf("%016x", uint64(user)*0x9e3779b97f4a7c15+uint64(r%7))),
		intPair("thread.id", r%64),
	}
	switch flavour {
	case 0:
		return append(pairs, textPair("http.request.method", method), textPair("http.route", route),
			textPair("url.path", fmt.Sprintf("/api/%s/%d", table, r)), intPair("http.response.status_code", []int{200, 200, 200, 204, 304, 404}[r%6]),
			textPair("server.address", "shop.example"), intPair("server.port", 443), textPair("network.protocol.version", "1.1"),
			textPair("client.address", fmt.Sprintf("10.%d.%d.%d", r%4, r>>2%256, r>>10%256)),
			textPair("user_agent.original", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"), intPair("http.response.body.size", r%50_000))
	case 1:
		return append(pairs, textPair("http.request.method", method), textPair("url.full", fmt.Sprintf("https://%s.shop.svc/api/%s/%d?trace=%x", table, table, r, s.rng.Uint32())),
			intPair("http.response.status_code", 200), textPair("server.address", table+".shop.svc"), intPair("server.port", 8080),
			textPair("network.peer.address", fmt.Sprintf("10.8.%d.%d", r%8, r>>3%256)), intPair("network.peer.port", 30_000+r%30_000))
	case 2:
		return append(pairs, textPair("db.system.name", "postgresql"), textPair("db.namespace", "shop"), textPair("db.collection.name", table),
			textPair("db.operation.name", "SELECT"), textPair("db.query.text", "SELECT * FROM "+table+" WHERE id = $1 AND deleted_at IS NULL"),
			textPair("server.address", "db-"+table+".internal"), intPair("db.response.returned_rows", r%100), intPair("network.peer.port", 5432))
	case 3:
		return append(pairs, textPair("messaging.system", "kafka"), textPair("messaging.destination.name", table), textPair("messaging.operation.type", "send"),
			intPair("messaging.kafka.offset", r), intPair("messaging.destination.partition.id", r%24), textPair("messaging.message.id", fmt.Sprintf("%016x", s.rng.Uint64())))
	}
	return append(pairs, textPair("code.function.name", "shop."+table+".run"), textPair("code.file.path", "src/main/java/shop/"+table+".java"),
		intPair("code.line.number", r%900), textPair("feature.flag", []string{"on", "off"}[r%2]), textPair("tenant", fmt.Sprintf("tenant-%d", r%20)))
}

const shopStack = `java.util.concurrent.TimeoutException: no answer
	at shop.client.Http.await(Http.java:214)
	at shop.client.Http.call(Http.java:97)
	at shop.orders.Place.run(Place.java:61)
	at java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)
	at java.base/java.lang.Thread.run(Thread.java:1583)`

// TestShop holds the benchmark's payloads against the library.
func TestShop(t *testing.T) {
	s := newShop(1)
	var b span.Batch
	for range 3 {
		payload := s.payload(400)
		if res, err := AppendTraces(&b, payload); err != nil || res.Accepted != 400 {
			t.Fatal(res, err)
		}
		sameAsLibrary(t, payload)
	}
}

// TestNoAllocations decodes payloads whose sets are known into a batch that was
// that large before.
func TestNoAllocations(t *testing.T) {
	list := putBytes(putBytes(nil, 1, putBytes(nil, anyString, []byte("gzip"))), 1, putVarint(nil, anyInt, 7))
	odd := putBytes(putBytes(nil, 1, []byte("http.request.header.accept-encoding")), 2, putBytes(nil, anyArray, list))
	payloads := [][]byte{
		newShop(4).payload(800),
		wrap(putBytes(putBytes(nil, 9, odd), 9, putBytes(putBytes(nil, 1, []byte("cache.hit")), 2, putVarint(nil, anyBool, 1)))...),
	}
	var b span.Batch
	decode := func() {
		for _, p := range payloads {
			if _, err := AppendTraces(&b, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	const runs = 20
	for range runs + 2 {
		decode()
	}
	b.Reset()
	decode()
	// The race detector makes pools forget now and then.
	if n := testing.AllocsPerRun(runs, decode); n > 8 {
		t.Errorf("%v allocations for 801 spans", n)
	}
	var tags string
	for _, c := range b.Attrs.Columns {
		if c.Key == "http.request.header.accept-encoding" {
			tags = c.Value(0).Str
		}
	}
	if tags != `["gzip",7]` {
		t.Errorf("the list is %s", tags)
	}
}

// BenchmarkDecode decodes a stream of payloads that are all different into a
// batch as the store keeps it: it grows to 300,000 spans, is reset and reused.
func BenchmarkDecode(b *testing.B) {
	const spans, most = 800, 300_000
	s := newShop(1)
	payloads := make([][]byte, most/spans)
	size := 0
	for i := range payloads {
		payloads[i] = s.payload(spans)
		size += len(payloads[i])
	}
	perSpan := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
		b.ReportMetric(float64(size)/most, "payload-B/span")
	}
	b.Run("everspan", func(b *testing.B) {
		batch, at := new(span.Batch), 0
		next := func() {
			if at == len(payloads) {
				at = 0
				batch.Reset()
			}
			if _, err := AppendTraces(batch, payloads[at]); err != nil {
				b.Fatal(err)
			}
			at++
		}
		for range payloads {
			next() // so that the batch has its size
		}
		b.ReportAllocs()
		for b.Loop() {
			next()
		}
		perSpan(b)
	})
	b.Run("pdata", func(b *testing.B) {
		b.ReportAllocs()
		at := 0
		for b.Loop() {
			if _, err := new(ptrace.ProtoUnmarshaler).UnmarshalTraces(payloads[at%len(payloads)]); err != nil {
				b.Fatal(err)
			}
			at++
		}
		perSpan(b)
	})
}
