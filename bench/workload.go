//go:build linux

package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
)

// The workload is an online shop, seeded and therefore the same every time: 20
// services with 3 to 8 instances each, 60 operations, traces of 3 to 200 spans
// (median 11, 90th percentile 45), 8 to 15 attributes a span from constant to
// unique, ten resource attributes, events with stack traces on 1 % of the spans,
// errors in 1 % of the traces, links on messaging spans, log-normal durations,
// random ids. It arrives as a collector sends it: each instance flushes every
// five seconds, so the spans of a trace come in several payloads.

var serviceNames = []string{
	"frontend", "gateway", "auth", "catalog", "search", "cart", "checkout", "pricing", "tax", "payment",
	"fraud", "orders", "inventory", "warehouse", "shipping", "notifications", "recommendations", "reviews", "media", "accounts",
}

type operation struct {
	name     string
	kind     span.Kind
	flavour  int     // which attributes its spans carry
	typical  float64 // ns
	route    string
	method   string
	table    string
	children int // most likely number
}

const (
	flavourHTTPServer = iota
	flavourHTTPClient
	flavourDB
	flavourQueue
	flavourInternal
	flavours
)

type instance struct {
	service    int
	attributes []pair
	buffer     []int // spans of the current tick, rows of the workload's pool
}

type pair struct {
	key string
	v   span.Value
}

// workload generates payloads.
type workload struct {
	rng        *rand.Rand
	operations [][]operation // by service
	instances  [][]*instance // by service
	users      int
	now        int64

	pool    []genSpan // spans of the current tick
	pending []genSpan // flushed, waiting to fill a payload
	traces  map[span.TraceID]int
}

// genSpan is a span before it is encoded. The generator may make an object a
// span: it runs before the clock starts.
type genSpan struct {
	instance        *instance
	op              *operation
	trace           span.TraceID
	id, parent      span.ID
	start, duration int64
	err             bool
	user            int
	seed            uint64
	link            span.ID
	linked          span.TraceID
}

func newWorkload(seed uint64) *workload {
	w := &workload{rng: rand.New(rand.NewPCG(seed, 0)), users: 50_000, now: 1_790_000_000_000_000_000, traces: make(map[span.TraceID]int)}
	methods := []string{"GET", "POST", "PUT"}
	tables := []string{"users", "orders", "items", "prices", "stock", "sessions"}
	for i, name := range serviceNames {
		var ops []operation
		for k := range 3 {
			op := operation{flavour: (i + 2*k) % flavours, typical: float64(1e6 * (1 + (i*7+k*13)%40)), method: methods[k], table: tables[(i+k)%len(tables)], children: 1 + (i+k)%4}
			op.route = fmt.Sprintf("/api/%s/%s/{id}", name, op.table)
			switch op.flavour {
			case flavourHTTPServer:
				op.kind, op.name = span.KindServer, op.method+" "+op.route
			case flavourHTTPClient:
				op.kind, op.name = span.KindClient, op.method
			case flavourDB:
				op.kind, op.name = span.KindClient, "SELECT shop."+op.table
			case flavourQueue:
				op.kind, op.name = span.KindProducer+span.Kind(k%2), op.table+" publish"
			default:
				op.kind, op.name = span.KindInternal, name+"."+op.table
			}
			ops = append(ops, op)
		}
		w.operations = append(w.operations, ops)
		var instances []*instance
		for k := range 3 + w.rng.IntN(6) {
			host := fmt.Sprintf("%s-%08x-%05x", name, w.rng.Uint32(), w.rng.Uint32N(1<<20))
			instances = append(instances, &instance{service: i, attributes: []pair{
				text("service.name", name), text("service.namespace", "shop"), text("service.version", fmt.Sprintf("1.%d.%d", i, k%2)),
				text("service.instance.id", host), text("k8s.pod.name", host), text("k8s.namespace.name", "prod"),
				text("k8s.node.name", fmt.Sprintf("node-%02d", w.rng.IntN(12))), text("cloud.region", "eu-central-1"),
				text("telemetry.sdk.language", []string{"go", "java", "nodejs"}[i%3]), text("telemetry.sdk.version", "1.47.0"),
			}})
		}
		w.instances = append(w.instances, instances)
	}
	return w
}

