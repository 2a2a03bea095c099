//go:build linux

package main

import (
	"strconv"
)

// attr is an attribute that every span of an operation carries. Its value is
// constant, or drawn for each span as text or as a number.
type attr struct {
	key      string
	constant any // string or int
	text     func(d *draw, to []byte) []byte
	number   func(d *draw) int64
}

// draw is where the values of one span's attributes come from.
type draw struct {
	*generated
	state uint64
}

// next is a random number, the same for the same span.
func (d *draw) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	return mix(d.state)
}

// below is a random number less than n.
func (d *draw) below(n uint64) uint64 { return d.next() % n }

// skewed is a random number less than n; small ones are far more frequent.
func (d *draw) skewed(n uint64) uint64 {
	f := float64(d.next()>>11) / (1 << 53)
	return uint64(f * f * f * float64(n))
}

// mix spreads the bits of x, as splitmix64 does.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func fixed(key string, v any) attr                             { return attr{key: key, constant: v} }
func texts(key string, f func(d *draw, to []byte) []byte) attr { return attr{key: key, text: f} }
func numbers(key string, f func(d *draw) int64) attr           { return attr{key: key, number: f} }

// edge is what a server span carries that a browser or an app asked for.
func edge(method, route string) []attr {
	return []attr{
		fixed("http.request.method", method), fixed("http.route", route), texts("url.path", pathOf(route)), fixed("url.scheme", "https"),
		numbers("http.response.status_code", statusCode), fixed("server.address", "shop.example"), fixed("server.port", 443),
		fixed("network.protocol.version", "2"), texts("network.peer.address", balancerAddress), numbers("network.peer.port", clientPort),
		numbers("http.response.body.size", bodySize), texts("client.address", clientAddress), texts("user_agent.original", userAgent), texts("user.id", userID), texts("session.id", sessionID),
	}
}

// httpServer is what a server span carries that another service asked for.
func httpServer(method, route string) []attr {
	return []attr{
		fixed("http.request.method", method), fixed("http.route", route), texts("url.path", pathOf(route)),
		numbers("http.response.status_code", statusCode), texts("server.address", ownName), fixed("server.port", 8080),
		texts("network.peer.address", peerAddress), numbers("network.peer.port", peerPort), texts("user.id", userID), texts("session.id", sessionID),
		numbers("thread.id", threadID), texts("thread.name", threadName),
	}
}

func httpClient(method string) []attr {
	return []attr{
		fixed("http.request.method", method), texts("url.full", calledURL), numbers("http.response.status_code", statusCode),
		texts("server.address", peerName), fixed("server.port", 8080), texts("network.peer.address", peerAddress),
		fixed("network.peer.port", 8080), fixed("network.protocol.version", "1.1"),
		numbers("http.response.body.size", bodySize),
	}
}

// external is what a client span carries that asks a company's API outside.
func external(method, host, path string) []attr {
	prefix := "https://" + host + path
	return []attr{
		fixed("http.request.method", method), texts("url.full", func(d *draw, to []byte) []byte { return appendHex(append(to, prefix...), d.next(), 12) }),
		numbers("http.response.status_code", statusCode), fixed("server.address", host), fixed("server.port", 443),
		texts("network.peer.address", externalAddress), fixed("network.protocol.version", "2"), fixed("network.transport", "tcp"),
	}
}

func rpcServer(service, method string) []attr {
	return []attr{
		fixed("rpc.system", "grpc"), fixed("rpc.service", service), fixed("rpc.method", method), fixed("rpc.grpc.status_code", 0),
		texts("server.address", ownName), fixed("server.port", 9090), texts("network.peer.address", peerAddress), numbers("network.peer.port", peerPort),
		texts("user.id", userID), texts("session.id", sessionID),
	}
}

func sql(verb, table, query string) []attr {
	return []attr{
		fixed("db.system.name", "postgresql"), fixed("db.namespace", "shop"), fixed("db.collection.name", table), fixed("db.operation.name", verb),
		fixed("db.query.text", query), fixed("server.address", "pg-"+table+".db.internal"), fixed("server.port", 5432),
		texts("network.peer.address", databaseAddress), numbers("db.response.returned_rows", rows), texts("db.query.parameter.1", parameter), numbers("thread.id", threadID), texts("user.id", userID),
	}
}

func redis(verb, what string) []attr {
	return []attr{
		fixed("db.system.name", "redis"), fixed("db.namespace", "0"), fixed("db.operation.name", verb),
		texts("db.query.text", func(d *draw, to []byte) []byte {
			to = append(append(append(to, verb...), ' '), what...)
			return strconv.AppendUint(append(to, ':'), 10_000+d.below(2_000_000), 10)
		}),
		fixed("server.address", "redis-"+what+".db.internal"), fixed("server.port", 6379), texts("network.peer.address", databaseAddress),
		fixed("network.transport", "tcp"),
	}
}

func index() []attr {
	return []attr{
		fixed("db.system.name", "elasticsearch"), fixed("db.namespace", "shop"), fixed("db.collection.name", "products"), fixed("db.operation.name", "search"),
		fixed("http.request.method", "POST"), fixed("url.full", "http://es.db.internal:9200/products/_search?request_cache=true"),
		fixed("server.address", "es.db.internal"), fixed("server.port", 9200), texts("network.peer.address", databaseAddress),
		numbers("db.response.returned_rows", rows), numbers("thread.id", threadID), texts("thread.name", threadName),
	}
}

func mongo() []attr {
	return []attr{
		fixed("db.system.name", "mongodb"), fixed("db.namespace", "reviews"), fixed("db.collection.name", "reviews"), fixed("db.operation.name", "find"),
		fixed("db.query.text", `{"find":"reviews","filter":{"product":"?","state":"?"},"sort":{"at":"?"}}`), fixed("server.address", "mongo.db.internal"),
		fixed("server.port", 27017), texts("network.peer.address", databaseAddress), numbers("db.response.returned_rows", rows),
	}
}

func producer(topic string) []attr {
	return append(messaging(topic, "send"), fixed("messaging.client.id", "producer-1"), numbers("messaging.message.body.size", bodySize))
}

func consumer(topic, group string) []attr {
	return append(messaging(topic, "process"), fixed("messaging.consumer.group.name", group), numbers("messaging.batch.message_count", func(d *draw) int64 { return 1 + int64(d.skewed(8)) }))
}

func messaging(topic, verb string) []attr {
	return []attr{
		fixed("messaging.system", "kafka"), fixed("messaging.destination.name", topic), fixed("messaging.operation.name", verb), fixed("messaging.operation.type", verb),
		numbers("messaging.kafka.offset", offset), texts("messaging.destination.partition.id", partition),
		texts("messaging.message.id", func(d *draw, to []byte) []byte { return appendHex(to, d.next(), 16) }),
		fixed("server.address", "kafka.db.internal"), fixed("server.port", 9092),
	}
}

func code(function, file string) []attr {
	return []attr{
		fixed("code.function.name", function), fixed("code.file.path", file), numbers("code.line.number", func(d *draw) int64 { return int64(60 + 7*d.below(6)) }),
		numbers("thread.id", threadID), texts("thread.name", threadName), fixed("feature_flag.key", file[:4]+"-v2"), texts("feature_flag.result.variant", variant),
		texts("user.id", userID),
	}
}
