package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// network gives the services names. Each listens on a loopback port of its
// own; a request to http://pricing/... reaches the right one, as it would with
// the name service of a cluster. Spans then carry a server.address that a
// person can read.
type network struct {
	mu    sync.RWMutex
	addrs map[string]string
}

func newNetwork() *network {
	return &network{addrs: map[string]string{}}
}

// listen opens a listener at addr ("127.0.0.1:0" for a free port) and
// announces it under the name.
func (n *network) listen(name, addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	n.announce(name, ln.Addr().String())
	return ln, nil
}

// announce gives an address a name.
func (n *network) announce(name, addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addrs[name] = addr
}

// knows reports whether there is a service of that name.
func (n *network) knows(name string) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.addrs[name] != ""
}

// transport is an HTTP transport that knows the network's names, and only them.
func (n *network) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	return &http.Transport{
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     30 * time.Second,
		DialContext: func(ctx context.Context, proto, hostport string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(hostport)
			if err != nil {
				return nil, err
			}
			n.mu.RLock()
			addr, ok := n.addrs[host]
			n.mu.RUnlock()
			if !ok {
				return nil, fmt.Errorf("no service is called %q", host)
			}
			return dialer.DialContext(ctx, proto, addr)
		},
	}
}