func text(key, v string) pair { return pair{key, span.Value{Type: span.String, Str: v}} }
func num(key string, v int) pair {
	return pair{key, span.Value{Type: span.Int, Num: uint64(v)}}
}

// payloads encodes n spans in payloads of size spans, and calls each for them.
func (w *workload) payloads(n, size int, each func(payload []byte, spans int)) {
	made, sent := 0, 0
	for sent < n {
		for range 500 { // five seconds of traffic
			if made < n {
				made += w.addTrace(n - made)
			}
		}
		for _, instances := range w.instances {
			for _, i := range instances {
				for _, row := range i.buffer {
					w.pending = append(w.pending, w.pool[row])
				}
				i.buffer = i.buffer[:0]
			}
		}
		w.pool = w.pool[:0]
		w.now += 5e9
		for len(w.pending) >= size || made >= n && len(w.pending) > 0 {
			part := w.pending[:min(size, len(w.pending))]
			each(w.encode(part), len(part))
			sent += len(part)
			w.pending = append(w.pending[:0], w.pending[len(part):]...)
		}
	}
}

// addTrace makes a trace of at most limit spans and returns how many it has.
func (w *workload) addTrace(limit int) int {
	size := int(math.Exp(2.4 + 1.08*w.rng.NormFloat64()))
	size = min(max(size, 3), 200, limit)
	if w.rng.IntN(40_000) == 0 {
		size = min(9_999, limit)
	}
	var trace span.TraceID
	w.random(trace[:])
	w.traces[trace] = size
	failed := w.rng.IntN(100) == 0
	user := w.rng.IntN(w.users)
	first := len(w.pool)
	for i := range size {
		s := genSpan{trace: trace, user: user, seed: w.rng.Uint64()}
		w.random(s.id[:])
		service, parent := 0, -1
		if i > 0 {
			// Mostly a child of a recent span: deep where services call each other,
			// wide where one queries often.
			parent = max(i-1-int(math.Abs(w.rng.NormFloat64())*4), 0)
			p := &w.pool[first+parent]
			s.parent = p.id
			service = (p.instance.service + w.rng.IntN(3)) % len(serviceNames)
		}
		s.op = &w.operations[service][w.rng.IntN(len(w.operations[service]))]
		s.instance = w.instances[service][w.rng.IntN(len(w.instances[service]))]
		s.duration = int64(s.op.typical * math.Exp(0.7*w.rng.NormFloat64()))
		if w.rng.IntN(500) == 0 {
			s.duration *= 50
		}
		if i == 0 {
			s.start = w.now + w.rng.Int64N(5e9)
			s.duration *= int64(size)
		} else {
			p := &w.pool[first+parent]
			s.start = p.start + w.rng.Int64N(max(p.duration/2, 1))
			s.duration = min(s.duration, max(p.duration/2, 1000))
		}
		s.err = failed && i == size-1
		if s.op.flavour == flavourQueue {
			w.random(s.link[:])
			w.random(s.linked[:])
		}
		s.instance.buffer = append(s.instance.buffer, len(w.pool))
		w.pool = append(w.pool, s)
	}
	return size
}

func (w *workload) random(p []byte) {
	for i := range p {
		p[i] = byte(w.rng.Uint32())
	}
	p[0] |= 1
}

