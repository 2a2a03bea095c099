//go:build linux

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// This file has the values that are drawn, from nearly constant to unique.

const users = 50_000

func statusCode(d *draw) int64 {
	if d.failed {
		return 503
	}
	switch r := d.below(1000); {
	case r < 968:
		return 200
	case r < 980:
		return 204
	case r < 990:
		return 304
	case r < 998:
		return 404
	default:
		return 429
	}
}

// rows is how many rows a query returns: mostly one, at times a page of them.
func rows(d *draw) int64 {
	if d.below(10) < 6 {
		return 1
	}
	return int64(d.below(100))
}

func bodySize(d *draw) int64 { return 200 + int64(d.skewed(90_000)) }

// offset grows with time, as that of a topic does.
func offset(d *draw) int64 { return (d.start-epoch)/3_000_000 + int64(d.below(64)) }

func partition(d *draw, to []byte) []byte { return strconv.AppendUint(to, d.below(24), 10) }

func variant(d *draw, to []byte) []byte {
	if mix(uint64(d.user)+7)%10 == 0 {
		return append(to, "on"...)
	}
	return append(to, "off"...)
}

// threadID and threadName are of one of the few threads that are busy.
func threadID(d *draw) int64 { return 21 + int64(d.thread()) }

func threadName(d *draw, to []byte) []byte {
	return strconv.AppendUint(append(to, "worker-"...), d.thread(), 10)
}

func (d *draw) thread() uint64 { return mix(d.seed+8) % 200 }

// parameter is the key that a query asks for.
func parameter(d *draw, to []byte) []byte { return appendHex(to, d.next(), 16) }

func userID(d *draw, to []byte) []byte {
	return appendPadded(append(to, "user-"...), uint64(d.user), 5)
}

// sessionID is the same for half an hour of one user.
func sessionID(d *draw, to []byte) []byte {
	h := mix(uint64(d.user)<<32 + uint64((d.traceStart-epoch)/1_800_000_000_000) + 1)
	return appendHex(appendHex(to, h, 16), mix(h), 8)
}

func clientAddress(d *draw, to []byte) []byte {
	h := mix(uint64(d.user) + 1)
	return appendIP(to, byte(80+h%20), byte(h>>8), byte(h>>16), byte(h>>24))
}

func userAgent(d *draw, to []byte) []byte {
	return append(to, agents[mix(uint64(d.user)+2)%uint64(len(agents))]...)
}

// clientPort is any ephemeral port: browsers open connections of their own.
func clientPort(d *draw) int64 { return int64(32768 + d.below(28232)) }

// peerPort is the port of a pooled connection: a thousand for each pair of instances.
func peerPort(d *draw) int64 {
	return int64(32768 + mix(d.instance.number<<24+d.peer.number<<8+d.below(1000))%28232)
}

func peerAddress(d *draw, to []byte) []byte     { return append(to, d.peer.address...) }
func peerName(d *draw, to []byte) []byte        { return append(to, d.peer.service.name...) }
func ownName(d *draw, to []byte) []byte         { return append(to, d.instance.service.name...) }
func databaseAddress(d *draw, to []byte) []byte { return appendIP(to, 10, 9, 0, byte(20+d.below(3))) }
func balancerAddress(d *draw, to []byte) []byte { return appendIP(to, 10, 7, 0, byte(4+d.below(4))) }
func externalAddress(d *draw, to []byte) []byte {
	return appendIP(to, 203, 0, 113, byte(d.below(8)))
}

// calledURL is the address that a service asks another one for.
func calledURL(d *draw, to []byte) []byte {
	to = append(append(to, "http://"...), d.peer.service.name...)
	to = append(to, ":8080"...)
	to = appendPath(d, to, d.peerRoute)
	if d.below(4) == 0 {
		to = strconv.AppendUint(append(to, "?page="...), d.skewed(20), 10)
	} else {
		to = appendHex(append(to, "?request="...), d.next(), 12)
	}
	return to
}

// pathOf draws paths of a route.
func pathOf(route string) func(d *draw, to []byte) []byte {
	return func(d *draw, to []byte) []byte { return appendPath(d, to, route) }
}

func appendPath(d *draw, to []byte, route string) []byte {
	before, after, ok := strings.Cut(route, "{id}")
	if !ok {
		before, after, ok = strings.Cut(route, "*")
	}
	to = append(to, before...)
	if ok {
		to = strconv.AppendUint(to, 10_000+d.below(5_000_000), 10)
	}
	return append(to, after...)
}

func appendHex(to []byte, v uint64, digits int) []byte {
	const hex = "0123456789abcdef"
	for i := range digits {
		to = append(to, hex[v>>(60-4*i)&15])
	}
	return to
}

func appendPadded(to []byte, v uint64, digits int) []byte {
	for n := 10; digits > 1; digits, n = digits-1, n*10 {
		if v < uint64(n) {
			to = append(to, '0')
		}
	}
	return strconv.AppendUint(to, v, 10)
}

func appendIP(to []byte, parts ...byte) []byte {
	for i, p := range parts {
		if i > 0 {
			to = append(to, '.')
		}
		to = strconv.AppendUint(to, uint64(p), 10)
	}
	return to
}

// agents are the browsers and apps of the shop's users.
var agents = func() (all []string) {
	for v := 120; v < 128; v++ {
		for _, system := range []string{"X11; Linux x86_64", "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"} {
			all = append(all, fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", system, v))
		}
		all = append(all, fmt.Sprintf("Mozilla/5.0 (iPhone; CPU iPhone OS 17_%d like Mac OS X) AppleWebKit/605.1.15", v-120), fmt.Sprintf("shop-android/8.%d.1", v-120))
	}
	return all
}()
