//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// flushEvery is how often an instance sends what it has, in ns.
const flushEvery = int64(5 * time.Second)

// instance is a process of a service.
type instance struct {
	service  *service
	number   uint64
	address  string
	resource []byte       // encoded Resource
	phase    int64        // when in its five seconds it sends, ns
	ended    []*generated // spans that wait to be sent
}

// newFleet makes 3 to 8 instances of each service and returns them by service,
// and all of them in the order in which they send.
func newFleet(rng *rand.Rand) (byService map[*service][]*instance, order []*instance) {
	byService = make(map[*service][]*instance)
	for i := range shop {
		s := &shop[i]
		replicas := rng.Uint32()
		for k := range 3 + rng.IntN(6) {
			one := &instance{service: s, number: uint64(len(order)), address: fmt.Sprintf("10.8.%d.%d", rng.IntN(12), 2+rng.IntN(250)), phase: rng.Int64N(flushEvery)}
			pod := fmt.Sprintf("%s-%08x-%05x", s.name, replicas, rng.Uint32N(1<<20))
			for _, kv := range [][2]string{
				{"service.name", s.name}, {"service.namespace", "shop"}, {"service.version", fmt.Sprintf("1.%d.%d", 10+i, min(k, 1))},
				{"service.instance.id", fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", rng.Uint32(), rng.Uint32N(1<<16), rng.Uint32N(1<<12), rng.Uint32N(1<<16), rng.Uint64N(1<<48))},
				{"k8s.pod.name", pod}, {"k8s.namespace.name", "shop-prod"}, {"k8s.node.name", fmt.Sprintf("node-%02d", rng.IntN(12))},
				{"cloud.region", "eu-central-1"}, {"telemetry.sdk.language", s.language}, {"telemetry.sdk.version", "1.4" + fmt.Sprint(i%3) + ".0"},
			} {
				one.resource = appendText(one.resource, 1, keyPart(kv[0]), []byte(kv[1]))
			}
			byService[s] = append(byService[s], one)
			order = append(order, one)
		}
	}
	slices.SortStableFunc(order, func(a, b *instance) int { return int(a.phase - b.phase) })
	return byService, order
}