// encode makes an export request of spans.
func (w *workload) encode(spans []genSpan) []byte {
	var b span.Batch
	for _, s := range spans {
		resource := b.Resources.InternSet(span.Set{Schema: "https://opentelemetry.io/schemas/1.30.0"}, func(to *span.Attrs) { add(to, s.instance.attributes...) })
		scope := b.Scopes.InternSet(span.Set{Name: "go.opentelemetry.io/contrib/instrumentation/" + serviceNames[s.instance.service], Version: "0.72.0"}, func(*span.Attrs) {})
		row := b.Begin(resource, scope)
		b.ID[row], b.Parent[row] = s.id, s.parent
		b.Start[row], b.Duration[row] = s.start, s.duration
		b.Name[row] = b.Names.Code([]byte(s.op.name))
		b.Kind[row] = s.op.kind
		b.Flags[row] = 0x101
		if s.err {
			b.Status[row] = span.StatusError
			b.Message[row] = b.Messages.Code([]byte("upstream connect error or disconnect/reset before headers"))
		}
		s.attributes(&b.Attrs)
		if s.err || s.seed%100 == 0 {
			b.AddEvent(row, s.start+s.duration/2, []byte("exception"), 0)
			add(&b.Events.Attrs, text("exception.type", "java.util.concurrent.TimeoutException"), text("exception.message", fmt.Sprintf("no answer after %d ms", s.seed%3000)), text("exception.stacktrace", stack))
		}
		if !s.link.IsZero() {
			b.AddLink(row, s.linked, s.link, nil, 1, 0)
		}
		b.Commit(row, s.trace)
	}
	return otlp.AppendProto(nil, &b)
}

func add(to *span.Attrs, pairs ...pair) {
	for _, p := range pairs {
		to.Set([]byte(p.key), p.v)
	}
}

// attributes writes 8 to 15 attributes.
func (s *genSpan) attributes(to *span.Attrs) {
	r := int(s.seed >> 8 & 0xffffff)
	add(to, text("user.id", fmt.Sprintf("user-%05d", s.user)), text("session.id", fmt.Sprintf("%016x", uint64(s.user)*0x9e3779b97f4a7c15+s.seed%7)), num("thread.id", r%64))
	switch s.op.flavour {
	case flavourHTTPServer:
		add(to, text("http.request.method", s.op.method), text("http.route", s.op.route), text("url.path", fmt.Sprintf("/api/%s/%d", s.op.table, r)),
			num("http.response.status_code", []int{200, 200, 200, 204, 304, 404}[r%6]), text("server.address", "shop.example"), num("server.port", 443),
			text("network.protocol.version", "1.1"), text("client.address", fmt.Sprintf("10.%d.%d.%d", r%4, r>>2%256, r>>10%256)), text("user_agent.original", agents[r%len(agents)]),
			num("http.response.body.size", r%50000))
	case flavourHTTPClient:
		add(to, text("http.request.method", s.op.method), text("url.full", fmt.Sprintf("https://%s.shop.svc/api/%s/%d?trace=%x", s.op.table, s.op.table, r, s.seed>>40)),
			num("http.response.status_code", 200), text("server.address", s.op.table+".shop.svc"), num("server.port", 8080), text("network.peer.address", fmt.Sprintf("10.8.%d.%d", r%8, r>>3%256)), num("network.peer.port", 30000+r%30000))
	case flavourDB:
		add(to, text("db.system.name", "postgresql"), text("db.namespace", "shop"), text("db.collection.name", s.op.table), text("db.operation.name", "SELECT"),
			text("db.query.text", "SELECT * FROM "+s.op.table+" WHERE id = $1 AND deleted_at IS NULL"), text("server.address", "db-"+s.op.table+".internal"), num("db.response.returned_rows", r%100), num("network.peer.port", 5432))
	case flavourQueue:
		add(to, text("messaging.system", "kafka"), text("messaging.destination.name", s.op.table), text("messaging.operation.type", "send"),
			num("messaging.kafka.offset", r), num("messaging.destination.partition.id", r%24), text("messaging.message.id", fmt.Sprintf("%016x", s.seed)))
	default:
		add(to, text("code.function.name", s.op.name), text("code.file.path", "src/main/java/shop/"+s.op.table+".java"), num("code.line.number", r%900), text("feature.flag", []string{"on", "off"}[r%2]), text("tenant", fmt.Sprintf("tenant-%d", r%20)))
	}
}

var agents = []string{
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15", "okhttp/4.12.0", "shop-android/8.3.1",
}

const stack = `java.util.concurrent.TimeoutException: no answer
	at shop.client.Http.await(Http.java:214)
	at shop.client.Http.call(Http.java:97)
	at shop.orders.Place.run(Place.java:61)
	at java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)
	at java.base/java.lang.Thread.run(Thread.java:1583)`
