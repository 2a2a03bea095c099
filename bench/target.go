//go:build linux

package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// target is the server that is measured.
type target struct {
	otlp    string
	process process
	data    string
	query   string
	metrics string // base address of Everspan's metrics
}

// use takes the addresses of our own server.
func (t *target) use(s *server, protocol string) {
	t.process, t.data, t.query, t.otlp = s.process(), s.data, s.http, s.grpc
	if protocol == "http" {
		t.otlp = s.otlpHTTP
	}
}

// checkTarget finds out early what would otherwise fail after a long load.
func (o *options) checkTarget() error {
	if err := dial("target", o.target); err != nil {
		return err
	}
	if o.query != "" {
		if err := dial("query", o.query); err != nil {
			return err
		}
	}
	if _, err := process(o.pid).cpu(); err != nil {
		return fmt.Errorf("--pid %d: %w", o.pid, err)
	}
	if o.data != "" {
		if _, err := os.ReadDir(o.data); err != nil {
			return fmt.Errorf("--data: %w", err)
		}
	}
	return nil
}

// dial connects to host:port or to the host of a URL.
func dial(flag, addr string) error {
	host := addr
	if strings.Contains(addr, "://") {
		u, err := url.Parse(addr)
		if err != nil {
			return fmt.Errorf("--%s: %w", flag, err)
		}
		if host = u.Host; u.Port() == "" {
			host = net.JoinHostPort(host, "80")
		}
	}
	conn, err := net.DialTimeout("tcp", host, 5*time.Second)
	if err != nil {
		return fmt.Errorf("--%s %s: %w; is the server running, and is this its address?", flag, addr, err)
	}
	return conn.Close()
}
